package refundkit_test

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/refundkit/refundkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func refundEndpoints() []endpoint {
	return []endpoint{
		{"create", "POST", "/v1/refunds", nil, "refund_card.json", func(ctx context.Context, c *refundkit.Client, _ []string, opts ...refundkit.CallOption) (any, error) {
			return c.Refunds.Create(ctx, someRefund, opts...)
		}},
		{"retrieve", "GET", "/v1/refunds/{0}", []string{"refund"}, "refund_card.json", func(ctx context.Context, c *refundkit.Client, ids []string, opts ...refundkit.CallOption) (any, error) {
			return c.Refunds.Retrieve(ctx, ids[0], opts...)
		}},
		{"update", "POST", "/v1/refunds/{0}", []string{"refund"}, "refund_card.json", func(ctx context.Context, c *refundkit.Client, ids []string, opts ...refundkit.CallOption) (any, error) {
			return c.Refunds.Update(ctx, ids[0], oneUpdate, opts...)
		}},
		{"cancel", "POST", "/v1/refunds/{0}/cancel", []string{"refund"}, "refund_canceled.json", func(ctx context.Context, c *refundkit.Client, ids []string, opts ...refundkit.CallOption) (any, error) {
			return c.Refunds.Cancel(ctx, ids[0], opts...)
		}},
		{"expire", "POST", "/v1/test_helpers/refunds/{0}/expire", []string{"refund"}, "refund_failed.json", func(ctx context.Context, c *refundkit.Client, ids []string, opts ...refundkit.CallOption) (any, error) {
			return c.TestHelpers.ExpireRefund(ctx, ids[0], opts...)
		}},
		{"list", "GET", "/v1/refunds", nil, "refund_list.json", func(ctx context.Context, c *refundkit.Client, _ []string, opts ...refundkit.CallOption) (any, error) {
			return c.Refunds.List(ctx, refundkit.RefundListParams{}, opts...)
		}},
	}
}

func allEndpoints() []endpoint {
	return slices.Concat(refundEndpoints(), chargeRefundEndpoints(), paymentRecordEndpoints(), readingEndpoints(), connectEndpoints())
}

// fitting is the endpoint's reply as the answer to a call that names ids: an
// answer that names another object is none.
func (e endpoint) fitting(t *testing.T, ids ...string) string {
	var body map[string]any
	require.NoError(t, json.Unmarshal(fixture(t, e.reply), &body))
	delete(body, "charge")
	delete(body, "payment_intent")
	delete(body, "transfer")
	if body["object"] == "fee_refund" {
		delete(body, "fee")
	}
	if body["object"] == "list" {
		for _, item := range body["data"].([]any) {
			delete(item.(map[string]any), "charge")
			delete(item.(map[string]any), "payment_intent")
			delete(item.(map[string]any), "transfer")
			delete(item.(map[string]any), "fee")
		}
	} else {
		delete(body, "amount")
		if len(e.params) > 0 {
			body["id"] = ids[len(e.params)-1]
		}
	}
	text, err := json.Marshal(body)
	require.NoError(t, err)
	return string(text)
}

