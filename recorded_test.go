package refundkit_test

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/refundkit/refundkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Recorded bodies are not part of this repository: REFUNDKIT_RECORDED names the
// folder that has them.
func recordedFiles(t *testing.T, prefixes ...string) map[string][]byte {
	t.Helper()
	folder := os.Getenv("REFUNDKIT_RECORDED")
	if folder == "" {
		t.Skip("REFUNDKIT_RECORDED names no folder with recorded bodies")
	}
	files := map[string][]byte{}
	for _, prefix := range prefixes {
		paths, err := filepath.Glob(filepath.Join(folder, prefix+"*.json"))
		require.NoError(t, err)
		require.NotEmpty(t, paths, prefix)
		for _, path := range paths {
			body, err := os.ReadFile(path)
			require.NoError(t, err)
			files[filepath.Base(path)] = body
		}
	}
	return files
}

// assertKept checks, as plain JSON, that the encoding of the decoded body says
// what the body said, makes nothing up, and stays as it is when it is decoded again.
func assertKept[T any](t *testing.T, body []byte) {
	t.Helper()
	assertSaid[T](t, body)
	assertStable[T](t, body)
}

// assertSaid is assertKept without another turn.
func assertSaid[T any](t *testing.T, body []byte) {
	t.Helper()
	var value T
	require.NoError(t, json.Unmarshal(body, &value))
	text, err := json.Marshal(value)
	require.NoError(t, err)
	var before, after any
	require.NoError(t, json.Unmarshal(body, &before))
	require.NoError(t, json.Unmarshal(text, &after))
	compareJSON(t, "", before, after)
}

// complete are the objects of which every field is kept; of others only some.
var complete = map[any]bool{"refund": true, "balance_transaction": true, "transfer_reversal": true, "transfer": true, "fee_refund": true, "list": true}

// unnamed are fields of complete objects that the API's description does not have.
var unnamed = map[string]bool{"tomorrow": true, "count": true, "hologram_hue": true}

func compareJSON(t *testing.T, path string, before, after any) {
	t.Helper()
	if isValueless(before) && isValueless(after) {
		return
	}
	switch before := before.(type) {
	case map[string]any:
		object, ok := after.(map[string]any)
		if !assert.True(t, ok, "%s is no longer an object", path) {
			return
		}
		for name, kept := range object {
			compareJSON(t, path+"/"+name, before[name], kept)
		}
		for name, lost := range before {
			if _, kept := object[name]; !kept && complete[before["object"]] && !unnamed[name] {
				assert.True(t, isValueless(lost), "%s/%s is lost", path, name)
			}
		}
	case []any:
		items, ok := after.([]any)
		if !assert.True(t, ok, "%s is no longer a list", path) || !assert.Len(t, items, len(before), path) {
			return
		}
		for i := range before {
			compareJSON(t, path+"/"+strconv.Itoa(i), before[i], items[i])
		}
	default:
		assert.Equal(t, before, after, path)
	}
}

// isValueless reports whether v says nothing: null, or a zero, or an object or
// list of nothing else.
func isValueless(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case string:
		return v == ""
	case float64:
		return v == 0
	case bool:
		return !v
	case []any:
		return len(v) == 0
	case map[string]any:
		for _, field := range v {
			if !isValueless(field) {
				return false
			}
		}
		return true
	}
	return false
}

func TestRecordedRefunds(t *testing.T) {
	for name, body := range recordedFiles(t, "refund_", "documented_refund") {
		t.Run(name, func(t *testing.T) {
			assertKept[refundkit.Refund](t, body)
			client, mock := setup(t)
			record(mock, string(body))
			refund, err := client.Refunds.Retrieve(t.Context(), idOf(t, body))
			require.NoError(t, err)
			assert.Positive(t, refund.Amount)
			assert.NotEmpty(t, refund.Currency)
			assert.False(t, refund.Created.IsZero())
			assert.NotEmpty(t, refund.Charge.ID)
		})
	}
}

// idOf is the ID of a recorded object: the answer to a call for another is none.
func idOf(t *testing.T, body []byte) string {
	t.Helper()
	var named struct{ ID string }
	require.NoError(t, json.Unmarshal(body, &named))
	return named.ID
}

func TestRecordedCharges(t *testing.T) {
	for name, body := range recordedFiles(t, "charge_") {
		t.Run(name, func(t *testing.T) {
			assertKept[refundkit.Charge](t, body)
			client, mock := setup(t)
			record(mock, string(body))
			var response refundkit.Response
			charge, err := client.Charges.Retrieve(t.Context(), idOf(t, body), refundkit.CaptureResponse(&response))
			require.NoError(t, err)
			assert.Empty(t, response.Unread)
			assert.Equal(t, strings.Contains(string(body), `"refunds":`), charge.Refunds != nil)
			if charge.Refunds == nil {
				return
			}
			assert.NotEmpty(t, charge.Refunds.Data)
			sum := int64(0)
			for _, refund := range charge.Refunds.Data {
				assert.Equal(t, charge.ID, refund.Charge.ID)
				sum += refund.Amount
			}
			assert.Equal(t, charge.AmountRefunded, sum)
		})
	}
}

