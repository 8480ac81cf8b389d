package main

import (
	"net/http"
	"net/url"
	"time"

	"github.com/refundkit/refundkit/refundtest"
)

// refundView is a refund as the operations show it.
type refundView struct {
	ID            string            `json:"id"`
	Charge        string            `json:"charge,omitempty"`
	PaymentIntent string            `json:"payment_intent,omitempty"`
	Amount        int64             `json:"amount"`
	Currency      string            `json:"currency"`
	Status        string            `json:"status"`
	PendingReason string            `json:"pending_reason,omitempty"`
	FailureReason string            `json:"failure_reason,omitempty"`
	Reference     string            `json:"reference,omitempty"`
	Metadata      map[string]string `json:"metadata,omitempty"`
}

func viewRefund(r refundtest.Refund) refundView {
	return refundView{ID: r.ID, Charge: r.Charge, PaymentIntent: r.PaymentIntent, Amount: r.Amount, Currency: r.Currency, Status: r.Status,
		PendingReason: r.PendingReason, FailureReason: r.FailureReason, Reference: r.Reference, Metadata: r.Metadata}
}

// chargeView is a charge as the operations show it.
type chargeView struct {
	ID             string       `json:"id"`
	PaymentIntent  string       `json:"payment_intent,omitempty"`
	Amount         int64        `json:"amount"`
	AmountRefunded int64        `json:"amount_refunded"`
	Currency       string       `json:"currency"`
	Status         string       `json:"status"`
	Captured       bool         `json:"captured"`
	Refunded       bool         `json:"refunded"`
	Disputed       bool         `json:"disputed"`
	Refunds        []refundView `json:"refunds"`
}

func viewCharge(w *refundtest.World, c refundtest.Charge) chargeView {
	v := chargeView{ID: c.ID, PaymentIntent: c.PaymentIntent, Amount: c.Amount, AmountRefunded: c.AmountRefunded, Currency: c.Currency,
		Status: c.Status, Captured: !c.Uncaptured, Refunded: c.Refunded, Disputed: c.Disputed, Refunds: []refundView{}}
	for _, r := range w.Refunds(c.ID) {
		v.Refunds = append(v.Refunds, viewRefund(r))
	}
	return v
}

// requestView is a request as the operations show it.
type requestView struct {
	Method         string      `json:"method"`
	Path           string      `json:"path"`
	Endpoint       string      `json:"endpoint"`
	Form           url.Values  `json:"form"`
	Headers        http.Header `json:"headers"`
	Body           string      `json:"body"`
	IdempotencyKey string      `json:"idempotency_key"`
	Account        string      `json:"account"`
	RequestID      string      `json:"request_id"`
	Time           string      `json:"time"`
	Status         int         `json:"status"`
	Replayed       bool        `json:"replayed"`
	Fault          string      `json:"fault"`
}

func viewRequest(r refundtest.Request) requestView {
	return requestView{Method: r.Method, Path: r.Path, Endpoint: r.Endpoint, Form: r.Form, Headers: r.Header, Body: string(r.Body),
		IdempotencyKey: r.IdempotencyKey, Account: r.Account, RequestID: r.RequestID, Time: r.Time.UTC().Format(time.RFC3339Nano),
		Status: r.Status, Replayed: r.Replayed, Fault: r.Fault}
}
