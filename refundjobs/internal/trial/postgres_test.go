//go:build unix

package trial

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
)

const postgresVariable = "REFUNDJOBS_POSTGRES"

// cluster is a Postgres of this test's own. It has no TCP port.
type cluster struct {
	bin, folder string
	account     *syscall.SysProcAttr // that of postgres, if this program is root
	server      *exec.Cmd
	stdin       io.Closer
	words       bytes.Buffer
}

// postgres returns the URL of a database for one test, and its cluster if that may be
// restarted.
func postgres(t *testing.T) (string, *cluster) {
	if base := os.Getenv(postgresVariable); base != "" {
		return schema(t, base), nil
	}
	c := &cluster{}
	if reason := c.find(); reason != "" {
		t.Skipf("%s: install Postgres (apt-get install postgresql), or set %s to the URL of a database", reason, postgresVariable)
	}
	var err error
	c.folder, err = os.MkdirTemp("", "trial")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(c.folder)) })
	if c.account != nil {
		require.NoError(t, os.Chown(c.folder, int(c.account.Credential.Uid), int(c.account.Credential.Gid)))
	}
	words, err := c.command("initdb", "-D", filepath.Join(c.folder, "data"), "-U", "postgres", "-A", "trust", "-E", "UTF8").CombinedOutput()
	require.NoError(t, err, "%s", words)
	require.NoError(t, c.start())
	t.Cleanup(func() { require.NoError(t, c.stop(syscall.SIGINT)) })
	return c.url(), c
}

// find looks for the programs, and for the user that they run as.
func (c *cluster) find() (missing string) {
	folders, _ := filepath.Glob("/usr/lib/postgresql/*/bin")
	if path, err := exec.LookPath("initdb"); err == nil {
		if path, err = filepath.EvalSymlinks(path); err == nil {
			folders = append(folders, filepath.Dir(path))
		}
	}
	for _, folder := range folders {
		if _, err := os.Stat(filepath.Join(folder, "postgres")); err == nil {
			c.bin = folder
		}
	}
	if c.bin == "" {
		return "no Postgres was found"
	}
	if os.Getuid() != 0 {
		return ""
	}
	account, err := user.Lookup("postgres")
	if err != nil {
		return "Postgres does not run as root, and there is no user postgres"
	}
	uid, _ := strconv.ParseUint(account.Uid, 10, 32)
	gid, _ := strconv.ParseUint(account.Gid, 10, 32)
	c.account = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
	return ""
}

func (c *cluster) command(name string, args ...string) *exec.Cmd {
	command := exec.Command(filepath.Join(c.bin, name), args...)
	command.SysProcAttr, command.Dir = c.account, c.folder
	return command
}

func (c *cluster) url() string {
	return "postgres:///postgres?" + url.Values{"host": {c.folder}, "user": {"postgres"}, "application_name": {"trial"}}.Encode()
}

// untilAlone runs a program until its standard input ends, which it also does when this
// program dies.
const untilAlone = `"$@" </dev/null & read -r _; kill -INT $!; wait`

// start returns when the server lets clients in.
func (c *cluster) start() error {
	c.server = c.command("postgres", "-D", filepath.Join(c.folder, "data"), "-k", c.folder, "-c", "listen_addresses=")
	c.server.Path, c.server.Args = "/bin/sh", append([]string{"sh", "-c", untilAlone, "sh", c.server.Path}, c.server.Args[1:]...)
	c.server.Stderr = &c.words
	var err error
	if c.stdin, err = c.server.StdinPipe(); err != nil {
		return err
	}
	if err := c.server.Start(); err != nil {
		return err
	}
	for range 600 {
		var connection *pgx.Conn
		if connection, err = pgx.Connect(context.Background(), c.url()); err == nil {
			return connection.Close(context.Background())
		}
		time.Sleep(100 * time.Millisecond)
	}
	return fmt.Errorf("postgres does not start: %w: %s", err, c.words.String())
}

// stop ends the server: by SIGINT after a checkpoint, by SIGQUIT as in a crash.
func (c *cluster) stop(s syscall.Signal) error {
	text, err := os.ReadFile(filepath.Join(c.folder, "data", "postmaster.pid"))
	if err != nil {
		return err
	}
	first, _, _ := strings.Cut(string(text), "\n")
	pid, err := strconv.Atoi(first)
	if err != nil {
		return err
	}
	if err := syscall.Kill(pid, s); err != nil {
		return err
	}
	_ = c.stdin.Close()
	_ = c.server.Wait() // a crash is a failure
	return nil
}

// schema makes one, and drops it in the end.
func schema(t *testing.T, base string) string {
	name := fmt.Sprintf("trial_%d_%d", os.Getpid(), time.Now().UnixNano())
	run := func(statement string) {
		connection, err := pgx.Connect(context.Background(), base)
		require.NoError(t, err)
		defer connection.Close(context.Background())
		_, err = connection.Exec(context.Background(), statement)
		require.NoError(t, err)
	}
	run("CREATE SCHEMA " + name)
	t.Cleanup(func() { run("DROP SCHEMA " + name + " CASCADE") })
	with, err := url.Parse(base)
	require.NoError(t, err)
	query := with.Query()
	query.Set("search_path", name)
	query.Set("application_name", name)
	with.RawQuery = query.Encode()
	return with.String()
}
