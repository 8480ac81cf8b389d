package refundkit_test

import (
	"cmp"
	"go/ast"
	"go/doc"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// goFile is a file of this module, with how long it is.
type goFile struct {
	path  string
	set   *token.FileSet
	tree  *ast.File
	lines int
}

func (f goFile) isTest() bool { return strings.HasSuffix(f.path, "_test.go") }

func (f goFile) imports(path string) bool {
	for _, spec := range f.tree.Imports {
		if strings.Trim(spec.Path.Value, `"`) == path {
			return true
		}
	}
	return false
}

// uses reports whether the file names something of a package, such as http.Client.
func (f goFile) uses(pkg, name string) (found bool) {
	ast.Inspect(f.tree, func(n ast.Node) bool {
		selector, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		from, ok := selector.X.(*ast.Ident)
		found = found || ok && from.Name == pkg && selector.Sel.Name == name
		return true
	})
	return found
}

// goFiles reads every Go file below the root, nested modules too.
func goFiles(t *testing.T) []goFile {
	var files []goFile
	err := filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || filepath.Ext(path) != ".go" {
			return err
		}
		set := token.NewFileSet()
		tree, err := parser.ParseFile(set, path, nil, parser.ParseComments)
		if err != nil {
			return err
		}
		files = append(files, goFile{filepath.ToSlash(path), set, tree, set.File(tree.Pos()).LineCount()})
		return nil
	})
	require.NoError(t, err)
	require.NotEmpty(t, files)
	return files
}

func TestHouseSize(t *testing.T) {
	for _, file := range goFiles(t) {
		assert.LessOrEqual(t, file.lines, 400, "%s is too long", file.path)
		if file.isTest() {
			continue // a table may be long
		}
		for _, declaration := range file.tree.Decls {
			if function, ok := declaration.(*ast.FuncDecl); ok {
				lines := file.set.Position(function.End()).Line - file.set.Position(function.Pos()).Line + 1
				assert.LessOrEqual(t, lines, 60, "%s: %s is too long", file.path, function.Name.Name)
			}
		}
	}
}

// TestHouseJobsKnowNoDriver lets a team on another version of River compile refundjobs.
func TestHouseJobsKnowNoDriver(t *testing.T) {
	for _, file := range goFiles(t) {
		dir := filepath.ToSlash(filepath.Dir(file.path))
		if file.isTest() || dir != "refundjobs" {
			continue
		}
		for _, spec := range file.tree.Imports {
			path := strings.Trim(spec.Path.Value, `"`)
			for _, other := range []string{"database/sql", "github.com/jackc/", "modernc.org/", "github.com/riverqueue/river/riverdriver/", "github.com/refundkit/refundkit/refundtest", "testing"} {
				assert.False(t, path == other || strings.HasSuffix(other, "/") && strings.HasPrefix(path, other), "%s imports %s", file.path, path)
			}
		}
	}
}

