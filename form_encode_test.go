package refundkit

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

type inner struct {
	Name string `url:"name,omitempty"`
}

func TestEncodeFormRefusesWhatItCannotWrite(t *testing.T) {
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
		"cleared inside another field": struct {
			Inner struct {
				Clear bool `url:"-" unset:"metadata"`
			} `url:"inner"`
		}{Inner: struct {
			Clear bool `url:"-" unset:"metadata"`
		}{true}},
	} {
		t.Run(name, func(t *testing.T) {
			form, err := encodeForm(params, nil)
			require.Error(t, err)
			assert.Empty(t, form)
			assert.Contains(t, err.Error(), "refundkit: ")
		})
	}
}

func TestEncodeForm(t *testing.T) {
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
		Left     string       `url:"-"`
		Clear    bool         `url:"-" unset:"zone"`
	}
	full := everyKind{
		hidden: "h", Text: "a b", Flag: true, Whole: -1, Long: 1 << 60, Moment: time.Unix(7, 0), Metadata: Metadata{"k": "v"},
		Created: CreatedRange{At: time.Unix(8, 0)}, Inner: inner{"n"}, Left: "l", Clear: true,
	}

	form, err := encodeForm(full, []string{"b", "a"})

	require.NoError(t, err)
	assert.Equal(t, "created=8&expand%5B%5D=b&expand%5B%5D=a&flag=true&inner%5Bname%5D=n&long=1152921504606846976"+
		"&metadata%5Bk%5D=v&moment=7&text=a+b&whole=-1&zone=", form)
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

func TestEncodeFormWritesEveryParams(t *testing.T) {
	for _, params := range []params{
		noParams{}, RefundCreateParams{}, RefundUpdateParams{}, RefundListParams{}, ChargeRefundCreateParams{}, ChargeRefundListParams{}, PaymentRecordReportRefundParams{},
	} {
		t.Run(fmt.Sprintf("%T", params), func(t *testing.T) {
			_, err := encodeForm(params, nil)
			assert.NoError(t, err)
		})
	}
}
