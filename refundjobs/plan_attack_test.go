package refundjobs_test

import (
	"context"
	"iter"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/refundkit/refundkit"
	"github.com/refundkit/refundkit/refundjobs"
	"github.com/refundkit/refundkit/refundtest"
)

// Of a plan that nobody requested, nobody knows whether the approver did.
func TestFourEyesRefusesAPlanOfNobody(t *testing.T) {
	for name, by := range map[string][2]string{"the plan": {" ", ""}, "a refund": {"bob", "\u200b"}} {
		t.Run(name, func(t *testing.T) {
			f := setupFestival(t, refundjobs.WithPolicy(refundjobs.FourEyes(map[string]refundjobs.Limit{"usd": {}})))
			requests := f.tickets(2)
			requests[1].By = by[1]
			_, err := f.MakePlan(t.Context(), "festival", by[0], sequence(requests))
			require.NoError(t, err)
			_, err = f.ApprovePlan(t.Context(), "festival", "ann", f.check(t).Digest)
			require.ErrorContains(t, err, "not said who requested it")
		})
	}
}

// A sum that leaves out what nobody knows says so.
func TestPolicyHearsOfAllThatIsLeft(t *testing.T) {
	var heard []refundkit.RefundCreateParams
	f := setupFestival(t, refundjobs.WithPolicy(func(_ context.Context, a refundjobs.Approval) error {
		heard = append(heard, a.Job.Params)
		return nil
	}))
	requests := f.tickets(2)
	requests[1].Params.Amount, requests[1].Params.Remaining = 0, true
	f.approved(t, requests)
	require.Len(t, heard, 1)
	require.EqualValues(t, 500, heard[0].Amount)
	require.True(t, heard[0].Remaining)
}

// One row names the charge, another its PaymentIntent: it is one payment.
func TestCheckPlanJoinsChargeAndPaymentIntent(t *testing.T) {
	f := setupFestival(t)
	charge := f.stripe.AddCharge(refundtest.Charge{Amount: 2000})
	read, err := f.client.Charges.Retrieve(t.Context(), charge.ID)
	require.NoError(t, err)
	params := map[string]refundkit.RefundCreateParams{"a": {Charge: charge.ID, Amount: 1200}, "b": {PaymentIntent: read.PaymentIntent.ID, Amount: 1200}}
	_, err = f.MakePlan(t.Context(), "festival", "ann", sequence([]refundjobs.Request{
		{Name: "a", Currency: "usd", Params: params["a"]}, {Name: "b", Currency: "usd", Params: params["b"]}}))
	require.NoError(t, err)
	found := map[refundkit.CheckFinding][]string{}
	check, err := f.CheckPlan(t.Context(), "festival", func(x refundjobs.Finding) error {
		found[x.Found] = append(found[x.Found], x.Name)
		return nil
	})
	require.NoError(t, err)
	require.EqualValues(t, 1, check.Refused)
	require.Equal(t, map[refundkit.CheckFinding][]string{refundjobs.FindingSamePaymentTwice: {"a", "b"}, refundkit.CheckFindingClaimed: {"b"}}, found)
}

// Nothing but the check stands between a wrong currency and the customer.
func TestCheckPlanSaysThatAnotherCurrencyIsNotRefused(t *testing.T) {
	f := setupFestival(t)
	requests := f.tickets(1)
	requests[0].Currency = "jpy"
	_, err := f.MakePlan(t.Context(), "festival", "ann", sequence(requests))
	require.NoError(t, err)
	var found []refundjobs.Finding
	_, err = f.CheckPlan(t.Context(), "festival", func(x refundjobs.Finding) error { found = append(found, x); return nil })
	require.NoError(t, err)
	require.Len(t, found, 1)
	assert.True(t, found[0].Refused)
	assert.Contains(t, found[0].Detail, "the payment is in usd, and Stripe would not refuse")
}

// A sequence may use one map for all of its requests.
func TestMakePlanKeepsTheMetadataOfEachRefund(t *testing.T) {
	f := setupFestival(t)
	requests := f.tickets(2)
	shared := refundkit.Metadata{}
	var reused iter.Seq2[refundjobs.Request, error] = func(yield func(refundjobs.Request, error) bool) {
		for _, r := range requests {
			shared["ticket"] = r.Name
			r.Params.Metadata = shared
			if !yield(r, nil) {
				return
			}
		}
	}
	plan, err := f.MakePlan(t.Context(), "festival", "ann", reused)
	require.NoError(t, err)
	require.Equal(t, plan.Digest, f.check(t).Digest)
	for _, r := range requests {
		row, err := f.Job(t.Context(), r.Name)
		require.NoError(t, err)
		require.Equal(t, r.Name, row.Params.Metadata["ticket"])
	}
}

// The same file in another database: the names are free there, and Stripe forgets keys.
func TestCheckPlanFindsWhatAnotherDatabaseMade(t *testing.T) {
	f := setupFestival(t)
	requests := f.tickets(2)
	made, err := f.client.Refunds.Create(t.Context(), requests[0].Params, refundkit.Reference(requests[0].Name), refundkit.KeyFrom(requests[0].Name, "0"))
	require.NoError(t, err)
	failed, err := f.client.Refunds.Create(t.Context(), requests[1].Params, refundkit.Reference(requests[1].Name), refundkit.KeyFrom(requests[1].Name, "0"))
	require.NoError(t, err)
	require.NoError(t, f.stripe.Fail(failed.ID, "declined"))
	_, err = f.MakePlan(t.Context(), "festival", "ann", sequence(requests))
	require.NoError(t, err)
	var found []refundjobs.Finding
	check, err := f.CheckPlan(t.Context(), "festival", func(x refundjobs.Finding) error { found = append(found, x); return nil })
	require.NoError(t, err)
	require.EqualValues(t, 1, check.Refused)
	require.Len(t, found, 1)
	assert.Equal(t, refundjobs.FindingMadeBefore, found[0].Found)
	assert.Contains(t, found[0].Detail, made.ID)
}
