package refundkit

import (
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"slices"
	"time"

	"github.com/refundkit/refundkit/internal/text"
)

// IdempotencyKey names one business refund: your own name for it, stored before
// the call, 1 to 255 visible ASCII characters. Stripe keeps the first answer
// to a key for at least 24 hours and gives it again, so a repeated call refunds
// once. Two refunds of the same amount are two keys. A GET takes none.
//
// https://docs.stripe.com/api/idempotent_requests
type IdempotencyKey string

func (k IdempotencyKey) apply(c *callConfig) error {
	if !text.IsVisibleASCII(string(k), maxHeader) {
		return &ParamError{Param: "IdempotencyKey", Reason: "it must be 1 to 255 visible ASCII characters"}
	}
	return setOnce(&c.key, string(k), "IdempotencyKey")
}

// newIdempotencyKey makes a key for one call out of 130 random bits.
func newIdempotencyKey() string { return rand.Text() }

// KeyFrom makes the key of one business refund out of your own identifiers, such
// as KeyFrom("order-6735", "refund-1"): always the same key for the same parts,
// another for any other parts or any other way to split them. It is a hash, so
// no identifier can be read from it, and it starts with refund_, so it is never
// the key that other code made for another endpoint. No parts or an empty one
// make the empty key, which every call refuses.
//
// Two equal partial refunds of one order are two refunds: number them. And a
// definite refusal is stored under its key for at least 24 hours: when its cause
// is gone, the next try needs the next generation of the key, such as
// KeyFrom("order-6735", "refund-1", "try-2").
func KeyFrom(parts ...string) IdempotencyKey {
	if len(parts) == 0 || slices.Contains(parts, "") {
		return ""
	}
	hash := sha256.New()
	for _, part := range parts {
		fmt.Fprintf(hash, "%d:%s", len(part), part)
	}
	return IdempotencyKey(fmt.Sprintf("refund_%x", hash.Sum(nil)))
}

// KeyOf returns the idempotency key that the failed call was sent with, or ""
// if err is none of this package or the call had no key.
func KeyOf(err error) IdempotencyKey {
	switch e := outermost(err).(type) {
	case *Error:
		return IdempotencyKey(e.IdempotencyKey)
	case *TransportError:
		return IdempotencyKey(e.IdempotencyKey)
	}
	return ""
}

// keyLifetime is how long Stripe keeps the answer to a key at the least.
const keyLifetime = 24 * time.Hour
