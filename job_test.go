package refundkit_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/refundkit/refundkit"
	"github.com/refundkit/refundkit/refundtest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestJobRows fixes the names in stored rows: they outlive a field's rename.
func TestJobRows(t *testing.T) {
	first := time.Date(2026, 9, 21, 13, 33, 20, 0, time.UTC)
	for name, want := range map[string]refundkit.Job{
		"new": {
			Name: "order-6735/refund-1", Params: refundkit.RefundCreateParams{Charge: "ch_1", Amount: 500},
			Progress: refundkit.Progress{State: refundkit.JobStateWaiting},
		},
		"open": {
			Name: "order-6735/refund-2", Account: "acct_1",
			Params: refundkit.RefundCreateParams{
				PaymentIntent: "pi_1", Remaining: true, Reason: refundkit.RefundReasonRequestedByCustomer, Metadata: refundkit.Metadata{"case": "6735"},
				InstructionsEmail: "ana@example.com", RefundApplicationFee: true, ReverseTransfer: true,
			},
			Progress: refundkit.Progress{
				State: refundkit.JobStateOpen, Problem: refundkit.JobProblemCredentials, Detail: "refundkit: Refunds.Advance: status 401", Generation: 1,
				FirstSent: first, LastSent: first.Add(time.Hour + 250*time.Millisecond), Due: first.Add(2 * time.Hour), Open: true, LookUp: true,
				Sends: 3, Absences: 1, Judged: []string{"re_7", "re_8"}, RequestID: "req_1", Version: 12,
			},
		},
		"made_cash_balance": {
			Name:     "cash-1",
			Params:   refundkit.RefundCreateParams{Amount: 900, Origin: refundkit.RefundOriginCustomerBalance, Customer: "cus_1", Currency: "eur"},
			Progress: refundkit.Progress{State: refundkit.JobStateMade, ID: "re_1", Version: 2},
		},
	} {
		t.Run(name, func(t *testing.T) {
			row := fixture(t, "jobs/"+name+".json")
			var read refundkit.Job
			require.NoError(t, json.Unmarshal(row, &read))
			assert.Equal(t, want, read)
			written, err := json.MarshalIndent(want, "", "  ")
			require.NoError(t, err)
			assert.Equal(t, strings.TrimSpace(string(row)), string(written))
			newer := bytes.Replace(row, []byte(`"version"`), []byte(`"of_a_newer_version": {"x": 1}, "version"`), 1)
			require.NoError(t, json.Unmarshal(newer, new(refundkit.Job)), "a row of a newer version is read as far as it is known")
		})
	}
}

// jobWorld is a Stripe, a client on its clock, and one job in a table.
type jobWorld struct {
	server *refundtest.Server
	client *refundkit.Client
	charge refundtest.Charge
	job    refundkit.Job
	table  exampleTable
}

func newJobWorld(t *testing.T, opts ...refundkit.Option) *jobWorld {
	t.Helper()
	w := &jobWorld{server: refundtest.New()}
	t.Cleanup(w.server.Close)
	w.charge = w.server.AddCharge(refundtest.Charge{Amount: 2000})
	opts = append([]refundkit.Option{refundkit.WithHTTPClient(w.server.HTTPClient()), refundkit.WithClock(w.server.Now), refundkit.WithMaxRetries(0)}, opts...)
	client, err := refundkit.New(apiKey, opts...)
	require.NoError(t, err)
	w.client = client
	w.job, w.table = exampleJob(w.charge)
	return w
}

