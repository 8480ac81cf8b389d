package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"time"

	"github.com/refundkit/refundkit"
	"github.com/refundkit/refundkit/refundjobs"
	"github.com/refundkit/refundkit/refundjobs/sqlitejobs"
	"github.com/refundkit/refundkit/refundtest"
)

// kinds are all that can differ.
var kinds = []refundjobs.DifferenceKind{
	refundjobs.DifferenceNoRow, refundjobs.DifferenceMissing, refundjobs.DifferenceNotRecorded, refundjobs.DifferenceTwice, refundjobs.DifferencePayment,
	refundjobs.DifferenceAmount, refundjobs.DifferenceCurrency, refundjobs.DifferenceStatus, refundjobs.DifferenceFailedButBooked,
	refundjobs.DifferenceFee, refundjobs.DifferenceNotBooked, refundjobs.DifferenceNotReturned, refundjobs.DifferenceBookedAmount, refundjobs.DifferenceBookedTwice,
}

const refundsOfCharge = 50

// year is a year of refunds: at Stripe, and in the shop's database.
type year struct {
	from, to time.Time
	jobs     *refundjobs.Jobs[*sql.Tx]
	db       *sql.DB
	stripe   *refundtest.Server
	requests *counter
	planted  map[string]bool // kind and name
	made     int             // refunds at Stripe
	failed   int             // of them
}

// entry is a refund and its row.
type entry struct {
	wrong  refundjobs.DifferenceKind
	refund refundtest.Refund
	name   string
}

func makeYear(ctx context.Context, count, planted int) (*year, error) {
	y := &year{from: time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC), to: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), planted: map[string]bool{}}
	server := refundtest.New(refundtest.WithSeed(1), refundtest.WithClock(func() time.Time { return y.to }), refundtest.WithJournalLimit(100))
	y.requests = &counter{next: server.HTTPClient().Transport, turn: make(chan struct{}, 1)}
	client, err := refundkit.New("sk_test_month", refundkit.WithHTTPClient(&http.Client{Transport: y.requests}))
	if err != nil {
		return nil, err
	}
	y.stripe = server
	entries, err := y.makeRefunds(server, count, planted)
	if err != nil {
		return nil, err
	}
	wrong := crooked{}
	for _, e := range entries {
		if e.wrong != "" {
			wrong[e.refund.ID] = e.wrong
		}
	}
	if y.db, err = sqlitejobs.Open(ctx, ":memory:"); err != nil {
		return nil, err
	}
	if y.jobs, err = sqlitejobs.New(y.db, refunds{client.Refunds, wrong}, refundjobs.WithBalanceTransactions(balance{client.BalanceTransactions, wrong})); err != nil {
		return nil, err
	}
	if err := y.jobs.Migrate(ctx); err != nil {
		return nil, err
	}
	return y, y.makeRows(ctx, entries)
}

// makeRefunds makes the refunds at Stripe: more of them by day, most in the weeks after
// Christmas and after a sale, and one in fifty failed. What goes wrong is spread over them.
func (y *year) makeRefunds(server *refundtest.Server, count, planted int) ([]entry, error) {
	random := rand.New(rand.NewPCG(1, 1))
	entries := make([]entry, count)
	var charge string
	for i := range entries {
		if i%refundsOfCharge == 0 {
			charge = server.AddCharge(refundtest.Charge{Amount: refundsOfCharge * 20_000, Currency: "eur"}).ID
		}
		e := &entries[i]
		e.name = fmt.Sprintf("order-%06d", i)
		e.refund = refundtest.Refund{Charge: charge, Amount: 100 + random.Int64N(9900), Created: y.moment(random), Metadata: map[string]string{"refundkit_reference": e.name}}
		if random.IntN(50) == 0 {
			e.refund.Status = "failed"
		}
	}
	for i := range planted {
		e := &entries[i*count/planted]
		e.wrong = kinds[i%len(kinds)]
		e.refund.Status = ""
		switch e.wrong {
		case refundjobs.DifferenceFailedButBooked, refundjobs.DifferenceNotReturned:
			e.refund.Status = "failed"
		case refundjobs.DifferenceNoRow:
			e.refund.Metadata = nil // made at the Dashboard
		}
	}
	for i := range entries {
		if err := y.makeRefund(server, &entries[i]); err != nil {
			return nil, err
		}
	}
	return entries, nil
}

