package refundkit_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// prelude is what the README's pieces of code may use without saying where it
// comes from.
const prelude = `package readme

import (
	"context"
	"time"

	"github.com/refundkit/refundkit"
)

type jobRow struct {
	ID, Key, Charge string
	Amount          int64
	FirstSent       time.Time
}

func (jobRow) Done(string) error  { return nil }
func (jobRow) Again(error) error  { return nil }
func (jobRow) Failed(error) error { return nil }

var (
	ctx    context.Context
	client *refundkit.Client
	job    jobRow
	err    error
	monday time.Time
)
`

var imports = map[string]string{
	"refundkit": "github.com/refundkit/refundkit", "refundtest": "github.com/refundkit/refundkit/refundtest", "httpmock": "github.com/jarcoal/httpmock",
	"context": "context", "errors": "errors", "fmt": "fmt", "http": "net/http", "slog": "log/slog", "testing": "testing", "time": "time",
}

// TestEveryGoBlockOfTheREADMECompiles builds the blocks in a module of their
// own, as a user would who copies them.
func TestEveryGoBlockOfTheREADMECompiles(t *testing.T) {
	root, err := os.Getwd()
	require.NoError(t, err)
	readme, err := os.ReadFile("README.md")
	require.NoError(t, err)
	blocks := regexp.MustCompile("(?s)```go\n(.*?)```").FindAllStringSubmatch(string(readme), -1)
	require.NotEmpty(t, blocks)

	dir := t.TempDir()
	write := func(name, text string) {
		name = filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(name), 0o755))
		require.NoError(t, os.WriteFile(name, []byte(text), 0o600))
	}
	for _, name := range []string{"go.mod", "go.sum"} {
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		module := "module readme\n\nreplace github.com/refundkit/refundkit => " + root + "\n\nrequire github.com/refundkit/refundkit v0.0.0\n"
		write(name, strings.Replace(string(text), "module github.com/refundkit/refundkit\n", module, 1))
	}
	write("prelude.go", prelude)
	for i, block := range blocks {
		if strings.HasPrefix(block[1], "package main") {
			write(fmt.Sprintf("program%d/main.go", i), block[1])
		} else {
			write(fmt.Sprintf("piece%d.go", i), piece(i, block[1]))
		}
	}
	check := exec.Command("go", "build", "-mod=mod", "./...")
	check.Dir = dir
	output, err := check.CombinedOutput()
	require.NoError(t, err, string(output))
}

// piece makes a file of a block: declarations stand by themselves, statements
// in a function that returns an error.
func piece(i int, block string) string {
	var b strings.Builder
	b.WriteString("package readme\n\n")
	for name, path := range imports {
		if regexp.MustCompile(`\b` + name + `\.[A-Z]`).MatchString(block) {
			fmt.Fprintf(&b, "import %q\n", path)
		}
	}
	if strings.HasPrefix(block, "type ") || strings.HasPrefix(block, "func ") {
		return b.String() + block
	}
	fmt.Fprintf(&b, "func piece%d() error {\n%s\n\treturn err\n}\n", i, unusedAllowed(block))
	return b.String()
}

// unusedAllowed lets a block end with a client that only the reader uses.
func unusedAllowed(block string) string {
	if strings.Contains(block, "client, err := refundkit.New") {
		block += "\n_ = client"
	}
	return block
}