// TestAdvanceStoresBeforeItSends: a crash after any save finds a row that leads to
// one refund.
func TestAdvanceStoresBeforeItSends(t *testing.T) {
	w := newJobWorld(t)
	var saved []refundkit.Job
	var sentBefore []int
	job, refund, err := w.client.Refunds.Advance(t.Context(), w.job, func(_ context.Context, job refundkit.Job) error {
		saved, sentBefore = append(saved, job), append(sentBefore, len(w.server.Requests()))
		return nil
	})
	require.NoError(t, err)
	require.Len(t, saved, 2)
	assert.Equal(t, []int{0, 1}, sentBefore)
	assert.Equal(t, refundkit.JobStateOpen, saved[0].State)
	assert.True(t, saved[0].Open)
	assert.Equal(t, w.server.Now().UTC(), saved[0].LastSent)
	assert.True(t, saved[0].Due.After(w.server.Now()))
	assert.Equal(t, []int64{1, 2}, []int64{saved[0].Version, saved[1].Version})
	assert.Equal(t, job, saved[1])
	assert.Equal(t, refundkit.JobStateMade, job.State)
	assert.Equal(t, refund.ID, job.ID)
	assert.Equal(t, w.job.Name, refund.Reference())

	again, _, err := w.client.Refunds.Advance(t.Context(), job, func(context.Context, refundkit.Job) error { panic("nothing to save") })
	require.NoError(t, err)
	assert.Equal(t, job, again)
	assert.Len(t, w.server.Requests(), 1)
}

func TestAdvanceSendsNothingThatIsNotStored(t *testing.T) {
	w := newJobWorld(t)
	broken := errors.New("the database is down")
	job, refund, err := w.client.Refunds.Advance(t.Context(), w.job, func(context.Context, refundkit.Job) error { return broken })
	require.ErrorIs(t, err, broken)
	assert.Nil(t, refund)
	assert.Equal(t, w.job, job)
	assert.Empty(t, w.server.Requests())
}

// TestAdvanceSecondSaveFails: the stored row is open, which is right, and the caller
// still learns the id.
func TestAdvanceSecondSaveFails(t *testing.T) {
	w := newJobWorld(t)
	saves := 0
	job, refund, err := w.client.Refunds.Advance(t.Context(), w.job, func(ctx context.Context, job refundkit.Job) error {
		if saves++; saves == 2 {
			return refundkit.ErrJobChanged
		}
		return w.table.save(ctx, job)
	})
	require.ErrorIs(t, err, refundkit.ErrJobChanged)
	assert.Equal(t, refund.ID, job.ID)
	assert.Equal(t, refundkit.JobStateOpen, w.table[w.job.Name].State)

	w.server.Advance(time.Hour)
	job, _, err = w.client.Refunds.Advance(t.Context(), w.table[w.job.Name], w.table.save)
	require.NoError(t, err)
	assert.Equal(t, refund.ID, job.ID)
	assert.Len(t, w.server.Refunds(w.charge.ID), 1)
}

// TestAdvanceEndsWithItsContext: what came of a call is stored although the caller
// has gone, and nothing is sent for a caller who has gone before.
func TestAdvanceEndsWithItsContext(t *testing.T) {
	w := newJobWorld(t)
	ctx, cancel := context.WithCancel(t.Context())
	saves := 0
	job, _, err := w.client.Refunds.Advance(ctx, w.job, func(ctx context.Context, job refundkit.Job) error {
		if saves++; saves == 1 {
			cancel()
		} else {
			require.NoError(t, ctx.Err())
		}
		return w.table.save(ctx, job)
	})
	require.ErrorIs(t, err, context.Canceled)
	assert.Equal(t, 2, saves)
	assert.Equal(t, refundkit.JobStateWaiting, job.State, "nothing was sent")
	assert.True(t, job.LastSent.IsZero())
	assert.Empty(t, w.server.Requests())

	_, _, err = w.client.Refunds.Advance(ctx, job, w.table.save)
	require.ErrorIs(t, err, context.Canceled)
	assert.Equal(t, 2, saves)
}

