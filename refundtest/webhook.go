package refundtest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"sync"
	"time"
)

// A Webhook is an endpoint that events are delivered to. It is safe for
// concurrent use.
type Webhook struct {
	server  *Server
	target  *url.URL
	send    func(*http.Request) (status int, err error)
	sign    func(payload []byte, at time.Time) string // holds the secrets, so that no format verb reaches them
	types   []string
	base    func() context.Context // ends when the server is closed or the endpoint removed
	release func()                 // ends base
	held    bool
	shuffle *rand.Rand
	early   *chances
	again   *chances
	notify  func(Delivery)
	version string // of the API
	mayMiss bool

	mu         sync.Mutex
	quiet      sync.Cond
	waiting    []*delivery // for Deliver, or for their turn when reordered
	failed     []*delivery
	refused    []Delivery  // the last delivery of an event that was not accepted yet
	inLine     []*delivery // for the goroutine that serves requests over a socket
	unanswered int         // requests over a socket whose answer is on its way
	running    bool
	made       []Delivery
}

// A WebhookOption changes which events an endpoint receives, and when.
type WebhookOption func(*webhookConfig)

type webhookConfig struct {
	path         string
	types        []string
	secrets      []string
	v0           bool
	held         bool
	shuffle      *rand.Rand
	early, again *chances
	notify       func(Delivery)
	version      string
	mayMiss      bool
}

// chances decides by a seed. It is used under a lock.
type chances struct {
	random *rand.Rand
	p      float64
}

func newRandom(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, scramble(seed))) }

func (c *chances) hit() bool { return c != nil && c.random.Float64() < c.p }

// AtPath is where [Server.AddWebhook] posts to, for a handler that looks at the
// path: "/webhooks/stripe". A query may follow it. By default it is /.
func AtPath(path string) WebhookOption {
	return func(c *webhookConfig) { c.path = path }
}

// EventTypes limits the endpoint to these types, such as "refund.updated" or
// "refund.*". By default it receives all.
func EventTypes(types ...string) WebhookOption {
	return func(c *webhookConfig) { c.types = append(c.types, types...) }
}

// SignedAlsoBy adds a v1 signature for each of further secrets, as while a
// secret is rolled.
func SignedAlsoBy(secrets ...string) WebhookOption {
	return func(c *webhookConfig) { c.secrets = append(c.secrets, secrets...) }
}

// SignedAlsoByV0 adds a v0 signature, which proves nothing and must be ignored.
func SignedAlsoByV0() WebhookOption {
	return func(c *webhookConfig) { c.v0 = true }
}

// HeldUntilDeliver makes every event wait for [Webhook.Deliver]: the test decides
// when the endpoint receives it. What still waits when the test ends fails it,
// if there is a [WithReporter] and no [MayMissEvents].
func HeldUntilDeliver() WebhookOption {
	return func(c *webhookConfig) { c.held = true }
}

// Reordered delivers events in an order that depends on the seed. Some wait
// until other events happen, or for [Webhook.Deliver], which is to be called
// before the test ends.
func Reordered(seed uint64) WebhookOption {
	return func(c *webhookConfig) { c.shuffle = newRandom(seed) }
}

// Duplicated delivers some events twice, with the given probability, 0 to 1.
func Duplicated(probability float64, seed uint64) WebhookOption {
	return func(c *webhookConfig) { c.again = &chances{newRandom(seed), probability} }
}

// BeforeAnswer delivers some events, with the given probability, 0 to 1, before
// the request that caused them is answered: the endpoint then knows a refund
// before the program that created it does.
func BeforeAnswer(probability float64, seed uint64) WebhookOption {
	return func(c *webhookConfig) { c.early = &chances{newRandom(seed), probability} }
}

// OnDelivery calls notify after every delivery, on the goroutine that made it.
func OnDelivery(notify func(Delivery)) WebhookOption {
	return func(c *webhookConfig) { c.notify = notify }
}

