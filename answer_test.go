package refundkit

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// answered is an attempt that an answer came back to: the status, who wrote the
// body, and pairs of header fields. Stripe's own has a Request-Id.
func answered(status int, body string, header ...string) result {
	r := result{status: status, header: http.Header{}, body: []byte(body), sent: true}
	for i := 0; i < len(header); i += 2 {
		r.header.Set(header[i], header[i+1])
	}
	return r
}

// stripes is an answer that Stripe itself wrote, with a code and a param or without.
func stripes(status int, kind, code, param string, header ...string) result {
	body := `{"error":{"type":"` + kind + `","code":"` + code + `","param":"` + param + `","message":"m"}}`
	return answered(status, body, append(header, "Request-Id", "req_1")...)
}

func TestOutcome(t *testing.T) {
	const invalid, retry, replayed = "invalid_request_error", "Stripe-Should-Retry", "Idempotent-Replayed"
	var (
		silent     = result{sent: true}
		refused    = result{}
		missing    = stripes(404, invalid, "resource_missing", "id")
		unknown    = stripes(400, invalid, "parameter_unknown", "wat")
		executed   = stripes(400, invalid, "", "amount", retry, "false")
		shapeless  = stripes(400, invalid, "", "")
		foreign400 = answered(400, `{"error":{"code":404}}`, "Request-Id", "req_1")
	)
	resent := func(r result) result { r.resent = true; return r }
	cut := func(r result) result { r.err = http.ErrBodyReadAfterClose; return r }
	for name, c := range map[string]struct {
		attempts []result
		open     bool
	}{
		"refused dial":                 {[]result{refused}, false},
		"no answer":                    {[]result{silent}, true},
		"server error":                 {[]result{stripes(500, "api_error", "", "")}, true},
		"proxy error":                  {[]result{answered(502, "<html>")}, true},
		"success that can't be read":   {[]result{answered(200, "null")}, true},
		"redirect":                     {[]result{answered(302, "")}, true},
		"key in use":                   {[]result{stripes(409, "idempotency_error", "idempotency_key_in_use", "")}, true},
		"key in use, without the code": {[]result{stripes(409, "idempotency_error", "", "")}, true},
		"dependency failed":            {[]result{stripes(424, "api_error", "", "")}, true},
		"no such charge":               {[]result{missing}, false},
		"invalid key, no Request-Id":   {[]result{answered(401, `{"error":{"type":"invalid_request_error"}}`)}, false},
		"no account, no Request-Id":    {[]result{answered(403, `{"error":{"type":"invalid_request_error","code":"account_invalid"}}`)}, false},
		"no permission":                {[]result{stripes(403, invalid, "", "")}, false},
		"rate limit":                   {[]result{stripes(429, invalid, "rate_limit", "")}, false},
		"a firewall's 403":             {[]result{answered(403, "<html>")}, true},
		"a gateway's 408":              {[]result{answered(408, "")}, true},
		"a gateway's 401":              {[]result{answered(401, `{"error":"invalid_token"}`)}, true},
		"another vendor's 400":         {[]result{foreign400}, true},
		"an empty error":               {[]result{answered(400, `{"error":{}}`, "Request-Id", "req_1")}, true},
		"Stripe's shape without an id": {[]result{answered(400, `{"error":{"type":"invalid_request_error","code":"parameter_unknown"}}`)}, true},
		"Stripe's 400, cut":            {[]result{cut(unknown)}, true},
		"refused, but sent twice":      {[]result{resent(missing)}, true},
		"401, but sent twice":          {[]result{resent(stripes(401, invalid, "", ""))}, true},
		"executed, and sent twice":     {[]result{resent(executed)}, false},

		"open, then refused dial":            {[]result{silent, refused}, true},
		"open, then 401":                     {[]result{silent, stripes(401, invalid, "", "")}, true},
		"open, then 403":                     {[]result{silent, stripes(403, invalid, "", "")}, true},
		"open, then 409":                     {[]result{silent, stripes(409, invalid, "", "")}, true},
		"open, then 429":                     {[]result{silent, stripes(429, invalid, "lock_timeout", "", retry, "true")}, true},
		"open, then HTML 404":                {[]result{silent, answered(404, "<html>")}, true},
		"open, then another vendor's 400":    {[]result{silent, foreign400}, true},
		"open, then no such charge":          {[]result{silent, missing}, true},
		"open, then no such charge, stored":  {[]result{silent, stripes(404, invalid, "resource_missing", "id", replayed, "true")}, true},
		"open, then the key of another":      {[]result{silent, stripes(400, "idempotency_error", "", "")}, true},
		"open, then neither code nor header": {[]result{silent, shapeless}, true},
		"open, then executed":                {[]result{silent, executed}, false},
		"open, then a stored refusal":        {[]result{silent, stripes(400, invalid, "", "amount", replayed, "true")}, false},
		"open, then a decline":               {[]result{silent, stripes(402, "card_error", "card_declined", "")}, false},
		"open, then already refunded":        {[]result{silent, stripes(400, invalid, "charge_already_refunded", "")}, false},
		"open, then disputed":                {[]result{silent, stripes(400, invalid, "charge_disputed", "")}, false},
		"open, then a typo":                  {[]result{answered(502, ""), unknown}, false},
		"open, executed, then a 500":         {[]result{silent, executed, answered(500, "")}, true},
	} {
		t.Run(name, func(t *testing.T) {
			var o outcome
			for _, attempt := range c.attempts {
				var answer *Error
				if attempt.status != 0 {
					answer = parseError(attempt, time.Now())
				}
				o.observe(attempt, answer)
			}
			assert.Equal(t, c.open, o.open)
		})
	}
}
