package refundkit_test

import (
	"fmt"
	"go/format"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// prelude is what the pieces of code in README.md and docs may use without
// saying where it comes from.
const prelude = `
import (
	"context"
	"database/sql"
	"net/http"
	"time"

	"github.com/refundkit/refundkit"
	"github.com/refundkit/refundkit/refundtest"
)

func save(context.Context, refundkit.Job) error { return nil }

func store(context.Context, *refundkit.Refund) error { return nil }

var (
	ctx        context.Context
	client     *refundkit.Client
	server     *refundtest.Server
	limiter    refundkit.Limiter
	httpClient *http.Client
	params     refundkit.RefundCreateParams
	key        refundkit.IdempotencyKey
	job        refundkit.Job
	err        error
	monday     time.Time
	db         *sql.DB
	apiKey     string
	secret     string
)
`

// preludes are what the code of one document may use besides.
var preludes = map[string]string{
	"README": `
var s *shop

func (s *shop) read(context.Context, string, ...any) ([]refundkit.Job, error) { return nil, nil }
func (s *shop) add(context.Context, refundkit.Job) error                      { return nil }
`,
}

var imports = map[string]string{
	"refundkit": "github.com/refundkit/refundkit", "refundtest": "github.com/refundkit/refundkit/refundtest", "httpmock": "github.com/jarcoal/httpmock", "webhook": "github.com/refundkit/refundkit/webhook",
	"context": "context", "sql": "database/sql", "json": "encoding/json", "errors": "errors", "fmt": "fmt", "http": "net/http", "io": "io", "log": "log", "os": "os", "runtime": "runtime", "slices": "slices", "slog": "log/slog",
	"synctest": "testing/synctest", "testing": "testing", "time": "time",
}

// documents are the pages that people copy from.
func documents(t *testing.T) []string {
	docs, err := filepath.Glob("docs/*.md")
	require.NoError(t, err)
	require.NotEmpty(t, docs)
	return append(docs, "README.md")
}

// TestDocsCodeWorks builds the Go blocks of README.md and docs in a module of
// their own, as a user would who copies them, and runs the tests among them.
func TestDocsCodeWorks(t *testing.T) {
	root, err := os.Getwd()
	require.NoError(t, err)
	dir := t.TempDir()
	write := func(name, text string) {
		name = filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(name), 0o755))
		require.NoError(t, os.WriteFile(name, []byte(text), 0o600))
	}
	for _, name := range []string{"go.mod", "go.sum"} {
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		module := "module copied\n\nreplace github.com/refundkit/refundkit => " + root + "\n\nrequire github.com/refundkit/refundkit v0.0.0\n"
		write(name, strings.Replace(string(text), "module github.com/refundkit/refundkit\n", module, 1))
	}
	for _, document := range documents(t) {
		text, err := os.ReadFile(document)
		require.NoError(t, err)
		pkg := regexp.MustCompile(`\W`).ReplaceAllString(strings.TrimSuffix(filepath.Base(document), ".md"), "")
		write(pkg+"/prelude.go", "package "+pkg+"\n"+prelude+preludes[pkg])
		for i, block := range regexp.MustCompile("(?s)```go\n(.*?)```").FindAllStringSubmatch(string(text), -1) {
			switch code := block[1]; {
			case strings.HasPrefix(code, "package main"):
				write(fmt.Sprintf("%s/program%d/main.go", pkg, i), code)
			case strings.Contains(code, "func Test"):
				write(fmt.Sprintf("%s/piece%d_test.go", pkg, i), "package "+pkg+"\n"+piece(i, code))
			default:
				write(fmt.Sprintf("%s/piece%d.go", pkg, i), "package "+pkg+"\n"+piece(i, code))
			}
		}
	}
	check := exec.Command("go", "test", "-mod=mod", "-vet=off", "./...")
	check.Dir = dir
	output, err := check.CombinedOutput()
	require.NoError(t, err, string(output))
}

