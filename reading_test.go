package refundkit_test

import (
	"context"
	"fmt"
	"iter"
	"net/http"
	"testing"
	"time"

	"github.com/refundkit/refundkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func readingEndpoints() []endpoint {
	return []endpoint{
		{"retrieve a charge", "GET", "/v1/charges/{0}", []string{"charge"}, "charge.json", func(ctx context.Context, c *refundkit.Client, ids []string, opts ...refundkit.CallOption) (any, error) {
			return orNil(c.Charges.Retrieve(ctx, ids[0], opts...))
		}},
		{"list charges", "GET", "/v1/charges", nil, "charge_list.json", func(ctx context.Context, c *refundkit.Client, _ []string, opts ...refundkit.CallOption) (any, error) {
			return orNil(c.Charges.List(ctx, refundkit.ChargeListParams{}, opts...))
		}},
		{"retrieve a payment intent", "GET", "/v1/payment_intents/{0}", []string{"intent"}, "payment_intent.json", func(ctx context.Context, c *refundkit.Client, ids []string, opts ...refundkit.CallOption) (any, error) {
			return orNil(c.PaymentIntents.Retrieve(ctx, ids[0], opts...))
		}},
		{"retrieve a dispute", "GET", "/v1/disputes/{0}", []string{"dispute"}, "dispute.json", func(ctx context.Context, c *refundkit.Client, ids []string, opts ...refundkit.CallOption) (any, error) {
			return orNil(c.Disputes.Retrieve(ctx, ids[0], opts...))
		}},
		{"list disputes", "GET", "/v1/disputes", nil, "dispute_list.json", func(ctx context.Context, c *refundkit.Client, _ []string, opts ...refundkit.CallOption) (any, error) {
			return orNil(c.Disputes.List(ctx, refundkit.DisputeListParams{}, opts...))
		}},
		{"retrieve the balance", "GET", "/v1/balance", nil, "balance.json", func(ctx context.Context, c *refundkit.Client, _ []string, opts ...refundkit.CallOption) (any, error) {
			return orNil(c.Balance.Retrieve(ctx, opts...))
		}},
		{"retrieve a balance transaction", "GET", "/v1/balance_transactions/{0}", []string{"id"}, "balance_transaction.json", func(ctx context.Context, c *refundkit.Client, ids []string, opts ...refundkit.CallOption) (any, error) {
			return orNil(c.BalanceTransactions.Retrieve(ctx, ids[0], opts...))
		}},
		{"list balance transactions", "GET", "/v1/balance_transactions", nil, "balance_transaction_list.json", func(ctx context.Context, c *refundkit.Client, _ []string, opts ...refundkit.CallOption) (any, error) {
			return orNil(c.BalanceTransactions.List(ctx, refundkit.BalanceTransactionListParams{}, opts...))
		}},
		{"retrieve an event", "GET", "/v1/events/{0}", []string{"id"}, "event.json", func(ctx context.Context, c *refundkit.Client, ids []string, opts ...refundkit.CallOption) (any, error) {
			return orNil(c.Events.Retrieve(ctx, ids[0], opts...))
		}},
		{"list events", "GET", "/v1/events", nil, "event_list.json", func(ctx context.Context, c *refundkit.Client, _ []string, opts ...refundkit.CallOption) (any, error) {
			return orNil(c.Events.List(ctx, refundkit.EventListParams{}, opts...))
		}},
	}
}

// orNil makes a nil pointer a nil.
func orNil[T any](value *T, err error) (any, error) {
	if value == nil {
		return nil, err
	}
	return value, err
}

// retrieved reads a body of testdata as the answer to a call.
func retrieved[T any](t *testing.T, name string, get func(*refundkit.Client, refundkit.CallOption) (*T, error)) *T {
	t.Helper()
	client, mock := setup(t)
	record(mock, string(fixture(t, name)))
	var response refundkit.Response
	value, err := get(client, refundkit.CaptureResponse(&response))
	require.NoError(t, err)
	assert.Empty(t, response.Unread)
	return value
}

func TestReadCharge(t *testing.T) {
	charge := retrieved(t, "charge.json", func(c *refundkit.Client, opt refundkit.CallOption) (*refundkit.Charge, error) {
		return c.Charges.Retrieve(t.Context(), "ch_3TzReadDestination00aaaa", opt)
	})
	assert.Equal(t, refundkit.ChargeStatusSucceeded, charge.Status)
	assert.Equal(t, "fee_1TzReadPlatform0000aaaa", charge.ApplicationFee.ID)
	assert.Equal(t, "SHOP* ORDER 6735", charge.CalculatedStatementDescriptor)
	assert.Equal(t, "du_1TzReadInquiry000000aaaa", charge.Dispute.ID)
	assert.Equal(t, "acct_1TzReadSeller00000", charge.OnBehalfOf.ID)
	assert.Equal(t, "tr_3TzReadDestination00eeee", charge.Transfer.ID)
	assert.Equal(t, refundkit.ChargeTransferData{Destination: refundkit.Expandable[refundkit.Account]{ID: "acct_1TzReadSeller00000"}}, charge.TransferData)
	assert.Equal(t, refundkit.PresentmentDetails{PresentmentAmount: 11800, PresentmentCurrency: "usd"}, charge.PresentmentDetails)
	assert.Empty(t, charge.FailureBalanceTransaction.ID)
	assertKept[refundkit.Charge](t, fixture(t, "charge.json"))
}

