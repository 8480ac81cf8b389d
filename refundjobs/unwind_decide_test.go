package refundjobs_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/refundkit/refundkit"
	"github.com/refundkit/refundkit/refundjobs"
	"github.com/refundkit/refundkit/refundtest"
)

// The fee of a direct charge is the platform's, though its refund is the account's.
func TestUnwindOfADirectChargeGivesTheFeeBackOnThePlatform(t *testing.T) {
	databases(t, func(t *testing.T, db *database) {
		p := newPlatform(t, db)
		charge := p.server.Account("acct_seller").AddCharge(refundtest.Charge{Amount: 10000, Currency: "eur", ApplicationFeeAmount: 1000})
		fee := p.server.ApplicationFees("")[0].ID
		unwind := refundkit.Unwind{Charge: charge.ID, Currency: "eur", Amount: 5000, Account: "acct_seller",
			FeeRefunds: []refundkit.UnwindFee{{Fee: fee, Account: "acct_seller", Amount: 500}}}
		request := p.ask("order-1/refund", charge.ID, 5000)
		request.Account = "acct_other"
		require.ErrorContains(t, p.in(func(tx txJobs) error { _, err := tx.RequestUnwind(request, unwind); return err }), "account")
		request.Account = "acct_seller"
		p.must(func(tx txJobs) error { _, err := tx.RequestUnwind(request, unwind); return err })
		p.work()
		accounts := map[string]string{}
		for _, r := range p.server.Requests() {
			if r.Method == http.MethodPost {
				accounts[r.Path] = r.Account
			}
		}
		assert.Equal(t, "acct_seller", accounts["/v1/refunds"])
		assert.Empty(t, accounts["/v1/application_fees/"+fee+"/refunds"])
		assert.Contains(t, accounts, "/v1/application_fees/"+fee+"/refunds")
	})
}

// A refund that gives the fee back, or takes the transfer back, by itself does it beside
// the rows.
func TestUnwindRefusesWhatGoesBackTwice(t *testing.T) {
	databases(t, func(t *testing.T, db *database) {
		p := newPlatform(t, db)
		charge := p.order("order-1")
		unwind := p.unwind(charge.ID, "order-1", 5000)
		for name, set := range map[string]func(*refundkit.RefundCreateParams){
			"the fee":      func(p *refundkit.RefundCreateParams) { p.RefundApplicationFee = true },
			"the transfer": func(p *refundkit.RefundCreateParams) { p.ReverseTransfer = true },
		} {
			request := p.ask("order-1/refund", charge.ID, 5000)
			set(&request.Params)
			require.ErrorContains(t, p.in(func(tx txJobs) error { _, err := tx.RequestUnwind(request, unwind); return err }), "twice", name)
		}
	})
}

// A reversal that was sent when its refund was canceled is looked for, and not sent again.
func TestUnwindCanceledSendsNothingMore(t *testing.T) {
	for name, lost := range map[string]refundtest.Fault{
		"nothing arrived": refundtest.DropConnection(),
		"it was made":     refundtest.DropConnection().AfterWork(),
	} {
		t.Run(name, func(t *testing.T) {
			databases(t, func(t *testing.T, db *database) {
				p := newPlatform(t, db)
				charge := p.order("order-1")
				rows := p.request("order-1/refund", charge.ID, "order-1", 5000)
				p.server.Inject(lost.On("POST /v1/transfers/{transfer}/reversals").Times(2))
				p.work()
				require.Equal(t, refundjobs.StateSending, p.row(rows[1].Name).Shown)
				sent := len(p.posts())
				p.must(func(tx txJobs) error { _, err := tx.Cancel("order-1/refund", "bob", "called off"); return err })
				p.pass(30 * time.Hour)
				assert.Len(t, p.posts(), sent)
				want := refundjobs.StateCanceled
				if name == "it was made" {
					want = refundjobs.StateSucceeded
				}
				assert.Equal(t, want, p.row(rows[1].Name).Shown)
				assert.Equal(t, want, p.row(rows[2].Name).Shown)
			})
		})
	}
}

