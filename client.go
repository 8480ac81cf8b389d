package refundkit

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptrace"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/refundkit/refundkit/internal/text"
)

// APIVersion is the version of Stripe's API that this package was written for,
// and that every request asks for.
const APIVersion = "2026-08-26.dahlia"

// Version is the version of this package, as the User-Agent tells it.
const Version = "0.1.0"

const (
	defaultBaseURL        = "https://api.stripe.com"
	defaultMaxRetries     = 2
	defaultAttemptTimeout = 80 * time.Second
	maxBody               = 16 << 20
)

var errBodyTooLarge = errors.New("the body is larger than 16 MiB")

// Client talks to Stripe. It is safe for use by many goroutines at once and
// needs no closing. It never prints its API key.
type Client struct {
	Refunds        *RefundService
	ChargeRefunds  *ChargeRefundService
	PaymentRecords *PaymentRecordService
	TestHelpers    *TestHelperService

	// What a platform takes back, and gives back, when it refunds.
	TransferReversals     *TransferReversalService
	ApplicationFeeRefunds *ApplicationFeeRefundService

	// What a refund is about, to be read only.
	Charges             *ChargeService
	PaymentIntents      *PaymentIntentService
	Disputes            *DisputeService
	Balance             *BalanceService
	BalanceTransactions *BalanceTransactionService
	Events              *EventService
	Transfers           *TransferService
	ApplicationFees     *ApplicationFeeService

	// What may be secret is reached through functions: no format verb sees through them.
	config        func() *config
	authorization func() string
	redact        func(text string) string // takes the API key out of what a server wrote
}

// New returns a Client for a secret or restricted API key. It sends nothing. It
// fails if the key is empty, not visible ASCII or of another kind, if an option
// is invalid, or if a live key would travel over plain http.
//
// https://docs.stripe.com/keys
func New(apiKey string, opts ...Option) (*Client, error) {
	if !text.IsVisibleASCII(apiKey, maxBody) {
		return nil, &ParamError{Param: "apiKey", Reason: "it must be visible ASCII characters, and at least one; is the variable set?"}
	}
	for _, kind := range []string{"pk_", "whsec_"} {
		if strings.HasPrefix(apiKey, kind) {
			return nil, &ParamError{Param: "apiKey", Reason: "it starts with " + kind + ": this needs a secret key (sk_) or a restricted one (rk_)"}
		}
	}
	settings := &config{now: time.Now, httpClient: &http.Client{}, maxRetries: defaultMaxRetries, attemptTimeout: defaultAttemptTimeout, apiVersion: APIVersion}
	for _, option := range append([]Option{WithBaseURL(defaultBaseURL)}, opts...) {
		if option == nil {
			return nil, &ParamError{Param: "opts", Reason: "an option is nil"}
		}
		if err := option(settings); err != nil {
			return nil, err
		}
	}
	base := settings.baseURL
	if !strings.Contains(apiKey, "_test_") && base.Scheme == "http" && !isLoopback(base.Hostname()) {
		return nil, &ParamError{Param: "WithBaseURL", Reason: "a live key never travels over plain http, unless to a loopback address"}
	}
	settings.prefix = strings.TrimSuffix(base.String(), "/")
	settings.userAgent = strings.TrimSpace("refundkit/" + Version + " " + settings.appInfo)
	c := &Client{config: func() *config { return settings }}
	c.authorization = func() string { return "Bearer " + apiKey }
	c.redact = without(apiKey)
	c.Refunds = &RefundService{c}
	c.ChargeRefunds = &ChargeRefundService{c}
	c.PaymentRecords = &PaymentRecordService{c}
	c.TestHelpers = &TestHelperService{c}
	c.TransferReversals, c.ApplicationFeeRefunds = &TransferReversalService{c}, &ApplicationFeeRefundService{c}
	c.Transfers, c.ApplicationFees = &TransferService{c}, &ApplicationFeeService{c}
	c.Charges, c.PaymentIntents, c.Disputes = &ChargeService{c}, &PaymentIntentService{c}, &DisputeService{c}
	c.Balance, c.BalanceTransactions, c.Events = &BalanceService{c}, &BalanceTransactionService{c}, &EventService{c}
	return c, nil
}

func isLoopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && addr.Unmap().IsLoopback()
}

// call is one use of a method: what to send where, and the method's name.
type call struct {
	op     string // Refunds.Create
	method string
	route  string   // /v1/refunds/{refund}
	ids    []string // what stands in the route's braces
	params params
}

