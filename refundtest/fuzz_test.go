package refundtest

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// ask sends bytes that no client would, and checks that the answer is one.
func ask(t *testing.T, s *Server, method, target, contentType string, body []byte) int {
	t.Helper()
	r := &http.Request{Method: method, Header: http.Header{"Authorization": {"Bearer sk_test_fuzz"}},
		Body: http.NoBody, Host: "api.stripe.com"}
	var err error
	if r.URL, err = url.Parse("https://api.stripe.com" + target); err != nil {
		t.Skip("no URL")
	}
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	if len(body) > 0 {
		r.Body = &bodyReader{*bytes.NewReader(body)}
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	require.True(t, json.Valid(w.Body.Bytes()), "%s", w.Body)
	require.Contains(t, []int{200, 400, 401, 402, 404, 413}, w.Code)
	return w.Code
}

type bodyReader struct{ bytes.Reader }

func (*bodyReader) Close() error { return nil }

func FuzzBody(f *testing.F) {
	for _, seed := range []string{
		"", "charge=ch_fuzz", "charge=ch_fuzz&amount=1&metadata[a]=b", "charge[]=1", "a[b[c]]=1", "[]=1", "a=%zz", "%ff=1",
		"amount=1&amount=2", "metadata=1&metadata[a]=1", "charge=ch_fuzz&expand[]=charge.payment_intent", "a[b][c][d][e][f][g][h][i]=1",
		"charge=ch_fuzz&expand[0]=charge&expand[]=charge", "created[gt]=-9223372036854775808&created[lt]=9223372036854775807",
		"limit=-9223372036854775808", "type=card&card[number]=4242424242424242&card[exp_month]=12&card[exp_year]=34", "type=card&card=1",
		"success_url=a&line_items[0][price_data][currency]=usd&line_items[0][price_data][unit_amount]=5&expires_at=9223372036854775807",
		"source=tok_visa&address[city]=a&shipping[address][line1]=b", "line_items=1", "line_items[0]=1", "card[token]=tok_visa&customer=cus_1",
		"charge=ch_fuzz&amount=9223372036854775808", strings.Repeat("a=1&", 3000), "=&=&[=]",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		s := New(WithSeed(1))
		s.SetBalance("usd", 0)
		s.AddCharge(Charge{ID: "ch_fuzz", Amount: 1000})
		for _, path := range []string{"/v1/refunds", "/v1/charges/ch_fuzz/refunds", "/v1/charges/ch_fuzz/refund",
			"/v1/charges", "/v1/payment_intents", "/v1/payment_records/report_payment",
			"/v1/payment_methods", "/v1/payment_methods/pm_card_visa/attach", "/v1/customers", "/v1/tokens", "/v1/checkout/sessions"} {
			ask(t, s, "POST", path, formType, []byte(body))
			require.NoError(t, s.audit(0))
		}
		ask(t, s, "GET", "/v1/refunds?"+url.PathEscape(body), "", nil)
		r := httptest.NewRequest("GET", "/v1/refunds", nil)
		r.URL.RawQuery = body
		r.Header.Set("Authorization", "Bearer sk_test_fuzz")
		s.ServeHTTP(httptest.NewRecorder(), r)
	})
}

func FuzzPath(f *testing.F) {
	for _, seed := range []string{"/", "//", "/v1/refunds/", "/v1/refunds/%2e%2e", "/v1/refunds/%00", "/v1//refunds", "/v1/charges/%2F/refunds",
		"/v1/refunds/re_1/cancel", "/v1/refunds/%ff", "/v1/events/../refunds", "/v1/charges/ch_fuzz/refunds/x?expand[]=y"} {
		f.Add("POST", seed)
		f.Add("GET", seed)
	}
	f.Fuzz(func(t *testing.T, method, path string) {
		s := New(WithSeed(1))
		s.AddCharge(Charge{ID: "ch_fuzz"})
		if !strings.HasPrefix(path, "/") || strings.ContainsAny(method, " \r\n") || method == "" {
			t.Skip()
		}
		ask(t, s, method, path, formType, nil)
	})
}

func TestBadInput(t *testing.T) {
	s := New()
	charge := s.AddCharge(Charge{ID: "ch_fuzz", Amount: 1000})
	big := []byte("charge=ch_fuzz&metadata[a]=" + strings.Repeat("x", 10<<20))
	assert.Equal(t, 413, ask(t, s, "POST", "/v1/refunds", formType, big))
	for _, body := range []string{"charge=ch_fuzz&metadata[a]=%ff", "charge=ch_fuzz&amount=%31%zz", strings.Repeat("a&", maxParams+1)} {
		assert.Equal(t, 400, ask(t, s, "POST", "/v1/refunds", formType, []byte(body)))
	}
	assert.Equal(t, 400, ask(t, s, "POST", "/v1/refunds", "application/json", []byte(`{"charge":"ch_fuzz"}`)))
	now, _ := s.Charge(charge.ID)
	assert.Zero(t, now.AmountRefunded)

	r := httptest.NewRequest("GET", "/v1/refunds", nil)
	r.Header.Set("Authorization", "Bearer sk_test_fuzz")
	r.Header.Set("X-Bomb", strings.Repeat("x", maxHeader))
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	assert.Equal(t, http.StatusRequestHeaderFieldsTooLarge, w.Code)
}

// A client that writes all of its request before it reads must not be cut off.
func TestLargeBodyOverASocketIsAnswered(t *testing.T) {
	s := New()
	t.Cleanup(s.Close)
	connection, err := net.Dial("tcp", strings.TrimPrefix(s.Start(), "http://"))
	require.NoError(t, err)
	defer connection.Close()
	const size = 10 << 20
	_, err = fmt.Fprintf(connection, "POST /v1/refunds HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer sk_test_fuzz\r\n"+
		"Content-Type: %s\r\nContent-Length: %d\r\n\r\n%s", formType, size, strings.Repeat("x", size))
	require.NoError(t, err)
	response, err := http.ReadResponse(bufio.NewReader(connection), nil)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	assert.Equal(t, http.StatusRequestEntityTooLarge, response.StatusCode)
}
