package refundjobs_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/refundkit/refundkit"
	"github.com/refundkit/refundkit/refundjobs"
	"github.com/refundkit/refundkit/refundtest"
)

// platform is a shop whose payments went on to connected accounts.
type platform struct{ *shop }

func newPlatform(t *testing.T, db *database, opts ...refundjobs.Option) *platform {
	s := newShop(t, db)
	s.store = db.open(t, s.client.Refunds, append([]refundjobs.Option{refundjobs.WithClock(s.server.Now), refundjobs.WithRate(0),
		refundjobs.WithConnect(s.client.TransferReversals, s.client.ApplicationFeeRefunds)}, opts...)...)
	return &platform{s}
}

// order is a charge of 100.00, of which 60.00 went to one account and 30.00 to another.
func (p *platform) order(group string) (charge struct{ ID string }) {
	p.t.Helper()
	charge = p.pay(url.Values{"transfer_group": {group}})
	for account, amount := range map[string]int64{"acct_seller": 6000, "acct_courier": 3000} {
		_, err := p.server.AddTransfer(refundtest.Transfer{Amount: amount, Currency: "eur", Destination: account, SourceTransaction: charge.ID, TransferGroup: group})
		require.NoError(p.t, err)
	}
	return charge
}

// pay is a charge of 100.00.
func (p *platform) pay(form url.Values) (charge struct{ ID string }) {
	p.t.Helper()
	maps.Copy(form, url.Values{"amount": {"10000"}, "currency": {"eur"}, "source": {"tok_bypassPending"}})
	request, err := http.NewRequestWithContext(p.t.Context(), http.MethodPost, "https://api.stripe.com/v1/charges", strings.NewReader(form.Encode()))
	require.NoError(p.t, err)
	request.SetBasicAuth("sk_test_1", "")
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	answer, err := p.server.HTTPClient().Do(request)
	require.NoError(p.t, err)
	defer answer.Body.Close()
	require.NoError(p.t, json.NewDecoder(answer.Body).Decode(&charge))
	require.NotEmpty(p.t, charge.ID)
	return charge
}

// unwind is what goes back of an order for a refund.
func (p *platform) unwind(chargeID, group string, amount int64) refundkit.Unwind {
	p.t.Helper()
	charge, err := p.client.Charges.Retrieve(p.t.Context(), chargeID)
	require.NoError(p.t, err)
	var transfers []*refundkit.Transfer
	for transfer, err := range p.client.Transfers.All(p.t.Context(), refundkit.TransferListParams{TransferGroup: group}) {
		require.NoError(p.t, err)
		transfers = append(transfers, transfer)
	}
	unwind, err := refundkit.NewUnwind(refundkit.UnwindInput{Charge: charge, Amount: amount, Transfers: transfers})
	require.NoError(p.t, err)
	return unwind
}

func (p *platform) ask(name, charge string, amount int64) refundjobs.Request {
	return refundjobs.Request{Name: name, Currency: "eur", By: "ann", Params: refundkit.RefundCreateParams{Charge: charge, Amount: amount}}
}

func (p *platform) request(name, charge, group string, amount int64) (rows []refundjobs.Job) {
	p.t.Helper()
	unwind := p.unwind(charge, group, amount)
	p.must(func(tx txJobs) (err error) {
		rows, err = tx.RequestUnwind(p.ask(name, charge, amount), unwind)
		return err
	})
	return rows
}

// posts are the paths that money moved by, in their order.
func (p *platform) posts() (paths []string) {
	for _, r := range p.server.Requests() {
		if r.Method == http.MethodPost && r.Path != "/v1/charges" {
			paths = append(paths, r.Path)
		}
	}
	return paths
}

func TestUnwindTakesBackBeforeItPays(t *testing.T) {
	databases(t, func(t *testing.T, db *database) {
		p := newPlatform(t, db)
		charge := p.order("order-1")
		rows := p.request("order-1/refund", charge.ID, "order-1", 5000)
		require.Len(t, rows, 3)
		p.work()
		posts := p.posts()
		require.Len(t, posts, 3)
		assert.Equal(t, "/v1/refunds", posts[2])
		for _, row := range rows {
			assert.Equal(t, refundjobs.StateSucceeded, p.row(row.Name).Shown, row.Name)
		}
		reversed := int64(0)
		for _, transfer := range p.server.Transfers("order-1") {
			reversed += transfer.AmountReversed
		}
		assert.Equal(t, int64(4500), reversed, "the platform's own tenth stays its own to pay")

		unwind := p.unwind(charge.ID, "order-1", 5000)
		err := p.in(func(tx txJobs) error {
			_, err := tx.RequestUnwind(p.ask("order-1/refund", charge.ID, 5000), unwind)
			return err
		})
		require.NoError(t, err, "asked for again it is the same")
		p.work()
		assert.Len(t, p.posts(), 3)
	})
}

