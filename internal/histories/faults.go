package histories

import (
	"net/http"
	"strings"
	"time"

	"github.com/refundkit/refundkit/refundtest"
)

// Bodies that others than Stripe answer with.
const (
	html         = "<html><body><h1>no</h1></body></html>"
	imitation    = `{"error":{"type":"invalid_request_error","message":"no"}}`
	notFound     = `{"error":{"type":"invalid_request_error","code":"resource_missing","message":"no"}}`
	fixture      = `{"id":"re_fixture","object":"refund","amount":100,"charge":"ch_fixture","currency":"usd","created":1,"metadata":{},"status":"succeeded"}`
	declined     = `{"error":{"type":"card_error","code":"card_declined","message":"no"}}`
	limited      = `{"error":{"type":"invalid_request_error","code":"rate_limit","message":"no"}}`
	stripesAsIs  = "application/json"
	requestID    = "Request-Id"
	htmlAnswer   = "text/html"
	clockSlack   = time.Hour
	keyLifetime  = 24 * time.Hour
	longestRoad  = 5 * time.Minute
	clockFar     = 50 * time.Minute
	longestSaved = 10 * time.Minute
)

// likelyFaults are the ends of a send that are explored deeper than the others.
func likelyFaults() []fault {
	return []fault{
		{"ok", "well", (*passage).pass},
		{"lost", "Stripe got it, the answer was lost", lost},
		{"dropped", "it did not reach Stripe", dropped},
		{"late", "it reached Stripe five minutes later, the answer was lost", late(longestRoad)},
		{"stored 500", "a stored 500, nothing done", inject(refundtest.ServerError())},
		{"stored 500 done", "a stored 500, and the work was done", inject(refundtest.ServerError().AfterWork())},
		{"stored 500 done in 2h", "a stored 500, and the work is done 2 hours later", doneLater(2 * time.Hour)},
		{"stored 500 done in 23h59m", "a stored 500, and the work is done 23 hours and 59 minutes later", doneLater(keyLifetime - time.Minute)},
		{"401", "401, the key was revoked", while(func(w *World, on bool) { w.revoked = on })},
		{"wrong account", "a deploy acts on another account", while(func(w *World, on bool) { w.wrongAccount = on })},
	}
}

// sendFaults are all the other ends of a send.
func sendFaults() []fault {
	return []fault{
		{"502", "502 from a gateway, nothing done", foreign(502, htmlAnswer, html, false)},
		{"502 done", "502 from a gateway, after the work", foreign(502, htmlAnswer, html, true)},
		{"foreign 400 done", "a 400 that is not Stripe's, after the work", foreign(400, stripesAsIs, imitation, true)},
		{"foreign 404 done", "a gateway's 404 that looks like Stripe's, after the work", foreign(404, stripesAsIs, notFound, true)},
		{"foreign 402 done", "a 402 without a Request-Id, after the work", foreign(402, stripesAsIs, declined, true)},
		{"foreign 403", "a proxy's 403, nothing done", foreign(403, htmlAnswer, html, false)},
		{"foreign 403 done", "a proxy's 403, after the work", foreign(403, htmlAnswer, html, true)},
		{"foreign 429 done", "a proxy's 429, after the work", foreign(429, htmlAnswer, html, true)},
		{"503 for a year", "503 from a gateway that asks to wait for a year, nothing done", foreign(503, htmlAnswer, html, false, "Retry-After", "31536000")},
		{"429 for a year", "a 429 that asks to wait for a year", foreign(429, stripesAsIs, limited, false, requestID, "req_1", "Retry-After", "31536000")},
		{"empty 200 done", "an empty 200, after the work", foreign(200, "", "", true)},
		{"html 200", "a login page with 200, nothing done", foreign(200, htmlAnswer, html, false)},
		{"fixture", "the answer to another request, nothing done", foreign(200, stripesAsIs, fixture, false, requestID, "req_1")},
		{"fixture done", "the answer to another request, after the work", foreign(200, stripesAsIs, fixture, true, requestID, "req_1")},
		{"cut body", "the answer was cut off", inject(refundtest.CutBody())},
		{"broken JSON", "half of the answer came as if it was all", inject(refundtest.BrokenJSON())},
		{"redirect", "307, nothing done", inject(refundtest.Redirect(307, ""))},
		{"redirect done", "307, after the work", inject(refundtest.Redirect(307, "").AfterWork())},
		{"424 done", "424, after the work", foreign(424, stripesAsIs, imitation, true, requestID, "req_1")},
		{"409 running", "409, it still runs, and is done five minutes later", running},
		{"lock timeout", "429, lock timeout", inject(refundtest.LockTimeout())},
		{"rate limit", "429, too many requests", inject(refundtest.RateLimit("endpoint-rate"))},
		{"refused dial", "nobody listened", refusedDial},
		{"other form", "a deploy sends it in another form", otherwise(otherForm)},
		{"other form lost", "a deploy sends it in another form, the answer was lost", func(p *passage) (*http.Response, error) {
			otherForm(p)
			return lost(p)
		}},
		{"unknown parameter", "a deploy sends a parameter that Stripe does not know", otherwise(func(p *passage) { p.body = append(p.body, "&surprise=1"...) })},
		{"bad version", "a deploy asks for a version that does not exist", otherwise(func(p *passage) { p.request.Header.Set("Stripe-Version", "tomorrow") })},
		{"twice", "sent twice below the client", twice((*passage).pass)},
		{"twice, 401", "sent twice below the client, the second time 401", twice(while(func(w *World, on bool) { w.revoked = on }))},
		{"twice, rate limit", "sent twice below the client, the second time 429", twice(inject(refundtest.RateLimit("endpoint-rate")))},
		{"twice, wrong version", "sent twice below the client, the second time refused for its version",
			twice(otherwise(func(p *passage) { p.request.Header.Set("Stripe-Version", "tomorrow") }))},
		{"given up", "the caller gave up before it reached Stripe", givenUp(false)},
		{"given up done", "the caller gave up after Stripe had done the work", givenUp(true)},
	}
}