// TestAdvanceAfterASleep: a machine that slept between the save and the send does
// not send, however young the key is: the row says when it was sent at the latest.
func TestAdvanceAfterASleep(t *testing.T) {
	for name, slept := range map[string]time.Duration{"minutes": 11 * time.Minute, "a day": 24 * time.Hour} {
		t.Run(name, func(t *testing.T) {
			w := newJobWorld(t)
			saves := 0
			job, _, err := w.client.Refunds.Advance(t.Context(), w.job, func(ctx context.Context, job refundkit.Job) error {
				if saves++; saves == 1 {
					w.server.Advance(slept)
				}
				return w.table.save(ctx, job)
			})
			require.NoError(t, err)
			assert.Empty(t, w.server.Requests())
			assert.Equal(t, refundkit.JobStateWaiting, job.State)
			assert.False(t, job.Due.After(w.server.Now()), "it is due at once")
		})
	}
}

// TestAdvanceNeverSendsAnOldKey: 23 hours after the first send it looks, and sends
// the next key only when the refund is surely absent.
func TestAdvanceNeverSendsAnOldKey(t *testing.T) {
	w := newJobWorld(t)
	w.server.Inject(refundtest.DropConnection().On("POST /v1/refunds"))
	job, _, err := w.client.Refunds.Advance(t.Context(), w.job, w.table.save)
	require.NoError(t, err)
	require.Equal(t, refundkit.JobStateOpen, job.State)
	sent := job.LastSent

	w.server.Advance(23 * time.Hour)
	for job.Generation == 0 {
		require.Less(t, w.server.Now().Sub(job.FirstSent), 48*time.Hour)
		job, _, err = w.client.Refunds.Advance(t.Context(), job, w.table.save)
		require.NoError(t, err)
		w.server.Advance(time.Hour)
	}
	for _, request := range w.server.Requests()[1:] {
		assert.Equal(t, http.MethodGet, request.Method)
	}
	assert.GreaterOrEqual(t, w.server.Now().Sub(sent), 25*time.Hour)
	job, _, err = w.client.Refunds.Advance(t.Context(), job, w.table.save)
	require.NoError(t, err)
	assert.Equal(t, refundkit.JobStateMade, job.State)
	assert.Len(t, w.server.Refunds(w.charge.ID), 1)
}

// TestAdvanceAfterAnOlderFailure: other code made a refund of the same name before, and
// that one has failed. It says nothing of what the job's own send may still do.
func TestAdvanceAfterAnOlderFailure(t *testing.T) {
	w := newJobWorld(t)
	older, err := w.server.AddRefund(refundtest.Refund{Charge: w.charge.ID, Amount: 500, Created: w.server.Now().Add(-48 * time.Hour),
		Metadata: map[string]string{refundkit.ReferenceMetadataKey: w.job.Name}})
	require.NoError(t, err)
	require.NoError(t, w.server.Fail(older.ID, ""))
	w.server.Inject(refundtest.ServerErrorDoneLater(2 * time.Hour))
	job := w.job
	for range 3 { // two sends, and the look-up
		job, _, err = w.client.Refunds.Advance(t.Context(), job, w.table.save)
		require.NoError(t, err)
		w.server.Advance(time.Hour / 2)
	}
	require.Equal(t, refundkit.JobProblemRefundFailed, job.Problem)
	require.Equal(t, older.ID, job.ID)
	_, err = job.Cancel()
	require.Error(t, err, "the send may still refund")

	job, err = job.Resume()
	require.NoError(t, err)
	w.table[job.Name] = job
	for range 3 {
		job, _, err = w.client.Refunds.Advance(t.Context(), job, w.table.save)
		require.NoError(t, err)
		w.server.Advance(2 * time.Hour)
	}
	assert.Equal(t, refundkit.JobStateMade, job.State)
	assert.Zero(t, job.Generation)
	assert.Len(t, w.server.Refunds(w.charge.ID), 2, "the older one, and one")
}

