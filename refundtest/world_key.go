package refundtest

import (
	"crypto/sha256"
	"maps"
	"time"
)

// keyLifetime is how long an idempotency key is remembered.
const keyLifetime = 24 * time.Hour

// keptKey is an idempotency key with what it was first used for.
type keptKey struct {
	endpoint   string // method and path
	parameters [sha256.Size]byte
	requestID  string
	since      time.Time
	running    bool

	// The answer, once it no longer runs.
	status      int
	body        packed
	shouldRetry string
}

// kept is what a repetition gets.
func (k *keptKey) kept() keptAnswer {
	return keptAnswer{status: k.status, body: []byte(k.body.text()), shouldRetry: k.shouldRetry}
}

// keptAnswer is what a repetition is answered with.
type keptAnswer struct {
	status      int
	body        []byte
	shouldRetry string // Stripe-Should-Retry, empty to leave it out
}

// claimKey returns what is kept for a key. If nothing is, it keeps the use, as
// running, and returns nil.
func (w *World) claimKey(key string, use keptKey) (*keptKey, *refusal) {
	now := w.server.Now()
	kept := w.keys[key]
	if kept != nil && !kept.running && now.Sub(kept.since) >= keyLifetime {
		kept = nil
	}
	switch {
	case kept == nil:
		w.sweepKeys(now)
		use.since, use.running = now, true
		w.keys[key] = &use
		return nil, nil
	case kept.endpoint != use.endpoint:
		return nil, keyMisused("The Idempotency-Key '%s' was first used for '%s'; it cannot be used for '%s'.",
			printable(key), kept.endpoint, printable(use.endpoint))
	case kept.parameters != use.parameters:
		return nil, keyMisused("The Idempotency-Key '%s' was first used with other parameters.", printable(key))
	case kept.running:
		return nil, keyInUse(key)
	}
	return kept, nil
}

// sweepKeys drops what has expired, each time that there are twice as many keys
// as were left the last time.
func (w *World) sweepKeys(now time.Time) {
	if len(w.keys) < w.sweepKeysAt {
		return
	}
	maps.DeleteFunc(w.keys, func(_ string, kept *keptKey) bool {
		return !kept.running && now.Sub(kept.since) >= keyLifetime
	})
	w.sweepKeysAt = max(2*len(w.keys), 1000)
}

// keepAnswer ends the first use of a key.
func (w *World) keepAnswer(key string, first keptAnswer) {
	if kept := w.keys[key]; kept != nil {
		kept.running, kept.status, kept.shouldRetry = false, first.status, first.shouldRetry
		kept.body = w.server.packer.pack("answer", string(first.body))
	}
}

// forgetKey makes a key as good as new.
func (w *World) forgetKey(key string) { delete(w.keys, key) }