func TestEveryEndpoint(t *testing.T) {
	identities := map[string]string{
		"refund_card.json": "re_3TzAaaBbbCccDdd01xYzQ7mN", "refund_canceled.json": "re_3TzCancelCancel001aaaaaaa",
		"refund_failed.json": "re_3TzFailedFailed001aaaaaaa", "refund_list.json": "re_3TzPageTwo00000001aaaaaaa",
		"payment_record.json": "pr_1TzReportRecord000000001", "charge_list.json": "ch_3TzListNew0000000000aaaa",
		"dispute_list.json": "du_1TzListNew0000000000aaaa", "balance_transaction_list.json": "txn_1TzListNew000000000aaaa",
		"event_list.json": "evt_1TzListNew000000000aaaa", "balance.json": "", "transfer_list.json": "tr_1TzListNew00000000000aaaa", "application_fee_list.json": "fee_1TzReadPlatform0000aaaa",
		"transfer_reversal_list.json": "trr_1TzReadBack00000000aaaa", "fee_refund_list.json": "fr_1TzReadGiven000000000aaaa",
	}
	for _, e := range allEndpoints() {
		t.Run(e.name, func(t *testing.T) {
			client, mock := setup(t)
			sent := record(mock, e.fitting(t, "id_1", "id_2"))
			var response refundkit.Response

			got, err := e.call(t.Context(), client, []string{"id_1", "id_2"}, refundkit.OnAccount("acct_1"), refundkit.CaptureResponse(&response))

			require.NoError(t, err)
			require.Len(t, sent.all(), 1)
			request := sent.all()[0]
			assert.Equal(t, e.method, request.method)
			assert.Equal(t, e.filled("id_1", "id_2"), request.uri)
			assert.Equal(t, "acct_1", request.header.Get("Stripe-Account"))
			assert.Equal(t, "Bearer "+apiKey, request.header.Get("Authorization"))
			assert.Equal(t, refundkit.APIVersion, request.header.Get("Stripe-Version"))
			if e.method == "POST" {
				assert.NotEmpty(t, request.header.Get("Idempotency-Key"))
				assert.Equal(t, response.IdempotencyKey, request.header.Get("Idempotency-Key"))
				assert.Equal(t, "application/x-www-form-urlencoded", request.header.Get("Content-Type"))
			} else {
				assert.NotContains(t, request.header, "Idempotency-Key")
				assert.Empty(t, request.body)
			}
			want := identities[e.reply]
			if len(e.params) > 0 && !strings.HasSuffix(e.reply, "_list.json") {
				want = []string{"id_1", "id_2"}[len(e.params)-1]
			}
			assert.Equal(t, want, identity(t, got))
		})
	}
}

// identity is the id of an answer, or of the first item of a list. A balance has none.
func identity(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	require.NoError(t, err)
	var read struct {
		ID   string
		Data json.RawMessage
	}
	require.NoError(t, json.Unmarshal(text, &read))
	var items []struct{ ID string }
	if json.Unmarshal(read.Data, &items) == nil && read.ID == "" {
		require.NotEmpty(t, items)
		return items[0].ID
	}
	return read.ID
}

func TestIDsAreEscaped(t *testing.T) {
	for _, e := range allEndpoints() {
		if len(e.params) == 0 {
			continue
		}
		t.Run(e.name, func(t *testing.T) {
			for id, escaped := range map[string]string{
				"re_1":         "re_1",
				"re/1":         "re%2F1",
				"re_1/cancel":  "re_1%2Fcancel",
				"../charges":   "..%2Fcharges",
				"re 1":         "re%201",
				"100%":         "100%25",
				"%2e%2e":       "%252e%252e",
				"ré_日":         "r%C3%A9_%E6%97%A5",
				"re?limit=1#x": "re%3Flimit=1%23x",
				"a\r\nHost: b": "a%0D%0AHost:%20b",
				"{refund}":     "%7Brefund%7D",
				"...":          "...",
			} {
				client, mock := setup(t)
				sent := record(mock, e.fitting(t, id, id))
				_, err := e.call(t.Context(), client, []string{id, id})
				require.NoError(t, err, "%q", id)
				assert.Equal(t, e.filled(escaped, escaped), sent.all()[0].uri, "%q", id)
			}
		})
	}
}

func TestIDsAreRefused(t *testing.T) {
	for _, e := range allEndpoints() {
		for position, param := range e.params {
			for name, bad := range map[string]string{"empty": "", "a dot": ".", "two dots": ".."} {
				t.Run(e.name+"/"+param+"/"+name, func(t *testing.T) {
					ids := []string{"id_1", "id_2"}
					ids[position] = bad
					client, mock := setup(t)
					sent := record(mock, string(fixture(t, e.reply)))

					got, err := e.call(t.Context(), client, ids)

					var refused *refundkit.ParamError
					require.ErrorAs(t, err, &refused)
					assert.Equal(t, param, refused.Param)
					assert.Nil(t, got)
					assert.Empty(t, sent.all(), "nothing may be sent")
				})
			}
		}
	}
}

