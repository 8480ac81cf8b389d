package refundjobs_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refundkit/refundkit"
	"github.com/refundkit/refundkit/refundjobs"
	"github.com/refundkit/refundkit/refundtest"
)

func TestRequestIsMadeWithTheTransaction(t *testing.T) {
	databases(t, func(t *testing.T, db *database) {
		s := newShop(t, db)
		charge := s.charge()
		broken := errors.New("the order can't be canceled")
		require.ErrorIs(t, s.in(func(tx txJobs) error {
			_, err := tx.Request(refundjobs.Request{Name: "order-1", Params: refundkit.RefundCreateParams{Charge: charge.ID, Amount: 500}})
			require.NoError(t, err)
			return broken
		}), broken)
		s.work()
		require.Zero(t, db.rows(t))
		require.Zero(t, db.count(t, "SELECT count(*) FROM river_job"), "nor is there an alarm")
		s.server.AssertNotRefunded(t, charge.ID)
		_, err := s.Job(t.Context(), "order-1")
		require.ErrorIs(t, err, refundjobs.ErrUnknown)

		row := s.request("order-1", charge.ID)
		require.Equal(t, refundjobs.StateApproved, row.Shown)
		require.Equal(t, "ann", row.ApprovedBy)
		require.Equal(t, 1, db.count(t, "SELECT count(*) FROM river_job"))
		s.work()
		row = s.row("order-1")
		require.Equal(t, refundjobs.StateSucceeded, row.Shown)
		require.EqualValues(t, 500, row.RefundAmount)
		require.Equal(t, row.ID, row.Refund.ID)
		s.server.AssertRefundedOnce(t, refundtest.Refund{Charge: charge.ID, Amount: 500})
		require.Equal(t, []refundjobs.What{"requested", "sending", "answered"}, s.log("order-1"))
	})
}

func TestRequestTwiceIsOne(t *testing.T) {
	databases(t, func(t *testing.T, db *database) {
		s := newShop(t, db)
		charge, other := s.charge(), s.charge()
		request := refundjobs.Request{Name: "order-1", By: "ann", Note: "first", Currency: "eur", Params: refundkit.RefundCreateParams{Charge: charge.ID, Amount: 500}}
		first := s.requestAs(request)
		again := request
		again.By, again.Note, again.Labels = "bob", "second", map[string]string{"a": "b"}
		require.Equal(t, first, s.requestAs(again), "who asks, and why, may differ")
		s.work()
		require.Equal(t, s.row("order-1"), s.requestAs(again))

		for name, change := range map[string]func(*refundjobs.Request){
			"amount":   func(r *refundjobs.Request) { r.Params.Amount = 501 },
			"payment":  func(r *refundjobs.Request) { r.Params.Charge = other.ID },
			"all":      func(r *refundjobs.Request) { r.Params.Amount, r.Params.Remaining = 0, true },
			"reason":   func(r *refundjobs.Request) { r.Params.Reason = refundkit.RefundReasonDuplicate },
			"account":  func(r *refundjobs.Request) { r.Account = "acct_1" },
			"currency": func(r *refundjobs.Request) { r.Currency = "usd" },
		} {
			different := request
			change(&different)
			err := s.in(func(tx txJobs) error { _, err := tx.Request(different); return err })
			require.ErrorIs(t, err, refundjobs.ErrDifferent, name)
		}
		s.work()
		require.Equal(t, 1, db.rows(t))
		s.server.AssertRefundedOnce(t, refundtest.Refund{Charge: charge.ID, Amount: 500})
		s.server.AssertNotRefunded(t, other.ID)
	})
}

func TestRequestConcurrently(t *testing.T) {
	databases(t, func(t *testing.T, db *database) {
		s := newShop(t, db, refundjobs.WithPolicy(refundjobs.FourEyes(map[string]refundjobs.Limit{"eur": {Alone: 500, PerDay: 500}})))
		charge := s.charge()
		var all sync.WaitGroup
		errs := make([]error, 8)
		for i := range errs {
			all.Go(func() {
				errs[i] = s.in(func(tx txJobs) error {
					_, err := tx.Request(refundjobs.Request{Name: "order-1", By: "ann", Currency: "eur", Params: refundkit.RefundCreateParams{Charge: charge.ID, Amount: 500}})
					return err
				})
			})
		}
		all.Wait()
		require.NoError(t, errors.Join(errs...))
		s.work()
		require.Equal(t, 1, db.rows(t))
		require.Equal(t, 500, db.count(t, "SELECT amount FROM refundjobs_sums"), "it is counted once")
		s.server.AssertRefundedOnce(t, refundtest.Refund{Charge: charge.ID, Amount: 500})
	})
}

