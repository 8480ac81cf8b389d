package refundkit_test

import (
	"encoding/json"
	"math"
	"strconv"
	"testing"
	"time"

	"github.com/refundkit/refundkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestTimestampDecode(t *testing.T) {
	var got refundkit.Timestamp
	require.NoError(t, json.Unmarshal([]byte(`1788000123`), &got))
	assert.Equal(t, "2026-08-29T10:42:03Z", got.Format(time.RFC3339Nano))
	assert.Equal(t, time.UTC, got.Location())

	require.NoError(t, json.Unmarshal([]byte(`null`), &got))
	assert.True(t, got == refundkit.Timestamp{}, "null replaces what was there")
	assert.True(t, got.IsZero())

	require.NoError(t, json.Unmarshal([]byte(`0`), &got))
	assert.False(t, got.IsZero(), "0 is a moment, null is none")
	assert.Equal(t, 1970, got.Year())
}

func TestTimestampRefuses(t *testing.T) {
	for name, text := range map[string]string{
		"fraction": `1788000123.5`, "fraction of zero": `1.0`, "exponent": `1e9`, "string": `"1788000123"`, "date": `"2026-08-29T10:02:03Z"`,
		"true": `true`, "object": `{}`, "list": `[]`, "empty string": `""`, "beyond int64": `9223372036854775808`,
	} {
		t.Run(name, func(t *testing.T) {
			before := refundkit.NewTimestamp(time.Unix(5, 0))
			got := before
			assert.Error(t, json.Unmarshal([]byte(text), &got))
			assert.True(t, got == before, "the value was changed")
		})
	}
}

func TestTimestampEncode(t *testing.T) {
	for name, c := range map[string]struct {
		timestamp refundkit.Timestamp
		want      string
	}{
		"none":        {refundkit.Timestamp{}, `null`},
		"1970":        {at(0), `0`},
		"before 1970": {at(-1), `-1`},
		"a fraction":  {refundkit.NewTimestamp(time.Unix(1788000123, 999_999_999)), `1788000123`},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := json.Marshal(c.timestamp)
			require.NoError(t, err)
			assert.Equal(t, c.want, string(got))
		})
	}
}

func TestTimestampEqualMomentsAreEqual(t *testing.T) {
	var decoded refundkit.Timestamp
	require.NoError(t, json.Unmarshal([]byte(`1788000123`), &decoded))
	moment := time.Unix(1788000123, 0)
	for name, other := range map[string]time.Time{
		"local":      moment.Local(),
		"UTC":        moment.UTC(),
		"elsewhere":  moment.In(time.FixedZone("here", -5*60*60)),
		"a fraction": moment.Add(time.Second - 1),
	} {
		t.Run(name, func(t *testing.T) {
			assert.True(t, refundkit.NewTimestamp(other) == decoded)
		})
	}
	now := time.Now() // carries a monotonic clock
	assert.True(t, refundkit.NewTimestamp(now) == refundkit.NewTimestamp(now.Round(0)))
	assert.True(t, refundkit.NewTimestamp(time.Time{}) == refundkit.Timestamp{})
	assert.True(t, refundkit.NewTimestamp(time.Time{}.In(time.FixedZone("here", 3600))) == refundkit.Timestamp{}, "the zero time anywhere")
}

func FuzzTimestamp(f *testing.F) {
	for _, seed := range []string{`0`, `-0`, `null`, `1788000123`, `1.5`, `1e3`, `"5"`, ` 7 `, `-62135596800`, strconv.Itoa(math.MaxInt64), strconv.Itoa(math.MinInt64)} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var first, second refundkit.Timestamp
		if json.Unmarshal(data, &first) != nil {
			return
		}
		text, err := json.Marshal(first)
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal(text, &second))
		require.True(t, first == second, "%s became %s", data, text)
	})
}