func TestAdvanceRefuses(t *testing.T) {
	ok := func(context.Context, refundkit.Job) error { return nil }
	good, _ := exampleJob(refundtest.Charge{ID: "ch_1"})
	changed := func(change func(*refundkit.Job)) refundkit.Job {
		job := good
		change(&job)
		return job
	}
	for name, c := range map[string]struct {
		job   refundkit.Job
		save  func(context.Context, refundkit.Job) error
		opts  []refundkit.CallOption
		param string
	}{
		"no name":             {changed(func(j *refundkit.Job) { j.Name = "" }), ok, nil, "Name"},
		"a name too long":     {changed(func(j *refundkit.Job) { j.Name = strings.Repeat("é", 501) }), ok, nil, "Name"},
		"no UTF-8":            {changed(func(j *refundkit.Job) { j.Name = "\xff" }), ok, nil, "Name"},
		"no amount":           {changed(func(j *refundkit.Job) { j.Params.Amount = 0 }), ok, nil, "amount"},
		"another reference":   {changed(func(j *refundkit.Job) { j.Params.Metadata = refundkit.Metadata{refundkit.ReferenceMetadataKey: "x"} }), ok, nil, "metadata"},
		"an unknown state":    {changed(func(j *refundkit.Job) { j.State = "done" }), ok, nil, "State"},
		"a negative version":  {changed(func(j *refundkit.Job) { j.Version = -1 }), ok, nil, "Version"},
		"no save":             {good, nil, nil, "save"},
		"a key of the caller": {good, ok, []refundkit.CallOption{refundkit.IdempotencyKey("k")}, "opts"},
		"a reference":         {good, ok, []refundkit.CallOption{refundkit.Reference("r")}, "opts"},
		"an account":          {good, ok, []refundkit.CallOption{refundkit.OnAccount("acct_1")}, "opts"},
		"an expanded object":  {good, ok, []refundkit.CallOption{refundkit.Expand("charge")}, "opts"},
		"no option":           {good, ok, []refundkit.CallOption{nil}, "opts"},
	} {
		t.Run(name, func(t *testing.T) {
			client, mock := setup(t)
			_, _, err := client.Refunds.Advance(t.Context(), c.job, c.save, c.opts...)
			var refused *refundkit.ParamError
			require.ErrorAs(t, err, &refused)
			assert.Equal(t, c.param, refused.Param)
			assert.Equal(t, "Refunds.Advance", refused.Op)
			assert.Zero(t, mock.GetTotalCallCount())
		})
	}
	client, _ := setup(t)
	_, err := client.Refunds.Retrieve(t.Context(), "re_1", refundkit.ClockOffset(time.Hour))
	assert.ErrorIs(t, err, refundkit.ErrInvalidParams, "only Advance has a clock")
}

// TestAdvanceOnAccounts: the account is part of the request, so that it is stored
// with the first send, and another one is refused from then on.
func TestAdvanceOnAccounts(t *testing.T) {
	job, table := exampleJob(refundtest.Charge{ID: "ch_1"})
	ours, mock := setup(t, refundkit.WithAccount("acct_1"))
	sent := record(mock, `{"id":"re_1","object":"refund"}`)
	made, _, err := ours.Refunds.Advance(t.Context(), job, table.save)
	require.NoError(t, err)
	assert.Equal(t, "acct_1", made.Account)
	assert.Equal(t, "acct_1", sent.all()[0].header.Get("Stripe-Account"))

	again := made
	again.State = refundkit.JobStateOpen
	platform, mock := setup(t)
	sent = record(mock, `{"id":"re_1","object":"refund"}`)
	_, _, err = platform.Refunds.Advance(t.Context(), again, exampleTable{}.save)
	require.NoError(t, err)
	assert.Equal(t, "acct_1", sent.all()[0].header.Get("Stripe-Account"))

	theirs, mock := setup(t, refundkit.WithAccount("acct_2"))
	_, _, err = theirs.Refunds.Advance(t.Context(), again, table.save)
	var refused *refundkit.ParamError
	require.ErrorAs(t, err, &refused)
	assert.Equal(t, "Account", refused.Param)
	assert.Zero(t, mock.GetTotalCallCount())

	again.Account = ""
	_, _, err = ours.Refunds.Advance(t.Context(), again, table.save)
	assert.ErrorIs(t, err, refundkit.ErrInvalidParams, "it was first sent to the platform's own")
}

