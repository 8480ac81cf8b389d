package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/refundkit/refundkit/refundjobs"
	"github.com/refundkit/refundkit/refundjobs/pgxjobs"
	"github.com/refundkit/refundkit/refundjobs/sqlitejobs"
)

// database is where orders and refunds are, side by side.
type database[TTx any] interface {
	jobs(refunds refundjobs.Refunder, opts ...refundjobs.Option) (*refundjobs.Jobs[TTx], error)
	exec(ctx context.Context, tx TTx, query string, args ...any) (affected int64, err error)
	query(ctx context.Context, tx TTx, each func(scan func(...any) error) error, query string, args ...any) error
}

type order struct {
	ID, Charge, Currency string
	Amount               int64
	State                string           // paid, canceled
	Refund               refundjobs.State // empty until one is asked for
	Problem              string
}

var errNoOrder = errors.New("there is no such order")

func (s *shop[TTx]) createOrders(ctx context.Context) error {
	return s.jobs.InTx(ctx, func(tx TTx) error {
		_, err := s.db.exec(ctx, tx, `CREATE TABLE IF NOT EXISTS orders (
			id text PRIMARY KEY, charge text NOT NULL, amount bigint NOT NULL, currency text NOT NULL, state text NOT NULL)`)
		return err
	})
}

func (s *shop[TTx]) addOrder(ctx context.Context, o order) error {
	return s.jobs.InTx(ctx, func(tx TTx) error {
		_, err := s.db.exec(ctx, tx, `INSERT INTO orders (id, charge, amount, currency, state) VALUES ($1, $2, $3, $4, 'paid')`, o.ID, o.Charge, o.Amount, o.Currency)
		return err
	})
}

// cancelOrder marks an order as canceled, once or more often, and returns it.
func (s *shop[TTx]) cancelOrder(ctx context.Context, tx TTx, id string) (order, error) {
	n, err := s.db.exec(ctx, tx, `UPDATE orders SET state = 'canceled' WHERE id = $1`, id)
	if err == nil && n == 0 {
		err = fmt.Errorf("%w: %q", errNoOrder, id)
	}
	if err != nil {
		return order{}, err
	}
	orders, err := s.readOrders(ctx, tx, `WHERE o.id = $1`, id)
	if err != nil {
		return order{}, err
	}
	return orders[0], nil
}

// orders lists all of them with what became of their refunds. The rows of refundjobs
// are yours to read: a join is fine. To change one, use a method of Jobs.
func (s *shop[TTx]) orders(ctx context.Context) (orders []order, err error) {
	err = s.jobs.InTx(ctx, func(tx TTx) error {
		orders, err = s.readOrders(ctx, tx, "")
		return err
	})
	return orders, err
}

func (s *shop[TTx]) readOrders(ctx context.Context, tx TTx, where string, args ...any) (orders []order, err error) {
	err = s.db.query(ctx, tx, func(scan func(...any) error) error {
		var o order
		err := scan(&o.ID, &o.Charge, &o.Amount, &o.Currency, &o.State, &o.Refund, &o.Problem)
		orders = append(orders, o)
		return err
	}, `SELECT o.id, o.charge, o.amount, o.currency, o.state, coalesce(r.state, ''), coalesce(r.problem, '')
		FROM orders o LEFT JOIN refundjobs r ON r.name = 'order-' || o.id || '/refund-1' `+where+` ORDER BY o.id`, args...)
	return orders, err
}

// sqlite is a database in a file, for one machine.
type sqlite struct{ db *sql.DB }

func (d sqlite) jobs(refunds refundjobs.Refunder, opts ...refundjobs.Option) (*refundjobs.Jobs[*sql.Tx], error) {
	return sqlitejobs.New(d.db, refunds, opts...)
}

func (sqlite) exec(ctx context.Context, tx *sql.Tx, query string, args ...any) (int64, error) {
	result, err := tx.ExecContext(ctx, query, args...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

func (sqlite) query(ctx context.Context, tx *sql.Tx, each func(scan func(...any) error) error, query string, args ...any) error {
	rows, err := tx.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := each(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}

// postgres is a database for any number of machines.
type postgres struct{ pool *pgxpool.Pool }

func (d postgres) jobs(refunds refundjobs.Refunder, opts ...refundjobs.Option) (*refundjobs.Jobs[pgx.Tx], error) {
	return pgxjobs.New(d.pool, refunds, opts...)
}

func (postgres) exec(ctx context.Context, tx pgx.Tx, query string, args ...any) (int64, error) {
	tag, err := tx.Exec(ctx, query, args...)
	return tag.RowsAffected(), err
}

func (postgres) query(ctx context.Context, tx pgx.Tx, each func(scan func(...any) error) error, query string, args ...any) error {
	rows, err := tx.Query(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := each(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}
