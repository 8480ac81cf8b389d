// Package webhook tells Stripe's events from everybody else's.
//
//	hook, err := webhook.New([]string{os.Getenv("STRIPE_WEBHOOK_SECRET")})
//	...
//	http.Handle("POST /stripe", hook.Handler(func(ctx context.Context, event *refundkit.Event) error {
//		refund, err := event.Refund()
//		...
//	}))
//
// [Webhook.Handler] is an http.Handler for a function that gets each event;
// [Webhook.Parse] is for those who have a router of their own. Events come more
// than once and in any order: [WithOnce] handles each once, and
// [refundkit.ChooseSnapshot] says which of two snapshots of a refund to keep.
package webhook

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/refundkit/refundkit"
	"github.com/refundkit/refundkit/internal/text"
)

const (
	defaultTolerance   = 5 * time.Minute
	defaultBodyLimit   = 1 << 20
	maxSecret          = 255
	maxSignatureHeader = 4096
	maxSignatures      = 16 // Stripe sends one for each secret that is still valid
)

// Why a delivery is refused, for errors.Is.
var (
	// ErrSignature: nothing proves that Stripe sent it, or sent it just now;
	// every [SignatureError].
	ErrSignature = errors.New("refundkit: not signed by Stripe")
	// ErrPayloadTooLarge: it is larger than [WithBodyLimit] allows.
	ErrPayloadTooLarge = errors.New("refundkit: the payload is larger than the limit")
)

// SignatureError says what is wrong with a signature. Part is header, timestamp
// or signature. It holds nothing of what was sent.
type SignatureError struct{ Part, Reason string }

// Error says which part is wrong and why.
func (e *SignatureError) Error() string {
	return ErrSignature.Error() + ": " + e.Part + ": " + e.Reason
}

// Is matches [ErrSignature].
func (e *SignatureError) Is(target error) bool { return target == ErrSignature }

// Webhook tells Stripe's events from everybody else's. It is safe for use by
// many goroutines at once, and never prints its secrets.
//
// https://docs.stripe.com/webhooks
type Webhook struct {
	config config
	signed func(payload []byte, header signatureHeader) bool // holds the secrets, so that no format verb reaches them
}

// New returns a Webhook that accepts what was signed with any of the
// secrets: the old and the new one while a secret is rolled. It refuses an
// empty list, and a secret that is empty or not visible ASCII, such as one with
// the line break of the file it was read from. An API key is refused as well:
// nothing is signed with it.
//
// https://docs.stripe.com/webhooks#verify-official-libraries
func New(secrets []string, opts ...Option) (*Webhook, error) {
	if len(secrets) == 0 {
		return nil, &refundkit.ParamError{Param: "secrets", Reason: "without a secret everybody's events would be Stripe's; is the variable set?"}
	}
	for i, secret := range secrets {
		param := "secrets[" + strconv.Itoa(i) + "]"
		switch {
		case !text.IsVisibleASCII(secret, maxSecret):
			return nil, &refundkit.ParamError{Param: param, Reason: "it must be 1 to 255 visible ASCII characters; is the variable set?"}
		case isAPIKey(secret):
			return nil, &refundkit.ParamError{Param: param, Reason: "it is an API key; the secret of a webhook endpoint starts with whsec_. Are the variables swapped?"}
		}
	}
	w := &Webhook{config: config{tolerance: defaultTolerance, bodyLimit: defaultBodyLimit, now: time.Now}}
	for _, option := range opts {
		if option == nil {
			return nil, &refundkit.ParamError{Param: "opts", Reason: "an option is nil"}
		}
		if err := option(&w.config); err != nil {
			return nil, err
		}
	}
	w.signed = signedWithOneOf(secrets)
	return w, nil
}

func isAPIKey(secret string) bool {
	return strings.HasPrefix(secret, "sk_") || strings.HasPrefix(secret, "rk_") || strings.HasPrefix(secret, "pk_")
}

// Format writes the name of the type, whatever the verb, so that no setting leaks.
func (w Webhook) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "webhook.Webhook") }

// Parse returns the event in payload, if signature, the value of the
// Stripe-Signature header, proves that Stripe sent it within the tolerance.
// payload must be the body byte for byte as it came. Any v1 signature made with
// any of the secrets is proof; other schemes, such as v0, never are. A type or
// an API version that this package does not know is no error. What is not
// signed is a [SignatureError]; see also [refundkit.ErrPayload] and [ErrPayloadTooLarge].
//
// The same event may be parsed again: duplicates, the mode and the deprecated
// twin are the business of [Webhook.Handler].
func (w *Webhook) Parse(payload []byte, signature string) (*refundkit.Event, error) {
	if err := w.ready(); err != nil {
		return nil, err
	}
	if int64(len(payload)) > w.config.bodyLimit {
		return nil, ErrPayloadTooLarge
	}
	header, err := parseSignatureHeader(signature)
	if err != nil {
		return nil, err
	}
	if err := header.checkTime(w.config.now(), w.config.tolerance); err != nil {
		return nil, err
	}
	if !w.signed(payload, header) {
		return nil, &SignatureError{Part: "signature", Reason: "no v1 signature was made with one of the secrets; is it this endpoint's secret, and the body as it came?"}
	}
	event := new(refundkit.Event)
	if err := event.UnmarshalJSON(payload); err != nil {
		return nil, err
	}
	return event, nil
}

