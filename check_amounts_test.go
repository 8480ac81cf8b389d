package refundkit_test

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/refundkit/refundkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// paidCharge is a card payment of 2000 with no refunds, all read.
func paidCharge() *refundkit.Charge {
	return &refundkit.Charge{ID: "ch_1", Amount: 2000, AmountCaptured: 2000, Captured: true, Currency: "usd", Status: refundkit.ChargeStatusSucceeded,
		PaymentMethodDetails: refundkit.PaymentMethodDetails{Type: "card"}, Refunds: &refundkit.RefundList{Data: []*refundkit.Refund{}}}
}

func refundOf(amount int64, status refundkit.RefundStatus) *refundkit.Refund {
	return &refundkit.Refund{ID: "re_" + string(status), Amount: amount, Status: status}
}

func TestCheckCounts(t *testing.T) {
	counted := func(amounts ...int64) func(*refundkit.CheckInput) {
		return func(in *refundkit.CheckInput) { in.Charge.AmountRefunded = amounts[0] }
	}
	with := func(refunds ...*refundkit.Refund) func(*refundkit.CheckInput) {
		return func(in *refundkit.CheckInput) { in.Charge.Refunds.Data = refunds }
	}
	unread := func(in *refundkit.CheckInput) { in.Charge.Refunds = nil }
	more := func(in *refundkit.CheckInput) { in.Charge.Refunds.HasMore = true }
	reversal := refundOf(1300, "succeeded")
	reversal.DestinationDetails = refundkit.DestinationDetails{Type: "card", CardType: "reversal"}
	partly := func(in *refundkit.CheckInput) { in.Charge.AmountCaptured = 700 }
	for _, tc := range []struct {
		name     string
		change   []func(*refundkit.CheckInput)
		refunded int64
		left     int64
		finding  refundkit.CheckFinding // other than in_progress and already_refunded
	}{
		{"nothing refunded", nil, 0, 2000, ""},
		{"a refund", []func(*refundkit.CheckInput){with(refundOf(500, "succeeded")), counted(500)}, 500, 1500, ""},
		{"a pending refund that the charge counts", []func(*refundkit.CheckInput){with(refundOf(500, "pending")), counted(500)}, 500, 1500, ""},
		{"a pending refund that the charge does not count", []func(*refundkit.CheckInput){with(refundOf(500, "pending")), counted(0)}, 500, 1500, ""},
		{"one that waits for the customer", []func(*refundkit.CheckInput){with(refundOf(500, "requires_action")), counted(0)}, 500, 1500, ""},
		{"one in a status that is not known", []func(*refundkit.CheckInput){with(refundOf(500, "thinking")), counted(500)}, 500, 1500, ""},
		{"one of 2014, without a status", []func(*refundkit.CheckInput){with(refundOf(500, "")), counted(500)}, 500, 1500, ""},
		{"failed, and no longer counted", []func(*refundkit.CheckInput){with(refundOf(500, "failed")), counted(0)}, 0, 2000, ""},
		{"failed, and still counted", []func(*refundkit.CheckInput){with(refundOf(500, "failed")), counted(500)}, 0, 2000, refundkit.CheckFindingCountsDiffer},
		{"canceled", []func(*refundkit.CheckInput){with(refundOf(500, "canceled")), counted(0)}, 0, 2000, ""},
		{"succeeded, and not counted", []func(*refundkit.CheckInput){with(refundOf(500, "succeeded")), counted(0)}, 500, 1500, refundkit.CheckFindingCountsDiffer},
		{"refunds not read", []func(*refundkit.CheckInput){unread, counted(500)}, 500, 1500, refundkit.CheckFindingCountOnly},
		{"more refunds than were read", []func(*refundkit.CheckInput){with(refundOf(500, "pending")), more, counted(900)}, 900, 1100, refundkit.CheckFindingCountOnly},
		{"more were read than are counted", []func(*refundkit.CheckInput){with(refundOf(500, "pending")), more, counted(100)}, 500, 1500, refundkit.CheckFindingCountOnly},
		{"more than was paid", []func(*refundkit.CheckInput){with(refundOf(2500, "succeeded")), counted(2500)}, 2500, 0, ""},
		{"captured in part", []func(*refundkit.CheckInput){partly}, 0, 700, ""},
		{"captured in part before basil", []func(*refundkit.CheckInput){partly, with(reversal), counted(1300)}, 0, 700, ""},
		{"captured in part before basil, and refunded", []func(*refundkit.CheckInput){partly, with(refundOf(200, "succeeded"), reversal), counted(1500)}, 200, 500, ""},
		{"captured in part before basil, and not read", []func(*refundkit.CheckInput){partly, unread, counted(1300)}, 0, 700, refundkit.CheckFindingCountOnly},
		{"captured in part, and an early refund", []func(*refundkit.CheckInput){partly, with(refundOf(200, "succeeded")), counted(200)}, 200, 500, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			in := refundkit.CheckInput{Charge: paidCharge(), Params: refundkit.RefundCreateParams{Remaining: true}}
			for _, change := range tc.change {
				change(&in)
			}
			check := refundkit.CheckRefund(in)
			assert.Equal(t, tc.refunded, check.Refunded)
			assert.Equal(t, tc.left, check.Left)
			assert.Equal(t, tc.left, check.Amount)
			var rest refundkit.CheckFinding
			for _, finding := range check.Findings {
				if finding != refundkit.CheckFindingInProgress && finding != refundkit.CheckFindingAlreadyRefunded {
					rest = finding
				}
			}
			assert.Equal(t, tc.finding, rest)
		})
	}
}

