package bench

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/stripe/stripe-go/v86"
)

// These are answers as Stripe sends them: indented, and with every field that
// a settled card refund has. There are many of each, all made beforehand, and
// none has an identifier of another: the JSON of Go 1.27 keeps a few hundred
// strings and reuses them, so that one answer again and again would flatter.

const (
	manyRefunds = 1024
	manyLists   = 8 // each of 100 refunds: more strings than are kept
	manyEvents  = 128
)

// many makes n answers.
func many(n int, make func(i int) string) [][]byte {
	var made [][]byte
	for i := range n {
		made = append(made, []byte(make(i)))
	}
	return made
}

const refundTemplate = `{
  "id": "re_3TzBench%04dbbCccDdd0QwEr",
  "object": "refund",
  "amount": 1250,
  "balance_transaction": "txn_3TzBench%04dbCccDdd1QwErTy",
  "charge": %s,
  "created": %d,
  "currency": "eur",
  "customer": null,
  "customer_account": null,
  "destination_details": {
    "card": {
      "reference": "2401183400000009988%04d",
      "reference_status": "available",
      "reference_type": "acquirer_reference_number",
      "type": "refund"
    },
    "type": "card"
  },
  "metadata": {
    "order": "order-%d"
  },
  "payment_intent": "pi_3TzBench%04dbCccDdd2bVcXzAs",
  "payment_method": "pm_1TzBench%04dbCccDdd3EeeFff0",
  "reason": "requested_by_customer",
  "receipt_number": null,
  "source_transfer_reversal": null,
  "status": "succeeded",
  "transfer_reversal": null
}`

// refundAnswer is the i-th refund; charge is the JSON of its charge, an ID or
// an object.
func refundAnswer(i int, charge string) string {
	return fmt.Sprintf(refundTemplate, i, i, charge, 1788000123-i, i, i, i, i)
}

func refundID(i int) string { return fmt.Sprintf("re_3TzBench%04dbbCccDdd0QwEr", i) }
func chargeID(i int) string { return fmt.Sprintf("ch_3TzBench%04dbCccDdd4pLmOkNj", i) }
func orderID(i int) string  { return fmt.Sprintf("order-%d", i) }

func createAnswer(i int) string { return refundAnswer(i, linked(i)) }
func errorAnswer(i int) string  { return fmt.Sprintf(errorTemplate, chargeID(i), i) }

// listAnswer is the n-th page of 100 refunds.
func listAnswer(n int, charge func(i int) string) string {
	items := make([]string, 100)
	for i := range items {
		items[i] = refundAnswer(100*n+i, charge(100*n+i))
	}
	page := `{"object": "list", "url": "/v1/refunds", "has_more": false, "data": [` + strings.Join(items, ",") + `]}`
	return indented(page)
}

func lists(charge func(i int) string) [][]byte {
	return many(manyLists, func(n int) string { return listAnswer(n, charge) })
}

func linked(i int) string   { return `"` + chargeID(i) + `"` }
func expanded(i int) string { return fmt.Sprintf(chargeTemplate, chargeID(i), i, i, i, i) }

// eventLines are the notes in its metadata that make an event 4 KB long.
const eventLines = 37

// eventAnswer is the i-th refund event of 4 KB: a refund with as much metadata as
// that takes. It has the version that the official client insists on.
func eventAnswer(i int) string {
	notes := map[string]string{"order": orderID(i)}
	for line := range eventLines {
		notes[fmt.Sprintf("line_%02d", line)] = fmt.Sprintf("sku-%06d, 1 piece, returned unopened, warehouse 7", (i*eventLines+line)*7919%1_000_000)
	}
	metadata, _ := json.Marshal(notes)
	refund := strings.Replace(createAnswer(i), fmt.Sprintf("{\n    \"order\": %q\n  }", orderID(i)), string(metadata), 1)
	return indented(fmt.Sprintf(eventTemplate, i, stripe.APIVersion, refund))
}

func indented(text string) string {
	var value json.RawMessage
	if err := json.Unmarshal([]byte(text), &value); err != nil {
		panic(err)
	}
	out, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		panic(err)
	}
	return string(out)
}

const eventTemplate = `{
  "id": "evt_3TzBench%04dbCccDdd5QwErTy",
  "object": "event",
  "api_version": %q,
  "created": 1788000130,
  "data": {
    "object": %s,
    "previous_attributes": {"destination_details": {"card": {"reference": null, "reference_status": "pending"}}}
  },
  "livemode": false,
  "pending_webhooks": 1,
  "request": {"id": null, "idempotency_key": null},
  "type": "refund.updated"
}`