func (w *Webhook) ready() error {
	if w == nil || w.signed == nil {
		return &refundkit.ParamError{Param: "Webhook", Reason: "it was not made by New"}
	}
	return nil
}

// signatureHeader is a Stripe-Signature header: when it was signed, as text and
// as a time, and the first count of the signatures. A fixed array, so that a
// header can't make us allocate.
type signatureHeader struct {
	timestamp  string
	at         time.Time
	count      int
	signatures [maxSignatures][sha256.Size]byte
}

// parseSignatureHeader reads t=1495999758,v1=<64 hex digits>,v1=... A v1 that
// is not 64 hex digits matches nothing, but does not spoil the others. Unknown
// schemes are skipped.
func parseSignatureHeader(line string) (signatureHeader, error) {
	var header signatureHeader
	switch {
	case line == "":
		return header, &SignatureError{Part: "header", Reason: "there is no Stripe-Signature"}
	case len(line) > maxSignatureHeader:
		return header, &SignatureError{Part: "header", Reason: "it is longer than 4096 bytes"}
	case !text.IsVisibleASCII(line, maxSignatureHeader):
		return header, &SignatureError{Part: "header", Reason: "it has something else in it than visible ASCII characters"}
	}
	seen := 0
	for item := range strings.SplitSeq(line, ",") {
		scheme, value, found := strings.Cut(item, "=")
		switch {
		case !found || scheme == "":
			return header, &SignatureError{Part: "header", Reason: "it is not a list of scheme=value"}
		case scheme == "t":
			if err := header.setTime(value); err != nil {
				return header, err
			}
		case scheme == "v1":
			if seen++; seen > maxSignatures {
				return header, &SignatureError{Part: "signature", Reason: "there are more than 16"}
			}
			header.addSignature(value)
		}
	}
	switch {
	case header.timestamp == "":
		return header, &SignatureError{Part: "timestamp", Reason: "there is none"}
	case seen == 0:
		return header, &SignatureError{Part: "signature", Reason: "there is no v1, and no other scheme proves anything"}
	case header.count == 0:
		return header, &SignatureError{Part: "signature", Reason: "v1 is not 64 hex digits"}
	}
	return header, nil
}

func (h *signatureHeader) setTime(value string) error {
	if h.timestamp != "" {
		return &SignatureError{Part: "timestamp", Reason: "there is more than one"}
	}
	seconds, err := strconv.ParseUint(value, 10, 40) // far beyond any date, and no sign
	if err != nil {
		return &SignatureError{Part: "timestamp", Reason: "it is not a number of Unix seconds"}
	}
	h.timestamp, h.at = value, time.Unix(int64(seconds), 0)
	return nil
}

func (h *signatureHeader) addSignature(value string) {
	if len(value) != hex.EncodedLen(sha256.Size) {
		return
	}
	if _, err := hex.Decode(h.signatures[h.count][:], []byte(value)); err == nil {
		h.count++
	}
}

// checkTime refuses what is old, because it may be a replay, and what is from
// the future, because it could be replayed for as long as it stays there.
func (h *signatureHeader) checkTime(now time.Time, tolerance time.Duration) error {
	age := now.Sub(h.at)
	switch {
	case age > tolerance:
		return &SignatureError{Part: "timestamp", Reason: "it is older than the tolerance"}
	case age < -tolerance:
		return &SignatureError{Part: "timestamp", Reason: "it is in the future by more than the tolerance; is this machine's clock right?"}
	}
	return nil
}

// signedWithOneOf compares every signature with every secret, in constant time
// and without stopping at a match.
func signedWithOneOf(secrets []string) func([]byte, signatureHeader) bool {
	keys := make([][]byte, len(secrets))
	for i, secret := range secrets {
		keys[i] = []byte(secret)
	}
	return func(payload []byte, header signatureHeader) bool {
		prefix := append([]byte(header.timestamp), '.')
		matches := 0
		for _, key := range keys {
			mac := hmac.New(sha256.New, key)
			mac.Write(prefix)
			mac.Write(payload)
			expected := mac.Sum(nil)
			for i := range header.count {
				matches |= subtle.ConstantTimeCompare(expected, header.signatures[i][:])
			}
		}
		return matches == 1
	}
}