// Rows of a plan claim what Stripe does not know yet.
func TestCheckClaims(t *testing.T) {
	for _, tc := range []struct {
		name            string
		amount, claimed int64 // amount 0 is Remaining
		left, asked     int64
		way             refundkit.CheckWay
		finding         refundkit.CheckFinding
	}{
		{"fits", 500, 1500, 500, 500, "refund", ""},
		{"too much together", 501, 1500, 500, 501, "fix_request", "claimed"},
		{"too much alone", 2001, 1500, 500, 2001, "fix_request", "exceeds_remaining"},
		{"the rest", 0, 1500, 500, 500, "refund", ""},
		{"no rest", 0, 2000, 0, 0, "fix_request", "claimed"},
		{"claimed more than there is", 1, 5000, 0, 1, "fix_request", "claimed"},
		{"a negative claim gives nothing", 2001, -500, 2000, 2001, "fix_request", "exceeds_remaining"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			check := refundkit.CheckRefund(refundkit.CheckInput{Charge: paidCharge(), Claimed: tc.claimed,
				Params: refundkit.RefundCreateParams{Amount: tc.amount, Remaining: tc.amount == 0}})
			assert.Equal(t, tc.left, check.Left)
			assert.Equal(t, tc.asked, check.Amount)
			assert.Equal(t, tc.way, check.Way)
			if tc.finding == "" {
				assert.Empty(t, check.Findings)
				return
			}
			assert.Equal(t, tc.finding, check.Findings[0])
			assert.False(t, check.Accepted)
		})
	}
}

func TestCheckCosts(t *testing.T) {
	for _, tc := range []struct {
		name                string
		amount, sent, fee   int64
		reverse, returnFee  bool
		platform, connected int64
	}{
		{"nothing goes back", 1000, 0, 300, false, false, 1000, 0},
		{"all of it, reversed", 2000, 0, 300, true, false, 0, 2000},
		{"all of it, with the fee", 2000, 0, 300, true, true, 300, 1700},
		{"a part", 1000, 0, 300, true, true, 150, 850},
		{"a part of a part", 1000, 1500, 0, true, false, 250, 750},
		{"a third, cut", 667, 1500, 301, true, true, 667 - 500 + 100, 500 - 100},
	} {
		t.Run(tc.name, func(t *testing.T) {
			charge := paidCharge()
			charge.ApplicationFeeAmount = tc.fee
			charge.TransferData = refundkit.ChargeTransferData{Amount: tc.sent, Destination: refundkit.Expandable[refundkit.Account]{ID: seller}}
			costs := refundkit.CheckRefund(refundkit.CheckInput{Charge: charge,
				Params: refundkit.RefundCreateParams{Amount: tc.amount, ReverseTransfer: tc.reverse, RefundApplicationFee: tc.returnFee}}).Costs
			assert.Equal(t, [2]int64{tc.platform, tc.connected}, [2]int64{costs.Platform, costs.Connected})
			assert.Equal(t, tc.amount, costs.Platform+costs.Connected, "the customer gets no more and no less")
			assert.Equal(t, seller, costs.Account)
		})
	}
}

// A balance without the charge's currency says nothing: Stripe would convert.
func TestCheckBalanceInAnotherCurrency(t *testing.T) {
	balance := &refundkit.Balance{Available: []refundkit.BalanceAmount{{Amount: 1, Currency: "eur"}}}
	in := refundkit.CheckInput{Charge: paidCharge(), Balance: balance, Params: refundkit.RefundCreateParams{Remaining: true}}
	check := refundkit.CheckRefund(in)
	assert.Equal(t, refundkit.CheckBalanceUnknown, check.Costs.Balance)
	assert.True(t, check.Accepted)
	balance.Available = append(balance.Available, refundkit.BalanceAmount{Amount: 1999, Currency: "usd"})
	check = refundkit.CheckRefund(in)
	assert.Equal(t, refundkit.CheckBalanceShort, check.Costs.Balance)
	assert.EqualValues(t, 1999, check.Costs.Available)
}

