package refundtest

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// RefuseConnection makes the connection fail before anything is sent, as when
// nobody listens: nothing reaches the server, and the request is not among
// [Server.Requests]. It happens in process only, because a listening socket
// cannot know what would be sent to it.
func RefuseConnection() Fault {
	return Fault{name: "connection refused", noConnection: true, inProcess: true, noBody: true}
}

// DropConnection makes the server close the connection without an answer once
// it has read the request. On a connection that was used before, net/http may
// then send the request again by itself.
func DropConnection() Fault {
	f := instead("connection dropped", func(*exchange) *answer { return &answer{drop: true} })
	f.noBody = true
	return f
}

// Delay makes the work, or with [Fault.AfterWork] the answer to it, take longer.
// Meanwhile the idempotency key is in use. It waits in real time, which inside a
// testing/synctest bubble is the bubble's. A client that gives up before the
// work has prevented it; one that gives up after it has not.
func Delay(d time.Duration) Fault {
	return Fault{name: "delay of " + d.String(), canFollow: true, timeout: d, act: delay}
}

// AnswerJSON answers in the API's place, as a proxy might: nothing is done, and
// nothing is kept for the key.
func AnswerJSON(status int, body string) Fault {
	return proxyAnswer(status, "application/json", body)
}

// AnswerHTML answers with an HTML page that names the status, as a proxy does:
// nothing is done, and nothing is kept for the key. With [Fault.AfterWork] it is
// a proxy that had handed the request on: one that timed out before the API had
// done the work, or one that refuses what the API answers, with 403 or 408.
func AnswerHTML(status int) Fault {
	title := fmt.Sprintf("%d %s", status, http.StatusText(status))
	return proxyAnswer(status, "text/html", "<html>\n<head><title>"+title+"</title></head>\n<body><h1>"+title+"</h1></body>\n</html>\n")
}

// AnswerEmpty answers without a body, as a proxy might: nothing is done, and
// nothing is kept for the key.
func AnswerEmpty(status int) Fault { return proxyAnswer(status, "", "") }

// AnswerError answers with an error object as Stripe writes it, with the headers
// that [ErrorAnswer] describes: nothing is done, and nothing is kept for the key.
// With [Fault.AfterWork] it is a gateway that imitates Stripe; one that does not
// know Stripe's headers is
//
//	AnswerError(404, "invalid_request_error", "resource_missing", "id").AfterWork().WithHeader("Request-Id", "")
func AnswerError(status int, errorType, code, param string) Fault {
	name := strings.TrimRight(fmt.Sprintf("error %d %s", status, code), " ")
	f := Fault{name: name, canFollow: true, act: func(f *Fault, x *exchange, next func() *answer) *answer {
		refused := refusalLike(status, errorType, code, param)
		if !f.afterWork {
			x.script.refuse = func(*exchange) *refusal { return refused }
			return next()
		}
		next()
		a := x.refuse(refused)
		a.header.Del("Idempotent-Replayed")
		return a
	}}
	return f.checked(status)
}

// Redirect answers with a redirect, such as 307, to another URL, the request's
// own if location is empty: nothing is done.
func Redirect(status int, location string) Fault {
	f := instead(fmt.Sprintf("redirect %d", status), func(x *exchange) *answer {
		target := location
		if target == "" {
			target = x.request.URL.RequestURI()
		}
		return plainAnswer(x, status, "", "Location", target)
	})
	f.noBody = true
	return f.checked(status)
}

// ServerError makes the API itself fail with 500, which is kept for the
// idempotency key of a POST: every repetition gets the same 500. Nothing is
// done, or with [Fault.AfterWork] everything.
func ServerError() Fault {
	return Fault{name: "stored 500", canFollow: true, act: func(f *Fault, x *exchange, next func() *answer) *answer {
		x.script.failure.mode = failWithNothing
		if f.afterWork {
			x.script.failure.mode = failAfterWork
		}
		return next()
	}}
}

// ServerErrorDoneLater is a [ServerError] after which the work is done all the
// same, some time of the server's clock later, a minute if after is not
// positive. Its events are published then.
func ServerErrorDoneLater(after time.Duration) Fault {
	return Fault{name: "stored 500, done later", act: func(f *Fault, x *exchange, next func() *answer) *answer {
		x.script.failure = scriptedFailure{mode: failLater, after: after}
		return next()
	}}
}

