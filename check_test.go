package refundkit_test

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/refundkit/refundkit"
	"github.com/refundkit/refundkit/refundtest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// refusalsOf are what Create says when the first finding holds.
var refusalsOf = map[refundkit.CheckFinding]error{
	refundkit.CheckFindingNotPaid: refundkit.ErrNotRefundable, refundkit.CheckFindingOtherCharge: refundkit.ErrNotRefundable,
	refundkit.CheckFindingNotCaptured: refundkit.ErrNotRefundable, refundkit.CheckFindingReleased: refundkit.ErrNotRefundable,
	refundkit.CheckFindingPartOfHold: refundkit.ErrAmountExceedsRemaining, refundkit.CheckFindingExceedsRemaining: refundkit.ErrAmountExceedsRemaining,
	refundkit.CheckFindingDisputed: refundkit.ErrDisputed, refundkit.CheckFindingAlreadyRefunded: refundkit.ErrAlreadyRefunded,
	refundkit.CheckFindingTooOld: refundkit.ErrNotRefundable, refundkit.CheckFindingNoEmail: refundkit.ErrNotRefundable,
	refundkit.CheckFindingOtherCurrency: refundkit.ErrInvalidParams, refundkit.CheckFindingNoTransfer: refundkit.ErrInvalidParams,
	refundkit.CheckFindingFeeNeedsReversal: refundkit.ErrInvalidParams,
	refundkit.CheckFindingShortBalance:     refundkit.ErrInsufficientBalance, refundkit.CheckFindingShortConnected: refundkit.ErrInsufficientBalance,
}

// A payment in every state is checked, and then refunded: what Check lets pass works,
// and what it does not is refused for the reason that it gave.
func TestCheckIsWhatCreateAnswers(t *testing.T) {
	for _, tc := range append(states(), moneyStates()...) {
		for _, by := range []string{"charge", "payment_intent"} {
			w := newPayWorld(t, tc.on)
			p := tc.make(w)
			params := tc.ask
			if params.Amount == 0 {
				params.Remaining = true
			}
			if params.Charge = p.charge; by == "payment_intent" {
				params.Charge, params.PaymentIntent = "", p.intent
			}
			if params.Charge == "" && params.PaymentIntent == "" || by == "payment_intent" && tc.alone {
				continue
			}
			t.Run(tc.name+", by "+by, func(t *testing.T) { tc.compare(t, w, params) })
		}
	}
}

func newPayWorld(t *testing.T, account string) payWorld {
	server := refundtest.New(refundtest.WithSeed(1))
	earned := refundtest.Charge{Amount: 1_000_000, Created: time.Unix(1, 0)} // by other payments: their money pays for refunds, too
	server.AddCharge(earned)
	if account != "" {
		server.Account(account).AddCharge(earned)
	}
	return payWorld{server, t, account}
}

func (w payWorld) client(t *testing.T) *refundkit.Client {
	client, err := refundkit.New(apiKey, refundkit.WithHTTPClient(w.HTTPClient()), refundkit.WithClock(w.Now), refundkit.WithMaxRetries(0))
	require.NoError(t, err)
	return client
}

func (tc state) compare(t *testing.T, w payWorld, params refundkit.RefundCreateParams) {
	client := w.client(t)
	var opts []refundkit.CallOption
	if tc.on != "" {
		opts = append(opts, refundkit.OnAccount(tc.on))
	}
	before := len(w.Requests())
	check, err := client.Refunds.Check(t.Context(), params, opts...)
	require.NoError(t, err)
	asked := len(w.Requests()) - before
	assert.Equal(t, tc.way, check.Way)
	assert.Equal(t, tc.why, check.Findings)
	assert.Equal(t, tc.starts, check.StartsAs)
	assert.NotContains(t, check.Reason(), "_", "a finding without a sentence")
	tc.alsoFromAList(t, client, w, params, check)

	made, err := client.Refunds.Create(t.Context(), params, opts...)
	if !check.Accepted {
		require.Error(t, err)
		require.NotEqual(t, refundkit.CheckWayRefund, check.Way)
		refusal, known := refusalsOf[check.Findings[0]]
		require.True(t, known, check.Findings)
		require.ErrorIs(t, err, refusal)
		return
	}
	require.NoError(t, err)
	assert.Equal(t, check.Amount, made.Amount)
	if check.StartsAs != "" {
		assert.Equal(t, check.StartsAs, made.Status)
	}
	want := 2
	if params.ReverseTransfer {
		want++
	}
	assert.LessOrEqual(t, asked, want)
}