func TestUnreadableSuccess(t *testing.T) {
	bodies := map[string]string{
		"null": `null`, "empty object": `{}`, "array": `[]`, "string": `"re_1"`, "number": `1`, "true": `true`, "nothing": ``, "spaces": "  \n",
		"HTML": `<html><body>502</body></html>`, "no id": `{"object":"refund","amount":5}`, "empty id": `{"id":"","object":"refund"}`,
		"no kind": `{"id":"re_1"}`, "null id": `{"id":null,"object":"refund"}`, "an id that is no text": `{"id":1,"object":"refund"}`,
		"charge": `{"id":"ch_1","object":"charge"}`, "deleted": `{"id":"re_1","object":"customer","deleted":true}`,
		"an error": `{"error":{"type":"api_error","message":"m"}}`, "null list": `{"object":"list","data":null}`, "list without data": `{"object":"list"}`,
		"list of null": `{"object":"list","data":[null]}`, "list of empty objects": `{"object":"list","data":[{}]}`, "list of texts": `{"object":"list","data":["re_1"]}`,
		"list of items without id": `{"object":"list","data":[{"object":"refund"}]}`, "list of charges": `{"object":"list","data":[{"id":"ch_1","object":"charge"}]}`,
		"list with a bad second item": `{"object":"list","data":[{"id":"re_1","object":"refund"},{"object":"refund"}]}`,
		"search result":               `{"object":"search_result","data":[]}`,
	}
	for _, e := range allEndpoints() {
		good := e.fitting(t, "id_1", "id_2")
		bodies["trailing garbage"], bodies["two objects"], bodies["truncated"] = good+"x", good+good, good[:len(good)/2]
		bodies["wrapped"] = "[" + good + "]"
		for name, body := range bodies {
			if name == "list of charges" && e.name == "list charges" {
				continue
			}
			t.Run(e.name+"/"+name, func(t *testing.T) {
				client, mock := setup(t)
				serve(mock, func(sentRequest) (*http.Response, error) {
					return answer(http.StatusOK, body, "Request-Id", "req_odd"), nil
				})
				var opts []refundkit.CallOption
				key := ""
				if e.method == "POST" {
					key = "k-1"
					opts = append(opts, refundkit.IdempotencyKey(key))
				}

				got, err := e.call(t.Context(), client, []string{"id_1", "id_2"}, opts...)

				assert.Nil(t, got)
				var failure *refundkit.Error
				require.ErrorAs(t, err, &failure)
				assert.Equal(t, 200, failure.StatusCode)
				assert.Equal(t, "req_odd", failure.RequestID)
				assert.Equal(t, key, failure.IdempotencyKey)
				assert.Equal(t, e.method == "POST", failure.OutcomeUnknown, "only a POST can have done something")
				assert.Equal(t, body, string(failure.Body()))
			})
		}
	}
}

func TestSpaceAroundTheBodyIsFine(t *testing.T) {
	client, mock := setup(t)
	record(mock, "\r\n\t "+refundBody+" \n\n")
	refund, err := client.Refunds.Create(t.Context(), someRefund)
	require.NoError(t, err)
	assert.Equal(t, "re_1", refund.ID)
}

