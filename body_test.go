package refundkit_test

import (
	"io"
	"math"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/refundkit/refundkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestBodyLengthIsOnlyAHint believes nothing of what an answer says of its length.
func TestBodyLengthIsOnlyAHint(t *testing.T) {
	body := `{"id":"re_1","object":"refund"}`
	for name, claimed := range map[string]int64{
		"unknown": -1, "none": 0, "true": int64(len(body)), "too short": 5, "too long": 1 << 30, "absurd": math.MaxInt64, "negative": math.MinInt64,
	} {
		t.Run(name, func(t *testing.T) {
			client, mock := setup(t)
			mock.RegisterResponder("GET", base+"/v1/refunds/re_1", func(*http.Request) (*http.Response, error) {
				response := answer(200, body)
				response.ContentLength = claimed
				return response, nil
			})
			var got refundkit.Response
			refund, err := client.Refunds.Retrieve(t.Context(), "re_1", refundkit.CaptureResponse(&got))
			require.NoError(t, err)
			assert.Equal(t, "re_1", refund.ID)
			assert.Equal(t, body, string(got.Body()))
		})
	}
}

// endless is spaces without an end.
type endless struct{}

func (endless) Read(into []byte) (int, error) {
	for i := range into {
		into[i] = ' '
	}
	return len(into), nil
}

// countingBody counts what is read of it and how often it is closed.
type countingBody struct {
	io.Reader
	read, closed int
}

func (b *countingBody) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	b.read += n
	return n, err
}

func (b *countingBody) Close() error { b.closed++; return nil }

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

// TestCutErrorIsNotStripes takes no word from an error that is not whole.
func TestCutErrorIsNotStripes(t *testing.T) {
	whole := `{"error":{"type":"card_error","code":"charge_disputed","message":"m"}}`
	for name, c := range map[string]struct {
		body string
		code refundkit.ErrorCode
	}{
		"whole":             {whole, "charge_disputed"},
		"whole with spaces": {"\n " + whole + "\n", "charge_disputed"},
		"cut":               {strings.TrimSuffix(whole, "}"), ""},
		"more behind it":    {whole + "<html>", ""},
		"a string":          {`{"error":"charge_disputed"}`, ""},
		"another field":     {`{"errors":{"code":"charge_disputed"}}`, ""},
		"further inside":    {`{"data":` + whole + `}`, ""},
		"within a list":     {`[` + whole + `]`, ""},
		"null":              {`null`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			client, mock := setup(t)
			mock.RegisterResponder("GET", base+"/v1/refunds/re_1", func(*http.Request) (*http.Response, error) { return answer(400, c.body), nil })
			_, err := client.Refunds.Retrieve(t.Context(), "re_1")
			var got *refundkit.Error
			require.ErrorAs(t, err, &got)
			assert.Equal(t, c.code, got.Code)
		})
	}
}

func TestHugeBodyIsAnErrorAndClosed(t *testing.T) {
	client, mock := setup(t)
	body := &countingBody{Reader: io.LimitReader(endless{}, 512<<20)}
	mock.RegisterResponder("POST", base+"/v1/refunds", func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: http.StatusOK, Header: http.Header{"Request-Id": {"req_1"}}, Body: body}, nil
	})

	_, err := client.Refunds.Create(t.Context(), someRefund)

	require.ErrorIs(t, err, refundkit.ErrOutcomeUnknown)
	assert.Less(t, body.read, 17<<20)
	assert.Equal(t, 1, body.closed)
}

func TestBodyIsClosedOnEveryPath(t *testing.T) {
	for name, status := range map[string]int{"success": 200, "redirect": 302, "refusal": 400, "server error": 500} {
		t.Run(name, func(t *testing.T) {
			client, mock := setup(t)
			body := &countingBody{Reader: strings.NewReader(refundBody)}
			mock.RegisterResponder("POST", base+"/v1/refunds", func(*http.Request) (*http.Response, error) {
				return &http.Response{StatusCode: status, Header: http.Header{}, Body: body}, nil
			})
			_, _ = client.Refunds.Create(t.Context(), someRefund)
			assert.Equal(t, 1, body.closed)
			assert.Equal(t, len(refundBody), body.read)
		})
	}
}

func TestBodyCutOff(t *testing.T) {
	for name, c := range map[string]struct{ status, attempts int }{
		"of a success": {200, 2}, "of a refusal": {400, 1}, "of a server error": {500, 2},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				client, mock := setup(t, refundkit.WithMaxRetries(1))
				mock.RegisterResponder("POST", base+"/v1/refunds", func(*http.Request) (*http.Response, error) {
					body := io.MultiReader(strings.NewReader(`{"id":"re`), failingReader{})
					return &http.Response{StatusCode: c.status, Header: http.Header{"Request-Id": {"req_1"}}, Body: io.NopCloser(body)}, nil
				})
				_, err := client.Refunds.Create(t.Context(), someRefund)
				var failure *refundkit.Error
				require.ErrorAs(t, err, &failure)
				assert.Equal(t, c.status, failure.StatusCode)
				assert.Equal(t, "req_1", failure.RequestID)
				assert.ErrorIs(t, err, io.ErrUnexpectedEOF)
				assert.ErrorIs(t, err, refundkit.ErrOutcomeUnknown, "a refusal that is not whole is none")
				assert.Equal(t, c.attempts, mock.GetTotalCallCount())
			})
		})
	}
}

// failingReader is a connection that breaks off.
type failingReader struct{}

func (failingReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// TestUnreadableSuccessIsRepeated: with the same key it refunds once, and what
// spoiled the answer on its way may spare the next one. The answer to another
// request is not repeated: whoever sent it would send it again.
func TestUnreadableSuccessIsRepeated(t *testing.T) {
	for name, c := range map[string]struct {
		first    string
		attempts int
	}{
		"no object":         {`null`, 2},
		"a portal's page":   {`<html>`, 2},
		"half of it":        {`{"id":"re_1","obj`, 2},
		"another's success": {`{"id":"re_2","object":"refund","charge":"ch_2"}`, 1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				client, mock := setup(t, refundkit.WithMaxRetries(2))
				bodies := []string{c.first, refundBody}
				sent := serve(mock, func(sentRequest) (*http.Response, error) {
					body := bodies[0]
					bodies = bodies[1:]
					return answer(200, body), nil
				})
				refund, err := client.Refunds.Create(t.Context(), someRefund)
				require.Len(t, sent.all(), c.attempts)
				if c.attempts == 1 {
					require.ErrorIs(t, err, refundkit.ErrAnswerMismatch)
					require.ErrorIs(t, err, refundkit.ErrOutcomeUnknown)
					assert.ErrorContains(t, err, "is it a fixture?")
					return
				}
				require.NoError(t, err)
				assert.Equal(t, "re_1", refund.ID)
				assert.Equal(t, sent.all()[0].header.Get("Idempotency-Key"), sent.all()[1].header.Get("Idempotency-Key"))
			})
		})
	}
}

// TestStoredSuccessThatIsCut: the stored answer is good, and comes again.
func TestStoredSuccessThatIsCut(t *testing.T) {
	client, mock := setup(t)
	serve(mock, func(sentRequest) (*http.Response, error) {
		return answer(200, refundBody[:40], "Idempotent-Replayed", "true"), nil
	})
	_, err := client.Refunds.Create(t.Context(), someRefund)
	require.ErrorIs(t, err, refundkit.ErrOutcomeUnknown)
	assert.Equal(t, refundkit.StepRepeat, refundkit.NextStep(err))
}
