package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/refundkit/refundkit"
	_ "modernc.org/sqlite" // the driver "sqlite", in Go alone
)

// schema is the application's database. An event's id is there once, and only
// together with what the event led to.
const schema = `
CREATE TABLE IF NOT EXISTS handled_event (id TEXT PRIMARY KEY);
CREATE TABLE IF NOT EXISTS refund (id TEXT PRIMARY KEY, snapshot TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS entry (refund TEXT NOT NULL, event TEXT NOT NULL, currency TEXT NOT NULL, amount INTEGER NOT NULL);
`

// store keeps the shop's refunds and its books.
type store struct {
	db     *sql.DB
	client *refundkit.Client
}

// openStore opens the database in a file, which it makes if it is not there.
//
// Its transactions take SQLite's one lock for writing when they begin: one event
// is handled at a time, in all processes. On a database with locks for rows, give
// the transaction SELECT ... FOR UPDATE on the refund, and let the unique id of
// handled_event keep duplicates apart: the second of two deliveries then waits
// for the first, and is rolled back.
func openStore(ctx context.Context, file string, client *refundkit.Client) (*store, error) {
	db, err := sql.Open("sqlite", "file:"+file+"?_txlock=immediate&_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)")
	if err != nil {
		return nil, fmt.Errorf("open the store: %w", err)
	}
	if _, err := db.ExecContext(ctx, schema); err != nil {
		return nil, errors.Join(fmt.Errorf("open the store: %w", err), db.Close())
	}
	return &store{db, client}, nil
}

func (s *store) close() error { return s.db.Close() }

type transactionKey struct{}

// once is the [webhook.Once] of this database. handle works in the transaction
// that its context carries. The event is recorded after handle succeeded, and
// committed together with what handle did; if anything fails, even the process,
// neither is there, and Stripe sends the event again.
func (s *store) once(ctx context.Context, eventID string, handle func(context.Context) error) error {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() // does nothing after a commit; a panic of handle comes by here too
	var handled bool
	if err := tx.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM handled_event WHERE id = ?)", eventID).Scan(&handled); err != nil || handled {
		return err
	}
	if err := handle(context.WithValue(ctx, transactionKey{}, tx)); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, "INSERT INTO handled_event (id) VALUES (?)", eventID); err != nil {
		return err
	}
	return tx.Commit()
}

// handle stores what an event says of a refund, and books it.
func (s *store) handle(ctx context.Context, event *refundkit.Event) error {
	tx, ok := ctx.Value(transactionKey{}).(*sql.Tx)
	if !ok {
		return errors.New("handle must be called by once")
	}
	arrived, err := event.Refund()
	if errors.Is(err, refundkit.ErrEventObject) {
		return nil // about something else
	}
	if err != nil {
		return err
	}
	before, err := stored(ctx, tx, arrived.ID)
	if err != nil {
		return err
	}
	switch refundkit.ChooseSnapshot(before, arrived) {
	case refundkit.SnapshotChoiceKeep:
		return nil
	case refundkit.SnapshotChoiceRefetch:
		if arrived, err = s.client.Refunds.Retrieve(ctx, arrived.ID, event.CallOptions()...); err != nil {
			return err
		}
	}
	if err := book(ctx, tx, event.ID, refundkit.EntryBetween(before, arrived), arrived); err != nil {
		return err
	}
	snapshot, err := json.Marshal(arrived)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, "INSERT INTO refund (id, snapshot) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET snapshot = excluded.snapshot", arrived.ID, string(snapshot))
	return err
}

// stored returns the refund as it was stored last, nil if it never was.
func stored(ctx context.Context, tx *sql.Tx, id string) (*refundkit.Refund, error) {
	var snapshot string
	err := tx.QueryRowContext(ctx, "SELECT snapshot FROM refund WHERE id = ?", id).Scan(&snapshot)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	refund := new(refundkit.Refund)
	return refund, json.Unmarshal([]byte(snapshot), refund)
}

// book writes what went back to a customer, or did not arrive after all.
func book(ctx context.Context, tx *sql.Tx, event string, entry refundkit.BookEntry, refund *refundkit.Refund) error {
	amount := refund.Amount
	switch entry {
	case refundkit.BookEntryNone:
		return nil
	case refundkit.BookEntryReverse:
		amount = -amount
	}
	_, err := tx.ExecContext(ctx, "INSERT INTO entry (refund, event, currency, amount) VALUES (?, ?, ?, ?)", refund.ID, event, refund.Currency, amount)
	return err
}

// books is what the store holds: events, entries, and their sum.
type books struct {
	events, entries int
	given           int64
}

func (s *store) books(ctx context.Context) (b books, err error) {
	err = s.db.QueryRowContext(ctx, "SELECT (SELECT COUNT(*) FROM handled_event), COUNT(*), COALESCE(SUM(amount), 0) FROM entry").Scan(&b.events, &b.entries, &b.given)
	return b, err
}