// A part that may have been made when its refund was canceled is not sent by Resume.
func TestUnwindCanceledIsNotResumed(t *testing.T) {
	databases(t, func(t *testing.T, db *database) {
		p := newPlatform(t, db)
		charge := p.order("order-1")
		rows := p.request("order-1/refund", charge.ID, "order-1", 5000)
		p.server.Inject(refundtest.AnswerHTML(502).On("POST /v1/transfers/{transfer}/reversals").Times(2))
		p.work()
		p.server.Inject(refundtest.AnswerError(404, "invalid_request_error", "resource_missing", "").On("POST /v1/transfers/{transfer}/reversals").Times(2))
		p.pass(2 * time.Minute)
		require.Equal(t, refundjobs.StateNeedsPerson, p.row(rows[1].Name).Shown)
		p.must(func(tx txJobs) error { _, err := tx.Cancel("order-1/refund", "bob", "called off"); return err })
		require.Equal(t, refundjobs.StateNeedsPerson, p.row(rows[1].Name).Shown)
		sent := len(p.posts())
		p.must(func(tx txJobs) error { _, err := tx.Resume(rows[1].Name, "bob", "look"); return err })
		p.pass(30 * time.Hour)
		assert.Len(t, p.posts(), sent)
		assert.Equal(t, refundjobs.StateCanceled, p.row(rows[1].Name).Shown)
	})
}

// Who accepts another reversal while the row's own is on its way hears of both.
func TestUnwindAcceptedDuringTheSend(t *testing.T) {
	databases(t, func(t *testing.T, db *database) {
		p := newPlatform(t, db)
		charge := p.order("order-1")
		row := p.request("order-1/refund", charge.ID, "order-1", 5000)[1]
		p.server.Inject(refundtest.CallFunc(func() {
			p.must(func(tx txJobs) error { _, err := tx.Accept(row.Name, "trr_dashboard", "bob", "by hand"); return err })
		}).On("POST /v1/transfers/{transfer}/reversals").When(func(r refundtest.Request) bool { return strings.Contains(r.Path, row.Source) }))
		p.work()
		after := p.row(row.Name)
		assert.Equal(t, refundkit.JobProblemRefundedTwice, after.Problem)
		assert.Contains(t, after.Detail, "trr_dashboard")
	})
}

// The webhook tells the rows of what was made of a transfer or a fee, and what no row
// knows is told as such.
func TestUnwindHearsEvents(t *testing.T) {
	databases(t, func(t *testing.T, db *database) {
		p := newPlatform(t, db)
		var unknown []refundkit.EventType
		handler := p.handler(func(_ context.Context, event *refundkit.Event) error {
			unknown = append(unknown, event.Type)
			return nil
		})
		charge := p.order("order-1")
		p.pay(url.Values{"transfer_data[destination]": {"acct_seller"}, "application_fee_amount": {"1000"}})
		p.server.AddWebhook(handler, hookSecret, refundtest.Duplicated(1, 1))
		unwind := p.unwind(charge.ID, "order-1", 5000)
		unwind.FeeRefunds = []refundkit.UnwindFee{{Fee: p.server.ApplicationFees("")[0].ID, Account: "acct_seller", Amount: 500}}
		var rows []refundjobs.Job
		p.must(func(tx txJobs) (err error) {
			rows, err = tx.RequestUnwind(p.ask("order-1/refund", charge.ID, 5000), unwind)
			return err
		})
		lost := refundtest.DropConnection().AfterWork()
		p.server.Inject(lost.On("POST /v1/transfers/{transfer}/reversals").Times(2), lost.On("POST /v1/application_fees/{fee}/refunds").Times(1))
		p.work()
		for _, row := range rows {
			assert.Equal(t, refundjobs.StateSucceeded, p.row(row.Name).Shown, row.Name)
		}
		assert.Len(t, p.posts(), 4, "each once")
		assert.NotContains(t, unknown, refundkit.EventTypeTransferReversed)
		assert.NotContains(t, unknown, refundkit.EventTypeApplicationFeeRefunded)

		_, err := p.client.TransferReversals.Create(t.Context(), rows[1].Source, refundkit.TransferReversalCreateParams{Amount: 1}, refundkit.Reference(rows[1].Name))
		require.NoError(t, err)
		assert.Equal(t, refundkit.JobProblemRefundedTwice, p.row(rows[1].Name).Problem)
	})
}