// makeRefund makes a refund at Stripe: none where only the shop knows of it, and two where
// it was made again.
func (y *year) makeRefund(server *refundtest.Server, e *entry) error {
	if e.wrong == refundjobs.DifferenceMissing {
		e.refund.ID, e.refund.Status, e.refund.Currency = "re_of_a_copied_database_"+e.name, "succeeded", "eur"
		return nil
	}
	again := e.refund
	again.Created = again.Created.Add(time.Minute)
	var err error
	if e.refund, err = server.AddRefund(e.refund); err != nil {
		return err
	}
	if y.made++; e.refund.FailureBalanceTransaction != "" {
		y.failed++
	}
	if e.wrong == refundjobs.DifferenceTwice {
		y.made++
		_, err = server.AddRefund(again)
	}
	return err
}

// moment is some time of the year.
func (y *year) moment(random *rand.Rand) time.Time {
	days := random.IntN(365)
	if random.IntN(3) == 0 {
		days = []int{2, 335}[random.IntN(2)] + random.IntN(14)
	}
	return y.from.AddDate(0, 0, days).Add(8*time.Hour + time.Duration(random.Int64N(int64(14*time.Hour)))).Truncate(time.Second)
}

// makeRows writes the shop's rows as if its workers and webhooks had.
func (y *year) makeRows(ctx context.Context, entries []entry) error {
	tx, err := y.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() //nolint:errcheck // it is over after the commit
	insert, err := tx.PrepareContext(ctx, `INSERT INTO refundjobs (name, version, params, currency, state, job_state, idempotency_key, request_digest, refund_id, refund_status, refund_created, refund_amount, created_at, updated_at)
		VALUES (?, 3, ?, ?, ?, ?, ?, '', ?, ?, ?, ?, ?, ?)`)
	if err != nil {
		return err
	}
	defer insert.Close()
	for _, e := range entries {
		name := e.name
		if e.wrong == refundjobs.DifferenceNoRow {
			name = e.refund.ID
		} else if err := writeRow(ctx, insert, e); err != nil {
			return err
		}
		if e.wrong != "" {
			y.planted[string(e.wrong)+" "+name] = true
		}
	}
	return tx.Commit()
}

// writeRow writes the row of a refund, with what is wrong in it.
func writeRow(ctx context.Context, insert *sql.Stmt, e entry) error {
	shown, state, r, currency := "succeeded", "made", e.refund, e.refund.Currency
	charge := r.Charge
	switch {
	case e.wrong == refundjobs.DifferenceNotRecorded:
		shown, state, r.ID, r.Status, r.Created = "sending", "open", "", "", time.Time{}
	case e.wrong == refundjobs.DifferencePayment:
		charge = "ch_another"
	case e.wrong == refundjobs.DifferenceAmount:
		r.Amount += 50
	case e.wrong == refundjobs.DifferenceCurrency:
		currency = "usd"
	case e.wrong == refundjobs.DifferenceStatus:
		shown, r.Status = "sent", "pending"
	case e.wrong == refundjobs.DifferenceFailedButBooked:
		r.Status = "succeeded"
	case r.Status == "failed":
		shown, state = "failed", "canceled"
	}
	params, err := json.Marshal(map[string]any{"charge": charge, "amount": r.Amount})
	if err != nil {
		return err
	}
	var created any
	if !r.Created.IsZero() {
		created = refundjobs.InstantText(r.Created)
	}
	at := refundjobs.InstantText(e.refund.Created)
	_, err = insert.ExecContext(ctx, e.name, string(params), currency, shown, state, "key-"+e.name, r.ID, r.Status, created, r.Amount, at, at)
	return err
}

// ideal is how many requests it takes at least: a page for each hundred refunds, and for
// each hundred of what they and their failures did to the balance.
func (y *year) ideal() int {
	pages := func(count int) int { return max(1, (count+99)/100) }
	return pages(y.made) + pages(y.made) + pages(y.failed) + 2 // and two types of which there are none
}

// check holds that all that went wrong was found, and nothing else.
func (y *year) check(found books) error {
	var problems []string
	for name := range y.planted {
		if !found.names[name] {
			problems = append(problems, "not found: "+name)
		}
	}
	for name := range found.names {
		if !y.planted[name] {
			problems = append(problems, "not planted: "+name)
		}
	}
	if found.differences != len(y.planted) {
		problems = append(problems, fmt.Sprintf("%d differences, %d planted", found.differences, len(y.planted)))
	}
	if slices.Sort(problems); len(problems) > 0 {
		return fmt.Errorf("month: %d of the differences are wrong: %q", len(problems), problems[:min(10, len(problems))])
	}
	return nil
}
