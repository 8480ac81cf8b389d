package main

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/refundkit/refundkit/refundtest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestParseFlags(t *testing.T) {
	c, err := parseFlags(nil, io.Discard)
	require.NoError(t, err)
	assert.Equal(t, "127.0.0.1:12111", c.addr)
	c, err = parseFlags([]string{"-addr", "localhost:0", "-seed", "x.json", "-webhook", "http://127.0.0.1:3000/hook", "-secret", "whsec_1",
		"-chaos", "0.3", "-chaos-seed", "7"}, io.Discard)
	require.NoError(t, err)
	assert.Contains(t, []string{"127.0.0.1:0", "[::1]:0"}, c.addr)
	assert.Equal(t, config{addr: c.addr, seed: "x.json", webhook: "http://127.0.0.1:3000/hook", secret: "whsec_1", version: refundtest.APIVersion, chaos: 0.3, chaosSeed: 7,
		journal: 1000, control: true}, *c)
	_, err = parseFlags([]string{"-addr", "0.0.0.0:12111", "-allow-remote"}, io.Discard)
	assert.NoError(t, err)
}

func TestParseFlagsRefuses(t *testing.T) {
	for name, c := range map[string]struct{ args, want string }{
		"all interfaces":       {"-addr :12111", "-allow-remote"},
		"all interfaces, IPv4": {"-addr 0.0.0.0:12111", "-allow-remote"},
		"all interfaces, IPv6": {"-addr [::]:12111", "-allow-remote"},
		"another interface":    {"-addr 192.0.2.1:12111", "-allow-remote"},
		"no port":              {"-addr 127.0.0.1", "host:port"},
		"no address":           {"-addr nonsense:x:y", "host:port"},
		"no secret":            {"-webhook http://127.0.0.1:3000/", "-secret"},
		"odd version":          {"-webhook http://127.0.0.1:3000/ -secret whsec_1 -webhook-version latest", "-webhook-version"},
		"no webhook":           {"-secret whsec_1", "-webhook"},
		"relative webhook":     {"-webhook /hook -secret whsec_1", "absolute"},
		"odd webhook":          {"-webhook ftp://127.0.0.1/ -secret whsec_1", "absolute"},
		"too much chaos":       {"-chaos 1.1", "probability"},
		"no number":            {"-chaos NaN", "probability"},
		"unknown flag":         {"-sed x", "sed"},
		"argument":             {"charges.json", "charges.json"},
	} {
		_, err := parseFlags(strings.Fields(c.args), io.Discard)
		if assert.Error(t, err, name) {
			assert.Contains(t, err.Error(), c.want, name)
			assert.NotContains(t, err.Error(), "whsec_1", name)
		}
	}
}

// output is what the program prints, and what a test waits for in it.
type output struct {
	mu      sync.Mutex
	text    bytes.Buffer
	changed chan struct{}
}

func newOutput() *output { return &output{changed: make(chan struct{}, 1)} }

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	select {
	case o.changed <- struct{}{}:
	default:
	}
	return o.text.Write(p)
}

func (o *output) waitFor(t *testing.T, pattern string) []string {
	t.Helper()
	for {
		o.mu.Lock()
		found := regexp.MustCompile(pattern).FindStringSubmatch(o.text.String())
		o.mu.Unlock()
		if found != nil {
			return found
		}
		select {
		case <-o.changed:
		case <-t.Context().Done():
			t.FailNow()
		}
	}
}

// program runs the program on a free port until the test ends, or stop.
func program(t *testing.T, args ...string) (base string, out *output, stop func() error) {
	t.Helper()
	out = newOutput()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- run(ctx, append([]string{"-addr", "127.0.0.1:0"}, args...), out, io.Discard) }()
	stop = sync.OnceValue(func() error { cancel(); return <-ended })
	t.Cleanup(func() { _ = stop() })
	return out.waitFor(t, `listening on (http://[0-9.:]+)`)[1], out, stop
}