func TestUnwindIsAllOrNothing(t *testing.T) {
	databases(t, func(t *testing.T, db *database) {
		p := newPlatform(t, db)
		charge := p.order("order-1")
		unwind := p.unwind(charge.ID, "order-1", 5000)
		for name, request := range map[string]refundjobs.Request{
			"another amount":   p.ask("order-1/refund", charge.ID, 4000),
			"another charge":   p.ask("order-1/refund", "ch_other", 5000),
			"another currency": {Name: "order-1/refund", Currency: "usd", Params: refundkit.RefundCreateParams{Charge: charge.ID, Amount: 5000}},
		} {
			require.Error(t, p.in(func(tx txJobs) error { _, err := tx.RequestUnwind(request, unwind); return err }), name)
		}
		taken := unwind.Reversals[0].Transfer
		p.requestAs(p.ask("order-1/refund/"+taken, charge.ID, 1))
		err := p.in(func(tx txJobs) error {
			_, err := tx.RequestUnwind(p.ask("order-1/refund", charge.ID, 5000), unwind)
			return err
		})
		require.ErrorIs(t, err, refundjobs.ErrDifferent)
		assert.Equal(t, 1, db.rows(t))

		plain := db.open(t, p.client.Refunds, refundjobs.WithClock(p.server.Now))
		require.ErrorContains(t, plain.in(func(tx txJobs) error {
			_, err := tx.RequestUnwind(p.ask("order-1/refund", charge.ID, 5000), unwind)
			return err
		}), "WithConnect")
	})
}

// A reversal that is refused holds the refund, until a person says that the platform pays.
func TestUnwindWaitsForAPerson(t *testing.T) {
	databases(t, func(t *testing.T, db *database) {
		p := newPlatform(t, db)
		charge := p.order("order-1")
		p.server.Inject(refundtest.AnswerError(400, "invalid_request_error", "balance_insufficient", "").On("POST /v1/transfers/{transfer}/reversals"))
		rows := p.request("order-1/refund", charge.ID, "order-1", 5000)
		p.work()
		p.pass(10 * time.Minute)
		assert.Equal(t, refundjobs.StateApproved, p.row("order-1/refund").Shown)
		stuck := p.nameList(refundjobs.Filter{States: []refundjobs.State{refundjobs.StateNeedsPerson}})
		require.Len(t, stuck, 1)
		p.must(func(tx txJobs) error { _, err := tx.Cancel(stuck[0], "bob", "we pay"); return err })
		p.work()
		assert.Equal(t, refundjobs.StateSucceeded, p.row("order-1/refund").Shown)
		assert.Len(t, rows, 3)
	})
}

func TestUnwindIsApprovedAndCanceledAsOne(t *testing.T) {
	databases(t, func(t *testing.T, db *database) {
		p := newPlatform(t, db, refundjobs.WithPolicy(refundjobs.FourEyes(map[string]refundjobs.Limit{"eur": {}})))
		one, two := p.order("order-1"), p.order("order-2")
		rows := p.request("order-1/refund", one.ID, "order-1", 5000)
		p.request("order-2/refund", two.ID, "order-2", 5000)
		p.work()
		assert.Empty(t, p.posts())
		require.ErrorContains(t, p.in(func(tx txJobs) error { _, err := tx.Approve(rows[1].Name, "bob", ""); return err }), "approve that")
		p.must(func(tx txJobs) error { _, err := tx.Approve("order-1/refund", "bob", ""); return err })
		p.must(func(tx txJobs) error { _, err := tx.Cancel("order-2/refund", "bob", ""); return err })
		p.work()
		assert.Len(t, p.posts(), 3)
		assert.Len(t, p.nameList(refundjobs.Filter{States: []refundjobs.State{refundjobs.StateCanceled}}), 3)
	})
}

// The refund of a direct charge is made on the connected account, and the fee goes back
// from the platform.
func TestUnwindOfADirectCharge(t *testing.T) {
	databases(t, func(t *testing.T, db *database) {
		p := newPlatform(t, db)
		direct := p.server.Account("acct_seller").AddCharge(refundtest.Charge{Amount: 10_000, ApplicationFeeAmount: 1000})
		charge, err := p.client.Charges.Retrieve(t.Context(), direct.ID, refundkit.OnAccount("acct_seller"))
		require.NoError(t, err)
		fee, err := p.client.ApplicationFees.Retrieve(t.Context(), p.server.ApplicationFees("acct_seller")[0].ID)
		require.NoError(t, err)
		unwind, err := refundkit.NewUnwind(refundkit.UnwindInput{Charge: charge, Amount: 5000, Fees: []*refundkit.ApplicationFee{fee}})
		require.NoError(t, err)
		request := refundjobs.Request{Name: "order-1/refund", Params: refundkit.RefundCreateParams{Charge: direct.ID, Amount: 5000}}
		ask := func(tx txJobs) error { _, err := tx.RequestUnwind(request, unwind); return err }
		require.ErrorContains(t, p.in(ask), "of a direct charge")
		request.Account = "acct_seller"
		p.must(ask)
		p.work()
		for _, name := range []string{"order-1/refund", "order-1/refund/" + fee.ID} {
			assert.Equal(t, refundjobs.StateSucceeded, p.row(name).Shown, name)
		}
		assert.Equal(t, int64(500), p.server.ApplicationFees("")[0].AmountRefunded)
	})
}