func TestRecordedPaymentIntents(t *testing.T) {
	for name, body := range recordedFiles(t, "payment_intent_") {
		t.Run(name, func(t *testing.T) {
			assertKept[refundkit.PaymentIntent](t, body)
			assertKept[refundkit.Expandable[refundkit.PaymentIntent]](t, body)
			client, mock := setup(t)
			record(mock, string(body))
			var response refundkit.Response
			intent, err := client.PaymentIntents.Retrieve(t.Context(), idOf(t, body), refundkit.CaptureResponse(&response))
			require.NoError(t, err)
			assert.Empty(t, response.Unread)
			assert.NotEmpty(t, intent.Status)
		})
	}
}

func TestRecordedEvents(t *testing.T) {
	for name, body := range recordedFiles(t, "event_") {
		t.Run(name, func(t *testing.T) {
			var event struct {
				Type string
				Data struct{ Object json.RawMessage }
			}
			require.NoError(t, json.Unmarshal(body, &event))
			client, mock := setup(t)
			record(mock, string(body))
			read, err := client.Events.Retrieve(t.Context(), idOf(t, body))
			require.NoError(t, err)
			assert.Equal(t, event.Type, string(read.Type))
			if event.Type == "charge.refunded" {
				assertKept[refundkit.Charge](t, event.Data.Object)
				return
			}
			require.Equal(t, "charge.refund.updated", event.Type)
			assertKept[refundkit.Refund](t, event.Data.Object)
		})
	}
}

func TestRecordedErrors(t *testing.T) {
	for name, body := range recordedFiles(t, "err_") {
		t.Run(name, func(t *testing.T) {
			status, err := strconv.Atoi(strings.Split(name, "_")[1])
			require.NoError(t, err)
			var recorded struct{ Error map[string]any }
			require.NoError(t, json.Unmarshal(body, &recorded))
			text := func(field string) string { value, _ := recorded.Error[field].(string); return value }
			client, mock := setup(t)
			serve(mock, func(sentRequest) (*http.Response, error) {
				return answer(status, string(body), "Request-Id", "req_err"), nil
			})

			refund, err := client.Refunds.Create(t.Context(), someRefund, refundkit.IdempotencyKey("k-1"))

			assert.Nil(t, refund)
			var failure *refundkit.Error
			require.ErrorAs(t, err, &failure)
			assert.Equal(t, status, failure.StatusCode)
			assert.Equal(t, text("type"), string(failure.Type))
			assert.Equal(t, text("code"), string(failure.Code))
			assert.Equal(t, text("param"), failure.Param)
			assert.Equal(t, text("doc_url"), failure.DocURL)
			assert.Equal(t, text("request_log_url"), failure.RequestLogURL)
			assert.NotEmpty(t, failure.Message)
			assert.Equal(t, "k-1", failure.IdempotencyKey)
			assert.Equal(t, "req_err", failure.RequestID)
			assert.False(t, failure.OutcomeUnknown, "a 4xx is a refusal")
			assert.Equal(t, body, failure.Body())
			meaning, known := recordedMeaning[name]
			require.True(t, known, "say what this error means")
			if meaning != nil {
				assert.ErrorIs(t, err, meaning)
			}
		})
	}
}

var recordedMeaning = map[string]error{
	"err_400_amount_gt_charge_amount.json":                refundkit.ErrAmountExceedsRemaining,
	"err_400_amount_gt_unrefunded.json":                   refundkit.ErrAmountExceedsRemaining,
	"err_400_amount_negative.json":                        refundkit.ErrInvalidParams,
	"err_400_balance_insufficient_payout.json":            refundkit.ErrInsufficientBalance,
	"err_400_charge_already_refunded.json":                refundkit.ErrAlreadyRefunded,
	"err_400_charge_already_refunded_partial.json":        refundkit.ErrAlreadyRefunded,
	"err_400_charge_disputed.json":                        refundkit.ErrDisputed,
	"err_400_payment_intent_cancel_unexpected_state.json": nil, // says nothing of refunds
	"err_400_resource_missing_body_param.json":            refundkit.ErrNotFound,
	"err_401_empty_bearer_2016.json":                      refundkit.ErrAuthentication,
	"err_401_invalid_api_key.json":                        refundkit.ErrAuthentication,
	"err_401_invalid_api_key_masked.json":                 refundkit.ErrAuthentication,
	"err_401_invalid_api_key_post.json":                   refundkit.ErrAuthentication,
	"err_403_account_invalid.json":                        refundkit.ErrPermission,
	"err_404_charge_missing_get.json":                     refundkit.ErrNotFound,
	"err_404_payment_intent_missing_get.json":             refundkit.ErrNotFound,
	"err_429_lock_timeout.json":                           refundkit.ErrRateLimited,
}
