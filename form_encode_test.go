package refundkit

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-querystring/query"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

type inner struct {
	Name string `url:"name,omitempty"`
}

func TestShapesThatCannotBeWritten(t *testing.T) {
	text := "x"
	for name, params := range map[string]any{
		"nothing":             nil,
		"not a struct":        map[string]string{"a": "b"},
		"pointer to a struct": &inner{Name: "x"},
		"map without an encoder": struct {
			Values map[string]string `url:"values"`
		}{map[string]string{"a": "b"}},
		"nil map without an encoder": struct {
			Values map[string]string `url:"values,omitempty"`
		}{},
		"slice of structs": struct {
			Items []inner `url:"items"`
		}{[]inner{{"x"}}},
		"slice of strings": struct {
			Items []string `url:"items"`
		}{[]string{"x"}},
		"pointer": struct {
			Text *string `url:"text"`
		}{&text},
		"pointer to an encoder": struct {
			Metadata *Metadata `url:"metadata"`
		}{&Metadata{"a": "b"}},
		"float": struct {
			Amount float64 `url:"amount"`
		}{1.5},
		"interface": struct {
			Value any `url:"value"`
		}{"x"},
		"field without a tag": struct{ Amount int64 }{5},
		"tag without a name": struct {
			Amount int64 `url:",omitempty"`
		}{5},
		"nested field without a tag": struct {
			Inner struct{ Amount int64 } `url:"inner"`
		}{},
		"nested slice": struct {
			Inner struct {
				Items []string `url:"items"`
			} `url:"inner"`
		}{},
		"embedded struct": struct{ inner }{inner{"x"}},
		"embedded struct with a tag": struct {
			inner `url:"inner"`
		}{inner{"x"}},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Error(t, checkShape(reflect.ValueOf(params)))
		})
	}
}

// everyKind has a field of each shape that can be written.
type everyKind struct {
	_        [0]func()
	hidden   string
	Text     string       `url:"text"`
	Flag     bool         `url:"flag"`
	Whole    int          `url:"whole"`
	Long     int64        `url:"long"`
	Moment   time.Time    `url:"moment,unix"`
	Metadata Metadata     `url:"metadata"`
	Created  CreatedRange `url:"created"`
	Inner    inner        `url:"inner"`
	Several  []string     `url:"several,brackets"`
	Left     string       `url:"-"`
}

func (everyKind) clears() []string { return []string{"zone"} }

func TestEncodeForm(t *testing.T) {
	require.NoError(t, checkShape(reflect.ValueOf(everyKind{})))
	full := everyKind{
		hidden: "h", Text: "a b", Flag: true, Whole: -1, Long: 1 << 60, Moment: time.Unix(7, 0), Metadata: Metadata{"k": "v"},
		Created: CreatedRange{At: time.Unix(8, 0)}, Inner: inner{"n"}, Several: []string{"x", "y"}, Left: "l",
	}

	form, err := encodeForm(full, []string{"b", "a"})

	require.NoError(t, err)
	assert.Equal(t, "created=8&expand%5B%5D=b&expand%5B%5D=a&flag=true&inner%5Bname%5D=n&long=1152921504606846976"+
		"&metadata%5Bk%5D=v&moment=7&several%5B%5D=x&several%5B%5D=y&text=a+b&whole=-1&zone=", form)
}

func TestEncodeFormHasOneOrder(t *testing.T) {
	build := func(names ...string) RefundUpdateParams {
		metadata := Metadata{}
		for _, name := range names {
			metadata[name] = name
		}
		return RefundUpdateParams{Metadata: metadata}
	}
	const want = "metadata%5Ba%5D=a&metadata%5Bb%5D=b&metadata%5Bc%5D=c&metadata%5Bd%5D=d"
	for range 50 {
		one, err := encodeForm(build("d", "a", "c", "b"), nil)
		require.NoError(t, err)
		require.Equal(t, want, one)
		other, err := encodeForm(build("b", "c", "d", "a"), nil)
		require.NoError(t, err)
		require.Equal(t, want, other)
	}
}

// TestEveryParamsCanBeWritten finds every params struct of this package in its
// source, so that none is forgotten.
func TestEveryParamsCanBeWritten(t *testing.T) {
	known := map[string]any{}
	for _, params := range []any{
		RefundCreateParams{}, RefundUpdateParams{}, RefundListParams{}, ChargeRefundCreateParams{}, ChargeRefundListParams{},
		PaymentRecordReportRefundParams{}, RefundProcessorDetailsParams{}, CustomRefundProcessorParams{}, PaymentRecordRefundedParams{},
		ChargeListParams{}, DisputeListParams{}, BalanceTransactionListParams{}, EventListParams{},
		TransferListParams{}, TransferReversalCreateParams{}, TransferReversalUpdateParams{}, TransferReversalListParams{},
		ApplicationFeeListParams{}, ApplicationFeeRefundCreateParams{}, ApplicationFeeRefundUpdateParams{}, ApplicationFeeRefundListParams{},
	} {
		known[reflect.TypeOf(params).Name()] = params
	}
	for _, name := range paramsTypes(t) {
		t.Run(name, func(t *testing.T) {
			require.Contains(t, known, name, "add it to this test")
			assert.NoError(t, checkShape(reflect.ValueOf(known[name])))
		})
	}
}

// paramsTypes are the names of the structs that are sent as forms: they have a
// field with a url tag.
func paramsTypes(t *testing.T) (names []string) {
	files, err := filepath.Glob("*.go")
	require.NoError(t, err)
	declaration := regexp.MustCompile(`(?ms)^type (\w+Params) struct \{$(.*?)^\}`)
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		source, err := os.ReadFile(file)
		require.NoError(t, err)
		for _, found := range declaration.FindAllStringSubmatch(string(source), -1) {
			if strings.Contains(found[2], "`url:") {
				names = append(names, found[1])
			}
		}
	}
	require.NotEmpty(t, names)
	return names
}

// checkShape refuses fields that go-querystring would write as Stripe can't read
// them.
func checkShape(v reflect.Value) error {
	if v.Kind() != reflect.Struct {
		return fmt.Errorf("parameters must be a struct, not %s", v.Kind())
	}
	t := v.Type()
	for i := range t.NumField() {
		field := t.Field(i)
		if !field.IsExported() && !field.Anonymous {
			continue // the encoder leaves it out too
		}
		if err := checkField(field, v.Field(i)); err != nil {
			return fmt.Errorf("the parameter field %s can't be written as a form: %w", field.Name, err)
		}
	}
	return nil
}

func checkField(field reflect.StructField, v reflect.Value) error {
	tag := field.Tag.Get("url")
	name, _, _ := strings.Cut(tag, ",")
	switch {
	case field.Anonymous:
		return fmt.Errorf("it is embedded")
	case name == "":
		return fmt.Errorf("its url tag has no name")
	case tag == "-":
		return nil
	}
	switch v.Kind() {
	case reflect.String, reflect.Bool, reflect.Int, reflect.Int64:
		return nil
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.String && strings.HasSuffix(tag, ",brackets") {
			return nil
		}
	}
	switch v.Interface().(type) {
	case time.Time, query.Encoder:
		if v.Kind() != reflect.Pointer {
			return nil
		}
	}
	if v.Kind() == reflect.Struct {
		return checkShape(v)
	}
	return fmt.Errorf("kind %s has no form", v.Kind())
}
