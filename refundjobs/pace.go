package refundjobs

import (
	"context"
	"errors"
	"time"
)

// Pace is a [refundkit.Limiter] for the client whose Refunds are given to New: retries
// and the pages of a look-up then take a turn each, too, of the rate that all processes
// share. Calls that [Jobs] does not make pass at once.
//
//	client, err := refundkit.New(key, refundkit.WithRateLimiter(refundjobs.Pace{}))
type Pace struct{}

// Wait waits for a turn.
func (Pace) Wait(ctx context.Context) error {
	turns, ours := ctx.Value(turnsKey{}).(*turns)
	if !ours {
		return nil
	}
	if turns.first {
		turns.first = false // the worker waited for it before it stored the send
		return nil
	}
	return turns.wait(ctx)
}

type turnsKey struct{}

// turns is what one step of a row waits by. One call's attempts follow each other, so
// that it needs no lock.
type turns struct {
	first bool
	wait  func(context.Context) error
}

// errFarTurn: the next turn is too far away to wait for it.
var errFarTurn = errors.New("refundjobs: the next turn is far away")

// waitTurn waits until this request may be sent, and returns a context in which Pace
// waits for further ones. If it would wait for longer than patience, it takes no turn,
// and the error is errFarTurn.
func (j *Jobs[TTx]) waitTurn(ctx context.Context, account string, patience time.Duration) (context.Context, error) {
	if j.options.rate == 0 {
		return ctx, nil
	}
	if !j.options.perAccount {
		account = ""
	}
	wait := func(ctx context.Context) error { return j.takeTurn(ctx, account, endless) }
	return context.WithValue(ctx, turnsKey{}, &turns{first: true, wait: wait}), j.takeTurn(ctx, account, patience)
}

// mostTurns is how many turns, and farTurn how much time, can be taken ahead at most; what
// is further ahead was written by a clock that was wrong, and would stop all until then.
const (
	mostTurns = 10_000
	farTurn   = time.Hour
)

const endless = 100 * 365 * 24 * time.Hour

// takeTurn takes the next turn and sleeps until it comes. The turn of a process that
// dies meanwhile is lost, and nothing else.
func (j *Jobs[TTx]) takeTurn(ctx context.Context, account string, patience time.Duration) error {
	var at int64
	q := j.driver.Pool()
	now, err := j.sharedNow(ctx, q) // a test's clock may stand still, and this sleeps
	if err != nil {
		return err
	}
	interval := time.Duration(float64(time.Second) / j.options.rate)
	taken, err := queryOne(ctx, q, `INSERT INTO refundjobs_pace (account, next_us) VALUES ($1, $2)
		ON CONFLICT (account) DO UPDATE SET next_us = CASE WHEN refundjobs_pace.next_us + $3 > $2 AND refundjobs_pace.next_us <= $5 THEN refundjobs_pace.next_us + $3 ELSE $2 END
			WHERE refundjobs_pace.next_us + $3 <= $4 OR refundjobs_pace.next_us > $5
		RETURNING next_us`, []any{account, now.UnixMicro(), interval.Microseconds(), now.Add(max(patience, interval)).UnixMicro(),
		now.Add(max(farTurn, mostTurns*interval)).UnixMicro()}, &at)
	if err != nil {
		return err
	}
	if !taken {
		return errFarTurn
	}
	return sleep(ctx, time.UnixMicro(at).Sub(now))
}

func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
