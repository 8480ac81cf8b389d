package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/refundkit/refundkit"
	"github.com/refundkit/refundkit/refundtest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const twoWeeks = 14 * 24 * time.Hour

func TestSuccess(t *testing.T) {
	b := setup(t)
	charge := b.server.AddCharge(refundtest.Charge{Amount: 2000})
	b.order(charge)
	b.server.AssertNotRefunded(t, charge.ID)
	job := b.after(0)
	made := b.server.AssertRefundedOnce(t, refundtest.Refund{Charge: charge.ID, Amount: 500})
	assert.Equal(t, refundkit.JobStateMade, job.State)
	assert.Equal(t, made.ID, job.ID)
	b.after(time.Hour)
	posts, _ := b.posts()
	assert.Equal(t, 1, posts, "a job that is made is not due")
}

func TestPressedTwice(t *testing.T) {
	b := setup(t)
	charge := b.server.AddCharge(refundtest.Charge{Amount: 2000})
	b.order(charge)
	b.order(charge)
	b.after(0)
	b.order(charge)
	b.after(time.Hour)
	b.server.AssertRefundedOnce(t, refundtest.Refund{Charge: charge.ID, Amount: 500})

	status, _ := b.post("/refunds", `{"name":"`+order+`","params":{"charge":"`+charge.ID+`","amount":501}}`)
	assert.Equal(t, http.StatusConflict, status, "another refund of the same name")
}

func TestAnswerLost(t *testing.T) {
	b := setup(t, refundtest.HeldUntilDeliver())
	charge := b.server.AddCharge(refundtest.Charge{Amount: 2000})
	b.server.Inject(refundtest.DropConnection().AfterWork().On("POST /v1/refunds"))
	b.order(charge)
	assert.Equal(t, refundkit.JobStateOpen, b.after(0).State)
	assert.Equal(t, refundkit.JobStateOpen, b.after(time.Second).State, "not due yet")
	assert.Equal(t, refundkit.JobStateMade, b.after(2*time.Minute).State)
	b.server.AssertRefundedOnce(t, refundtest.Refund{Charge: charge.ID, Amount: 500})
}

// TestTwoWithOneRow: a worker has read the row, and a person cancels it meanwhile.
func TestTwoWithOneRow(t *testing.T) {
	b := setup(t)
	charge := b.server.AddCharge(refundtest.Charge{Amount: 2000})
	b.order(charge)
	read := b.row()
	require.NoError(t, b.decide(t.Context(), order, refundkit.Job.Cancel))
	_, _, err := b.stripe.Advance(t.Context(), read, b.save)
	require.ErrorIs(t, err, refundkit.ErrJobChanged)
	b.server.AssertNotRefunded(t, charge.ID)
	assert.Equal(t, refundkit.JobStateCanceled, b.row().State)
}

// TestKilled is a process that dies in the call, before the work or after it, and is
// started again sooner or later than Stripe keeps a key.
func TestKilled(t *testing.T) {
	for name, c := range map[string]struct {
		afterWork bool
		down      time.Duration
		key       int // the generation
		lists     int
	}{
		"between store and call, back soon":            {false, 5 * time.Minute, 0, 0},
		"between store and call, back after 60 hours":  {false, 60 * time.Hour, 1, 1},
		"after the call, back soon":                    {true, 5 * time.Minute, 0, 0},
		"after the call, back after 22 hours":          {true, 22 * time.Hour, 0, 0},
		"after the call, back after 23 hours and more": {true, 23*time.Hour + time.Minute, 0, 1},
		"after the call, back after 60 hours":          {true, 60 * time.Hour, 0, 1},
	} {
		t.Run(name, func(t *testing.T) {
			b := setup(t, refundtest.HeldUntilDeliver())
			charge := b.server.AddCharge(refundtest.Charge{Amount: 2000})
			b.order(charge)
			b.kill(c.afterWork)
			assert.Equal(t, refundkit.JobStateOpen, b.row().State)

			b.after(c.down)
			job := b.after(0)
			assert.Equal(t, refundkit.JobStateMade, job.State)
			assert.Equal(t, c.key, job.Generation)
			_, lists := b.posts()
			assert.Equal(t, c.lists, lists)
			made := b.server.AssertRefundedOnce(t, refundtest.Refund{Charge: charge.ID, Amount: 500})
			assert.Equal(t, made.ID, job.ID)
		})
	}
}

