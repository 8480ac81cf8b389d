// Package refundkit sends money back through Stripe, once.
//
// A refund is money leaving the account. Given a row that you stored before the
// call, a backend can lose the network, the process or the answer at any moment,
// and the customer is still refunded once.
//
// # Refunded once
//
// A [Job] is one refund that your business wants, as a row of your database keeps
// it. [NewJob] makes one from a name of your own; [RefundService.Advance] does the
// next safe thing for it, and stores it before anything is sent:
//
//	client, err := refundkit.New(os.Getenv("STRIPE_API_KEY"))
//	...
//	job, err := refundkit.NewJob("order-6735/refund-1", refundkit.RefundCreateParams{
//		Charge: "ch_...",
//		Amount: 500,
//	})
//	... // a worker, whenever a row is due:
//	job, refund, err := client.Refunds.Advance(ctx, job, save)
//
// Lost answers, crashes, old keys, two workers with one row: call it again.
// [Job.Observe] tells a job of Stripe's events. What only a person can decide waits
// with a [JobProblem], for [Job.Resume], [Job.Accept], [Job.Judge] or [Job.Cancel].
//
// # One call
//
// [RefundService.Create] is one call, for code that stores nothing. The amount is
// always said, in the currency's smallest unit, or Remaining is set:
//
//	refund, err := client.Refunds.Create(ctx, refundkit.RefundCreateParams{
//		Charge: "ch_...",
//		Amount: 500,
//	}, refundkit.IdempotencyKey("order-6735/refund-1"))
//
// An error for which errors.Is(err, [ErrOutcomeUnknown]) holds may have
// refunded. [NextStep] tells what is safe: mostly to call again with the key
// that [KeyOf] gives, within 24 hours of the first send, because Stripe keeps
// the first answer to a key for at least that long. [KeyFrom] makes a key out of
// your own identifiers. When the key can't help any more, [RefundService.Resolve]
// finds the refund by the [Reference] that Create was given.
//
// The services of a Client are the pages of Stripe's API reference: [RefundService]
// and [ChargeRefundService], whose refunds are reached through their charge;
// [PaymentRecordService] for what other processors gave back; [TestHelperService].
//
// # Errors
//
// Every HTTP answer that is not a success is an [*Error], every call without an
// answer a [*TransportError], everything refused before sending a
// [*ParamError]. Match them with errors.Is and the Err values of this package.
// Their messages hold no secret. The object is nil whenever the error is not.
//
// # Lists and exports
//
// [RefundService.All] walks all pages, 100 refunds at a time, and fetches only
// what is asked for; [RefundService.List] is one page. [RefundService.Export]
// fetches a time range in parallel, in order, and can go on where it ended.
// Links to other objects are an [Expandable]: the ID is always there, the object
// where [Expand] asked for it.
//
// # Before anything is promised
//
// [RefundService.Check] says what is left of a payment, whether a refund would work,
// and which way is open if not; [CheckRefund] are its rules alone, for a page or a
// plan that has read its charges. [RefundTermsOf] is what Stripe documents about a
// payment method.
//
// # Waiting
//
// A refund that succeeded can still fail, weeks later: [RefundStatus] says what
// is final. Servers learn of it from webhooks. [RefundService.Await] is for
// scripts and tests, where somebody waits.
//
// # Webhooks
//
// Package [github.com/refundkit/refundkit/webhook] tells Stripe's events from
// everybody else's and hands each [Event] to a function. Events come more than
// once and in any order: [ChooseSnapshot] says which of two snapshots of a refund
// to keep, and [EntryBetween] what to book. [Refund.Trace] is what support tells a
// customer who can't find the money.
//
// # Retries, rate limits, logs
//
// A call is sent up to three times with the same key and the same bytes, with
// random waits that end with the context; see [WithMaxRetries] and
// [WithAttemptTimeout]. [WithRateLimiter] takes a *rate.Limiter of
// golang.org/x/time/rate. [WithLogger] writes a line for each attempt,
// [WithAttemptHook] feeds metrics and traces, [CaptureResponse] tells how one
// call went. Nothing is printed, stored or sent unless it was asked for.
//
// # Connect
//
// [OnAccount] makes one call act on a connected account, [WithAccount] all calls
// of a client, [Event.CallOptions] those that follow an event. An empty account
// is refused, so that a variable that was not set never refunds from the
// platform's balance.
//
// A refund of separate charges and transfers takes nothing back: [NewUnwind] plans what
// to take from whom, [TransferReversalService] and [ApplicationFeeRefundService] do it,
// with a [TransferReversalJob] and an [ApplicationFeeRefundJob] as refunds have a [Job].
//
// # Testing
//
// Package [github.com/refundkit/refundkit/refundtest] is a Stripe that lives in
// your test's process: no key, no network, real errors. [WithClock] gives the client
// its clock, so that a test can come back after two days.
//
// # More
//
// docs/ in the repository has guides to operations, to testing and to migrating
// from stripe-go; examples/ has programs that run without a key.
package refundkit