// alsoFromAList checks the charge as a plan over many charges reads it.
func (tc state) alsoFromAList(t *testing.T, client *refundkit.Client, w payWorld, params refundkit.RefundCreateParams, whole *refundkit.Check) {
	if tc.on != "" || whole.Charge == "" || slices.Contains([]refundkit.CheckWay{refundkit.CheckWayTopUp}, whole.Way) {
		return
	}
	for charge, err := range client.Charges.All(t.Context(), refundkit.ChargeListParams{},
		refundkit.Expand("data.refunds", "data.dispute", "data.customer", "data.payment_intent")) {
		require.NoError(t, err)
		if charge.ID != whole.Charge {
			continue
		}
		balance, err := client.Balance.Retrieve(t.Context())
		require.NoError(t, err)
		check := refundkit.CheckRefund(refundkit.CheckInput{Params: params, Charge: charge, Balance: balance, Now: w.Now()})
		assert.Equal(t, whole.Way, check.Way)
		assert.Equal(t, whole.Left, check.Left)
		if len(whole.Findings) > 0 && len(charge.Refunds.Data) < 10 {
			assert.Equal(t, whole.Findings[0], check.Findings[0])
		}
	}
}

// What is said of refunds on their way, and until when something holds.
func TestCheckNamesWhatIsOnItsWay(t *testing.T) {
	w := newPayWorld(t, "")
	client := w.client(t)
	p, pending := w.refunded(refundtest.Charge{OnRefund: refundtest.StaysPending}, 500)
	check, err := client.Refunds.Check(t.Context(), refundkit.RefundCreateParams{Charge: p.charge, Remaining: true})
	require.NoError(t, err)
	assert.Equal(t, []refundkit.CheckSent{{ID: pending.ID, Amount: 500, Status: "pending", PendingReason: "processing"}}, check.InProgress)
	assert.EqualValues(t, []int64{2000, 500, 1500, 1500}, []int64{check.Refundable, check.Refunded, check.Left, check.Amount})
	assert.Equal(t, p.intent, check.PaymentIntent)
	assert.Equal(t, "usd", check.Currency)

	p, waiting := w.refunded(refundtest.Charge{OnRefund: refundtest.NeedsAction, ReceiptEmail: "jenny@example.com"}, 0)
	check, err = client.Refunds.Check(t.Context(), refundkit.RefundCreateParams{Charge: p.charge, Remaining: true})
	require.NoError(t, err)
	assert.Equal(t, refundkit.NewTimestamp(w.Now().Add(45*days)), check.Until)
	assert.Equal(t, waiting.ID, check.InProgress[0].ID)
	assert.Equal(t, check.Until, check.InProgress[0].ExpiresAt)

	check, err = client.Refunds.Check(t.Context(), refundkit.RefundCreateParams{PaymentIntent: w.hold().intent, Remaining: true})
	require.NoError(t, err)
	assert.Equal(t, refundkit.NewTimestamp(w.Now().Add(7*days)), check.Until)
	assert.Zero(t, check.Left)
	assert.Zero(t, check.Refundable)

	check, err = client.Refunds.Check(t.Context(), refundkit.RefundCreateParams{Charge: w.disputed(w.Dispute).charge, Remaining: true})
	require.NoError(t, err)
	assert.Equal(t, refundkit.NewTimestamp(w.Now().Add(7*days)), check.Until)
	assert.EqualValues(t, 2000, check.Left)
}

func TestCheckIsRefusedBeforeItIsSent(t *testing.T) {
	w := newPayWorld(t, "")
	for name, params := range map[string]refundkit.RefundCreateParams{
		"no payment": {Remaining: true}, "no amount": {Charge: "ch_1"}, "both": {Charge: "ch_1", PaymentIntent: "pi_1", Remaining: true},
		"cash balance": {Origin: refundkit.RefundOriginCustomerBalance, Customer: "cus_1", Currency: "eur", Amount: 5},
	} {
		_, err := w.client(t).Refunds.Check(t.Context(), params)
		var refused *refundkit.ParamError
		require.ErrorAs(t, err, &refused, name)
		assert.Equal(t, "Refunds.Check", refused.Op)
	}
	assert.Empty(t, w.Requests())
	_, err := (&refundkit.RefundService{}).Check(t.Context(), refundkit.RefundCreateParams{Charge: "ch_1", Remaining: true})
	require.ErrorIs(t, err, refundkit.ErrInvalidParams)
	_, err = w.client(t).Refunds.Check(t.Context(), refundkit.RefundCreateParams{Charge: "ch_nope", Remaining: true})
	require.ErrorIs(t, err, refundkit.ErrNotFound)
}

// A key that may not read a balance leaves it unknown; any other failure is one.
func TestCheckWithoutABalance(t *testing.T) {
	w := newPayWorld(t, "")
	p := w.add(refundtest.Charge{})
	params := refundkit.RefundCreateParams{Charge: p.charge, Remaining: true}
	w.Inject(refundtest.AnswerError(http.StatusForbidden, "invalid_request_error", "", "").On("GET /v1/balance"))
	check, err := w.client(t).Refunds.Check(t.Context(), params)
	require.NoError(t, err)
	assert.Equal(t, refundkit.CheckBalanceUnknown, check.Costs.Balance)
	assert.True(t, check.Accepted)
	w.Inject(refundtest.ServerError().On("GET /v1/balance"))
	_, err = w.client(t).Refunds.Check(t.Context(), params)
	require.Error(t, err)
}
