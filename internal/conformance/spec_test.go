package conformance

import (
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/refundkit/refundkit"
	"github.com/stretchr/testify/require"
	"github.com/stripe/stripe-mock/embedded"
	"github.com/stripe/stripe-mock/server"
	"github.com/stripe/stripe-mock/spec"
)

func TestVersions(t *testing.T) {
	t.Run("stripe-mock in go.mod", func(t *testing.T) {
		mod, err := os.ReadFile("go.mod")
		require.NoError(t, err)
		require.Contains(t, string(mod), "\tgithub.com/stripe/stripe-mock "+stripeMockVersion+"\n", "go.mod and stripeMockVersion differ")
	})
	t.Run("API version of the specification", func(t *testing.T) {
		require.Equal(t, officialSpec(t).Info.Version, refundkit.APIVersion, "refundkit.APIVersion is not the specification's")
	})
}

// loadSpec reads the specification once, for it takes seconds under -race.
var loadSpec = sync.OnceValues(func() (*spec.Spec, error) { return server.LoadSpec(embedded.OpenAPISpec, "") })

func officialSpec(t *testing.T) *spec.Spec {
	t.Helper()
	official, err := loadSpec()
	require.NoError(t, err)
	return official
}

// property is a schema with the name that it has in the specification, or with
// none where it has none there.
type property struct {
	name   string
	schema *spec.Schema
}

// component finds a schema of the specification by name.
func component(t *testing.T, name string) property {
	t.Helper()
	schema := officialSpec(t).Components.Schemas[name]
	require.NotNil(t, schema, "the specification has no %s any more", name)
	return property{name, schema}
}

// resolve follows references, and the choices that have one branch only, which
// is how the specification writes that an object may be null.
func resolve(t *testing.T, p property) property {
	t.Helper()
	for {
		switch {
		case p.schema.Ref != "":
			p = component(t, strings.TrimPrefix(p.schema.Ref, "#/components/schemas/"))
		case len(p.schema.AnyOf) == 1:
			p = property{p.name, p.schema.AnyOf[0]}
		default:
			return p
		}
	}
}

// properties returns what an object has, without what is left out on purpose.
func properties(t *testing.T, p property) map[string]property {
	t.Helper()
	found := make(map[string]property)
	for name, schema := range p.schema.Properties {
		found[name] = property{schema: schema}
	}
	if names, ok := kept[p.name]; ok {
		for _, name := range names {
			require.Contains(t, found, name, "the specification has no %s.%s any more", p.name, name)
		}
		maps.DeleteFunc(found, func(name string, _ property) bool { return !slices.Contains(names, name) })
	}
	for _, name := range leftOut[p.name] {
		require.Contains(t, found, name, "the specification has no %s.%s any more: it need not be left out", p.name, name)
		delete(found, name)
	}
	return found
}

// expansions returns the objects that a link can become, or nil for anything
// but a link.
func expansions(t *testing.T, p property) []property {
	t.Helper()
	if p.schema.XExpansionResources == nil {
		return nil
	}
	var targets []property
	for _, schema := range p.schema.XExpansionResources.OneOf {
		targets = append(targets, resolve(t, property{schema: schema}))
	}
	return targets
}

func sortedNames[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
