package node

import (
	"bufio"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestNode runs the example's own tests against the program.
func TestNode(t *testing.T) {
	if testing.Short() {
		t.Skip("it downloads a package")
	}
	for _, program := range []string{"node", "npm"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("there is no %s", program)
		}
	}
	dir := t.TempDir()
	for _, name := range []string{"package.json", "package-lock.json", "refund.js", "refund.test.js"} {
		content, err := os.ReadFile(name)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), content, 0o600))
	}
	install, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if out, err := command(install, dir, "npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts").CombinedOutput(); err != nil {
		t.Skipf("the npm package stripe is missing: %v\n%s", err, out)
	}
	tests := command(t.Context(), dir, "npm", "test")
	tests.Env = append(os.Environ(), "REFUNDTEST_URL="+start(t, dir))
	out, err := tests.CombinedOutput()
	require.NoError(t, err, "%s", out)
	require.Contains(t, string(out), "# pass 2")
}

func command(ctx context.Context, dir, name string, args ...string) *exec.Cmd {
	c := exec.CommandContext(ctx, name, args...)
	c.Dir = dir
	return c
}

// start runs the fake until the test ends, and returns its URL.
func start(t *testing.T, dir string) string {
	program := filepath.Join(dir, "refundtest.exe")
	out, err := exec.CommandContext(t.Context(), "go", "build", "-o", program, "../../cmd/refundtest").CombinedOutput()
	require.NoError(t, err, "%s", out)
	fake := command(t.Context(), dir, program, "-addr", "127.0.0.1:0")
	stdout, err := fake.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, fake.Start())
	t.Cleanup(func() {
		_ = fake.Process.Kill() // it may have ended
		_ = fake.Wait()         // killed
	})
	line, err := bufio.NewReader(stdout).ReadString('\n')
	require.NoError(t, err)
	url := regexp.MustCompile(`http://\S+:\d+`).FindString(line)
	require.NotEmpty(t, url, line)
	return url
}