// CutBody does the work and sends half of the answer, of which the declared
// length promises the whole, before it closes the connection.
func CutBody() Fault { return spoiled("body cut off", func(a *answer) { a.cut = true }) }

// BrokenJSON does the work and sends half of the answer's body as if that were
// all of it.
func BrokenJSON() Fault {
	return spoiled("broken JSON", func(a *answer) {
		a.body = a.body[:len(a.body)/2]
		a.header.Set("Content-Length", strconv.Itoa(len(a.body)))
	})
}

// StallBody does the work and sends half of the answer, and nothing more until
// the client gives up.
func StallBody() Fault { return spoiled("body stalled", func(a *answer) { a.stall = true }) }

// EndlessBody does the work and sends the answer over and over, until the
// client stops reading.
func EndlessBody() Fault { return spoiled("endless body", func(a *answer) { a.endless = true }) }

// LockTimeout refuses with 429 lock_timeout, as if another request were working
// on the same object: nothing is done or kept, and Stripe-Should-Retry is true.
func LockTimeout() Fault {
	return Fault{name: "lock timeout", act: func(f *Fault, x *exchange, next func() *answer) *answer {
		x.script.failure.mode = failOnLock
		return next()
	}}
}

// RateLimit refuses with 429 rate_limit before anything is done or kept. The
// reason is the Stripe-Rate-Limited-Reason header, such as endpoint-rate, or
// empty to leave it out.
//
// https://docs.stripe.com/rate-limits
func RateLimit(reason string) Fault {
	return refusing("rate limit", func(x *exchange) *refusal { return rateLimited(reason, x.world.name.live) })
}

// KeyInUse refuses with 409 idempotency_key_in_use, as if a request with the
// same key were still running: nothing is done or kept.
func KeyInUse() Fault {
	return refusing("key in use", func(x *exchange) *refusal { return keyInUse(x.key) })
}

// Unauthorized refuses the API key with 401: nothing is done or kept.
func Unauthorized() Fault {
	return Fault{name: "unauthorized", act: func(f *Fault, x *exchange, _ func() *answer) *answer {
		key, _ := sentKey(x.request)
		return x.refuse(unauthorized("", "Invalid API Key: %s", masked(key)))
	}}
}

// instead answers in the API's place, before the work or after it.
func instead(name string, build func(*exchange) *answer) Fault {
	return Fault{name: name, canFollow: true, act: func(f *Fault, x *exchange, next func() *answer) *answer {
		if f.afterWork {
			next()
		}
		return build(x)
	}}
}

func proxyAnswer(status int, contentType, body string) Fault {
	kind := contentType
	if body == "" {
		kind = "without a body"
	}
	f := instead(fmt.Sprintf("answer %d %s", status, kind), func(x *exchange) *answer {
		return plainAnswer(x, status, body, "Content-Type", contentType)
	})
	f.noBody = body == ""
	return f.checked(status)
}

func (f Fault) checked(status int) Fault {
	if status < 200 || status > 999 {
		return f.broken("an answer has no such status")
	}
	return f
}

// plainAnswer has none of the API's headers.
func plainAnswer(x *exchange, status int, body, name, value string) *answer {
	h := http.Header{}
	h.Set("Date", x.server.Now().UTC().Format(http.TimeFormat))
	h.Set("Content-Length", strconv.Itoa(len(body)))
	if value != "" {
		h.Set(name, value)
	}
	return &answer{status: status, header: h, body: []byte(body)}
}

// spoiled spoils the answer of the API.
func spoiled(name string, spoil func(*answer)) Fault {
	return Fault{name: name, act: func(f *Fault, x *exchange, next func() *answer) *answer {
		a := next()
		if !a.drop {
			spoil(a)
		}
		return a
	}}
}

// refusal refuses what the API would otherwise have admitted.
func refusing(name string, build func(*exchange) *refusal) Fault {
	return Fault{name: name, act: func(f *Fault, x *exchange, next func() *answer) *answer {
		x.script.refuse = build
		return next()
	}}
}

func delay(f *Fault, x *exchange, next func() *answer) *answer {
	waited := false
	pause := func() bool {
		waited = true
		return waitFor(x.request.Context(), f.timeout)
	}
	if f.afterWork {
		x.script.afterWork = func() { pause() }
	} else {
		x.script.beforeWork = pause
	}
	a := next()
	if !waited {
		pause() // refused, or answered from what was kept
	}
	return a
}

// waitFor reports whether the time has passed before the client gave up.
func waitFor(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