const errorTemplate = `{
  "error": {
    "code": "charge_already_refunded",
    "doc_url": "https://stripe.com/docs/error-codes/charge-already-refunded",
    "message": "Charge %s has already been refunded.",
    "request_log_url": "https://dashboard.stripe.com/test/logs/req_TzBench%07d?t=1788000123",
    "type": "invalid_request_error"
  }
}
`

const chargeTemplate = `{
  "id": %q,
  "object": "charge",
  "amount": 1250,
  "amount_captured": 1250,
  "amount_refunded": 1250,
  "application": null,
  "application_fee": null,
  "application_fee_amount": null,
  "balance_transaction": "txn_3TzBench%04dbCccDdd6QwErTy",
  "billing_details": {
    "address": {
      "city": "Utrecht",
      "country": "NL",
      "line1": "Oudegracht 1",
      "line2": null,
      "postal_code": "3511 AB",
      "state": null
    },
    "email": "ada@example.com",
    "name": "Ada Payer",
    "phone": null,
    "tax_id": null
  },
  "calculated_statement_descriptor": "EXAMPLE SHOP",
  "captured": true,
  "created": 1787990123,
  "currency": "eur",
  "customer": null,
  "description": "order-%d",
  "destination": null,
  "dispute": null,
  "disputed": false,
  "failure_balance_transaction": null,
  "failure_code": null,
  "failure_message": null,
  "fraud_details": {},
  "livemode": false,
  "metadata": {},
  "on_behalf_of": null,
  "order": null,
  "outcome": {
    "advice_code": null,
    "network_advice_code": null,
    "network_decline_code": null,
    "network_status": "approved_by_network",
    "reason": null,
    "risk_level": "normal",
    "risk_score": 12,
    "seller_message": "Payment complete.",
    "type": "authorized"
  },
  "paid": true,
  "payment_intent": "pi_3TzBench%04dbCccDdd2bVcXzAs",
  "payment_method": "pm_1TzBench%04dbCccDdd3EeeFff0",
  "payment_method_details": {
    "card": {
      "amount_authorized": 1250,
      "authorization_code": "004117",
      "brand": "visa",
      "checks": {
        "address_line1_check": "pass",
        "address_postal_code_check": "pass",
        "cvc_check": "pass"
      },
      "country": "NL",
      "exp_month": 8,
      "exp_year": 2030,
      "extended_authorization": {
        "status": "disabled"
      },
      "fingerprint": "TzBenchFingerprn",
      "funding": "debit",
      "incremental_authorization": {
        "status": "unavailable"
      },
      "installments": null,
      "last4": "4242",
      "mandate": null,
      "multicapture": {
        "status": "unavailable"
      },
      "network": "visa",
      "network_token": {
        "used": false
      },
      "network_transaction_id": "761089991015317",
      "overcapture": {
        "maximum_amount_capturable": 1250,
        "status": "unavailable"
      },
      "regulated_status": "unregulated",
      "three_d_secure": null,
      "wallet": null
    },
    "type": "card"
  },
  "radar_options": {},
  "receipt_email": null,
  "receipt_number": null,
  "receipt_url": "https://pay.stripe.com/receipts/payment/TzBenchReceipt",
  "refunded": true,
  "review": null,
  "shipping": null,
  "source": null,
  "source_transfer": null,
  "statement_descriptor": null,
  "statement_descriptor_suffix": null,
  "status": "succeeded",
  "transfer_data": null,
  "transfer_group": null
}`

func TestAnswers(t *testing.T) {
	for name, size := range map[string][2]int{
		createAnswer(0):         {700, 1200},
		listAnswer(0, linked):   {80_000, 130_000},
		listAnswer(0, expanded): {350_000, 550_000},
		eventAnswer(0):          {4096, 4400},
	} {
		if len(name) < size[0] || len(name) > size[1] {
			t.Errorf("%d bytes instead of %d to %d: %.60s...", len(name), size[0], size[1], name)
		}
	}
}

// TestAnswersDiffer makes sure that what names something in one answer is in no other.
func TestAnswersDiffer(t *testing.T) {
	named := regexp.MustCompile(`(?:re|ch|txn|pi|pm|evt|req)_\w*Bench\w+|"order-\d+"|"\d{19,}"|sku-\d+`)
	for what, answers := range map[string][][]byte{
		"refunds": many(manyRefunds, createAnswer), "errors": many(manyRefunds, errorAnswer), "events": many(manyEvents, eventAnswer), "lists": lists(linked), "expanded": lists(expanded),
	} {
		seen := map[string]int{}
		for i, answer := range answers {
			for _, name := range named.FindAllString(string(answer), -1) {
				if before, ok := seen[name]; ok && before != i {
					t.Fatalf("%s: %s is in answer %d and in %d", what, name, before, i)
				}
				seen[name] = i
			}
		}
		if len(seen) < 2*len(answers) {
			t.Errorf("%s: %d names in %d answers", what, len(seen), len(answers))
		}
	}
}
