package refundkit_test

import (
	"go/ast"
	"go/doc"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// withoutExample are methods that nobody calls by name, and who calls them.
var withoutExample = map[string]string{
	"Error":             "fmt",
	"Format":            "fmt",
	"Is":                "errors.Is",
	"Unwrap":            "errors.Is and errors.As",
	"LogValue":          "log/slog",
	"MarshalJSON":       "encoding/json",
	"UnmarshalJSON":     "encoding/json",
	"MarshalJSONTo":     "encoding/json/v2",
	"UnmarshalJSONFrom": "encoding/json/v2",
	"String":            "fmt",
	"EncodeValues":      "the form encoder",
	"IsZero":            "encoding/json and the form encoder",
}

// TestDocsEveryMethodHasAnExample wants a runnable example with output for each
// exported function and method of the root package.
func TestDocsEveryMethodHasAnExample(t *testing.T) {
	shown, called := map[string]bool{}, map[string]bool{}
	for _, file := range goFiles(t) {
		if filepath.Dir(file.path) != "." || !file.isTest() {
			continue
		}
		for _, example := range doc.Examples(file.tree) {
			assert.True(t, example.Output != "" || example.EmptyOutput, "%s: Example%s has no output, so it is not run", file.path, example.Name)
			shown[example.Name] = true
		}
	}
	for _, file := range goFiles(t) {
		if filepath.Dir(file.path) != "." || file.isTest() {
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
			name := exampleName(function)
			assert.True(t, shown[name] || anySuffix(shown, name), "%s: there is no Example%s", file.path, name)
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
	kind := function.Recv.List[0].Type
	if star, ok := kind.(*ast.StarExpr); ok {
		kind = star.X
	}
	if generic, ok := kind.(*ast.IndexExpr); ok {
		kind = generic.X
	}
	return kind.(*ast.Ident).Name + "_" + function.Name.Name
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