func post(t *testing.T, url string, form url.Values, header ...string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), "POST", url, strings.NewReader(form.Encode()))
	require.NoError(t, err)
	r.Header.Set("Authorization", "Bearer sk_test_topsecret")
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	return send(t, r)
}

func get(t *testing.T, url string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), "GET", url, nil)
	require.NoError(t, err)
	return send(t, r)
}

func send(t *testing.T, r *http.Request) (int, string) {
	t.Helper()
	response, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return response.StatusCode, string(body)
}

func TestProgramServesTheAPI(t *testing.T) {
	events := make(chan string, 10)
	endpoint := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		assert.NotEmpty(t, r.Header.Get("Stripe-Signature"))
		events <- string(body)
	}))
	defer endpoint.Close()
	file := filepath.Join(t.TempDir(), "charges.json")
	require.NoError(t, os.WriteFile(file, []byte(`[{"id": "ch_1Coffee", "amount": 2000}]`), 0o600))
	base, out, stop := program(t, "-seed", file, "-webhook", endpoint.URL, "-secret", "whsec_topsecret",
		"-webhook-version", "2023-10-16")

	form := url.Values{"charge": {"ch_1Coffee"}, "amount": {"1500"}}
	for range 2 {
		status, body := post(t, base+"/v1/refunds", form, "Idempotency-Key", "order 6735")
		assert.Equal(t, 200, status, body)
	}
	status, _ := post(t, base+"/v1/refunds", url.Values{"charge": {"ch_none"}}, "Stripe-Account", "acct_1\x7f"[:6])
	assert.Equal(t, 403, status)
	status, _ = post(t, base+"//v1/re%0afunds", nil)
	assert.Equal(t, 404, status, "no path is tidied")
	assert.Contains(t, <-events, `"refund.created"`)
	assert.Contains(t, <-events, `"api_version": "2023-10-16"`)

	out.waitFor(t, `POST /v1/refunds 200 re_\w+ 15\.00 USD succeeded key="order 6735" \(`)
	out.waitFor(t, `key="order 6735" replayed \(`)
	out.waitFor(t, `POST /v1/refunds 403 account_invalid .* account=acct_1 \(`)
	out.waitFor(t, `POST //v1/re%0afunds 404 "`)
	out.waitFor(t, `webhook refund.created re_\w+ evt_\w+, attempt 1: 200`)
	require.NoError(t, stop())
	assert.NotContains(t, out.text.String(), "topsecret")
	_, err := http.Get(base)
	assert.Error(t, err, "nobody listens any more")
}

func TestProgramFinishesWhatIsRunning(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	server := refundtest.New()
	ctx, cancel := context.WithCancel(t.Context())
	slow := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		cancel()
		for { // until nobody can connect any more
			connection, err := net.Dial("tcp", listener.Addr().String())
			if err != nil {
				break
			}
			_ = connection.Close()
		}
		server.ServeHTTP(w, r)
	})
	ended := make(chan error)
	go func() { ended <- serve(ctx, listener, slow, func() { server.Advance(0) }) }()
	status, _ := get(t, "http://"+listener.Addr().String()+"/v1/refunds")
	assert.Equal(t, 401, status)
	require.NoError(t, <-ended)
}

// TestProgramStopsDespiteItsWebhook ends the program while an endpoint does not
// answer.
func TestProgramStopsDespiteItsWebhook(t *testing.T) {
	working, done := make(chan struct{}), make(chan struct{})
	var hook sync.Once
	endpoint := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		hook.Do(func() { close(working); <-done })
	}))
	defer endpoint.Close()
	base, _, stop := program(t, "-webhook", endpoint.URL, "-secret", "whsec_1")
	status, body := post(t, base+"/v1/charges", url.Values{"amount": {"100"}, "currency": {"usd"}, "source": {"tok_visa"}})
	require.Equal(t, 200, status, body)
	<-working
	ended := make(chan error)
	go func() { ended <- stop() }()
	require.NoError(t, <-ended, "an endpoint that does not answer is not waited for")
	close(done)
}

