// Package refundkit sends money back through Stripe, once.
//
// A refund is money leaving the account. Given a key that you stored before the
// call, a backend can lose the network, the process or the answer at any moment,
// and the customer is still refunded once.
//
// # Making a refund
//
// [New] makes a [Client]; [RefundService.Create] refunds. The amount is always
// said, in the currency's smallest unit, or Remaining is set:
//
//	client, err := refundkit.New(os.Getenv("STRIPE_API_KEY"))
//	...
//	refund, err := client.Refunds.Create(ctx, refundkit.RefundCreateParams{
//		Charge: "ch_...",
//		Amount: 500,
//	}, refundkit.IdempotencyKey(job.Key))
//
// See the example of [RefundService.Create].
//
// # Losing the answer
//
// An error for which errors.Is(err, [ErrOutcomeUnknown]) holds may have
// refunded. [NextStep] tells what is safe: mostly to call again with the key
// that [KeyOf] gives, within 24 hours of the first send, because Stripe keeps
// the first answer to a key for at least that long. Store the key and the time
// of the first send before the call.
//
// # Errors
//
// Every HTTP answer that is not a success is an [*Error], every call without an
// answer a [*TransportError], everything refused before sending a
// [*ParamError]. Match them with errors.Is and the Err values of this package.
// Their messages hold no secret.
//
// # Lists
//
// [RefundService.All] walks all pages, 100 refunds at a time, and fetches only
// what is asked for; [RefundService.List] is one page.
//
// # Testing
//
// Package [github.com/refundkit/refundkit/refundtest] is a Stripe that lives in
// your test's process: no key, no network, real errors.
package refundkit
