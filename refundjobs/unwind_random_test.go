package refundjobs_test

import (
	"fmt"
	"math/rand/v2"
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

// randomSet is one unwound refund to which things happen at random. Only what can't be
// is left out: Stripe refuses no key that it has executed.
type randomSet struct {
	*platform
	dice    *rand.Rand
	rows    []refundjobs.Job
	history []string
	after   int // how much had been sent when the refund was canceled; -1: it was not
}

const (
	ofReversal = "POST /v1/transfers/{transfer}/reversals"
	ofRefund   = "POST /v1/refunds"
	ofFee      = "POST /v1/application_fees/{fee}/refunds"
)

// TestUnwindAtRandom: whatever is lost, refused, canceled and resumed, also during a call,
// each part is made once at most and its row knows it, the order holds, and nothing is
// sent for a refund that was canceled.
func TestUnwindAtRandom(t *testing.T) {
	t.Parallel()
	first := rand.Uint64()
	for seed := first; seed < first+60; seed++ {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			s := newRandomSet(t, seed)
			s.happens(ofReversal)
			s.happens(ofRefund)
			s.work()
			for range 2 + s.dice.IntN(6) {
				s.something()
			}
			s.goesOn()
			s.check()
			if t.Failed() {
				t.Log(strings.Join(s.history, "\n"))
			}
		})
	}
}

func newRandomSet(t *testing.T, seed uint64) *randomSet {
	s := &randomSet{platform: newPlatform(t, newSQLite(t)), dice: rand.New(rand.NewPCG(seed, 7)), after: -1}
	if s.dice.IntN(2) == 0 {
		s.server.AddWebhook(s.handler(nil), hookSecret, refundtest.Duplicated(0.3, seed))
	}
	charge := s.order("order-1")
	s.pay(url.Values{"transfer_data[destination]": {"acct_seller"}, "application_fee_amount": {"1000"}})
	unwind := s.unwind(charge.ID, "order-1", 5000)
	unwind.FeeRefunds = []refundkit.UnwindFee{{Fee: s.server.ApplicationFees("")[0].ID, Account: "acct_seller", Amount: 500}}
	s.must(func(tx txJobs) (err error) {
		s.rows, err = tx.RequestUnwind(s.ask("order-1/refund", charge.ID, 5000), unwind)
		return err
	})
	return s
}

// happens makes something go wrong with a call.
func (s *randomSet) happens(endpoint string) {
	faults := []refundtest.Fault{
		refundtest.DropConnection(), refundtest.DropConnection().AfterWork(), refundtest.ServerError(), refundtest.ServerError().AfterWork(),
		refundtest.ServerErrorDoneLater(time.Hour), refundtest.AnswerHTML(502), refundtest.AnswerHTML(502).AfterWork(), refundtest.CutBody(),
		refundtest.Unauthorized(), refundtest.LockTimeout(), refundtest.KeyInUse(), refundtest.AnswerError(404, "invalid_request_error", "resource_missing", ""),
	}
	fault := faults[s.dice.IntN(len(faults))].On(endpoint).Times(1 + s.dice.IntN(3))
	s.history = append(s.history, fault.String())
	s.server.Inject(fault)
}

func (s *randomSet) something() {
	name := s.rows[s.dice.IntN(len(s.rows))].Name
	endpoint := []string{ofReversal, ofRefund, ofFee}[s.dice.IntN(3)]
	switch s.dice.IntN(8) {
	case 0:
		s.happens(endpoint)
	case 1, 2:
		d := []time.Duration{time.Minute, time.Hour, 26 * time.Hour}[s.dice.IntN(3)]
		s.history = append(s.history, d.String())
		s.server.Advance(d)
		s.work()
	case 3:
		s.cancel(name)
	case 4:
		s.cancel(s.rows[0].Name)
	case 5:
		s.resume(name)
	case 6:
		if id := s.row(s.rows[0].Name).ID; id != "" {
			s.history = append(s.history, fmt.Sprint("the refund fails: ", s.server.Fail(id, "expired_or_canceled_card")))
		}
	case 7:
		s.server.Inject(refundtest.CallFunc(func() { s.cancel(name) }).On(endpoint).Times(1))
	}
}

func (s *randomSet) cancel(name string) {
	err := s.in(func(tx txJobs) error { _, err := tx.Cancel(name, "bob", "no more"); return err })
	s.history = append(s.history, fmt.Sprintf("cancel %s: %t", name, err == nil))
	if err == nil && name == s.rows[0].Name {
		s.after = len(s.posts())
	}
}

func (s *randomSet) resume(name string) {
	err := s.in(func(tx txJobs) error { _, err := tx.Resume(name, "bob", "again"); return err })
	s.history = append(s.history, fmt.Sprintf("resume %s: %t", name, err == nil))
}

// goesOn lets people and workers bring all to its end.
func (s *randomSet) goesOn() {
	s.server.ClearFaults()
	for range 40 {
		s.server.Advance(3 * time.Hour)
		s.work()
		for _, row := range s.rows {
			if s.row(row.Name).Shown == refundjobs.StateNeedsPerson {
				s.resume(row.Name)
			}
		}
	}
}

func (s *randomSet) check() {
	sent := map[string][]int{}
	for i, r := range s.server.Requests() {
		endpoint := r.Method + " " + r.Endpoint
		sent[endpoint] = append(sent[endpoint], i)
	}
	if refunds := sent[ofRefund]; len(refunds) > 0 && len(sent[ofReversal]) > 0 {
		assert.Less(s.t, sent[ofReversal][len(sent[ofReversal])-1], refunds[0], "a reversal after the refund")
	}
	if fees := sent[ofFee]; len(fees) > 0 {
		require.NotEmpty(s.t, sent[ofRefund], "a fee without the refund")
		assert.Less(s.t, sent[ofRefund][0], fees[0], "a fee before the refund")
	}
	if s.after >= 0 && s.row(s.rows[0].Name).State == refundkit.JobStateCanceled {
		assert.Len(s.t, s.posts(), s.after, "sent after the refund was canceled")
	}
	for _, row := range s.rows[1:] {
		made := len(s.server.TransferReversals(row.Source))
		if row.Kind == refundjobs.KindApplicationFeeRefund {
			fee, err := s.client.ApplicationFees.Retrieve(s.t.Context(), row.Source)
			require.NoError(s.t, err)
			made = int(fee.AmountRefunded / 500)
			assert.Zero(s.t, fee.AmountRefunded%500)
		}
		now := s.row(row.Name)
		assert.LessOrEqual(s.t, made, 1, "%s is made twice", row.Name)
		assert.Equal(s.t, made == 1, now.State == refundkit.JobStateMade, "%s is %s", row.Name, now.State)
		assert.NotEqual(s.t, refundjobs.StateSending, now.Shown)
	}
}