// Partial refunds of any size, faults, and workers that end anywhere: each part once, and
// the accounts have paid what the rows say.
// The story of each row names the key that was sent, and what it is about.
func TestUnwindStory(t *testing.T) {
	databases(t, func(t *testing.T, db *database) {
		p := newPlatform(t, db)
		charge := p.order("order-1")
		p.pay(url.Values{"transfer_data[destination]": {"acct_seller"}, "application_fee_amount": {"1000"}})
		unwind := p.unwind(charge.ID, "order-1", 5000)
		unwind.FeeRefunds = []refundkit.UnwindFee{{Fee: p.server.ApplicationFees("")[0].ID, Account: "acct_seller", Amount: 500}}
		var rows []refundjobs.Job
		p.must(func(tx txJobs) (err error) {
			rows, err = tx.RequestUnwind(p.ask("order-1/refund", charge.ID, 5000), unwind)
			return err
		})
		require.Len(t, rows, 4)
		p.server.Inject(refundtest.DropConnection().On("POST /v1/transfers/{transfer}/reversals").Times(2))
		story := func(name string) string {
			text, err := p.Story(t.Context(), name)
			require.NoError(t, err)
			return text
		}
		p.work()
		for _, row := range rows[1:3] {
			require.Contains(t, story(row.Name), "by a look at the transfer's reversals.")
		}
		p.pass(time.Hour)
		sent := map[string]bool{}
		for _, request := range p.server.Requests() {
			sent[request.IdempotencyKey] = true
		}
		for _, row := range rows {
			about := map[refundjobs.Kind]string{
				refundjobs.KindRefund:               ": 50.00 EUR of payment " + charge.ID + ".",
				refundjobs.KindTransferReversal:     " to be taken back of transfer " + row.Source + `, for refund "order-1/refund".`,
				refundjobs.KindApplicationFeeRefund: ": 5.00 EUR to be given back of application fee " + row.Source + `, for refund "order-1/refund".`,
			}[row.Kind]
			made := map[refundjobs.Kind]string{
				refundjobs.KindRefund:               "status succeeded",
				refundjobs.KindTransferReversal:     "Now: transfer reversal trr_",
				refundjobs.KindApplicationFeeRefund: "The answer: application fee refund fr_",
			}[row.Kind]
			told := story(row.Name)
			assert.Contains(t, told, about)
			assert.Contains(t, told, made)
			key := regexp.MustCompile(`About to be sent to Stripe with the key (\w+)\.`).FindStringSubmatch(told)
			require.NotNil(t, key, told)
			assert.True(t, sent[key[1]], told)
			assert.Contains(t, told, string(row.Key()))
		}
	})
}

func TestUnwindUnderChaos(t *testing.T) {
	databases(t, func(t *testing.T, db *database) {
		seed := rand.Uint64()
		t.Logf("seed %d", seed)
		dice := rand.New(rand.NewPCG(seed, 1))
		p := newPlatform(t, db)
		charges := map[string]string{}
		for i := range 30 {
			group := fmt.Sprintf("order-%d", i)
			charges[group] = p.order(group).ID
		}
		for round := range 2 {
			for group, charge := range charges {
				p.request(fmt.Sprintf("%s/refund-%d", group, round), charge, group, 100+dice.Int64N(4800))
			}
			p.server.Inject(refundtest.Chaos(seed, 0.3))
			p.work()
			p.server.ClearFaults()
			for range 120 {
				p.server.Advance(30 * time.Minute)
				p.work()
			}
		}
		asked, sum := map[string]int64{}, int64(0)
		for row, err := range p.List(t.Context(), refundjobs.Filter{}) {
			require.NoError(t, err)
			require.Equal(t, refundjobs.StateSucceeded, row.Shown, "%s: %s %s", row.Name, string(row.Problem), row.Detail)
			if row.Kind == refundjobs.KindTransferReversal {
				asked[row.Source] += row.Params.Amount
				sum += row.Params.Amount
			}
		}
		for i := range 30 {
			for _, transfer := range p.server.Transfers(fmt.Sprintf("order-%d", i)) {
				assert.Equal(t, asked[transfer.ID], transfer.AmountReversed, transfer.ID)
			}
		}
		assert.Positive(t, sum)
	})
}