func TestRefundFields(t *testing.T) {
	type (
		transaction = refundkit.Expandable[refundkit.BalanceTransaction]
		reversal    = refundkit.Expandable[refundkit.TransferReversal]
	)
	assert.Equal(t, refundkit.Refund{
		ID: "re_3TzEverything0000001aBcD", Object: "refund", Amount: 4200,
		BalanceTransaction: transaction{ID: "txn_3TzEverything0000001out"},
		Charge:             refundkit.Expandable[refundkit.Charge]{ID: "ch_3TzEverything0000001chg"},
		Created:            at(1788000200), Currency: "usd",
		Customer:        refundkit.Expandable[refundkit.Customer]{ID: "cus_TzEverything01"},
		CustomerAccount: "acct_1TzEverythingCus", Description: `Two of five chairs, "oak" & <glass>`,
		DestinationDetails: refundkit.DestinationDetails{
			Type: "card", CardType: "refund", Reference: "24011834000000099887766", ReferenceStatus: "available", ReferenceType: "acquirer_reference_number",
		},
		FailureBalanceTransaction: transaction{ID: "txn_3TzEverything0000001bck"}, FailureReason: refundkit.RefundFailureReasonDeclined,
		InstructionsEmail: "jules@example.com", Metadata: refundkit.Metadata{"case": "6735", "note": "Größe — 尺寸"},
		NextAction: refundkit.RefundNextAction{Type: "display_details", DisplayDetails: refundkit.RefundDisplayDetails{
			EmailSent: refundkit.RefundEmailSent{EmailSentAt: at(1788000260), EmailSentTo: "jules@example.com"}, ExpiresAt: at(1791888260),
		}},
		PaymentIntent:          refundkit.Expandable[refundkit.PaymentIntent]{ID: "pi_3TzEverything0000001int"},
		PaymentMethod:          refundkit.Expandable[refundkit.PaymentMethod]{ID: "pm_1TzEverything0000001met"},
		PendingReason:          refundkit.RefundPendingReasonProcessing,
		PresentmentDetails:     refundkit.PresentmentDetails{PresentmentAmount: 657800, PresentmentCurrency: "jpy"},
		Reason:                 refundkit.RefundReasonRequestedByCustomer,
		ReceiptNumber:          "1788-0002",
		SourceTransferReversal: reversal{ID: "trr_1TzEverything0000001src"}, Status: refundkit.RefundStatusFailed,
		TransferReversal: reversal{ID: "trr_1TzEverything0000001rev"},
	}, decodeRefund(t, "refund_everything.json"))
}

func TestRefundStates(t *testing.T) {
	for name, tt := range map[string]struct {
		status            refundkit.RefundStatus
		inProgress, final bool
		failure           refundkit.RefundFailureReason
		pending           refundkit.RefundPendingReason
	}{
		"refund_card.json":            {status: refundkit.RefundStatusSucceeded},
		"refund_pending.json":         {status: refundkit.RefundStatusPending, inProgress: true, pending: refundkit.RefundPendingReasonInsufficientFunds},
		"refund_requires_action.json": {status: refundkit.RefundStatusRequiresAction, inProgress: true},
		"refund_failed.json":          {status: refundkit.RefundStatusFailed, final: true, failure: refundkit.RefundFailureReasonExpiredOrCanceledCard},
		"refund_canceled.json":        {status: refundkit.RefundStatusCanceled, final: true, failure: refundkit.RefundFailureReasonMerchantRequest},
		"refund_unknown_method.json":  {status: "teleporting", inProgress: true},
	} {
		t.Run(name, func(t *testing.T) {
			refund := decodeRefund(t, name)
			assert.Equal(t, tt.status, refund.Status)
			assert.Equal(t, tt.inProgress, refund.Status.InProgress())
			assert.Equal(t, tt.final, refund.Status.IsFinal())
			assert.Equal(t, tt.failure, refund.FailureReason)
			assert.Equal(t, tt.pending, refund.PendingReason)
			assert.Equal(t, tt.final, refund.FailureBalanceTransaction.ID != "", "the money came back")
			assert.Equal(t, tt.status == refundkit.RefundStatusRequiresAction, !refund.NextAction.DisplayDetails.ExpiresAt.IsZero())
		})
	}
	assert.True(t, refundkit.RefundStatus("").InProgress(), "refunds before 2015 have no status")
	assert.False(t, refundkit.RefundStatus("").IsFinal())
	assert.Equal(t, refundkit.RefundReason("changed_their_mind"), decodeRefund(t, "refund_unknown_method.json").Reason, "an unknown value passes through")
}