// AddWebhook delivers all later events to handler, of every account and mode, by
// a POST to [AtPath], each signed with secret at the time of the server's clock: a handler that
// checks the time must use [Server.Now].
//
// By default an event is delivered when the request that caused it has been
// answered, that is when its client has read the answer or closed it, before the
// client's call returns; and at once if a test caused it. No goroutine is
// involved, except for requests over a socket. A handler may call the API. It
// must not wait for something that its own caller holds, such as a mutex that is
// locked around a call of the API; [HeldUntilDeliver] is for that.
//
// An answer other than 2xx, or a panic, makes the server deliver again, on the
// server's clock: in test mode three times within hours, in live mode for three
// days. See also [Webhook.Retry]. If there is a [WithReporter], an event that the
// handler has not accepted when the server is closed fails the test, unless there
// is a [MayMissEvents]: a wrong path, secret or clock does not go unseen.
func (s *Server) AddWebhook(handler http.Handler, secret string, opts ...WebhookOption) *Webhook {
	config := newWebhookConfig(secret, opts)
	w := config.webhook(s, s.handlerURL(cmp.Or(config.path, "/")))
	w.send = func(r *http.Request) (int, error) { return serve(handler, r) }
	s.addHook(w, func() {})
	return w
}

// AddWebhookURL is [Server.AddWebhook] for an endpoint behind a URL, which has the
// path in it. It has 10 seconds to answer, and redirects are not followed.
func (s *Server) AddWebhookURL(endpoint, secret string, opts ...WebhookOption) (*Webhook, error) {
	target, err := url.Parse(endpoint)
	if err != nil || target.Host == "" || target.Scheme != "http" && target.Scheme != "https" {
		return nil, fmt.Errorf("refundtest: the webhook's URL must be absolute, http or https")
	}
	config := newWebhookConfig(secret, opts)
	if config.path != "" {
		return nil, errors.New("refundtest: AtPath is for AddWebhook; the webhook's URL has its path in it")
	}
	w := config.webhook(s, target)
	connections := &http.Transport{Proxy: http.ProxyFromEnvironment}
	client := &http.Client{Transport: connections, Timeout: 10 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	w.send = func(r *http.Request) (int, error) { return post(client, r) }
	s.addHook(w, connections.CloseIdleConnections)
	return w, nil
}

func newWebhookConfig(secret string, opts []WebhookOption) *webhookConfig {
	config := &webhookConfig{secrets: []string{secret}}
	for _, opt := range opts {
		opt(config)
	}
	return config
}

func (c *webhookConfig) webhook(s *Server, target *url.URL) *Webhook {
	w := &Webhook{server: s, target: target, types: c.types, held: c.held, shuffle: c.shuffle,
		early: c.early, again: c.again, notify: c.notify, mayMiss: c.mayMiss}
	w.version = orElse(c.version, APIVersion)
	w.quiet.L = &w.mu
	w.sign = func(payload []byte, at time.Time) string {
		header := SignEvent(payload, at, c.secrets...)
		if c.v0 {
			header += ",v0=" + sign(payload, at, c.secrets[0])
		}
		return header
	}
	return w
}

// handlerURL is the URL that a handler sees.
func (s *Server) handlerURL(path string) *url.URL {
	target, err := url.ParseRequestURI(path)
	if err != nil || !strings.HasPrefix(path, "/") {
		s.complain("AtPath(%q): a path begins with a slash", path)
		target = &url.URL{Path: "/"}
	}
	target.Scheme, target.Host = "http", "example.com"
	return target
}

func (s *Server) addHook(w *Webhook, release func()) {
	ctx, cancel := context.WithCancel(context.Background())
	w.base = func() context.Context { return ctx }
	w.release = func() {
		cancel()
		w.awaitBackground()
		release()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hooks = append(slices.Clip(s.hooks), w)
}

// Remove ends the endpoint: nothing more is delivered to it, also of what has
// happened before. A delivery that is on its way is given up.
func (w *Webhook) Remove() {
	s := w.server
	s.mu.Lock()
	s.hooks = slices.DeleteFunc(slices.Clone(s.hooks), func(other *Webhook) bool { return other == w })
	s.mu.Unlock()
	w.release()
}

// wants reports whether the endpoint listens to a type.
func (w *Webhook) wants(kind string) bool {
	return len(w.types) == 0 || slices.ContainsFunc(w.types, func(pattern string) bool {
		fits, _ := path.Match(pattern, kind)
		return fits
	})
}
