package conformance

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// refundkitFolder is where the sources of refundkit are.
const refundkitFolder = "../.."

// inspectSource walks what refundkit is compiled from.
func inspectSource(t *testing.T, visit func(ast.Node)) {
	t.Helper()
	entries, err := os.ReadDir(refundkitFolder)
	require.NoError(t, err)
	for _, entry := range entries {
		if !strings.HasSuffix(entry.Name(), ".go") || strings.HasSuffix(entry.Name(), "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(refundkitFolder, entry.Name()), nil, parser.SkipObjectResolution)
		require.NoError(t, err)
		ast.Inspect(file, func(node ast.Node) bool {
			visit(node)
			return true
		})
	}
}

// TestTags reads the tags as they stand in the source. Decoding alone misses
// some that are gone, for encoding/json finds code in a field Code without one.
func TestTags(t *testing.T) {
	inspectSource(t, func(node ast.Node) {
		declared, ok := node.(*ast.TypeSpec)
		if !ok {
			return
		}
		structure, ok := declared.Type.(*ast.StructType)
		if !ok {
			return
		}
		for _, kind := range []string{"json", "url"} {
			checkTags(t, declared.Name.Name, structure, kind)
		}
	})
}

// checkTags expects all fields of a struct to have a tag if one has: the name
// of the field as Stripe writes it, or -.
func checkTags(t *testing.T, name string, structure *ast.StructType, kind string) {
	t.Helper()
	tags := make(map[string]string)
	tagged := false
	for _, field := range structure.Fields.List {
		for _, identifier := range field.Names {
			if identifier.IsExported() {
				tags[identifier.Name] = tagOf(t, field, kind)
				tagged = tagged || tags[identifier.Name] != ""
			}
		}
	}
	if !tagged {
		return
	}
	for _, field := range sortedNames(tags) {
		t.Run(name+"."+field, func(t *testing.T) {
			if tags[field] != "-" {
				require.Equal(t, propertyName(field), tags[field], "the %s tag of %s.%s", kind, name, field)
			}
		})
	}
}

func tagOf(t *testing.T, field *ast.Field, kind string) string {
	t.Helper()
	if field.Tag == nil {
		return ""
	}
	text, err := strconv.Unquote(field.Tag.Value)
	require.NoError(t, err)
	name, _, _ := strings.Cut(reflect.StructTag(text).Get(kind), ",")
	return name
}

// sourceConstants reads the string constants of refundkit, by their type.
func sourceConstants(t *testing.T) map[string]map[string]bool {
	t.Helper()
	found := make(map[string]map[string]bool)
	inspectSource(t, func(node ast.Node) {
		if constant, ok := node.(*ast.ValueSpec); ok {
			noteConstant(t, constant, found)
		}
	})
	return found
}

func noteConstant(t *testing.T, constant *ast.ValueSpec, found map[string]map[string]bool) {
	t.Helper()
	kind, ok := constant.Type.(*ast.Ident)
	if !ok || len(constant.Values) != 1 {
		return
	}
	if literal, ok := constant.Values[0].(*ast.BasicLit); ok && literal.Kind == token.STRING {
		value, err := strconv.Unquote(literal.Value)
		require.NoError(t, err)
		if found[kind.Name] == nil {
			found[kind.Name] = make(map[string]bool)
		}
		found[kind.Name][value] = true
	}
}