// TestHouseDirection holds who may know whom.
func TestHouseDirection(t *testing.T) {
	for _, file := range goFiles(t) {
		dir := filepath.ToSlash(filepath.Dir(file.path))
		if file.isTest() || dir != "." && dir != "refundtest" && dir != "webhook" {
			continue
		}
		assert.False(t, file.imports("testing"), "%s imports testing", file.path)
		if dir == "refundtest" {
			assert.False(t, file.imports("github.com/refundkit/refundkit"), "%s imports the root: it could share a wrong tag", file.path)
			continue
		}
		if dir == "webhook" {
			assert.False(t, mentions(file, "Client") || file.uses("refundkit", "Client") || file.uses("refundkit", "New"), "%s knows the client", file.path)
			continue
		}
		assert.False(t, file.imports("github.com/refundkit/refundkit/webhook"), "%s: the root knows nothing of webhooks", file.path)
		assert.Equal(t, file.path == "form_encode.go", file.imports("github.com/google/go-querystring/query"), "%s: go-querystring", file.path)
		assert.Equal(t, file.path == "client.go", file.uses("http", "NewRequestWithContext"), "%s: sending HTTP", file.path)
		assert.Equal(t, file.path == "client.go", file.uses("http", "DefaultTransport"), "%s: sending HTTP", file.path)
		for _, loose := range []string{"NewRequest", "Get", "Post", "PostForm", "DefaultClient"} {
			assert.False(t, file.uses("http", loose), "%s: http.%s", file.path, loose)
		}
		switch file.path {
		case "event.go", "snapshot.go", "check_rules.go", "check_amounts.go", "check_finding.go", "check_method.go", "unwind.go", "unwind_repair.go":
			assert.False(t, mentions(file, "Client") || mentions(file, "do"), "%s knows the client", file.path)
		case "iter.go", "timestamp.go", "expandable.go", "json_members.go", "metadata.go":
			assert.False(t, mentions(file, "Refund") || mentions(file, "Charge"), "%s knows a resource", file.path)
		case "job_rules.go", "job_progress.go":
			assert.False(t, mentions(file, "Refund") || mentions(file, "RefundService") || mentions(file, "Charge") || mentions(file, "Job"), "%s knows a resource", file.path)
			assert.False(t, mentions(file, "Client") || mentions(file, "Error"), "%s knows the client", file.path)
		case "retry.go", "params.go", "form_encode.go", "errors.go", "idempotency.go":
			assert.False(t, mentions(file, "Client"), "%s knows the client", file.path)
		}
	}
}

// mentions reports whether the file uses a name of its own package.
func mentions(file goFile, name string) bool {
	for _, unresolved := range file.tree.Unresolved {
		if unresolved.Name == name {
			return true
		}
	}
	return false
}

// ofJobs reports whether a folder is a package of refundjobs that users import.
func ofJobs(dir string) bool {
	return dir == "refundjobs" || strings.HasPrefix(dir, "refundjobs/") && !strings.Contains(dir, "/cmd") && !strings.Contains(dir, "/internal")
}

// TestHouseHasNoState allows errors and embedded files as package variables, and nothing else.
func TestHouseHasNoState(t *testing.T) {
	for _, file := range goFiles(t) {
		dir := filepath.ToSlash(filepath.Dir(file.path))
		if file.isTest() || dir != "." && !ofJobs(dir) {
			continue
		}
		for _, declaration := range file.tree.Decls {
			switch d := declaration.(type) {
			case *ast.FuncDecl:
				assert.NotEqual(t, "init", d.Name.Name, file.path)
			case *ast.GenDecl:
				if d.Tok != token.VAR {
					continue
				}
				for _, spec := range d.Specs {
					value := spec.(*ast.ValueSpec)
					if doc := cmp.Or(value.Doc, d.Doc); doc != nil && strings.HasPrefix(doc.List[0].Text, "//go:embed ") {
						continue
					}
					for _, name := range value.Names {
						allowed := name.Name == "_" || strings.HasPrefix(strings.ToLower(name.Name), "err")
						assert.True(t, allowed, "%s: variable %s", file.path, name.Name)
					}
				}
			}
		}
	}
}

// TestHouseIsDocumented wants a sentence that starts with the name on everything exported.
func TestHouseIsDocumented(t *testing.T) {
	for _, file := range goFiles(t) {
		dir := filepath.ToSlash(filepath.Dir(file.path))
		if file.isTest() || dir != "." && dir != "refundtest" && dir != "webhook" && !ofJobs(dir) {
			continue
		}
		for _, declaration := range file.tree.Decls {
			switch d := declaration.(type) {
			case *ast.FuncDecl:
				if d.Name.IsExported() && receiverIsExported(d) {
					assert.True(t, startsWith(d.Doc, d.Name.Name), "%s: %s", file.path, d.Name.Name)
				}
			case *ast.GenDecl:
				for _, spec := range d.Specs {
					kind, ok := spec.(*ast.TypeSpec)
					if ok && kind.Name.IsExported() {
						doc := kind.Doc
						if doc == nil {
							doc = d.Doc
						}
						assert.True(t, startsWith(doc, kind.Name.Name), "%s: %s", file.path, kind.Name.Name)
					}
					if value, ok := spec.(*ast.ValueSpec); ok && value.Names[0].IsExported() {
						assert.True(t, d.Doc != nil || value.Doc != nil || value.Comment != nil, "%s: %s", file.path, value.Names[0].Name)
					}
				}
			}
		}
	}
}

