package refundjobs_test

import (
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refundkit/refundkit"
	"github.com/refundkit/refundkit/refundjobs"
	"github.com/refundkit/refundkit/refundtest"
)

// fill sets every field of a struct to something that is not zero, fields that are
// added later too.
func fill(t *testing.T, v reflect.Value, random *rand.Rand) {
	texts := []string{"a", "Zoë ✓ 🎟", `quote " and \ and '`, "two\nlines", "{}", "null", strings.Repeat("long ", 500), "$1 ?", "\ufffd"}
	for i := range v.NumField() {
		field := v.Field(i)
		if !field.CanSet() || v.Type().Field(i).Name == "_" {
			continue
		}
		switch field.Interface().(type) {
		case time.Time:
			field.Set(reflect.ValueOf(time.UnixMicro(random.Int64N(1 << 52)).UTC()))
			continue
		case refundkit.Metadata:
			field.Set(reflect.ValueOf(refundkit.Metadata{"k": texts[random.IntN(len(texts))], "ü": "2"}))
			continue
		case []string:
			field.Set(reflect.ValueOf([]string{"re_1", texts[random.IntN(len(texts))]}))
			continue
		}
		switch field.Kind() {
		case reflect.String:
			field.SetString(texts[random.IntN(len(texts))])
		case reflect.Int:
			field.SetInt(1 + random.Int64N(1<<40))
		case reflect.Int64:
			field.SetInt(1 + random.Int64N(1<<62))
		case reflect.Bool:
			field.SetBool(true)
		default:
			require.Fail(t, "a field of a kind that the test does not know", "%s", v.Type().Field(i).Name)
		}
	}
}

// Nothing of a job is lost between two processes: what one stores the other reads.
func TestRowKeepsEveryField(t *testing.T) {
	databases(t, func(t *testing.T, db *database) {
		s := newShop(t, db)
		random := rand.New(rand.NewPCG(1, 2))
		row := s.request("order-1", "ch_1")
		for range 50 {
			version := row.Version + 1
			fill(t, reflect.ValueOf(&row.Progress).Elem(), random)
			fill(t, reflect.ValueOf(&row.Params).Elem(), random)
			row.Version, row.Account, row.Note, row.Labels = version, "acct_1", "a note", map[string]string{"a b": "c", "ü": ""}
			row.ApprovedBy, row.Currency = "bob", "usd"
			s.must(func(tx txJobs) error { return tx.Rewrite(row) })
			stored := s.row("order-1")
			require.Equal(t, row.Job, stored.Job)
			row.Shown = stored.Shown // made from the others
			require.Equal(t, row, stored)
		}
		row.Progress = refundkit.Progress{State: refundkit.JobStateWaiting, Version: row.Version + 1}
		s.must(func(tx txJobs) error { return tx.Rewrite(row) })
		require.Equal(t, row.Job, s.row("order-1").Job, "and nothing stays of what is gone")
		require.ErrorIs(t, s.in(func(tx txJobs) error { return tx.Rewrite(row) }), refundkit.ErrJobChanged, "this version was written")
		row.Version += 2
		require.ErrorIs(t, s.in(func(tx txJobs) error { return tx.Rewrite(row) }), refundkit.ErrJobChanged, "one that nobody wrote is missing")
	})
}

// A message or a snapshot that a database refuses would leave a row stuck for ever.
func TestRowKeepsWhateverStripeSays(t *testing.T) {
	databases(t, func(t *testing.T, db *database) {
		s := newShop(t, db)
		charge := s.charge()
		s.server.Inject(refundtest.AnswerJSON(402, `{"error": {"type": "invalid_request_error", "code": "charge_disputed", "message": "a \u0000 and \ud800 b"}}`).
			WithHeader("Request-Id", "req_1").WithHeader("Stripe-Should-Retry", "false").On("POST /v1/refunds"))
		s.request("order-1", charge.ID)
		s.work()
		require.Equal(t, refundjobs.StateNeedsPerson, s.row("order-1").Shown)

		row := s.row("order-1")
		row.Version, row.Detail, row.RequestID = row.Version+1, "a\x00b\xff", "req\x00"
		row.Refund = &refundkit.Refund{ID: "re_1", Object: "refund", Description: "a\x00b", Metadata: refundkit.Metadata{"k": "\x00"}}
		s.must(func(tx txJobs) error { return tx.Rewrite(row) })
		stored := s.row("order-1")
		require.Equal(t, "a\ufffdb\ufffd", stored.Detail)
		require.Equal(t, row.Refund, stored.Refund)
	})
}