// What was not read is said to be missing, and nothing panics.
func TestCheckOfLittle(t *testing.T) {
	ask := refundkit.RefundCreateParams{Remaining: true}
	for name, in := range map[string]refundkit.CheckInput{
		"nothing": {}, "params alone": {Params: ask},
		"a PaymentIntent without its charge": {Params: ask, PaymentIntent: &refundkit.PaymentIntent{Status: "succeeded", LatestCharge: refundkit.Expandable[refundkit.Charge]{ID: "ch_1"}}},
	} {
		check := refundkit.CheckRefund(in)
		assert.Equal(t, refundkit.CheckWayNone, check.Way, name)
		assert.Equal(t, why(refundkit.CheckFindingNotRead), check.Findings, name)
		assert.False(t, check.Accepted)
	}
	disputed := paidCharge()
	disputed.Disputed = true
	check := refundkit.CheckRefund(refundkit.CheckInput{Params: ask, Charge: disputed})
	assert.Equal(t, why(refundkit.CheckFindingDisputed, refundkit.CheckFindingDisputeNotRead), check.Findings)

	for due, until := range map[int64]bool{0: false, -1: false, 1790000000: true} {
		dispute := &refundkit.Dispute{Status: refundkit.DisputeStatusNeedsResponse}
		dispute.EvidenceDetails.DueBy = at(due)
		check = refundkit.CheckRefund(refundkit.CheckInput{Params: ask, Charge: disputed, Dispute: dispute})
		assert.Equal(t, refundkit.CheckWayAnswerDispute, check.Way)
		assert.Equal(t, until, !check.Until.IsZero(), "the bank may take no evidence")
	}

	unread := paidCharge()
	unread.PaymentMethodDetails.Type, unread.Customer.ID = "customer_balance", "cus_6735"
	assert.True(t, refundkit.CheckRefund(refundkit.CheckInput{Params: ask, Charge: unread}).Accepted, "the customer may have an address")

	strange := paidCharge()
	strange.Status = "vanished"
	assert.False(t, refundkit.CheckRefund(refundkit.CheckInput{Params: ask, Charge: strange}).Accepted)
}

// The days of a bank debit, and Stripe's advice to wait, in the local time of nobody.
func TestCheckDays(t *testing.T) {
	friday := time.Date(2026, 9, 4, 23, 0, 0, 0, time.UTC)
	charge := paidCharge()
	charge.PaymentMethodDetails.Type, charge.Created = "sepa_debit", refundkit.NewTimestamp(friday)
	at := func(now time.Time) refundkit.Check {
		return refundkit.CheckRefund(refundkit.CheckInput{Charge: charge, Now: now, Params: refundkit.RefundCreateParams{Remaining: true}})
	}
	assert.Equal(t, why(refundkit.CheckFindingTooEarly), at(friday).Findings)
	assert.True(t, at(friday).Accepted, "it is advice")
	assert.Equal(t, why(refundkit.CheckFindingTooEarly), at(time.Date(2026, 9, 15, 22, 59, 59, 0, time.UTC)).Findings)
	assert.Empty(t, at(time.Date(2026, 9, 15, 23, 0, 0, 0, time.UTC)).Findings, "seven business days: Monday to Friday, Monday, Tuesday")
	assert.Equal(t, refundkit.NewTimestamp(friday.Add(180*days)), at(friday).Deadline)
	assert.Equal(t, refundkit.NewTimestamp(time.Date(2026, 9, 15, 23, 0, 0, 0, time.UTC)), at(friday).Advised)
	assert.Equal(t, refundkit.CheckWayRefund, at(friday.Add(180*days+999*time.Millisecond)).Way)
	assert.Equal(t, why(refundkit.CheckFindingTooOld), at(friday.Add(180*days+time.Second)).Findings)
	assert.Empty(t, at(time.Time{}).Findings, "without a clock nothing depends on it")
	for _, kind := range []string{"card", "banana", ""} {
		charge.PaymentMethodDetails.Type = kind
		assert.True(t, at(friday.Add(9999*days)).Deadline.IsZero(), kind)
		assert.True(t, at(friday.Add(9999*days)).Accepted, kind)
	}
}

