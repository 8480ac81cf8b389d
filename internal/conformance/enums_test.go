package conformance

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/stripe/stripe-mock/spec"
)

// TestEnumerations compares the constants of each enumeration, as they stand in
// the source, with the values in the specification.
func TestEnumerations(t *testing.T) {
	constants := sourceConstants(t)
	for _, name := range sortedNames(enumerations()) {
		official := enumerations()[name](t)
		for value := range official {
			t.Run(name+"/"+value, func(t *testing.T) {
				require.True(t, constants[name][value], "refundkit has no constant of type %s for %s", name, value)
			})
		}
		for value := range constants[name] {
			require.True(t, official[value], "the specification has no value %s for %s", value, name)
		}
	}
}

// enumerations tells where the specification lists the values of our types.
func enumerations() map[string]func(*testing.T) map[string]bool {
	reportRefund := spec.Path("/v1/payment_records/{id}/report_refund")
	return map[string]func(*testing.T) map[string]bool{
		"RefundReason": func(t *testing.T) map[string]bool { return valuesOf(t, component(t, "refund").schema, "reason") },
		"RefundPendingReason": func(t *testing.T) map[string]bool {
			return valuesOf(t, component(t, "refund").schema, "pending_reason")
		},
		"ErrorType":                  func(t *testing.T) map[string]bool { return valuesOf(t, component(t, "api_errors").schema, "type") },
		"RefundOrigin":               func(t *testing.T) map[string]bool { return valuesOf(t, bodyOf(t, "/v1/refunds"), "origin") },
		"PaymentRecordRefundOutcome": func(t *testing.T) map[string]bool { return valuesOf(t, bodyOf(t, reportRefund), "outcome") },
		"ProcessorType": func(t *testing.T) map[string]bool {
			return valuesOf(t, bodyOf(t, reportRefund), "processor_details", "type")
		},
		"EventType":    refundEvents,
		"ChargeStatus": func(t *testing.T) map[string]bool { return valuesOf(t, component(t, "charge").schema, "status") },
		"PaymentIntentStatus": func(t *testing.T) map[string]bool {
			return valuesOf(t, component(t, "payment_intent").schema, "status")
		},
		"DisputeStatus": func(t *testing.T) map[string]bool { return valuesOf(t, component(t, "dispute").schema, "status") },
		// Of these the specification has no list, only a sentence.
		"RefundStatus": func(*testing.T) map[string]bool {
			return set("pending", "requires_action", "succeeded", "failed", "canceled")
		},
		"BalanceTransactionStatus": func(*testing.T) map[string]bool { return set("available", "pending") },
		"DisputeReason": func(*testing.T) map[string]bool {
			return set("bank_cannot_process", "check_returned", "credit_not_processed", "customer_initiated", "debit_not_authorized",
				"duplicate", "fraudulent", "general", "incorrect_account_details", "insufficient_funds", "noncompliant",
				"product_not_received", "product_unacceptable", "subscription_canceled", "unrecognized")
		},
		"RefundFailureReason": func(*testing.T) map[string]bool {
			return set("charge_for_pending_refund_disputed", "declined", "expired_or_canceled_card", "insufficient_funds",
				"lost_or_stolen_card", "merchant_request", "unknown")
		},
	}
}

// refundEvents picks, from what a webhook endpoint can be told of, the events
// about a customer's refund.
func refundEvents(t *testing.T) map[string]bool {
	t.Helper()
	events := make(map[string]bool)
	for _, value := range bodyOf(t, "/v1/webhook_endpoints").Properties["enabled_events"].Items.Enum {
		name := value.(string)
		if strings.HasPrefix(name, "refund.") || strings.HasPrefix(name, "charge.refund") ||
			strings.HasPrefix(name, "application_fee.refund") || name == "transfer.reversed" {
			events[name] = true
		}
	}
	return events
}

func bodyOf(t *testing.T, path spec.Path) *spec.Schema {
	t.Helper()
	return officialSpec(t).Paths[path]["post"].RequestBody.Content["application/x-www-form-urlencoded"].Schema
}

func valuesOf(t *testing.T, schema *spec.Schema, path ...string) map[string]bool {
	t.Helper()
	for _, name := range path {
		schema = schema.Properties[name]
		require.NotNil(t, schema, "the specification has no %s any more", name)
	}
	values := make(map[string]bool)
	for _, value := range schema.Enum {
		values[value.(string)] = true
	}
	require.NotEmpty(t, values)
	return values
}

func set(values ...string) map[string]bool {
	members := make(map[string]bool)
	for _, value := range values {
		members[value] = true
	}
	return members
}

// TestBalanceTransactionTypes expects each of our types to be one of Stripe's: we
// name those that refunds meet, not all.
func TestBalanceTransactionTypes(t *testing.T) {
	official := valuesOf(t, component(t, "balance_transaction").schema, "type")
	for value := range sourceConstants(t)["BalanceTransactionType"] {
		require.True(t, official[value], "the specification has no type %s of a balance transaction", value)
	}
}
