package refundkit_test

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/refundkit/refundkit"
	"github.com/refundkit/refundkit/refundtest"
	"github.com/stretchr/testify/require"
)

// connectServer has one destination charge, with its transfer and fee.
func connectServer(t *testing.T) (*refundkit.Client, *refundtest.Server, refundtest.Charge) {
	t.Helper()
	start := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	server := refundtest.New(refundtest.WithSeed(1), refundtest.WithClock(func() time.Time { return start }), refundtest.WithReporter(t))
	charge := server.AddCharge(refundtest.Charge{Amount: 1000, Destination: "acct_1", ApplicationFeeAmount: 200})
	client, err := refundkit.New("sk_test_connect", refundkit.WithHTTPClient(server.HTTPClient()), refundkit.WithMaxRetries(0), refundkit.WithClock(server.Now))
	require.NoError(t, err)
	return client, server, charge
}

// returner is a job that gives back 100, of either kind, as a test drives it.
type returner interface {
	advance(t *testing.T)
	progress() refundkit.Progress
	person(do, id string) error
	observe(event *refundkit.Event) error
	resolve(t *testing.T, sent time.Time) (string, error)
	made() int
	path() string
}

type reversing struct {
	client   *refundkit.Client
	server   *refundtest.Server
	transfer string
	job      refundkit.TransferReversalJob
}

func newReversing(t *testing.T, amount int64) (returner, *refundtest.Server) {
	t.Helper()
	client, server, charge := connectServer(t)
	params := refundkit.TransferReversalCreateParams{Amount: amount, Remaining: amount == 0}
	job, err := refundkit.NewTransferReversalJob("order-1/back-1", charge.Transfer, params)
	require.NoError(t, err)
	return &reversing{client, server, charge.Transfer, job}, server
}

func (r *reversing) advance(t *testing.T) {
	t.Helper()
	r.job = advanced(t, r.client.TransferReversals.Advance, r.job, func(job refundkit.TransferReversalJob) int64 { return job.Version })
}

func (r *reversing) progress() refundkit.Progress { return r.job.Progress }

func (r *reversing) person(do, id string) (err error) {
	r.job, err = decided(r.job, do, id)
	return err
}

func (r *reversing) observe(event *refundkit.Event) (err error) {
	r.job, err = r.job.Observe(event)
	return err
}

func (r *reversing) resolve(t *testing.T, sent time.Time) (string, error) {
	t.Helper()
	found, err := r.client.TransferReversals.Resolve(t.Context(), refundkit.TransferReversalResolveParams{
		Reference: "order-1/back-1", Transfer: r.transfer, Amount: 100, FirstSent: sent, LastSent: sent})
	if err != nil {
		return "", err
	}
	return found.ID, nil
}

func (r *reversing) made() int    { return len(r.server.TransferReversals(r.transfer)) }
func (r *reversing) path() string { return "/v1/transfers/" + r.transfer + "/reversals" }

// advanced is a job after a step, as a database keeps it.
func advanced[J, Object any](t *testing.T, advance func(context.Context, J, func(context.Context, J) error, ...refundkit.CallOption) (J, *Object, error), job J, version func(J) int64) J {
	t.Helper()
	saved := job
	_, _, err := advance(t.Context(), job, func(_ context.Context, job J) error {
		if version(job) != version(saved)+1 {
			return refundkit.ErrJobChanged
		}
		text, err := json.Marshal(job)
		require.NoError(t, err)
		saved = *new(J)
		return json.Unmarshal(text, &saved)
	})
	require.NoError(t, err)
	return saved
}

// decided is a job after what a person said.
func decided[J interface {
	Resume() (J, error)
	Accept(id string) (J, error)
	Judge(id string) (J, error)
	Cancel() (J, error)
}](job J, do, id string) (J, error) {
	switch do {
	case "resume":
		return job.Resume()
	case "accept":
		return job.Accept(id)
	case "judge":
		return job.Judge(id)
	case "cancel":
		return job.Cancel()
	}
	return job, nil
}

type giving struct {
	client *refundkit.Client
	server *refundtest.Server
	fee    string
	job    refundkit.ApplicationFeeRefundJob
}

func newGiving(t *testing.T, amount int64) (returner, *refundtest.Server) {
	t.Helper()
	client, server, _ := connectServer(t)
	fee := server.ApplicationFees("")[0].ID
	params := refundkit.ApplicationFeeRefundCreateParams{Amount: amount, Remaining: amount == 0}
	job, err := refundkit.NewApplicationFeeRefundJob("order-1/back-1", fee, params)
	require.NoError(t, err)
	return &giving{client, server, fee, job}, server
}

func (r *giving) advance(t *testing.T) {
	t.Helper()
	r.job = advanced(t, r.client.ApplicationFeeRefunds.Advance, r.job, func(job refundkit.ApplicationFeeRefundJob) int64 { return job.Version })
}

func (r *giving) progress() refundkit.Progress { return r.job.Progress }

func (r *giving) person(do, id string) (err error) {
	r.job, err = decided(r.job, do, id)
	return err
}

func (r *giving) observe(event *refundkit.Event) (err error) {
	r.job, err = r.job.Observe(event)
	return err
}

func (r *giving) resolve(t *testing.T, sent time.Time) (string, error) {
	t.Helper()
	found, err := r.client.ApplicationFeeRefunds.Resolve(t.Context(), refundkit.ApplicationFeeRefundResolveParams{
		Reference: "order-1/back-1", Fee: r.fee, Amount: 100, FirstSent: sent, LastSent: sent})
	if err != nil {
		return "", err
	}
	return found.ID, nil
}

func (r *giving) made() int    { return len(r.server.ApplicationFeeRefunds(r.fee)) }
func (r *giving) path() string { return "/v1/application_fees/" + r.fee + "/refunds" }

// eachReturner runs a test with a job of each kind, that gives back an amount.
func eachReturner(t *testing.T, amount int64, test func(t *testing.T, r returner, server *refundtest.Server)) {
	t.Helper()
	for name, start := range map[string]func(*testing.T, int64) (returner, *refundtest.Server){"reversal": newReversing, "fee": newGiving} {
		t.Run(name, func(t *testing.T) {
			r, server := start(t, amount)
			test(t, r, server)
		})
	}
}