// lookFaults are the ends of a look-up other than a list.
func lookFaults() []fault {
	return []fault{
		{"look 429 for a year", "a 429 that asks to wait for a year", foreign(429, stripesAsIs, limited, false, requestID, "req_1", "Retry-After", "31536000")},
		{"look 500", "500 from a gateway", foreign(500, htmlAnswer, html, false)},
		{"look dropped", "no answer", dropped},
		{"look cut", "the list was cut off", inject(refundtest.CutBody())},
		{"look 401", "401, the key was revoked", while(func(w *World, on bool) { w.revoked = on })},
		{"look 403", "403, the key may not list", while(func(w *World, on bool) { w.lookForbidden = on })},
		{"look rate limit", "429, too many requests", inject(refundtest.RateLimit("endpoint-rate"))},
		{"look refused dial", "nobody listened", refusedDial},
		{"look 404", "a gateway's 404", foreign(404, htmlAnswer, html, false)},
		{"look imitation", "a 400 without a Request-Id", foreign(400, stripesAsIs, imitation, false)},
		{"look wrong account", "a deploy acts on another account", while(func(w *World, on bool) { w.wrongAccount = on })},
		{"look, slept 3h", "a list, and the machine slept for three hours", asleep(3*time.Hour, (*passage).pass)},
		{"look given up", "the caller gave up", givenUp(false)},
	}
}

// retried are sends of two attempts: how the first ends, and then the second.
func retried() [][]fault {
	all := map[string]fault{}
	for _, f := range append(likelyFaults(), sendFaults()...) {
		all[f.name] = f
	}
	var pairs [][]fault
	for _, pair := range []string{
		"lost|ok", "lost|401", "lost|rate limit", "lost|refused dial", "lost|dropped", "lost|foreign 404 done", "lost|given up",
		"dropped|ok", "dropped|401", "dropped|unknown parameter", "dropped|rate limit", "dropped|stored 500 done", "late|401", "late|dropped",
		"late|refused dial", "502 done|ok", "502 done|401", "502 done|lock timeout", "502 done|refused dial", "foreign 429 done|401", "stored 500 done|401", "stored 500 done in 23h59m|401", "502|unknown parameter", "409 running|401",
		"refused dial|401", "refused dial|lost", "401|ok", "rate limit|ok", "rate limit|lost", "cut body|401", "broken JSON|fixture", "redirect done|401",
	} {
		first, second, _ := strings.Cut(pair, "|")
		pairs = append(pairs, []fault{all[first], all[second]})
	}
	return append(pairs, []fault{{"lost, slept 24h", "Stripe got it, the answer was lost, and the machine slept for a day", asleep(24*time.Hour, lost)}, all["ok"]})
}

// otherForm asks to expand something: another body under the same key.
func otherForm(p *passage) { p.body = append(p.body, "&expand[]=charge"...) }

// running is a request whose first sending still runs at Stripe.
func running(p *passage) (*http.Response, error) {
	if _, err := late(longestRoad)(p); err == nil {
		return nil, err
	}
	return inject(refundtest.KeyInUse())(p)
}