func TestReadPaymentIntent(t *testing.T) {
	intent := retrieved(t, "payment_intent.json", func(c *refundkit.Client, opt refundkit.CallOption) (*refundkit.PaymentIntent, error) {
		return c.PaymentIntents.Retrieve(t.Context(), "pi_3TzReadHold0000000000aaaa", opt)
	})
	assert.Equal(t, refundkit.PaymentIntentStatusRequiresCapture, intent.Status)
	assert.Equal(t, int64(5000), intent.AmountCapturable)
	assert.Zero(t, intent.AmountReceived)
	assert.Equal(t, int64(300), intent.ApplicationFeeAmount)
	assert.Equal(t, int64(4000), intent.TransferData.Amount)
	assert.Equal(t, "acct_1TzReadSeller00000", intent.TransferData.Destination.ID)
	assert.Equal(t, "acct_1TzReadBuyer000000", intent.CustomerAccount)
	assert.NotContains(t, fmt.Sprintf("%+v", intent), "_secret_")
	assertKept[refundkit.PaymentIntent](t, fixture(t, "payment_intent.json"))
}

func TestReadDispute(t *testing.T) {
	dispute := retrieved(t, "dispute.json", func(c *refundkit.Client, opt refundkit.CallOption) (*refundkit.Dispute, error) {
		return c.Disputes.Retrieve(t.Context(), "du_1TzReadDispute0000000aaaa", opt)
	})
	assert.Equal(t, refundkit.DisputeStatusUnderReview, dispute.Status)
	assert.Equal(t, refundkit.DisputeReasonCreditNotProcessed, dispute.Reason)
	assert.False(t, dispute.IsChargeRefundable)
	assert.Equal(t, refundkit.DisputeEvidenceDetails{DueBy: at(1788825599), HasEvidence: true, SubmissionCount: 1}, dispute.EvidenceDetails)
	assert.Equal(t, refundkit.DisputePaymentMethodDetailsCard{Brand: "visa", CaseType: "chargeback", Network: "visa", NetworkReasonCode: "13.6"}, dispute.PaymentMethodDetails.Card)
	require.Len(t, dispute.BalanceTransactions, 1)
	assert.Equal(t, int64(-12000), dispute.BalanceTransactions[0].Net)
	assert.Equal(t, refundkit.BalanceTransactionStatusPending, dispute.BalanceTransactions[0].Status)
	assertKept[refundkit.Dispute](t, fixture(t, "dispute.json"))
}

func TestReadBalance(t *testing.T) {
	balance := retrieved(t, "balance.json", func(c *refundkit.Client, opt refundkit.CallOption) (*refundkit.Balance, error) {
		return c.Balance.Retrieve(t.Context(), opt)
	})
	assert.Equal(t, []refundkit.BalanceAmount{
		{Amount: -250, Currency: "eur", SourceTypes: refundkit.BalanceSourceTypes{Card: -250}},
		{Amount: 66670, Currency: "usd", SourceTypes: refundkit.BalanceSourceTypes{BankAccount: 6670, Card: 60000}},
	}, balance.Available)
	assert.Equal(t, []refundkit.BalanceAmount{{Amount: 5000, Currency: "myr", SourceTypes: refundkit.BalanceSourceTypes{FPX: 5000}}}, balance.Pending)
	assert.Equal(t, []refundkit.BalanceAmount{{Amount: 7000, Currency: "usd"}}, balance.RefundAndDisputePrefunding.Available)
	assertKept[refundkit.Balance](t, fixture(t, "balance.json"))
}

func TestReadBalanceTransaction(t *testing.T) {
	transaction := retrieved(t, "balance_transaction.json", func(c *refundkit.Client, opt refundkit.CallOption) (*refundkit.BalanceTransaction, error) {
		return c.BalanceTransactions.Retrieve(t.Context(), "txn_1TzReadRefundFailed0aaaa", opt)
	})
	assert.Equal(t, refundkit.BalanceTransactionTypeRefundFailure, transaction.Type)
	assert.Equal(t, refundkit.BalanceTransactionStatusAvailable, transaction.Status)
	assert.InDelta(t, 0.92, transaction.ExchangeRate, 0)
}

