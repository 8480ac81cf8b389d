package refundkit_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/refundkit/refundkit"
	"github.com/refundkit/refundkit/refundtest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestConnectJobLostAnswer loses an answer in every way and gives back once.
func TestConnectJobLostAnswer(t *testing.T) {
	for name, fault := range map[string]refundtest.Fault{
		"lost answer": refundtest.DropConnection().AfterWork(), "lost request": refundtest.DropConnection(), "proxy": refundtest.AnswerHTML(502).AfterWork(),
		"cut": refundtest.CutBody(),
	} {
		t.Run(name, func(t *testing.T) {
			eachReturner(t, 100, func(t *testing.T, r returner, server *refundtest.Server) {
				server.Inject(fault.On("POST " + r.path()))
				r.advance(t)
				assert.Equal(t, []any{refundkit.JobStateOpen, true}, []any{r.progress().State, r.progress().Open})
				require.Error(t, r.person("cancel", ""))
				r.advance(t) // not due yet
				server.Advance(2 * time.Minute)
				r.advance(t)
				assert.Equal(t, refundkit.JobStateMade, r.progress().State)
				assert.Equal(t, 1, r.made())
			})
		})
	}
}

// TestConnectJobStoredError looks the work up whose key says 500 for ever.
func TestConnectJobStoredError(t *testing.T) {
	eachReturner(t, 100, func(t *testing.T, r returner, server *refundtest.Server) {
		sent := server.Now()
		server.Inject(refundtest.ServerError().AfterWork().On("POST " + r.path()))
		r.advance(t)
		server.Advance(2 * time.Minute)
		r.advance(t)
		assert.True(t, r.progress().LookUp)
		r.advance(t)
		assert.Equal(t, refundkit.JobStateMade, r.progress().State)
		assert.Equal(t, 1, r.made())
		id, err := r.resolve(t, sent)
		require.NoError(t, err)
		assert.Equal(t, r.progress().ID, id)
	})
	eachReturner(t, 100, func(t *testing.T, r returner, server *refundtest.Server) { // and the work was never done
		sent := server.Now()
		server.Inject(refundtest.ServerError().On("POST " + r.path()))
		r.advance(t)
		for range 40 {
			server.Advance(time.Hour)
			r.advance(t)
		}
		assert.Equal(t, []any{refundkit.JobStateMade, 1, 1}, []any{r.progress().State, r.progress().Generation, r.made()})
		_, err := r.resolve(t, sent)
		require.NoError(t, err)
	})
}

// TestConnectJobNothingLeft is refused without a code: it is a person's unless an
// earlier send can be the reason.
func TestConnectJobNothingLeft(t *testing.T) {
	eachReturner(t, 100, func(t *testing.T, r returner, server *refundtest.Server) {
		takeAll(t, r, server)
		r.advance(t)
		p := r.progress()
		assert.Equal(t, []any{refundkit.JobStateNeedsPerson, refundkit.JobProblemNotReturnable, false}, []any{p.State, p.Problem, p.Open})
		assert.NotEqual(t, string(p.Problem), p.Problem.String())
		require.NoError(t, r.person("cancel", ""))
		assert.Equal(t, refundkit.JobStateCanceled, r.progress().State)
	})
	eachReturner(t, 100, func(t *testing.T, r returner, server *refundtest.Server) {
		server.Inject(refundtest.DropConnection().On("POST " + r.path()))
		r.advance(t) // open: it may have been made
		takeAll(t, r, server)
		server.Advance(2 * time.Minute)
		r.advance(t)
		assert.Equal(t, []any{refundkit.JobStateOpen, true}, []any{r.progress().State, r.progress().LookUp}, "it is looked up before a person is asked")
		r.advance(t)
		assert.Equal(t, []any{refundkit.JobStateNeedsPerson, refundkit.JobProblemNotReturnable}, []any{r.progress().State, r.progress().Problem})
	})
}

