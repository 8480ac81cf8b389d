package refundtest_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// sources parses the files of this package that match a pattern, without tests.
func sources(t *testing.T, pattern string) map[string]*ast.File {
	t.Helper()
	paths, err := filepath.Glob(pattern)
	require.NoError(t, err)
	files := map[string]*ast.File{}
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		files[path], err = parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments)
		require.NoError(t, err)
	}
	require.NotEmpty(t, files)
	return files
}

// Objects must live the same life whoever moves them: the API, the test or the
// clock.
func TestWorldNamesNoRequest(t *testing.T) {
	ofTheRequest := map[string]bool{"exchange": true, "answer": true, "result": true, "route": true, "routes": true, "node": true,
		"script": true, "Fault": true, "Webhook": true}
	for path, file := range sources(t, "world*.go") {
		for _, spec := range file.Imports {
			assert.False(t, strings.HasPrefix(spec.Path.Value, `"net/`), "%s imports %s", path, spec.Path.Value)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if name, ok := n.(*ast.Ident); ok {
				assert.False(t, ofTheRequest[name.Name], "%s names %s", path, name.Name)
			}
			return true
		})
	}
}

// go doc does not list the methods of an embedded type, so the documentation of
// Server does.
func TestServerNamesEveryMethodOfWorld(t *testing.T) {
	var methods []string
	doc := ""
	for _, file := range sources(t, "*.go") {
		for _, declaration := range file.Decls {
			switch d := declaration.(type) {
			case *ast.FuncDecl:
				if d.Recv != nil && d.Name.IsExported() && isWorld(d.Recv.List[0].Type) {
					methods = append(methods, d.Name.Name)
				}
			case *ast.GenDecl:
				if kind, ok := d.Specs[0].(*ast.TypeSpec); ok && kind.Name.Name == "Server" {
					doc = d.Doc.Text()
				}
			}
		}
	}
	require.NotEmpty(t, methods)
	for _, method := range methods {
		assert.Contains(t, doc, "[World."+method+"]")
	}
}

func isWorld(receiver ast.Expr) bool {
	star, _ := receiver.(*ast.StarExpr)
	if star == nil {
		return false
	}
	name, _ := star.X.(*ast.Ident)
	return name != nil && name.Name == "World"
}