func receiverIsExported(d *ast.FuncDecl) bool {
	return d.Recv == nil || ast.IsExported(receiverName(d))
}

// receiverName is the name of the type whose method it is.
func receiverName(d *ast.FuncDecl) string {
	kind := d.Recv.List[0].Type
	if star, ok := kind.(*ast.StarExpr); ok {
		kind = star.X
	}
	if generic, ok := kind.(*ast.IndexExpr); ok {
		kind = generic.X
	}
	return kind.(*ast.Ident).Name
}

func startsWith(doc *ast.CommentGroup, name string) bool {
	text := doc.Text()
	return strings.HasPrefix(text, name+" ") || strings.HasPrefix(text, "A "+name+" ") || strings.HasPrefix(text, "An "+name+" ")
}

// withoutExample are methods that nobody calls by name, and who calls them.
var withoutExample = map[string]string{
	"Error":             "fmt",
	"Format":            "fmt",
	"Is":                "errors.Is",
	"Unwrap":            "errors.Is and errors.As",
	"LogValue":          "log/slog",
	"MarshalJSON":       "encoding/json",
	"MarshalText":       "encoding/xml",
	"UnmarshalJSON":     "encoding/json",
	"MarshalJSONTo":     "encoding/json/v2",
	"UnmarshalJSONFrom": "encoding/json/v2",
	"String":            "fmt",
	"EncodeValues":      "the form encoder",
	"IsZero":            "encoding/json and the form encoder",
}

// TestDocsEveryMethodHasAnExample wants a runnable example with output for each
// exported function and method of the root package and of webhook.
func TestDocsEveryMethodHasAnExample(t *testing.T) {
	shown, called := map[string]bool{}, map[string]bool{}
	var documented []goFile
	for _, file := range goFiles(t) {
		dir := filepath.ToSlash(filepath.Dir(file.path))
		if dir != "." && dir != "webhook" {
			continue
		}
		documented = append(documented, file)
		if !file.isTest() {
			continue
		}
		for _, example := range doc.Examples(file.tree) {
			assert.True(t, example.Output != "" || example.EmptyOutput, "%s: Example%s has no output, so it is not run", file.path, example.Name)
			shown[dir+" "+example.Name] = true
		}
	}
	for _, file := range documented {
		if file.isTest() {
			continue
		}
		for _, declaration := range file.tree.Decls {
			function, ok := declaration.(*ast.FuncDecl)
			if !ok || !function.Name.IsExported() || !receiverIsExported(function) {
				continue
			}
			if function.Recv != nil && withoutExample[function.Name.Name] != "" {
				called[function.Name.Name] = true
				continue
			}
			name := filepath.ToSlash(filepath.Dir(file.path)) + " " + exampleName(function)
			assert.True(t, shown[name] || anySuffix(shown, name), "%s: there is no Example%s", file.path, exampleName(function))
		}
	}
	for name := range withoutExample {
		assert.True(t, called[name], "no method is named %s", name)
	}
}

// exampleName is what go doc expects an example of the function to be called,
// after the word Example.
func exampleName(function *ast.FuncDecl) string {
	if function.Recv == nil {
		return function.Name.Name
	}
	return receiverName(function) + "_" + function.Name.Name
}

// anySuffix reports whether there is an example of the name with a suffix, which
// starts with a small letter.
func anySuffix(shown map[string]bool, name string) bool {
	for example := range shown {
		suffix, ok := strings.CutPrefix(example, name+"_")
		if ok && suffix != "" && strings.ToLower(suffix[:1]) == suffix[:1] {
			return true
		}
	}
	return false
}