// takeAll gives back all that there is, by other hands. In parts, so that none looks
// like the job's own.
func takeAll(t *testing.T, r returner, server *refundtest.Server) {
	t.Helper()
	client, err := refundkit.New("sk_test_person", refundkit.WithHTTPClient(server.HTTPClient()))
	require.NoError(t, err)
	switch r := r.(type) {
	case *reversing:
		_, err = client.TransferReversals.Create(t.Context(), r.transfer, refundkit.TransferReversalCreateParams{Remaining: true})
	case *giving:
		_, err = client.ApplicationFeeRefunds.Create(t.Context(), r.fee, refundkit.ApplicationFeeRefundCreateParams{Remaining: true})
	}
	require.NoError(t, err)
}

// TestConnectJobLookAlike asks a person about one whose metadata somebody cleared.
func TestConnectJobLookAlike(t *testing.T) {
	eachReturner(t, 100, func(t *testing.T, r returner, server *refundtest.Server) {
		sent := server.Now()
		server.Inject(refundtest.ServerError().AfterWork().On("POST " + r.path()))
		r.advance(t)
		id, err := r.resolve(t, sent)
		require.NoError(t, err)
		clearMetadata(t, r, id)
		_, err = r.resolve(t, sent)
		var unresolved *refundkit.UnresolvedError
		require.ErrorAs(t, err, &unresolved)
		assert.Equal(t, []any{[]string{id}, true, refundkit.StepStop}, []any{unresolved.LookAlikeIDs, unresolved.Undecided, refundkit.NextStep(err)})
		require.ErrorIs(t, err, refundkit.ErrOutcomeUnknown)
		server.Advance(2 * time.Minute)
		r.advance(t)
		r.advance(t)
		assert.Equal(t, []any{refundkit.JobProblemLookAlike, id}, []any{r.progress().Problem, r.progress().Detail})
		require.NoError(t, r.person("accept", id))
		assert.Equal(t, []any{refundkit.JobStateMade, id, 1}, []any{r.progress().State, r.progress().ID, r.made()})
	})
}

func clearMetadata(t *testing.T, r returner, id string) {
	t.Helper()
	var err error
	switch r := r.(type) {
	case *reversing:
		_, err = r.client.TransferReversals.Update(t.Context(), r.transfer, id, refundkit.TransferReversalUpdateParams{ClearMetadata: true, ForgetReference: true})
	case *giving:
		_, err = r.client.ApplicationFeeRefunds.Update(t.Context(), r.fee, id, refundkit.ApplicationFeeRefundUpdateParams{ClearMetadata: true, ForgetReference: true})
	}
	require.NoError(t, err)
}

// TestConnectJobObserve believes an event in place of the answer that was lost.
func TestConnectJobObserve(t *testing.T) {
	eachReturner(t, 100, func(t *testing.T, r returner, server *refundtest.Server) {
		server.Inject(refundtest.DropConnection().AfterWork().On("POST " + r.path()))
		r.advance(t)
		events := server.Events()
		var event refundkit.Event
		require.NoError(t, json.Unmarshal(events[len(events)-1].Body, &event))
		require.Contains(t, []refundkit.EventType{refundkit.EventTypeTransferReversed, refundkit.EventTypeApplicationFeeRefunded}, event.Type)
		require.NoError(t, r.observe(&event))
		p := r.progress()
		assert.Equal(t, []any{refundkit.JobStateMade, false}, []any{p.State, p.Open})
		require.NoError(t, r.observe(&event))
		assert.Equal(t, p, r.progress(), "an event that comes twice changes nothing")

		other := event
		other.Account = "acct_2"
		require.ErrorIs(t, r.observe(&other), refundkit.ErrOtherJob)
		require.ErrorIs(t, r.observe(nil), refundkit.ErrOtherJob)
		takeAll(t, r, server)
		events = server.Events()
		require.NoError(t, json.Unmarshal(events[len(events)-1].Body, &event))
		require.NoError(t, r.observe(&event), "the other one is not ours, but ours is beside it")
		assert.Equal(t, p, r.progress())
	})
}

