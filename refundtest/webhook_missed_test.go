package refundtest_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/refundkit/refundkit/refundtest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// missedCase is a test that has an endpoint and refunds once.
type missedCase struct {
	answers []int  // to the deliveries, one after the other, then 200
	path    string // that the handler serves
	secret  string // of the handler, if it is another
	opts    []refundtest.WebhookOption
	then    func(t *testing.T, server *refundtest.Server, hook *refundtest.Webhook)
	want    []string // in the complaint; none if there is to be none
}

func retry(t *testing.T, _ *refundtest.Server, hook *refundtest.Webhook) {
	assert.Equal(t, 1, hook.Retry())
}

func resend(t *testing.T, server *refundtest.Server, hook *refundtest.Webhook) {
	require.NoError(t, hook.Resend(server.Events()[0].ID))
}

func deliver(_ *testing.T, _ *refundtest.Server, hook *refundtest.Webhook) { hook.Deliver() }

func missedCases() map[string]missedCase {
	with := func(opts ...refundtest.WebhookOption) []refundtest.WebhookOption { return opts }
	return map[string]missedCase{
		"accepted":                    {},
		"at its path":                 {path: "/stripe", opts: with(refundtest.AtPath("/stripe"))},
		"at another path":             {path: "/stripe", want: []string{"at http://example.com/ refused", "refund.created", "attempt 1: 404 Not Found", "AtPath"}},
		"without the slash":           {path: "/stripe/", opts: with(refundtest.AtPath("/stripe")), want: []string{"Redirect", "AtPath"}},
		"with another secret":         {secret: "whsec_other", want: []string{"400 Bad Request", "the secret", "Now"}},
		"failing":                     {answers: []int{503}, want: []string{"503 Service Unavailable", "The handler failed", "MayMissEvents"}},
		"failing, allowed":            {answers: []int{503}, opts: with(refundtest.MayMissEvents())},
		"failing, then repeated":      {answers: []int{503}, then: retry},
		"failing, then sent again":    {answers: []int{503}, then: resend},
		"failing again":               {answers: []int{503, 500}, then: retry, want: []string{"attempt 2: 500"}},
		"failing at the second of it": {answers: []int{200, 409}, then: resend, want: []string{"409 Conflict"}},
		"failing at a copy":           {answers: []int{200, 409}, opts: with(refundtest.Duplicated(1, 1)), want: []string{"409 Conflict"}},
		"held":                        {opts: with(refundtest.HeldUntilDeliver()), want: []string{"never delivered", "refund.created", "Call Deliver"}},
		"held, then delivered":        {opts: with(refundtest.HeldUntilDeliver()), then: deliver},
		"held, allowed":               {opts: with(refundtest.HeldUntilDeliver(), refundtest.MayMissEvents())},
	}
}

func TestMissedEventsFailTheTest(t *testing.T) {
	for name, c := range missedCases() {
		t.Run(name, func(t *testing.T) {
			var reporter recorder
			caller := setup(t, refundtest.WithReporter(&reporter))
			box := newInbox(t, caller.server)
			box.status = func(n int) int {
				if n <= len(c.answers) {
					return c.answers[n-1]
				}
				return http.StatusOK
			}
			mux := http.NewServeMux()
			if c.path == "" {
				c.path = "/{$}"
			}
			mux.Handle(c.path, box)
			if c.secret == "" {
				c.secret = hookSecret
			}
			hook := caller.server.AddWebhook(mux, c.secret, append(c.opts, refundtest.EventTypes("refund.created"))...)
			caller.post("/v1/refunds", "charge", caller.server.AddCharge(refundtest.Charge{}).ID).ok(t)
			if c.then != nil {
				c.then(t, caller.server, hook)
			}
			require.Empty(t, reporter.errors, "the test may still do something about it")

			caller.server.Close()
			if c.want == nil {
				assert.Empty(t, reporter.errors)
				return
			}
			require.Len(t, reporter.errors, 1)
			for _, want := range c.want {
				assert.Contains(t, reporter.errors[0], want)
			}
			assert.NotContains(t, reporter.errors[0], c.secret)
		})
	}
}

// TestWhatTheEndCutsOff is nobody's mistake: whether a delivery in the background
// comes to its end depends on how fast the test is.
func TestWhatTheEndCutsOff(t *testing.T) {
	var reporter recorder
	c := setup(t, refundtest.WithReporter(&reporter))
	working := make(chan struct{}, 2)
	endpoint := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // until then nobody watches the connection
		working <- struct{}{}
		<-r.Context().Done()
	}))
	defer endpoint.Close()
	_, err := c.server.AddWebhookURL(endpoint.URL, hookSecret)
	require.NoError(t, err)
	c.server.AddWebhook(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		working <- struct{}{}
		<-r.Context().Done()
		w.WriteHeader(http.StatusInternalServerError)
	}), hookSecret)
	c.overSocket().post("/v1/refunds", "charge", c.server.AddCharge(refundtest.Charge{}).ID).ok(t)
	<-working
	<-working
	c.server.Close()
	assert.Empty(t, reporter.errors)
}

func TestAnEndpointThatIsDownFailsTheTest(t *testing.T) {
	var reporter recorder
	c := setup(t, refundtest.WithReporter(&reporter))
	endpoint := httptest.NewServer(http.NotFoundHandler())
	endpoint.Close()
	_, err := c.server.AddWebhookURL(endpoint.URL+"/hooks", hookSecret, refundtest.EventTypes("refund.*"))
	require.NoError(t, err)
	c.post("/v1/refunds", "charge", c.server.AddCharge(refundtest.Charge{}).ID).ok(t)
	c.server.Close()
	require.Len(t, reporter.errors, 1)
	assert.Contains(t, reporter.errors[0], "no answer")
	assert.Contains(t, reporter.errors[0], "is the endpoint running")
}

func TestManyMissedEventsAreSummarized(t *testing.T) {
	var reporter recorder
	c := setup(t, refundtest.WithReporter(&reporter))
	c.server.AddWebhook(http.NotFoundHandler(), hookSecret)
	charge := c.server.AddCharge(refundtest.Charge{}).ID
	for range 50 {
		c.post("/v1/refunds", "charge", charge, "amount", "1").ok(t)
	}
	c.server.Close()
	require.Len(t, reporter.errors, 1)
	assert.Contains(t, reporter.errors[0], "and 95 more")
	assert.Less(t, len(reporter.errors[0]), 1000)
}

func TestAtPath(t *testing.T) {
	c := setup(t)
	var seen *http.Request
	handler := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { seen = r })
	c.server.AddWebhook(handler, hookSecret, refundtest.AtPath("/hooks/stripe%2Fa?shop=1"))
	require.NoError(t, ignoreFirst(c.server.RefundInDashboard(c.server.AddCharge(refundtest.Charge{}).ID, 0)))
	assert.Equal(t, "/hooks/stripe/a", seen.URL.Path)
	assert.Equal(t, "1", seen.FormValue("shop"))
	assert.Equal(t, "/hooks/stripe%2Fa?shop=1", seen.RequestURI)

	for _, path := range []string{"stripe", "http://example.com/stripe", "/%zz"} {
		var reporter recorder
		refundtest.New(refundtest.WithReporter(&reporter)).AddWebhook(handler, hookSecret, refundtest.AtPath(path))
		assert.Len(t, reporter.errors, 1, path)
	}
	_, err := c.server.AddWebhookURL("http://127.0.0.1/", hookSecret, refundtest.AtPath("/stripe"))
	assert.ErrorContains(t, err, "AtPath")
}