// An event of a refund is not about a reversal, whatever its reference says.
func TestUnwindRefundWithAPartsName(t *testing.T) {
	databases(t, func(t *testing.T, db *database) {
		p := newPlatform(t, db)
		charge := p.order("order-1")
		row := p.request("order-1/refund", charge.ID, "order-1", 5000)[1]
		p.listen()
		_, err := p.client.Refunds.Create(t.Context(), refundkit.RefundCreateParams{Charge: p.charge().ID, Amount: 100}, refundkit.Reference(row.Name))
		require.NoError(t, err)
		assert.Equal(t, row, p.row(row.Name))
	})
}

// Sums of refunds are not those of what was taken back for them.
func TestUnwindIsCountedByKind(t *testing.T) {
	databases(t, func(t *testing.T, db *database) {
		p := newPlatform(t, db)
		charge := p.order("order-1")
		p.request("order-1/refund", charge.ID, "order-1", 5000)
		p.work()
		counts, err := p.Counts(t.Context(), refundjobs.Filter{})
		require.NoError(t, err)
		sums := map[refundjobs.Kind]int64{}
		for _, part := range counts.Parts {
			sums[part.Kind] += part.Amount
		}
		assert.Equal(t, map[refundjobs.Kind]int64{refundjobs.KindRefund: 5000, refundjobs.KindTransferReversal: 4500}, sums)
	})
}

// What a reversal holds back for weeks is not due, and does not stand before what is.
func TestUnwindHeldIsNotDue(t *testing.T) {
	databases(t, func(t *testing.T, db *database) {
		p := newPlatform(t, db)
		charge := p.order("order-1")
		p.server.Inject(refundtest.AnswerError(400, "invalid_request_error", "balance_insufficient", "").On("POST /v1/transfers/{transfer}/reversals").Times(2))
		rows := p.request("order-1/refund", charge.ID, "order-1", 5000)
		p.work()
		due := func() time.Time {
			counts, err := p.Counts(t.Context(), refundjobs.Filter{})
			require.NoError(t, err)
			return counts.OldestDue
		}
		assert.Zero(t, due())
		db.exec(t, "DELETE FROM river_job")
		p.server.Advance(time.Hour)
		require.NoError(t, p.GiveAlarms(t.Context()))
		assert.Zero(t, db.count(t, "SELECT count(*) FROM river_job"))

		for _, row := range rows[1:] {
			p.must(func(tx txJobs) error { _, err := tx.Cancel(row.Name, "bob", "we pay"); return err })
		}
		assert.NotZero(t, due())
		db.exec(t, "DELETE FROM river_job")
		require.NoError(t, p.GiveAlarms(t.Context()))
		assert.Equal(t, 1, db.count(t, "SELECT count(*) FROM river_job"))
	})
}

// Two people who decide about two parts at once don't wait for each other.
func TestUnwindPartsAreDecidedSideBySide(t *testing.T) {
	databases(t, func(t *testing.T, db *database) {
		if db.name == "sqlite" {
			t.Skip("one writes after the other")
		}
		p := newPlatform(t, db)
		rows := p.request("order-1/refund", p.order("order-1").ID, "order-1", 5000)
		p.must(func(one txJobs) error {
			_, err := one.Cancel(rows[1].Name, "ann", "we pay")
			require.NoError(t, err)
			return p.in(func(two txJobs) error {
				require.NoError(t, two.Exec("SET LOCAL lock_timeout = '5s'")) // it would wait for ever
				_, err := two.Cancel(rows[2].Name, "bob", "we pay")
				return err
			})
		})
		p.work()
		assert.Equal(t, []string{"/v1/refunds"}, p.posts())
	})
}
