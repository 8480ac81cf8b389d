// Package linearizable holds the test that the fake in package refundtest keeps its books
// when many clients work at the same time. It is a module of its own, so that porcupine,
// which does the checking, becomes no dependency of refundkit. There is nothing to import
// here.
//
// Up to 64 clients send random calls to one server, in process: refunds by charge, by
// payment_intent and below the charge, with keys that they share, use for something else
// or leave out; updates of metadata, cancellations, expirations and reads; the bank
// settles and fails refunds. Some calls are slow, some answers are lost, and there are
// 500s and lock timeouts. Then there must be an order of the calls to each charge, one
// that keeps what was over before what began later, in which a single client would have
// been given the same answers. The order is looked for by charge, and no two charges
// share a key. What a single client is given stands in model_test.go, after Stripe's
// documentation. Where nothing is documented it follows the list of what is not known in
// refundtest: pending refunds count, failed and canceled ones give back, 409 is an
// idempotency_error, an expired refund failed for a reason that is unknown.
//
//	go test -race -short ./...               # 300 histories
//	go test ./...                            # 2000
//	go test -histories 20000 ./...
//	go test -histories 1 -seed N -count 20   # the seed of a failure, which is printed with its calls
//
// A seed fixes what the clients want and when, in the time of a testing/synctest bubble.
// Who is first of those that wake up together is up to the scheduler, so that a rare
// failure may want some repetitions. A charge has 16 clients on average at most: with more
// the search for an order sometimes takes minutes.
//
// Not looked at here: how long keys live, balances, events, and clients that give up while
// they wait.
//
// # What it finds
//
// Each of these was built into refundtest, with -histories 300 and a seed drawn each time.
// The number is the history that found it.
//
//	a pending refund is not counted                                      1
//	an amount above what is left is let through                          1
//	the lock is dropped between the check of what is left and the
//	refund, with a yield                                                 3
//	the same, without a yield                                            4 to 158 in 6 runs
//	a refund by payment_intent counts on a copy of the charge            1
//	a failed refund gives nothing back                                   3
//	a canceled refund gives back twice                                   1
//	a replay shows the refund as it is now                               2
//	a refusal found by the work is not kept for the key                  1
//	a 500 is not kept                                                    1
//	a 404 is kept                                                        1
//	lock_timeout is kept                                                 10
//	a key in use does not stop a second request                          4
//	the key is taken after the work                                      5
//	the key is free for a moment before its answer is kept               2
//	the key of a lost answer is forgotten                                1
//	409 although the answer is kept                                      1
//	other parameters are not noticed                                     4
//	another endpoint is not noticed                                      4
//	cancel and expire both succeed: the lock is dropped between          13
//	a canceled refund can expire                                         3
//	metadata is replaced, not merged                                     2
//	of two updates at the same time one is lost                          55
//	a new refund is in the lists a moment later                          24
//	lists show the oldest first                                          1
//	a read mixes the status and the metadata of two moments              23; of 3 runs with 2000
//	                                                                     histories one missed it
package linearizable
