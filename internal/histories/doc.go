// Package histories explores what can happen to one [refundkit.Job]: the real
// client, the fake Stripe and its clock, a stored row with a version, two workers,
// webhooks and people. It goes breadth first, so that the first failure is also the
// shortest, and it is deterministic: each history is replayed from its beginning.
//
// # What is explored
//
// A history is a list of choices, each by its name: how a send or a look-up ends,
// where the process dies, how much time passes, what others do. A worker that is
// chosen waits until the job is due. After every choice the invariants are checked
// (invariants.go). Each history is then driven to rest: the world heals, workers and
// time go on, people do what is asked of them and tell the truth, every event comes
// (rest.go), and what is then stored is held against the fake.
//
// # Which states are equal
//
// Histories that lead to equal states are explored once. A state is the row without
// its version, request id and texts; of the fake the refunds with status, reference,
// key and whether their events came, what each key answers, what is still on its
// way, the balance and the dispute; what the second worker has read; and what is
// broken at the moment. Times are compared by their distance to now: to the minute
// below ten minutes, to the quarter of an hour below 26 hours, and all the same
// beyond. Refunds and keys are compared by their order and not by their names.
package histories