// TestTopUp is a payment method whose refunds are refused when the balance is low.
func TestTopUp(t *testing.T) {
	b := setup(t)
	charge := b.server.AddCharge(refundtest.Charge{Amount: 2000, PaymentMethodType: "ideal"})
	b.server.SetBalance("usd", 100)
	b.order(charge)
	assert.Equal(t, refundkit.JobProblemInsufficientBalance, b.after(0).Problem)
	b.after(48 * time.Hour)
	posts, _ := b.posts()
	assert.Equal(t, 1, posts, "a person has not decided")

	b.server.TopUp("usd", 1000)
	status, body := b.post("/decisions", `{"name":"`+order+`","decision":"resume"}`)
	require.Equal(t, http.StatusNoContent, status, body)
	assert.Equal(t, refundkit.JobStateMade, b.after(0).State)
	b.server.AssertRefundedOnce(t, refundtest.Refund{Charge: charge.ID, Amount: 500})
}

// TestCardWaitsForMoney is a card's refund, which Stripe makes and keeps until the
// balance suffices: nobody here has anything to do but to top up.
func TestCardWaitsForMoney(t *testing.T) {
	b := setup(t)
	charge := b.server.AddCharge(refundtest.Charge{Amount: 2000})
	b.server.SetBalance("usd", 100)
	b.order(charge)
	assert.Equal(t, refundkit.JobStateMade, b.after(0).State)
	assert.Equal(t, "pending", b.server.Refunds(charge.ID)[0].Status)
	b.server.TopUp("usd", 1000)
	assert.Equal(t, refundkit.JobStateMade, b.after(0).State)
	assert.Equal(t, "succeeded", b.server.Refunds(charge.ID)[0].Status)
}

// TestMoneyReturned is a bank that sends the money back after two weeks, of which
// only the webhook tells. Events come twice and in any order.
func TestMoneyReturned(t *testing.T) {
	b := setup(t, refundtest.BeforeAnswer(0.5, 1), refundtest.Duplicated(0.5, 2), refundtest.Reordered(3))
	charge := b.server.AddCharge(refundtest.Charge{Amount: 2000})
	b.order(charge)
	first := b.after(0)
	require.Equal(t, refundkit.JobStateMade, first.State)

	b.server.Advance(twoWeeks)
	require.NoError(t, b.server.Fail(first.ID, "expired_or_canceled_card"))
	b.hook.Deliver()
	assert.Equal(t, refundkit.JobProblemRefundFailed, b.row().Problem)
	b.after(48 * time.Hour)
	require.Len(t, b.server.Refunds(charge.ID), 1, "nobody asked for another")
	status, body := b.post("/decisions", `{"name":"`+order+`","decision":"resume"}`)
	require.Equal(t, http.StatusNoContent, status, body)
	b.after(0) // looks
	second := b.after(0)
	b.hook.Deliver()
	assert.Equal(t, refundkit.JobStateMade, b.row().State)
	assert.NotEqual(t, first.ID, second.ID)
	require.Len(t, b.server.Refunds(charge.ID), 2)
	for _, delivery := range b.hook.Deliveries() {
		assert.Equal(t, http.StatusOK, delivery.Status, delivery.Event.Type)
	}
}

// TestDestinationCharge takes back what the connected account got, and the fee.
func TestDestinationCharge(t *testing.T) {
	b := setup(t)
	charge := b.server.AddCharge(refundtest.Charge{Amount: 2000, Transfer: "tr_1", ApplicationFeeAmount: 200})
	status, body := b.post("/refunds", `{"name":"`+order+`","params":{"charge":"`+charge.ID+`","amount":500,"reverse_transfer":true,"refund_application_fee":true}}`)
	require.Equal(t, http.StatusAccepted, status, body)
	b.kill(true)
	assert.Equal(t, refundkit.JobStateMade, b.after(5*time.Minute).State)
	b.server.AssertRefundedOnce(t, refundtest.Refund{Charge: charge.ID, Amount: 500})
	for _, request := range b.server.Requests() {
		assert.Equal(t, "true", request.Form.Get("reverse_transfer"))
		assert.Equal(t, "true", request.Form.Get("refund_application_fee"))
	}
}

// TestWhatSupportSees is the list of those who wait for a person.
func TestWhatSupportSees(t *testing.T) {
	b := setup(t)
	charge := b.server.AddCharge(refundtest.Charge{Amount: 2000})
	_, err := b.server.RefundInDashboard(charge.ID, 1800)
	require.NoError(t, err)
	b.order(charge)
	b.after(0)
	recorder := get(b, "/refunds?state=needs_person")
	var seen []answer
	require.NoError(t, json.Unmarshal(recorder.Body.Bytes(), &seen))
	require.Len(t, seen, 1)
	assert.Equal(t, order, seen[0].Name)
	assert.Contains(t, seen[0].Problem, "less is left of the payment")

	status, body := b.post("/decisions", fmt.Sprintf(`{"name":%q,"decision":"cancel"}`, order))
	require.Equal(t, http.StatusNoContent, status, body)
	assert.Equal(t, refundkit.JobStateCanceled, b.row().State)
	status, _ = b.post("/decisions", fmt.Sprintf(`{"name":%q,"decision":"resume"}`, order))
	assert.Equal(t, http.StatusConflict, status, "it has ended")
}