// TestConnectJobShortBalance is refused by the work, and made after a top-up under the
// next key.
func TestConnectJobShortBalance(t *testing.T) {
	eachReturner(t, 100, func(t *testing.T, r returner, server *refundtest.Server) {
		payer := server.Account("acct_1")
		if _, gives := r.(*giving); gives {
			payer = server.World
		}
		payer.SetBalance("usd", 99)
		r.advance(t)
		assert.Equal(t, []any{refundkit.JobStateNeedsPerson, refundkit.JobProblemInsufficientBalance}, []any{r.progress().State, r.progress().Problem})
		payer.TopUp("usd", 1)
		require.NoError(t, r.person("resume", ""))
		r.advance(t)
		assert.Equal(t, []any{refundkit.JobStateMade, 1, 1}, []any{r.progress().State, r.progress().Generation, r.made()})
	})
}

// TestConnectJobRemaining gives all back that is left.
func TestConnectJobRemaining(t *testing.T) {
	eachReturner(t, 0, func(t *testing.T, r returner, _ *refundtest.Server) {
		r.advance(t)
		assert.Equal(t, refundkit.JobStateMade, r.progress().State)
		assert.Equal(t, 1, r.made())
	})
}

// TestConnectKeysAreApart lets a refund, a reversal and a fee refund have one name.
func TestConnectKeysAreApart(t *testing.T) {
	refund, err := refundkit.NewJob("a", refundkit.RefundCreateParams{Charge: "ch_1", Amount: 1})
	require.NoError(t, err)
	reversal, err := refundkit.NewTransferReversalJob("a", "tr_1", refundkit.TransferReversalCreateParams{Amount: 1})
	require.NoError(t, err)
	fee, err := refundkit.NewApplicationFeeRefundJob("a", "fee_1", refundkit.ApplicationFeeRefundCreateParams{Amount: 1})
	require.NoError(t, err)
	keys := []string{string(refund.Key()), string(reversal.Key()), string(fee.Key())}
	slices.Sort(keys)
	assert.Len(t, slices.Compact(keys), 3)

	for _, job := range []any{reversal, fee} { // the names of a stored row, which outlives the code
		text, err := json.Marshal(job)
		require.NoError(t, err)
		place := map[bool]string{true: `"transfer":"tr_1"`, false: `"fee":"fee_1"`}[fmt.Sprintf("%T", job) == "refundkit.TransferReversalJob"]
		assert.JSONEq(t, `{"name":"a",`+place+`,"params":{"amount":1},"state":"waiting","version":0}`, string(text))
	}
	_, err = refundkit.NewTransferReversalJob("a", "", refundkit.TransferReversalCreateParams{Amount: 1})
	require.ErrorIs(t, err, refundkit.ErrInvalidParams)
	_, err = refundkit.NewApplicationFeeRefundJob("a", "fee_1", refundkit.ApplicationFeeRefundCreateParams{})
	require.ErrorIs(t, err, refundkit.ErrInvalidParams)
	_, err = refundkit.NewApplicationFeeRefundJob("", "fee_1", refundkit.ApplicationFeeRefundCreateParams{Amount: 1})
	require.ErrorIs(t, err, refundkit.ErrInvalidParams)
}

// TestConnectRefusals says what is safe next.
func TestConnectRefusals(t *testing.T) {
	client, server, charge := connectServer(t)
	reverse := func(amount int64) error {
		_, err := client.TransferReversals.Create(t.Context(), charge.Transfer, refundkit.TransferReversalCreateParams{Amount: amount})
		return err
	}
	err := reverse(1001)
	require.ErrorIs(t, err, refundkit.ErrAmountExceedsRemaining)
	assert.Equal(t, refundkit.StepLookUp, refundkit.NextStep(err))
	require.NoError(t, reverse(1000))
	err = reverse(1)
	require.ErrorIs(t, err, refundkit.ErrNotRefundable)
	assert.Equal(t, refundkit.StepLookUp, refundkit.NextStep(err))
	_, err = client.TransferReversals.Create(t.Context(), "tr_unknown", refundkit.TransferReversalCreateParams{Amount: 1})
	require.ErrorIs(t, err, refundkit.ErrNotFound)
	server.Inject(refundtest.DropConnection().On("POST"))
	_, err = client.ApplicationFeeRefunds.Create(t.Context(), charge.ID, refundkit.ApplicationFeeRefundCreateParams{Amount: 1})
	require.ErrorIs(t, err, refundkit.ErrOutcomeUnknown)
	assert.NotEmpty(t, refundkit.KeyOf(err))
}

