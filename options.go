package refundkit

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/refundkit/refundkit/internal/text"
)

// Option changes how a [Client] works. It is given to [New], which returns the
// error if the option is invalid.
type Option func(*config) error

// config is what the options of New fill in.
type config struct {
	baseURL        *url.URL
	httpClient     *http.Client
	maxRetries     int
	attemptTimeout time.Duration
	apiVersion     string
	account        string
	appInfo        string
	now            func() time.Time
	limiter        Limiter
	hooks          []func(context.Context, Attempt)

	prefix, userAgent string // made of the above, once
}

// Limiter holds a request back until it may be sent; *rate.Limiter of
// golang.org/x/time/rate is one. It is asked before every attempt.
type Limiter interface {
	Wait(ctx context.Context) error
}

// WithBaseURL sends the requests to another server, such as a fake or a proxy.
// A path in it is kept in front of Stripe's. Defaults to https://api.stripe.com.
// A live key is never sent over plain http, unless to a loopback address.
func WithBaseURL(base string) Option {
	return func(c *config) error {
		parsed, err := url.Parse(base)
		switch {
		case err != nil:
			return &ParamError{Param: "WithBaseURL", Reason: "it can't be read as a URL"}
		case parsed.Scheme != "https" && parsed.Scheme != "http", parsed.Hostname() == "":
			return &ParamError{Param: "WithBaseURL", Reason: "it must be an http or https URL with a host"}
		case parsed.User != nil, parsed.RawQuery != "", parsed.ForceQuery, parsed.Fragment != "":
			return &ParamError{Param: "WithBaseURL", Reason: "it must have no user, query or fragment"}
		}
		c.baseURL = parsed
		return nil
	}
}

// WithHTTPClient sends the requests through the Transport of client, which may be
// replaced later. Its Timeout limits an attempt as [WithAttemptTimeout] does, the
// shorter of the two. Its CheckRedirect and its Jar are not used, because no redirect
// is ever followed and no cookie kept. Defaults to a client without settings.
func WithHTTPClient(client *http.Client) Option {
	return func(c *config) error {
		if client == nil {
			return &ParamError{Param: "WithHTTPClient", Reason: "the client is nil"}
		}
		c.httpClient = client
		return nil
	}
}

// WithMaxRetries sets how often a call is sent again after its first attempt.
// Defaults to 2; 0 sends once. [MaxRetries] changes it for one call.
func WithMaxRetries(retries int) Option {
	return func(c *config) error {
		if retries < 0 {
			return &ParamError{Param: "WithMaxRetries", Reason: "it must not be negative"}
		}
		c.maxRetries = retries
		return nil
	}
}

// WithAttemptTimeout sets how long one attempt may take, until its body is
// read. Defaults to 80 seconds. The context limits the whole call.
func WithAttemptTimeout(timeout time.Duration) Option {
	return func(c *config) error {
		if timeout <= 0 {
			return &ParamError{Param: "WithAttemptTimeout", Reason: "it must be positive"}
		}
		c.attemptTimeout = timeout
		return nil
	}
}

// WithAPIVersion asks for another version of Stripe's API than [APIVersion],
// which the types of this package were written for.
func WithAPIVersion(version string) Option {
	return func(c *config) error {
		if !text.IsVisibleASCII(version, maxHeader) {
			return &ParamError{Param: "WithAPIVersion", Reason: "it must be 1 to 255 visible ASCII characters"}
		}
		c.apiVersion = version
		return nil
	}
}

// WithAccount acts on a connected account, in every call that has no
// [OnAccount] of its own. An empty account is refused: an unset variable must
// not refund from the platform's balance.
//
// https://docs.stripe.com/connect/authentication
func WithAccount(account string) Option {
	return func(c *config) error {
		if err := validateAccount("WithAccount", account); err != nil {
			return err
		}
		c.account = account
		return nil
	}
}

// WithAppInfo adds the name and version of your program to the User-Agent.
// version may be empty.
func WithAppInfo(name, version string) Option {
	return func(c *config) error {
		if !text.IsVisibleASCII(name, maxHeader) || version != "" && !text.IsVisibleASCII(version, maxHeader) {
			return &ParamError{Param: "WithAppInfo", Reason: "name and version must be visible ASCII characters, without spaces"}
		}
		c.appInfo = name
		if version != "" {
			c.appInfo += "/" + version
		}
		return nil
	}
}

// WithClock asks now for the time instead of [time.Now]: in [RefundService.Advance]
// and [RefundService.Resolve], for the end of an export, and for a Retry-After
// that is a date. Waiting goes by timers. It must be safe for use by many
// goroutines at once.
func WithClock(now func() time.Time) Option {
	return func(c *config) error {
		if now == nil {
			return &ParamError{Param: "WithClock", Reason: "the function is nil"}
		}
		c.now = now
		return nil
	}
}

// WithRateLimiter holds every attempt back until limiter lets it go. When it
// refuses, nothing is sent, and the error says that it came from the client.
//
// https://docs.stripe.com/rate-limits
func WithRateLimiter(limiter Limiter) Option {
	return func(c *config) error {
		if limiter == nil {
			return &ParamError{Param: "WithRateLimiter", Reason: "the limiter is nil"}
		}
		c.limiter = limiter
		return nil
	}
}

