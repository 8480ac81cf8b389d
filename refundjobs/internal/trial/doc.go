// Package trial puts refundjobs to the worst that a refund can meet, and counts what
// the customers got. It has tests only:
//
//	go test ./internal/trial                              ten kills, 200 refunds
//	go test ./internal/trial -trial.full -v -timeout 1h   200 kills, 4000 refunds
//	go test ./internal/trial -run Plan -trial.full -v     of a plan: 30 kills, 3000 refunds
//	go test ./internal/trial -run Unwind -trial.full -v   unwound: 50 kills, 2000 refunds of 1000 orders
//
// Workers are processes of their own: this test program, started again. They share a
// Postgres, or one of them has an SQLite file. Stripe is refundtest over loopback HTTP,
// with a fault in nearly every third request. Meanwhile
//
//   - workers are killed by SIGKILL, at random moments and in the middle of a request,
//     before and after its work
//   - workers are stopped by SIGSTOP, until another was given their jobs, and go on
//   - Postgres is restarted as after a crash, and its connections are cut
//   - the clock jumps by minutes, hours and days, over the life of a key
//   - River's jobs are deleted and discarded by hand
//   - transactions that ask for refunds are rolled back
//   - webhooks come twice, in any order, before the answer, or find nobody
//   - refunds fail after they succeeded, and a person at the Dashboard makes others
//
// A person, who looks at Stripe before a decision, does what only a person can. In the
// end each order that was canceled has one refund in force, unless a person gave it up,
// each row says what Stripe says, and what was rolled back was never refunded.
//
// The refunds of a plan are a file, which is checked, approved and run; a person pauses
// it now and then, and who sees it paused runs it again. In the end its report adds up,
// to the cent, and reconciling it finds nothing but what the Dashboard made.
//
// Unwound refunds are parts, of random size, of what a platform with three accounts sold:
// by separate charges and transfers, and by direct charges with a fee. In the end what
// failed or was given up is repaired, and on each account the balance is, to the cent,
// what the sales and the rows add up to; each reversal and each fee refund is that of a
// row, and was made once; what is taken back, before the refund is paid.
//
// The same is then done to a River job that creates the refund without a row: once
// with a new key for each attempt, and once with a key made of the job's ID. That some
// customers get their money twice there shows that the ordeal is one.
//
// Postgres is that of REFUNDJOBS_POSTGRES, a URL, in a schema of its own and then
// without restarts; else a cluster of the test's own, where initdb and postgres are
// found. What happens when depends on the seed, and on the machine: the same seed is
// not quite the same ordeal.
package trial