// TestConnectAnswerMismatch refuses a success that is another request's.
func TestConnectAnswerMismatch(t *testing.T) {
	for name, body := range map[string]string{
		"another transfer": `{"id":"trr_1","object":"transfer_reversal","amount":5,"transfer":"tr_2"}`,
		"another amount":   `{"id":"trr_1","object":"transfer_reversal","amount":6,"transfer":"tr_1"}`,
		"a refund":         `{"id":"re_1","object":"refund","amount":5}`,
	} {
		t.Run(name, func(t *testing.T) {
			client, mock := setup(t)
			mock.RegisterResponder("POST", base+"/v1/transfers/tr_1/reversals", func(*http.Request) (*http.Response, error) { return answer(200, body), nil })
			_, err := client.TransferReversals.Create(t.Context(), "tr_1", refundkit.TransferReversalCreateParams{Amount: 5})
			require.ErrorIs(t, err, refundkit.ErrOutcomeUnknown)
		})
	}
}

// TestConnectReversalOfARefund is no look-alike: Stripe says which refund has made it.
func TestConnectReversalOfARefund(t *testing.T) {
	r, server := newReversing(t, 100)
	server.Inject(refundtest.ServerError().On("POST " + r.path()))
	r.advance(t)
	client, err := refundkit.New("sk_test_person", refundkit.WithHTTPClient(server.HTTPClient()))
	require.NoError(t, err)
	charge := server.Recent(1).Charges[0].ID
	_, err = client.Refunds.Create(t.Context(), refundkit.RefundCreateParams{Charge: charge, Amount: 100, ReverseTransfer: true})
	require.NoError(t, err)
	server.Advance(2 * time.Minute)
	r.advance(t) // the stored 500
	r.advance(t)
	assert.Equal(t, []any{refundkit.JobStateOpen, true}, []any{r.progress().State, r.progress().LookUp}, "it is looked for again, and nobody is asked")
	assert.Empty(t, r.progress().Problem)
}

// FuzzConnectObserve reads events of anybody: a job takes its own, and panics at none.
func FuzzConnectObserve(f *testing.F) {
	for _, object := range []string{
		`{"id":"tr_1","object":"transfer","reversals":{"object":"list","data":[{"id":"trr_1","object":"transfer_reversal","metadata":{"refundkit_reference":"a"}}]}}`,
		`{"id":"tr_1","object":"transfer","reversals":{"object":"list","data":[null]}}`, `{"id":"tr_1","object":"transfer","reversals":{}}`,
		`{"id":"fee_1","object":"application_fee","refunds":{"object":"list","data":[null,{}]}}`, `{"id":"fr_1","object":"fee_refund","fee":"fee_1"}`, `{}`, `null`,
	} {
		f.Add([]byte(`{"id":"evt_1","object":"event","type":"transfer.reversed","data":{"object":` + object + `}}`))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var event refundkit.Event
		if json.Unmarshal(data, &event) != nil {
			return
		}
		reversal := refundkit.TransferReversalJob{Name: "a", Transfer: "tr_1", Params: refundkit.TransferReversalCreateParams{Amount: 1}}
		fee := refundkit.ApplicationFeeRefundJob{Name: "a", Fee: "fee_1", Params: refundkit.ApplicationFeeRefundCreateParams{Amount: 1}}
		if after, err := reversal.Observe(&event); err == nil {
			require.Equal(t, refundkit.JobStateMade, after.State)
		}
		if _, err := fee.Observe(&event); err == nil {
			require.NotEmpty(t, event.Data.Object)
		}
	})
}