func TestReadEvents(t *testing.T) {
	list := retrieved(t, "event_list.json", func(c *refundkit.Client, opt refundkit.CallOption) (*refundkit.EventList, error) {
		return c.Events.List(t.Context(), refundkit.EventListParams{}, opt)
	})
	require.Len(t, list.Data, 2)
	for _, event := range list.Data {
		assert.Equal(t, refundkit.EventTypeRefundFailed, event.Type)
		assert.Contains(t, string(event.Raw), event.ID, "each has its own bytes")
		refund, err := event.Refund()
		require.NoError(t, err)
		assert.Equal(t, refundkit.RefundStatusFailed, refund.Status)
	}
}

// TestReadAnotherAnswer refuses what is not of the payment that was asked for.
func TestReadAnotherAnswer(t *testing.T) {
	for name, c := range map[string]struct {
		body string
		call func(context.Context, *refundkit.Client) (any, error)
	}{
		"charges of another intent": {"charge_list.json", func(ctx context.Context, c *refundkit.Client) (any, error) {
			return orNil(c.Charges.List(ctx, refundkit.ChargeListParams{PaymentIntent: "pi_1"}))
		}},
		"charges of another customer": {"charge_list.json", func(ctx context.Context, c *refundkit.Client) (any, error) {
			return orNil(c.Charges.List(ctx, refundkit.ChargeListParams{Customer: "cus_1"}))
		}},
		"disputes of another charge": {"dispute_list.json", func(ctx context.Context, c *refundkit.Client) (any, error) {
			return orNil(c.Disputes.List(ctx, refundkit.DisputeListParams{Charge: "ch_1"}))
		}},
		"disputes of another intent": {"dispute_list.json", func(ctx context.Context, c *refundkit.Client) (any, error) {
			return orNil(c.Disputes.List(ctx, refundkit.DisputeListParams{PaymentIntent: "pi_1"}))
		}},
		"another charge": {"charge.json", func(ctx context.Context, c *refundkit.Client) (any, error) {
			return orNil(c.Charges.Retrieve(ctx, "ch_1"))
		}},
		"another intent": {"payment_intent.json", func(ctx context.Context, c *refundkit.Client) (any, error) {
			return orNil(c.PaymentIntents.Retrieve(ctx, "pi_1"))
		}},
		"another dispute": {"dispute.json", func(ctx context.Context, c *refundkit.Client) (any, error) {
			return orNil(c.Disputes.Retrieve(ctx, "du_1"))
		}},
		"another balance transaction": {"balance_transaction.json", func(ctx context.Context, c *refundkit.Client) (any, error) {
			return orNil(c.BalanceTransactions.Retrieve(ctx, "txn_1"))
		}},
		"another event": {"event.json", func(ctx context.Context, c *refundkit.Client) (any, error) {
			return orNil(c.Events.Retrieve(ctx, "evt_1"))
		}},
	} {
		t.Run(name, func(t *testing.T) {
			client, mock := setup(t)
			record(mock, string(fixture(t, c.body)))
			value, err := c.call(t.Context(), client)
			assert.Nil(t, value)
			assert.ErrorIs(t, err, refundkit.ErrAnswerMismatch)
		})
	}
}

// TestReadWhatDecides refuses an answer that has no readable verdict on the money.
func TestReadWhatDecides(t *testing.T) {
	for body, c := range map[string]func(context.Context, *refundkit.Client) (any, error){
		`{"id":"ch_1","object":"charge","captured":"yes"}`: func(ctx context.Context, c *refundkit.Client) (any, error) {
			return orNil(c.Charges.Retrieve(ctx, "ch_1"))
		},
		`{"id":"ch_1","object":"charge","status":5}`: func(ctx context.Context, c *refundkit.Client) (any, error) {
			return orNil(c.Charges.Retrieve(ctx, "ch_1"))
		},
		`{"id":"pi_1","object":"payment_intent","status":5}`: func(ctx context.Context, c *refundkit.Client) (any, error) {
			return orNil(c.PaymentIntents.Retrieve(ctx, "pi_1"))
		},
		`{"id":"du_1","object":"dispute","is_charge_refundable":"no"}`: func(ctx context.Context, c *refundkit.Client) (any, error) {
			return orNil(c.Disputes.Retrieve(ctx, "du_1"))
		},
		`{"object":"balance","available":[{"amount":"5","currency":"usd"}],"pending":[]}`: func(ctx context.Context, c *refundkit.Client) (any, error) { return orNil(c.Balance.Retrieve(ctx)) },
		`{"object":"balance","available":null,"pending":[]}`:                              func(ctx context.Context, c *refundkit.Client) (any, error) { return orNil(c.Balance.Retrieve(ctx)) },
		`{"id":"evt_1","object":"event","type":"refund.created","livemode":"no"}`: func(ctx context.Context, c *refundkit.Client) (any, error) {
			return orNil(c.Events.Retrieve(ctx, "evt_1"))
		},
	} {
		t.Run(body, func(t *testing.T) {
			client, mock := setup(t)
			record(mock, body)
			value, err := c(t.Context(), client)
			assert.Nil(t, value)
			var failure *refundkit.Error
			require.ErrorAs(t, err, &failure)
		})
	}
}