func TestProgramSettlesByItself(t *testing.T) {
	base, _, _ := program(t)
	_, body := post(t, base+"/v1/charges", url.Values{"amount": {"100"}, "currency": {"usd"}, "source": {"tok_visa"}})
	charge := regexp.MustCompile(`ch_\w+`).FindString(body)
	_, body = post(t, base+"/v1/refunds", url.Values{"charge": {charge}})
	assert.Contains(t, body, `"status": "succeeded"`)
	_, page := get(t, base)
	assert.Contains(t, page, charge)
}

func TestProgramInChaos(t *testing.T) {
	base, out, _ := program(t, "-chaos", "1", "-chaos-seed", "3")
	status, page := get(t, base)
	assert.Equal(t, 200, status, "the page is not affected")
	assert.Contains(t, page, "refundtest")
	unharmed := 0
	for range 20 {
		response, err := http.Get(base + "/v1/refunds")
		if err != nil {
			continue
		}
		_ = response.Body.Close()
		if response.StatusCode == 401 { // what it would be without a key
			unharmed++
		}
	}
	assert.Less(t, unharmed, 15)
	out.waitFor(t, `chaos: 100 % of the requests, -chaos-seed 3`)
	out.waitFor(t, `GET  /v1/refunds 503 chaos="answer 503 without a body" \(`)
	out.waitFor(t, `GET  /v1/refunds connection dropped chaos="connection dropped" \(`)
	out.waitFor(t, `GET  /v1/refunds 401 "There is no API key[^"]*" \(`)
}

func TestLogMarksFaultsAlone(t *testing.T) {
	var out bytes.Buffer
	log := &logger{out: &out, now: func() time.Time { return time.Unix(0, 0) }}
	server := refundtest.New(refundtest.OnRequest(log.fault))
	server.Inject(refundtest.ServerError().AfterWork().On("POST /v1/refunds"))
	handler := log.around(server)
	for range 2 {
		r := httptest.NewRequest("POST", "/v1/refunds?charge="+server.AddCharge(refundtest.Charge{}).ID, nil)
		r.Header.Set("Authorization", "Bearer sk_test_topsecret")
		handler.ServeHTTP(httptest.NewRecorder(), r)
	}
	lines := strings.Split(out.String(), "\n")
	assert.Contains(t, lines[0], ` chaos="stored 500 after the work on POST /v1/refunds" (`)
	assert.NotContains(t, lines[1], "chaos")
	assert.Contains(t, lines[1], "succeeded")
}

func TestProgramSaysWhatIsWrong(t *testing.T) {
	taken := httptest.NewServer(http.NotFoundHandler())
	defer taken.Close()
	for name, args := range map[string][]string{
		"address taken": {"-addr", strings.TrimPrefix(taken.URL, "http://")},
		"no seed file":  {"-addr", "127.0.0.1:0", "-seed", filepath.Join(t.TempDir(), "none.json")},
	} {
		assert.Error(t, run(t.Context(), args, io.Discard, io.Discard), name)
	}
}

func TestLogLinesCannotBeForged(t *testing.T) {
	var out bytes.Buffer
	log := &logger{out: &out, now: func() time.Time { return time.Unix(0, 0) }}
	handler := log.around(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(400)
		_, _ = io.WriteString(w, `{"error":{"code":"x\n12:00:00 POST","message":"a\u001b[31m\nb"}}`)
	}))
	r := httptest.NewRequest("GET", "/v1/refunds", nil)
	r.URL.Path = "/v1/\n\x1b[2Jx"
	r.Header.Set("Idempotency-Key", "k\u202e"+strings.Repeat("y", 300))
	handler.ServeHTTP(httptest.NewRecorder(), r)
	assert.Equal(t, 1, strings.Count(out.String(), "\n"))
	for _, c := range out.String() {
		assert.True(t, c == '\n' || c >= ' ' && c < 0x7f, "%q", c)
	}
	assert.Less(t, out.Len(), 500)
}