// TestAdvanceSendsTheSameEachTime: bytes, key and reference.
func TestAdvanceSendsTheSameEachTime(t *testing.T) {
	client, mock := setup(t)
	sent := record(mock, `{"id":"","object":"refund"}`)
	job, table := exampleJob(refundtest.Charge{ID: "ch_1"})
	for range 3 {
		next, _, err := client.Refunds.Advance(t.Context(), job, table.save)
		require.NoError(t, err)
		require.Equal(t, refundkit.JobStateOpen, next.State, "a success that can't be read is open")
		next.Due = time.Time{}
		job, table[job.Name] = next, next
	}
	for _, request := range sent.all() {
		assert.Equal(t, "amount=500&charge=ch_1&metadata%5Brefundkit_reference%5D=order-6735%2Frefund-1", request.body)
		assert.Equal(t, string(job.Key()), request.header.Get("Idempotency-Key"))
	}
}

func TestObserveRefuses(t *testing.T) {
	job, _ := exampleJob(refundtest.Charge{ID: "ch_1"})
	event := func(object, extra string) *refundkit.Event {
		e := new(refundkit.Event)
		require.NoError(t, json.Unmarshal([]byte(`{"id":"evt_1","object":"event","type":"refund.updated",`+extra+`"data":{"object":`+object+`}}`), e))
		return e
	}
	const ours = `{"id":"re_1","object":"refund","status":"succeeded","metadata":{"refundkit_reference":"order-6735/refund-1"}}`
	const bare = `{"id":"re_1","object":"refund","status":"succeeded","metadata":{}}`
	for name, c := range map[string]struct {
		event *refundkit.Event
		is    error
	}{
		"no event":          {nil, refundkit.ErrOtherJob},
		"a charge":          {event(`{"id":"ch_1","object":"charge"}`, ""), refundkit.ErrEventObject},
		"another reference": {event(strings.Replace(ours, "refund-1", "refund-2", 1), ""), refundkit.ErrOtherJob},
		"another payment's": {event(strings.Replace(ours, `"status"`, `"charge":"ch_2","status"`, 1), ""), refundkit.ErrOtherJob},
		"no reference":      {event(bare, ""), refundkit.ErrOtherJob},
		"another account":   {event(ours, `"account":"acct_2",`), refundkit.ErrOtherJob},
		"another's request": {event(bare, `"request":{"id":"req_1","idempotency_key":"k"},`), refundkit.ErrOtherJob},
		"our request":       {event(bare, `"request":{"id":"req_1","idempotency_key":"`+string(job.Key())+`"},`), nil},
		"our reference":     {event(ours, ""), nil},
	} {
		t.Run(name, func(t *testing.T) {
			next, err := job.Observe(c.event)
			if c.is != nil {
				require.ErrorIs(t, err, c.is)
				assert.Equal(t, job, next)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, refundkit.JobStateMade, next.State)
			assert.Equal(t, job.Version+1, next.Version)
			again, err := next.Observe(c.event)
			require.NoError(t, err)
			assert.Equal(t, next, again, "told twice, changed once")
		})
	}
}

// TestProblemsAreSentences: a person reads what to do.
func TestProblemsAreSentences(t *testing.T) {
	for _, problem := range []refundkit.JobProblem{
		refundkit.JobProblemInsufficientBalance, refundkit.JobProblemCredentials, refundkit.JobProblemUnreachable, refundkit.JobProblemAlreadyRefunded,
		refundkit.JobProblemExceedsRemaining, refundkit.JobProblemDisputed, refundkit.JobProblemNotRefundable, refundkit.JobProblemRefused,
		refundkit.JobProblemKeyMismatch, refundkit.JobProblemMismatch, refundkit.JobProblemLookAlike, refundkit.JobProblemRefundedTwice,
		refundkit.JobProblemRefundFailed, refundkit.JobProblemUnanswered,
	} {
		assert.Contains(t, problem.String(), " ", string(problem))
		assert.Regexp(t, `^[a-z_]+$`, string(problem))
	}
	assert.Equal(t, "of tomorrow", refundkit.JobProblem("of tomorrow").String())
}