// piece makes a file of a block: declarations stand by themselves, statements
// in a function that returns an error.
func piece(i int, block string) string {
	var b strings.Builder
	for name, path := range imports {
		if regexp.MustCompile(`\b` + name + `\.[A-Z]`).MatchString(block) {
			fmt.Fprintf(&b, "import %q\n", path)
		}
	}
	if regexp.MustCompile(`^(?://.*\n)*(?:type|func) `).MatchString(block) {
		return b.String() + block
	}
	fmt.Fprintf(&b, "func piece%d() error {\n%s\n\treturn err\n}\n", i, unusedAllowed(block))
	return b.String()
}

// unusedAllowed lets a block end with something that only the reader uses.
func unusedAllowed(block string) string {
	for _, name := range []string{"client", "refund", "key"} {
		if regexp.MustCompile(`(?m)^` + name + `(, err)? :?= `).MatchString(block) {
			block += "\n_ = " + name
		}
	}
	return block
}

// TestDocsCodeIsFormatted also parses the blocks of other modules' code, which
// can't be built here: they are fenced as golang.
func TestDocsCodeIsFormatted(t *testing.T) {
	for _, document := range documents(t) {
		text, err := os.ReadFile(document)
		require.NoError(t, err)
		for _, block := range regexp.MustCompile("(?s)```(?:go|golang)\n(.*?)```").FindAllStringSubmatch(string(text), -1) {
			formatted, err := format.Source([]byte(block[1]))
			if assert.NoError(t, err, "%s: %s", document, block[1]) {
				assert.Equal(t, string(formatted), block[1], document)
			}
		}
	}
}

// TestDocsLinksLeadSomewhere follows every link between files, to the heading if
// there is one.
func TestDocsLinksLeadSomewhere(t *testing.T) {
	for _, document := range documents(t) {
		text, err := os.ReadFile(document)
		require.NoError(t, err)
		for _, link := range regexp.MustCompile(`\]\(([^)\s]+)\)|(?:src|href)="([^"]+)"`).FindAllStringSubmatch(string(text), -1) {
			target := link[1] + link[2]
			if strings.Contains(target, "://") {
				continue
			}
			path, heading, _ := strings.Cut(target, "#")
			file := document
			if path != "" {
				file = filepath.Join(filepath.Dir(document), path)
			}
			_, err := os.Stat(file)
			if !assert.NoError(t, err, "%s: %s", document, target) || heading == "" {
				continue
			}
			linked, err := os.ReadFile(file)
			require.NoError(t, err)
			assert.Contains(t, anchors(string(linked)), heading, "%s: %s", document, target)
		}
	}
}

// anchors are the names that GitHub gives to the headings of a page.
func anchors(text string) (names []string) {
	for _, heading := range regexp.MustCompile(`(?m)^#+ (.+)$`).FindAllStringSubmatch(text, -1) {
		name := regexp.MustCompile(`[^\w\- ]`).ReplaceAllString(strings.ToLower(heading[1]), "")
		names = append(names, strings.ReplaceAll(name, " ", "-"))
	}
	return names
}

// TestDocsCommandsRunSomething looks for the tests and programs that commands
// name: go test is content with a name that nothing has.
func TestDocsCommandsRunSomething(t *testing.T) {
	for _, document := range documents(t) {
		text, err := os.ReadFile(document)
		require.NoError(t, err)
		for _, command := range regexp.MustCompile(`(?:cd (\S+) && )?go test (?:-v )?-run (\w+)`).FindAllStringSubmatch(string(text), -1) {
			tests, err := filepath.Glob(filepath.Join(command[1], "*_test.go"))
			require.NoError(t, err)
			found := false
			for _, name := range tests {
				source, err := os.ReadFile(name)
				require.NoError(t, err)
				for _, function := range regexp.MustCompile(`(?m)^func ((?:Test|Example)\w*)\(`).FindAllStringSubmatch(string(source), -1) {
					found = found || strings.Contains(function[1], command[2])
				}
			}
			assert.True(t, found, "%s: %s", document, command[0])
		}
		for _, command := range regexp.MustCompile(`(?:cd (\S+) && )?go run (\./\S*\w)`).FindAllStringSubmatch(string(text), -1) {
			assert.FileExists(t, filepath.Join(command[1], command[2], "main.go"), "%s: %s", document, command[0])
		}
	}
}