// request is a call ready to be sent, the same bytes and the same key each time.
type request struct {
	call
	callConfig
	retries  int
	url      string
	form     string // the body of a POST
	attempts int
	outcome  outcome
	mayStart func() bool // asked before each attempt; nil is always
}

// do sends a call, again where that is safe and can help, and decodes the answer.
func do[T any, P interface {
	*T
	checker
}](ctx context.Context, c *Client, call call, opts []CallOption) (*T, error) {
	if ctx == nil || c == nil {
		return nil, &ParamError{Op: call.op, Param: "ctx", Reason: "the context is nil, or the service was not made by New"}
	}
	r, err := c.prepare(call, opts)
	if err != nil {
		return nil, naming(call.op, err)
	}
	var value *T
	if err := c.send(ctx, r, func() checker { value = new(T); return P(value) }); err != nil {
		return nil, err
	}
	return value, nil
}

// send makes the attempts of a request, each decoded into a value of its own.
func (c *Client) send(ctx context.Context, r *request, fresh func() checker) error {
	var last error
	for attempt := 1; ; attempt++ {
		start := time.Now()
		got := c.attempt(ctx, r)
		if !got.tried && last != nil {
			return endedBy(last, got.err) // the answer before tells more than what held this attempt back
		}
		err := c.conclude(r, &got, fresh)
		c.report(ctx, r, got, start, err)
		if err == nil {
			return nil
		}
		delay, again := decide(got, attempt, r.retries, rand.Float64(), c.config().now())
		if !again {
			return err
		}
		if !wait(ctx, delay) {
			return endedBy(err, ctx.Err())
		}
		last = err
	}
}

// naming tells a refusal which method it is about.
func naming(op string, err error) error {
	var refused *ParamError
	if errors.As(err, &refused) && refused.Op == "" {
		return &ParamError{Op: op, Param: refused.Param, Reason: refused.Reason}
	}
	return err
}

// prepare checks everything that can be checked before sending, and writes the
// form and the key that all attempts share.
func (c *Client) prepare(call call, opts []CallOption) (*request, error) {
	if call.params == nil {
		call.params = noParams{}
	}
	r := &request{call: call, retries: c.config().maxRetries}
	if err := r.take(opts); err != nil {
		return nil, err
	}
	if err := r.settle(c.config().account); err != nil {
		return nil, err
	}
	path, err := fillRoute(r.route, r.ids)
	if err != nil {
		return nil, err
	}
	if err := r.params.validate(); err != nil {
		return nil, err
	}
	form, err := encodeForm(r.params, r.expand)
	if err != nil {
		return nil, err
	}
	r.url = c.config().prefix + path
	if r.method == http.MethodPost {
		r.form = form
	} else if form != "" {
		r.url += "?" + form
	}
	return r, nil
}

// settle joins the options of the call with the client's defaults.
func (r *request) settle(account string) error {
	if r.response != nil {
		*r.response = Response{}
	}
	if r.maxRetries != nil {
		r.retries = *r.maxRetries
	}
	if r.account == "" {
		r.account = account
	}
	if r.reference != "" {
		named, ok := r.params.(interface{ withReference(string) (params, error) })
		if !ok {
			return &ParamError{Param: "Reference", Reason: "only a Create takes one"}
		}
		withReference, err := named.withReference(r.reference)
		if err != nil {
			return err
		}
		r.params = withReference
	}
	switch {
	case r.method != http.MethodPost && r.key != "":
		return &ParamError{Param: "IdempotencyKey", Reason: "a GET takes none"}
	case r.method == http.MethodPost && r.key == "":
		r.key = newIdempotencyKey()
	}
	return nil
}

// fillRoute puts the ids in the places of the route that have braces. It is the
// one place where path segments are escaped.
func fillRoute(route string, ids []string) (string, error) {
	for _, id := range ids {
		before, rest, _ := strings.Cut(route, "{")
		name, after, _ := strings.Cut(rest, "}")
		if id == "" || id == "." || id == ".." {
			return "", &ParamError{Param: name, Reason: "an ID is required, and . and .. are none"}
		}
		route = before + url.PathEscape(id) + after
	}
	return route, nil
}