// WithAttemptHook calls hook after every attempt, on the goroutine of the call,
// with what metrics and traces need. It may be given more than once.
func WithAttemptHook(hook func(context.Context, Attempt)) Option {
	return func(c *config) error {
		if hook == nil {
			return &ParamError{Param: "WithAttemptHook", Reason: "the hook is nil"}
		}
		c.hooks = append(c.hooks, hook)
		return nil
	}
}

// WithLogger writes a line for every attempt, at the debug level if it worked
// and as a warning if not. It never holds a body, a header or an account.
func WithLogger(logger *slog.Logger) Option {
	return func(c *config) error {
		if logger == nil {
			return &ParamError{Param: "WithLogger", Reason: "the logger is nil"}
		}
		return WithAttemptHook(func(ctx context.Context, a Attempt) { a.log(ctx, logger) })(c)
	}
}

// CallOption changes one call. There are six:
//
//   - [IdempotencyKey]: your name for this refund, so that a repeated call refunds once
//   - [Reference]: your name for it in its metadata as well
//   - [OnAccount]: act on a connected account
//   - [Expand]: linked objects whole instead of their IDs
//   - [MaxRetries]: how often this call is sent again
//   - [CaptureResponse]: how the call went
//
// Their values compare with ==, so that a mock can assert on them. The same
// option given twice must say the same twice.
type CallOption interface{ apply(*callConfig) error }

// callConfig is what the options of a call fill in.
type callConfig struct {
	key, account, reference string
	expand                  []string
	maxRetries              *int
	response                *Response
}

// take applies the options of a call.
func (c *callConfig) take(opts []CallOption) error {
	for _, option := range opts {
		if option == nil {
			return &ParamError{Param: "opts", Reason: "an option is nil"}
		}
		if err := option.apply(c); err != nil {
			return err
		}
	}
	return nil
}

// What the functions below return. Each is a type of its own that compares.
type (
	accountOption    string
	maxRetriesOption int
	expandOption     string // joined by commas, to stay comparable
	captureOption    struct{ response *Response }
)

// OnAccount acts on a connected account. An empty account is refused: an unset
// variable must not refund from the platform's balance.
//
// https://docs.stripe.com/connect/authentication
func OnAccount(id string) CallOption { return accountOption(id) }

// MaxRetries sets how often this call is sent again, instead of [WithMaxRetries].
func MaxRetries(n int) CallOption { return maxRetriesOption(n) }

// Expand asks for linked objects whole instead of their IDs: balance_transaction,
// or charge.customer, four levels deep; on a list data.charge.
//
// https://docs.stripe.com/api/expanding_objects
func Expand(fields ...string) CallOption { return expandOption(strings.Join(fields, ",")) }

// CaptureResponse fills r with what the call sent and got, also when it fails.
// One pointer is for one call at a time.
func CaptureResponse(r *Response) CallOption { return captureOption{r} }

func (a accountOption) apply(c *callConfig) error {
	if err := validateAccount("OnAccount", string(a)); err != nil {
		return err
	}
	return setOnce(&c.account, string(a), "OnAccount")
}

// Format shows only the end of the account, so that logs don't collect them.
func (a accountOption) Format(f fmt.State, _ rune) {
	_, _ = io.WriteString(f, "OnAccount("+lastFour(string(a))+")")
}

// MarshalText shows only the end of the account, as Format does.
func (a accountOption) MarshalText() ([]byte, error) { return []byte(lastFour(string(a))), nil }

func (r maxRetriesOption) apply(c *callConfig) error {
	n := int(r)
	switch {
	case n < 0:
		return &ParamError{Param: "MaxRetries", Reason: "it must not be negative"}
	case c.maxRetries != nil && *c.maxRetries != n:
		return givenTwice("MaxRetries")
	}
	c.maxRetries = &n
	return nil
}

func (e expandOption) apply(c *callConfig) error {
	for field := range strings.SplitSeq(string(e), ",") {
		if !text.IsVisibleASCII(field, maxHeader) {
			return &ParamError{Param: "expand", Reason: "a field to expand must be named in visible ASCII characters"}
		}
		c.expand = append(c.expand, field)
	}
	return nil
}

// Format leaves out where the response is, and with it what it holds.
func (o captureOption) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "CaptureResponse") }

func (o captureOption) apply(c *callConfig) error {
	switch {
	case o.response == nil:
		return &ParamError{Param: "CaptureResponse", Reason: "the pointer is nil"}
	case c.response != nil && c.response != o.response:
		return givenTwice("CaptureResponse")
	}
	c.response = o.response
	return nil
}

const maxHeader = 255

func validateAccount(param, account string) error {
	if !text.IsVisibleASCII(account, maxHeader) {
		return &ParamError{Param: param, Reason: "the account must be 1 to 255 visible ASCII characters; leave the option out to act on your own account"}
	}
	return nil
}

func setOnce(field *string, value, option string) error {
	if *field != "" && *field != value {
		return givenTwice(option)
	}
	*field = value
	return nil
}

func givenTwice(option string) error {
	return &ParamError{Param: option, Reason: "it was given twice, with different values"}
}

func lastFour(id string) string {
	if len(id) <= 8 {
		return "***"
	}
	return "***" + id[len(id)-4:]
}
