package refundkit_test

import (
	"io"
	"math"
	"net/http"
	"strings"
	"testing"

	"github.com/refundkit/refundkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestBodyLengthIsOnlyAHint believes nothing of what an answer says of its length.
func TestBodyLengthIsOnlyAHint(t *testing.T) {
	body := `{"id":"re_1","object":"refund"}`
	for name, claimed := range map[string]int64{"unknown": -1, "none": 0, "true": int64(len(body)), "too short": 5, "too long": 1 << 30, "absurd": math.MaxInt64, "negative": math.MinInt64} {
		client, mock := setup(t)
		mock.RegisterResponder("GET", base+"/v1/refunds/re_1", func(*http.Request) (*http.Response, error) {
			response := answer(200, body)
			response.ContentLength = claimed
			return response, nil
		})
		var got refundkit.Response
		refund, err := client.Refunds.Retrieve(t.Context(), "re_1", refundkit.CaptureResponse(&got))
		require.NoError(t, err, name)
		assert.Equal(t, "re_1", refund.ID, name)
		assert.Equal(t, body, string(got.Body()), name)
	}
}

func TestBodyThatNeverEnds(t *testing.T) {
	client, mock := setup(t)
	mock.RegisterResponder("GET", base+"/v1/refunds/re_1", func(*http.Request) (*http.Response, error) {
		response := answer(200, "")
		response.Body = io.NopCloser(endless{})
		return response, nil
	})
	_, err := client.Refunds.Retrieve(t.Context(), "re_1")
	var got *refundkit.Error
	require.ErrorAs(t, err, &got)
	assert.Len(t, got.Body(), 16<<20)
	assert.ErrorContains(t, err, "larger than 16 MiB")
}

type endless struct{}

func (endless) Read(into []byte) (int, error) {
	for i := range into {
		into[i] = ' '
	}
	return len(into), nil
}

// TestCutErrorIsNotStripes takes no word from an error that is not whole.
func TestCutErrorIsNotStripes(t *testing.T) {
	whole := `{"error":{"type":"card_error","code":"charge_disputed","message":"m"}}`
	for body, code := range map[string]refundkit.ErrorCode{
		whole: "charge_disputed", "\n " + whole + "\n": "charge_disputed",
		strings.TrimSuffix(whole, "}"): "", whole + "<html>": "", `{"error":"charge_disputed"}`: "", `{"errors":{"code":"charge_disputed"}}`: "",
		`{"data":` + whole + `}`: "", `[` + whole + `]`: "", `null`: "",
	} {
		client, mock := setup(t)
		mock.RegisterResponder("GET", base+"/v1/refunds/re_1", func(*http.Request) (*http.Response, error) { return answer(400, body), nil })
		_, err := client.Refunds.Retrieve(t.Context(), "re_1")
		var got *refundkit.Error
		require.ErrorAs(t, err, &got, body)
		assert.Equal(t, code, got.Code, body)
	}
}