// attempt sends the request once and reads the answer. It is the only code
// that builds and sends HTTP. No redirect is followed: the answer to a POST is
// never looked for elsewhere, and the key goes nowhere else.
func (c *Client) attempt(ctx context.Context, r *request) result {
	if err := c.admit(ctx, r); err != nil {
		return result{err: err}
	}
	r.attempts++
	ctx, cancel := context.WithTimeout(ctx, c.attemptTimeout())
	defer cancel()
	var trace sendTrace
	httpRequest, err := http.NewRequestWithContext(trace.context(ctx), r.method, r.url, strings.NewReader(r.form))
	if err != nil {
		return result{err: &clientSideError{err}, tried: true}
	}
	httpRequest.GetBody = nil // or net/http would send a POST again by itself, where nobody counts it
	httpRequest.Header = c.header(r)
	response, err := c.roundTrip(httpRequest)
	if err != nil {
		return result{err: ownCause(ctx, err), tried: true, sent: trace.maySent(r.form != ""), resent: trace.resent()}
	}
	defer response.Body.Close()
	body, err := readBody(response)
	return result{status: response.StatusCode, header: response.Header, body: body, err: ownCause(ctx, err), tried: true, sent: true, resent: trace.resent()}
}

// roundTrip asks the transport itself, because all that http.Client would add are
// redirects and cookies, for which it copies the headers of each request.
func (c *Client) roundTrip(r *http.Request) (*http.Response, error) {
	transport := c.config().httpClient.Transport
	if transport == nil {
		transport = http.DefaultTransport
	}
	response, err := transport.RoundTrip(r)
	switch {
	case err != nil:
	case response == nil:
		err = errors.New("refundkit: the transport returned neither an answer nor an error")
	case response.Body == nil: // as mocks leave it where there is none
		response.Body = http.NoBody
	}
	return response, err
}

// attemptTimeout is how long one attempt may take.
func (c *Client) attemptTimeout() time.Duration {
	if limit := c.config().httpClient.Timeout; limit > 0 {
		return min(limit, c.config().attemptTimeout)
	}
	return c.config().attemptTimeout
}

// readBody reads what there is under the limit. The length that the answer
// claims only saves growing the buffer: what it may cost is limited too.
func readBody(response *http.Response) ([]byte, error) {
	var body bytes.Buffer
	body.Grow(int(min(max(response.ContentLength, 0), 1<<20)) + bytes.MinRead)
	_, err := body.ReadFrom(io.LimitReader(response.Body, maxBody+1))
	if body.Len() > maxBody {
		return body.Bytes()[:maxBody], errBodyTooLarge
	}
	return body.Bytes(), err
}

// admit says whether an attempt may start at all.
func (c *Client) admit(ctx context.Context, r *request) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if c.config().limiter != nil {
		if err := c.config().limiter.Wait(ctx); err != nil {
			return &clientSideError{fmt.Errorf("rate limiter: %w", ownCause(ctx, err))}
		}
		if err := ctx.Err(); err != nil {
			return err // a limiter may let a call through whose context has ended
		}
	}
	if r.mayStart != nil && !r.mayStart() {
		return &clientSideError{errTooLate}
	}
	return nil
}

// header makes the header of one attempt. Its keys are in canonical form, and
// its values share one array, as in the copy that [http.Header.Clone] makes.
func (c *Client) header(r *request) http.Header {
	header, values := make(http.Header, 8), make([]string, 0, 8)
	set := func(key, value string) {
		values = append(values, value)
		header[key] = values[len(values)-1 : len(values) : len(values)]
	}
	set("Authorization", c.authorization())
	set("Accept", "application/json")
	set("Stripe-Version", c.config().apiVersion)
	set("User-Agent", c.config().userAgent)
	if r.account != "" {
		set("Stripe-Account", r.account)
	}
	if r.method == http.MethodPost {
		set("Content-Type", "application/x-www-form-urlencoded")
		set("Idempotency-Key", r.key)
	}
	return header
}

// sendTrace learns from net/http how far a request got, also where net/http or a
// wrapper of it sends it again by itself.
type sendTrace struct {
	connecting, connected atomic.Bool
	wroteHeaders          atomic.Int32
}

func (t *sendTrace) context(ctx context.Context) context.Context {
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GetConn:      func(string) { t.connecting.Store(true) },
		GotConn:      func(httptrace.GotConnInfo) { t.connected.Store(true) },
		WroteHeaders: func() { t.wroteHeaders.Add(1) },
	})
}

// maySent reports whether the server may have seen the request. A transport
// that does not even look for a connection, such as a mock, tells nothing, and
// then it may. Without a body a request is whole before its headers are reported
// as written, so that a connection is enough.
func (t *sendTrace) maySent(hasBody bool) bool {
	return t.wroteHeaders.Load() > 0 || !t.connecting.Load() || !hasBody && t.connected.Load()
}

// resent reports whether one attempt was more than one sending: the answer is
// that of the last one, and an earlier one may have worked.
func (t *sendTrace) resent() bool { return t.wroteHeaders.Load() > 1 }