// TestReadAllWalks walks two pages of each list, the second after the last of the first.
func TestReadAllWalks(t *testing.T) {
	created := refundkit.CreatedRange{From: time.Unix(7, 0)}
	for kind, walk := range map[string]func(context.Context, *refundkit.Client) iter.Seq2[string, error]{
		"charge": func(ctx context.Context, c *refundkit.Client) iter.Seq2[string, error] {
			return idsOf(c.Charges.All(ctx, refundkit.ChargeListParams{Created: created, Limit: 2}), func(v *refundkit.Charge) string { return v.ID })
		},
		"dispute": func(ctx context.Context, c *refundkit.Client) iter.Seq2[string, error] {
			return idsOf(c.Disputes.All(ctx, refundkit.DisputeListParams{Created: created, Limit: 2}), func(v *refundkit.Dispute) string { return v.ID })
		},
		"balance_transaction": func(ctx context.Context, c *refundkit.Client) iter.Seq2[string, error] {
			return idsOf(c.BalanceTransactions.All(ctx, refundkit.BalanceTransactionListParams{Created: created, Limit: 2}), func(v *refundkit.BalanceTransaction) string { return v.ID })
		},
		"transfer": func(ctx context.Context, c *refundkit.Client) iter.Seq2[string, error] {
			return idsOf(c.Transfers.All(ctx, refundkit.TransferListParams{Created: created, Limit: 2}), func(v *refundkit.Transfer) string { return v.ID })
		},
		"application_fee": func(ctx context.Context, c *refundkit.Client) iter.Seq2[string, error] {
			return idsOf(c.ApplicationFees.All(ctx, refundkit.ApplicationFeeListParams{Created: created, Limit: 2}), func(v *refundkit.ApplicationFee) string { return v.ID })
		},
		"event": func(ctx context.Context, c *refundkit.Client) iter.Seq2[string, error] {
			return idsOf(c.Events.All(ctx, refundkit.EventListParams{Created: created, Limit: 2}), func(v *refundkit.Event) string { return v.ID })
		},
	} {
		t.Run(kind, func(t *testing.T) {
			client, mock := setup(t)
			pages := 0
			sent := serve(mock, func(sentRequest) (*http.Response, error) {
				pages++
				item := `{"id":"%d","object":"` + kind + `","type":"t"}`
				body := fmt.Sprintf(`{"object":"list","has_more":%t,"data":[`+item+`,`+item+`]}`, pages < 2, 10-2*pages, 9-2*pages)
				return answer(http.StatusOK, body), nil
			})
			var ids []string
			for id, err := range walk(t.Context(), client) {
				require.NoError(t, err)
				ids = append(ids, id)
			}
			assert.Equal(t, []string{"8", "7", "6", "5"}, ids)
			assert.Equal(t, []string{"created%5Bgte%5D=7&limit=2", "created%5Bgte%5D=7&limit=2&starting_after=7"}, sent.queries())
		})
	}
}

func idsOf[T any](all iter.Seq2[*T, error], id func(*T) string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for item, err := range all {
			if err != nil {
				yield("", err)
				return
			}
			if !yield(id(item), nil) {
				return
			}
		}
	}
}

func TestEventListParams(t *testing.T) {
	client, mock := setup(t)
	sent := record(mock, `{"object":"list","data":[],"has_more":false,"url":"/v1/events"}`)
	for name, types := range map[string][]refundkit.EventType{"too many": make([]refundkit.EventType, 21), "an empty one": {"refund.created", ""}} {
		_, err := client.Events.List(t.Context(), refundkit.EventListParams{Types: types})
		assert.Equal(t, "types", refusedParam(t, err), name)
	}
	assert.Empty(t, sent.all())

	_, err := client.Events.List(t.Context(), refundkit.EventListParams{
		Types:           []refundkit.EventType{refundkit.EventTypeRefundCreated, refundkit.EventTypeRefundFailed},
		DeliverySuccess: refundkit.EventDeliveryFailed,
	})
	require.NoError(t, err)
	assert.Equal(t, []string{"delivery_success=false&types%5B%5D=refund.created&types%5B%5D=refund.failed"}, sent.queries())
}
