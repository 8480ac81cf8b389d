package refundtest

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// MayMissEvents lets the endpoint refuse events, and the test end before all are
// delivered. Without it both fail the test, if there is a [WithReporter]: an
// event is missed if its last delivery was not answered with 2xx, or if it still
// waits for [Webhook.Deliver] when the server is closed.
func MayMissEvents() WebhookOption {
	return func(c *webhookConfig) { c.mayMiss = true }
}

// noteOutcome remembers what was refused, until it is accepted. It is called
// under the lock.
func (w *Webhook) noteOutcome(made Delivery) {
	if w.base().Err() != nil {
		return // the end of the server may be why
	}
	w.refused = slices.DeleteFunc(w.refused, func(d Delivery) bool { return d.Event.ID == made.Event.ID })
	var crash *handlerPanic
	if !made.accepted() && !errors.As(made.Err, &crash) { // a panic is reported when it happens
		w.refused = newest(append(w.refused, made), w.server.journal.limit)
	}
}

// isDelivered reports whether every endpoint that wants the event has accepted it.
func (e *event) isDelivered() bool {
	return !slices.ContainsFunc(e.world.server.hooks, func(w *Webhook) bool {
		_, accepted := e.accepted.Load(w)
		return w.wants(e.kind) && !accepted
	})
}

func (d Delivery) accepted() bool { return d.Status >= 200 && d.Status <= 299 }

// reportMissed reports what the endpoints have refused, and what was never
// delivered to them.
func (s *Server) reportMissed() {
	s.mu.Lock()
	hooks := s.hooks
	s.mu.Unlock()
	for _, w := range hooks {
		if w.mayMiss {
			continue
		}
		refused, waiting := w.missed()
		if len(refused) > 0 {
			s.complain("the webhook at %s refused events and never accepted them:\n%s%s\n"+
				"If the test is about refusals, let the handler accept the events later (Retry, Resend, Advance), or add MayMissEvents to the webhook.",
				w.target.Redacted(), list(refused, Delivery.String), w.advice(refused[0]))
		}
		if len(waiting) > 0 {
			s.complain("events were never delivered to the webhook at %s:\n%s"+
				"Call Deliver before the test ends. If it is about events that never come, add MayMissEvents to the webhook.",
				w.target.Redacted(), list(waiting, Event.String))
		}
	}
}

func (w *Webhook) missed() ([]Delivery, []Event) {
	waiting := w.Waiting()
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.refused), waiting
}

// advice says what the answer to a delivery is usually due to.
func (w *Webhook) advice(refused Delivery) string {
	switch status := refused.Status; {
	case status == 0:
		return "There was no answer: is the endpoint running, and is this its URL?"
	case status < 400:
		return "Stripe follows no redirects: name the path as the handler has it, with AtPath."
	case status == http.StatusNotFound, status == http.StatusMethodNotAllowed:
		return fmt.Sprintf("Does the handler serve POST %s? If not, name the path that it serves, with AtPath.", w.target.EscapedPath())
	case status == http.StatusBadRequest, status == http.StatusUnauthorized, status == http.StatusForbidden:
		return "Does the handler have the secret that the webhook was given, and does it take the time from the server's Now?"
	}
	return "The handler failed: see what it logs."
}

// list is a line for each of the first items.
func list[T any](items []T, line func(T) string) string {
	const most = 5
	var b strings.Builder
	for i, item := range items {
		if i == most {
			fmt.Fprintf(&b, "\tand %d more\n", len(items)-most)
			break
		}
		fmt.Fprintf(&b, "\t%s\n", line(item))
	}
	return b.String()
}