// A caller of SQLite has its only connection: a second one would be waited for, for ever.
func TestRequestTakesNoSecondConnection(t *testing.T) {
	databases(t, func(t *testing.T, db *database) {
		s := newShop(t, db, refundjobs.WithPolicy(refundjobs.FourEyes(map[string]refundjobs.Limit{"eur": {Alone: 500, PerDay: 600}})))
		charge := s.charge()
		ended := make(chan error, 1)
		go func() {
			ended <- s.in(func(tx txJobs) error {
				params := refundkit.RefundCreateParams{Charge: charge.ID, Amount: 500}
				for _, name := range []string{"alone", "waits", "canceled", "accepted"} {
					if _, err := tx.Request(refundjobs.Request{Name: name, By: "ann", Currency: "eur", Params: params}); err != nil {
						return err
					}
				}
				_, approve := tx.Approve("waits", "bob", "")
				_, resume := tx.Resume("waits", "bob", "")
				_, judge := tx.Judge("waits", "re_2", "bob", "")
				_, cancel := tx.Cancel("canceled", "bob", "")
				_, accept := tx.Accept("accepted", "re_1", "bob", "")
				return errors.Join(approve, resume, judge, cancel, accept)
			})
		}()
		select {
		case err := <-ended:
			require.NoError(t, err)
		case <-time.After(30 * time.Second):
			require.Fail(t, "it waits for a second connection")
		}
	})
}

func TestRequestRefusesWhatIsWrong(t *testing.T) {
	databases(t, func(t *testing.T, db *database) {
		s := newShop(t, db)
		good := refundkit.RefundCreateParams{Charge: "ch_1", Amount: 500}
		for why, request := range map[string]refundjobs.Request{
			"name":          {Params: good},
			"500":           {Name: strings.Repeat("a", 501), Params: good},
			"amount":        {Name: "a", Params: refundkit.RefundCreateParams{Charge: "ch_1"}},
			"lower case":    {Name: "a", Params: good, Currency: "EUR"},
			"three":         {Name: "a", Params: good, Currency: "euro"},
			"two":           {Name: "a", Params: refundkit.RefundCreateParams{PaymentIntent: "pi_1", Amount: 5, Currency: "eur"}, Currency: "usd"},
			"character 0":   {Name: "a\x00b", Params: good},
			"By":            {Name: "a", Params: good, By: "ann\xff"},
			"Note":          {Name: "a", Params: good, Note: "a\x00"},
			"labels":        {Name: "a", Params: good, Labels: map[string]string{"a": "\x00"}},
			"three letters": {Name: "a", Params: good, Currency: "=1+"},
			"no name":       {Name: "a", Params: good, Labels: map[string]string{"": "x"}},
			"the account":   {Name: "a", Params: good, Account: "acct 1"},
		} {
			err := s.in(func(tx txJobs) error { _, err := tx.Request(request); return err })
			require.ErrorContains(t, err, why)
			require.ErrorContains(t, err, "refundjobs: RequestTx")
		}
		require.Zero(t, db.rows(t))
	})
}

// The account that the client acts on is the row's from the first send on: an event of
// it is the row's, and the next send goes there too.
func TestRequestByAClientOfAnAccount(t *testing.T) {
	databases(t, func(t *testing.T, db *database) {
		var s *shop
		s = newShopWith(t, db, func(*refundkit.RefundService) refundjobs.Refunder { return lateRefunder{&s} })
		s.client = nil
		world := s.server.Account("acct_1")
		charge := world.AddCharge(refundtest.Charge{Amount: 1000})
		s.client = s.newClient(refundkit.WithAccount("acct_1"))
		s.server.Inject(refundtest.AnswerHTML(502).On("POST /v1/refunds"))
		s.request("order-1", charge.ID)
		s.work()
		require.Equal(t, refundjobs.StateSending, s.row("order-1").Shown)
		require.Equal(t, "acct_1", s.row("order-1").Account)
		s.pass(2 * time.Minute)
		require.Equal(t, refundjobs.StateSucceeded, s.row("order-1").Shown)
		world.AssertRefundedOnce(t, refundtest.Refund{Charge: charge.ID, Amount: 500})
	})
}

// lateRefunder asks the client that the shop has by then.
type lateRefunder struct{ shop **shop }

func (r lateRefunder) Advance(ctx context.Context, job refundkit.Job, save func(context.Context, refundkit.Job) error, opts ...refundkit.CallOption) (refundkit.Job, *refundkit.Refund, error) {
	return (*r.shop).client.Refunds.Advance(ctx, job, save, opts...)
}
