package refundjobs_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refundkit/refundkit"
	"github.com/refundkit/refundkit/refundjobs"
	"github.com/refundkit/refundkit/refundtest"
)

// The story of a row that has seen much, as support reads it.
func TestStory(t *testing.T) {
	databases(t, func(t *testing.T, db *database) {
		now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
		clock := func() time.Time { return now }
		s := &shop{t: t, db: db, server: refundtest.New(refundtest.WithReporter(t), refundtest.WithClock(clock))}
		s.client = s.newClient()
		s.store = db.open(t, s.client.Refunds, fourEyes(0, 0), refundjobs.WithClock(clock), refundjobs.WithRate(0))
		require.NoError(t, s.Migrate(t.Context()))
		s.listen(refundtest.HeldUntilDeliver(), refundtest.EventTypes("refund.failed"))
		charge := s.server.AddCharge(refundtest.Charge{ID: "ch_1", Amount: 2000, Currency: "eur"})

		s.requestAs(refundjobs.Request{Name: "order-1", By: "ann", Note: "the band is ill", Currency: "eur", Params: refundkit.RefundCreateParams{Charge: charge.ID, Amount: 1250}})
		story := func() []string {
			text, err := s.Story(t.Context(), "order-1")
			require.NoError(t, err)
			key := string(refundkit.KeyFrom("order-1", "0"))
			return strings.Split(strings.TrimSpace(strings.ReplaceAll(text, key, "KEY0")), "\n")
		}
		require.Equal(t, []string{
			"order-1: 12.50 EUR of payment ch_1.",
			"2026-11-21 12:00:00  Requested by ann: the band is ill. It waits for somebody else's approval.",
			"Now: it waits for an approval. Nothing was sent.",
		}, story())

		now = now.Add(time.Minute)
		s.must(func(tx txJobs) error { _, err := tx.Approve("order-1", "bob", ""); return err })
		require.Equal(t, "Now: it is sent as soon as a worker is free with the key KEY0. Nothing was refunded so far.", story()[3])
		s.server.Inject(refundtest.DropConnection().AfterWork().On("POST /v1/refunds"))
		s.work()
		told := story()
		require.Equal(t, "2026-11-21 12:01:00  Approved by bob.", told[2])
		require.Equal(t, "2026-11-21 12:01:00  About to be sent to Stripe with the key KEY0. What comes of it is the next entry; if there is none, the answer was lost.", told[3])
		require.Regexp(t, `^2026-11-21 12:01:00  The answer: whether it was refunded is not known; the next try is due 2026-11-21 12:02:\d\d\. \(.*\)$`, told[4])
		require.Regexp(t, `^Now: it may have been refunded. It goes on at 2026-11-21 12:02:\d\d: with the key KEY0 again`, told[5])

		now = now.Add(5 * time.Minute)
		s.work()
		told = story()
		require.Regexp(t, `The answer: refund re_\w+, status succeeded\. From now on it counts as given back\.$`, told[len(told)-2])
		require.Regexp(t, `^Now: refund re_\w+ succeeded\.`, told[len(told)-1])

		now = now.Add(21 * 24 * time.Hour)
		require.NoError(t, s.server.Fail(s.row("order-1").ID, "expired_or_canceled_card"))
		s.hook.Deliver()
		told = story()
		require.Regexp(t, `^2026-12-12 12:06:00  Stripe's event refund.failed \(evt_\w+\): it needs a person, because the refund failed or was canceled, and the customer has no money: Resume refunds once more, Cancel does not\..* It no longer counts as given back\.$`, told[len(told)-2])
		require.Regexp(t, `^Now: it waits for a person: the refund failed`, told[len(told)-1])

		s.must(func(tx txJobs) error { _, err := tx.Cancel("order-1", "carl", "paid in cash."); return err })
		told = story()
		require.Equal(t, "2026-12-12 12:06:00  Given up by carl: paid in cash.", told[len(told)-2])
		require.Regexp(t, `^Now: refund re_\w+ failed or was canceled, and it was given up`, told[len(told)-1])
		for _, line := range told {
			require.NotContains(t, line, "  (", line)
			require.NotContains(t, line, "..", line)
			require.NotContains(t, line, "%!", line)
		}
		_, err := s.Story(t.Context(), "none")
		require.ErrorIs(t, err, refundjobs.ErrUnknown)
	})
}
