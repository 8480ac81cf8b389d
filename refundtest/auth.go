package refundtest

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
)

var (
	keyShape     = regexp.MustCompile(`^(sk|rk)_(test|live)_[A-Za-z0-9_]{1,250}$`)
	versionShape = regexp.MustCompile(`^\d{4}-\d{2}-\d{2}(\.[a-z]+)?(; ?[a-z0-9_]+=v\d+)*$`)
)

const maxHeader = 64 << 10 // bytes, all headers of a request together

// keyring knows which keys are good for what. It is safe for concurrent use.
type keyring struct {
	mu         sync.Mutex
	accepted   map[string]bool // nil: every key of the right shape
	revoked    map[string]bool
	expired    map[string]bool
	restricted map[string][]string
}

// RevokeKey makes every later request with key fail with 401.
func (s *Server) RevokeKey(key string) { s.keys.mark(&s.keys.revoked, key) }

// ExpireKey makes every later request with key fail with 401 and the code
// api_key_expired.
func (s *Server) ExpireKey(key string) { s.keys.mark(&s.keys.expired, key) }

// RestrictKey leaves key only these permissions, named as Stripe names them:
// rak_charge_read and rak_charge_write (charges and refunds),
// rak_payment_intent_read and _write, rak_payment_record_read and _write,
// rak_balance_transaction_source_read, rak_balance_read, rak_dispute_read,
// rak_event_read, rak_transfer_read and _write (with reversals),
// rak_application_fee_read and _write (with their refunds). A write permission includes reading. Everything else is
// answered with 403. A key that was never restricted may do everything.
func (s *Server) RestrictKey(key string, permissions ...string) {
	s.keys.mu.Lock()
	defer s.keys.mu.Unlock()
	if s.keys.restricted == nil {
		s.keys.restricted = map[string][]string{}
	}
	s.keys.restricted[key] = slices.Clone(permissions)
}

func (k *keyring) mark(set *map[string]bool, key string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if *set == nil {
		*set = map[string]bool{}
	}
	(*set)[key] = true
}

// admit does everything that comes before the work: whatever it refuses is not
// kept for the idempotency key.
func (s *Server) admit(x *exchange) *refusal {
	if headerSize(x.request.Header) > maxHeader {
		refused := invalid("", "", "The headers are too large.")
		refused.status, refused.anonymous = http.StatusRequestHeaderFieldsTooLarge, true
		return refused
	}
	key, refused := s.authenticate(x.request)
	if refused != nil {
		return refused
	}
	if refused := s.chooseWorld(x, key); refused != nil {
		return refused
	}
	if refused := x.chooseVersion(); refused != nil {
		return refused
	}
	if x.isPost() {
		x.chooseIdempotencyKey()
	}
	if x.route == nil {
		s.complain("%s %s is not a URL of the API that this server knows", x.request.Method, printable(x.request.URL.Path))
		refused := invalid("", "", "Unrecognized request URL (%s: %s).", x.request.Method, printable(x.request.URL.Path))
		refused.status = http.StatusNotFound
		return refused
	}
	if refused := s.permit(x, key); refused != nil {
		return refused
	}
	if refused := s.limits.count(x); refused != nil {
		return refused
	}
	return x.readParams()
}

func headerSize(h http.Header) int {
	size := 0
	for name, values := range h {
		for _, value := range values {
			size += len(name) + len(value)
		}
	}
	return size
}

func unauthorized(code, format string, args ...any) *refusal {
	refused := invalid("", code, format, args...)
	refused.status, refused.anonymous = http.StatusUnauthorized, true
	return refused
}

// authenticate returns the key of a request if it is good.
func (s *Server) authenticate(r *http.Request) (string, *refusal) {
	key, sent := sentKey(r)
	if !sent {
		return "", unauthorized("", "There is no API key in the Authorization header: send 'Authorization: Bearer YOUR_SECRET_KEY'.")
	}
	if key == "" {
		return "", unauthorized("", "The Authorization header says Bearer, but the API key after it is empty.")
	}
	s.keys.mu.Lock()
	defer s.keys.mu.Unlock()
	if s.keys.expired[key] {
		return "", unauthorized("api_key_expired", "The API key has expired: %s", masked(key))
	}
	known := keyShape.MatchString(key) && (s.keys.accepted == nil || s.keys.accepted[key])
	if !known || s.keys.revoked[key] {
		return "", unauthorized("", "Invalid API Key: %s", masked(key))
	}
	return key, nil
}

func sentKey(r *http.Request) (key string, sent bool) {
	if user, _, ok := r.BasicAuth(); ok {
		return user, true
	}
	scheme, key, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return "", false
	}
	return strings.TrimSpace(key), true
}

// masked shows of a key only what does not give it away.
func masked(key string) string {
	prefix := ""
	for _, known := range []string{"sk_test_", "sk_live_", "rk_test_", "rk_live_"} {
		if strings.HasPrefix(key, known) {
			prefix = known
		}
	}
	rest := strings.ToValidUTF8(key[len(prefix):], "?")
	if len(rest) <= 4 {
		return prefix + strings.Repeat("*", len(rest))
	}
	stars := min(len(rest)-4, 64)
	return prefix + strings.Repeat("*", stars) + rest[len(rest)-4:]
}

func (s *Server) chooseWorld(x *exchange, key string) *refusal {
	live := strings.HasPrefix(key, "sk_live_") || strings.HasPrefix(key, "rk_live_")
	name := worldName{account: PlatformAccount, live: live}
	if sent, there := x.request.Header["Stripe-Account"]; there {
		name.account = strings.TrimSpace(strings.Join(sent, ","))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	x.world = s.worlds[name]
	if x.world == nil {
		refused := invalid("", "account_invalid", "The key '%s' has no access to the account '%s', or there is no such account.",
			masked(key), printable(name.account))
		refused.status, refused.anonymous = http.StatusForbidden, true
		return refused
	}
	return nil
}

func (x *exchange) chooseVersion() *refusal {
	x.version = APIVersion
	sent := x.request.Header.Get("Stripe-Version")
	if sent == "" {
		return nil
	}
	if !versionShape.MatchString(sent) {
		refused := invalid("", "", "Invalid Stripe API version: %s", printable(sent))
		refused.unlogged = true
		return refused
	}
	x.version = sent
	return nil
}

func (s *Server) permit(x *exchange, key string) *refusal {
	s.keys.mu.Lock()
	permissions, restricted := s.keys.restricted[key]
	s.keys.mu.Unlock()
	if !restricted {
		return nil
	}
	needed := x.route.permission
	if slices.Contains(permissions, needed) {
		return nil
	}
	if area, reading := strings.CutSuffix(needed, "_read"); reading && slices.Contains(permissions, area+"_write") {
		return nil
	}
	refused := invalid("", "", "The key '%s' may not do this on account '%s': it lacks the permission '%s'.",
		masked(key), x.world.name.account, needed)
	refused.status = http.StatusForbidden
	return refused
}
