// Package refundjobs keeps refunds as rows of your own database and makes each of
// them once, by any number of workers on any number of machines. A refund is asked
// for in the transaction that cancels the order; workers send it, look for it where
// the answer was lost, and leave to a person what only a person can decide; webhooks
// move it on for weeks.
//
// The row is the truth. Every decision about it is [refundkit.Job]'s, stored before
// anything is sent. River (https://riverqueue.com) only says when to look at which
// row: a River job that is lost, deleted or run twice changes when a refund is made,
// never whether or how often.
//
// Make a [Jobs] with sqlitejobs.New for one machine, or with pgxjobs.New on Postgres
// for many. [Jobs.Migrate] makes the tables, [Jobs.RequestTx] asks for a refund,
// [Jobs.Start] works, and [Jobs.HandleEvent] is for the webhook.
package refundjobs