// A type that is not known has no terms: nothing is made up.
func TestRefundTermsOfWhatIsNotKnown(t *testing.T) {
	assert.Equal(t, refundkit.RefundTerms{PaymentMethod: "banana"}, refundkit.RefundTermsOf("banana"))
	for _, kind := range []string{"card", "card_present", "us_bank_account", "sepa_debit", "bacs_debit", "acss_debit", "au_becs_debit", "nz_bank_account",
		"customer_balance", "konbini", "promptpay", "blik", "boleto", "multibanco", "oxxo"} {
		terms := refundkit.RefundTermsOf(kind)
		assert.Equal(t, kind, terms.PaymentMethod)
		assert.NotEmpty(t, terms.Name)
		assert.True(t, strings.HasPrefix(terms.Source, "https://docs.stripe.com/"), "%s: where does Stripe say so?", kind)
		assert.Equal(t, strings.HasPrefix(kind, "card"), terms.WaitsForBalance)
	}
}

// A hold made at a reader says when it ends in another place than one made online.
func TestCheckOfAHold(t *testing.T) {
	for kind, details := range map[string]string{
		"card":         `{"type":"card","card":{"brand":"visa","capture_before":1790000000}}`,
		"card_present": `{"type":"card_present","card_present":{"brand":"visa","capture_before":1790000000}}`,
	} {
		var charge refundkit.Charge
		require.NoError(t, json.Unmarshal([]byte(`{"id":"ch_1","object":"charge","amount":2000,"amount_captured":0,"captured":false,"currency":"usd",
			"status":"succeeded","payment_intent":"pi_1","payment_method_details":`+details+`}`), &charge))
		at := func(now int64) refundkit.Check {
			return refundkit.CheckRefund(refundkit.CheckInput{Charge: &charge, Params: refundkit.RefundCreateParams{Remaining: true}, Now: time.Unix(now, 0)})
		}
		held := at(1789999999)
		assert.Equal(t, refundkit.CheckWayCancel, held.Way, kind)
		assert.Equal(t, int64(1790000000), held.Until.Unix(), kind)
		assert.Equal(t, why(refundkit.CheckFindingReleased), at(1790000000).Findings, kind)
	}
}

// A charge recorded in 2023, of which 100 of 1000 were captured by an older version.
func TestCheckOfRecordedCharges(t *testing.T) {
	for name, body := range recordedFiles(t, "payment_intent_2019-05-16", "charge_") {
		var holder struct {
			Charges struct {
				Data []*refundkit.Charge `json:"data"`
			} `json:"charges"`
		}
		charge := new(refundkit.Charge)
		require.NoError(t, json.Unmarshal(body, charge), name)
		if charge.Object != "charge" {
			require.NoError(t, json.Unmarshal(body, &holder), name)
			charge = holder.Charges.Data[0]
		}
		check := refundkit.CheckRefund(refundkit.CheckInput{Charge: charge, Params: refundkit.RefundCreateParams{Remaining: true}})
		want := map[string]int64{"payment_intent_2019-05-16_partial_capture_reversal.json": 100}[name]
		if want == 0 {
			want = charge.Amount - charge.AmountRefunded
		}
		assert.Equal(t, want, check.Left, "%s: %v", name, check.Findings)
		assert.Equal(t, want > 0, check.Accepted, "%s: %v", name, check.Findings)
		assert.NotContains(t, check.Findings, refundkit.CheckFindingCountsDiffer, name)
	}
}

// Whatever a server sends, the rules end and amounts are not made up out of nothing.
func FuzzCheckRefund(f *testing.F) {
	for _, name := range []string{"charge.json", "charge_with_refunds.json"} {
		f.Add(string(fixture(f, name)), int64(500), int64(0), true)
	}
	f.Add(`{"amount":9223372036854775807,"captured":true,"status":"succeeded","application_fee_amount":9223372036854775807}`, int64(math.MaxInt64), int64(math.MinInt64), true)
	f.Fuzz(func(t *testing.T, body string, amount, claimed int64, flags bool) {
		var charge refundkit.Charge
		if json.Unmarshal([]byte(body), &charge) != nil {
			return
		}
		check := refundkit.CheckRefund(refundkit.CheckInput{Charge: &charge, Claimed: claimed, Now: time.Unix(1790000000, 0), Balance: &refundkit.Balance{},
			Params: refundkit.RefundCreateParams{Amount: amount, Remaining: amount == 0, ReverseTransfer: flags, RefundApplicationFee: flags}})
		require.NotEmpty(t, check.Way)
		require.NotEmpty(t, check.Reason())
		require.GreaterOrEqual(t, check.Left, int64(0))
		if check.Accepted && charge.Amount >= 0 {
			require.LessOrEqual(t, check.Amount, check.Refundable)
			require.Equal(t, check.Amount, check.Costs.Platform+check.Costs.Connected)
		}
	})
}
