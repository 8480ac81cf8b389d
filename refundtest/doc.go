// Package refundtest is an in-memory fake of Stripe's refund API that remembers
// what was done to it, for testing any client of that API: offline, in process
// and in milliseconds.
//
//	server := refundtest.New(refundtest.WithReporter(t))
//	charge := server.AddCharge(refundtest.Charge{Amount: 2000})
//	app := yourapp.New(server.HTTPClient()) // or server.Start() for a URL
//	app.RefundOrder("order-1")
//	server.AssertRefundedOnce(t, refundtest.Refund{Charge: charge.ID, Amount: 500})
//
// The package uses the standard library only and does not import testing.
// Statuses, types, codes, params, headers and the presence of fields are
// Stripe's; the messages are its own, because no program should decide by them.
// They contain the few words that programs search for where there is no code:
// "No such charge" (refund, payment_intent), "already been refunded", "greater than
// charge amount", "greater than unrefunded amount", "does not have a successful
// charge".
//
// # Time
//
// The server's time stands still until [Server.Advance] moves it, so that no
// test depends on how fast it runs. [WithClock] gives it another clock: inside
// a testing/synctest bubble, or in a program, that is time.Now.
//
// # What is simulated
//
//	refunds            create, retrieve, update, cancel, list, also below a charge; the test helper expire;
//	                   the old /v1/charges/{charge}/refund; refunds from a cash balance
//	payments           charges and PaymentIntents with test tokens, capture (in part too), cancel, update, list,
//	                   captured asynchronously unless they say otherwise;
//	                   of other types than cards bank debits pend, multibanco and its like need the customer for a refund
//	test cards         all documented names and numbers, with their brand, country and last4 and with what they do:
//	                   tok_ and pm_card_ visa, chargeDeclined..., createDispute, refundFail, authenticationRequired...;
//	                   a name that is not documented is refused
//	before a payment   payment methods (create, retrieve, update, attach, detach, list), customers (with delete, and with
//	                   cards of the older API), tokens of cards; 3D Secure, which waits for World.Authenticate or
//	                   World.FailAuthentication; Checkout Sessions with the mode payment, which wait for
//	                   World.CompleteCheckout or expire
//	connect            direct charges, destination charges, separate charges and transfers: transfers (create, retrieve,
//	                   update, list) and their reversals, application fees (retrieve, list) and their refunds, with
//	                   the money of each account in its own books
//	payment records    report_payment, report_refund, retrieve
//	money              what is left of a charge, under concurrency; balance transactions and their list; the balance;
//	                   that of a connected account for reverse_transfer and reversals; Stripe's fees, see WithStripeFees; disputes and inquiries; partial captures
//	                   and holds that are canceled or expire after 7 days, none of which makes a refund
//	life of a refund   pending (processing, charge_pending, insufficient_funds), requires_action, which ends
//	                   after 45 days, succeeded, failed later, canceled; the acquirer's reference 2 seconds later
//	idempotency        replay of successes, refusals and 500s; other parameters, other path, key in use; 24 hours;
//	                   per account and mode
//	lists              both cursors, clamped limits, created, charge and payment_intent filters
//	expand             to four levels, on every endpoint
//	versions           before 2022-11-15 charges list their refunds and PaymentIntents their charges; a webhook
//	                   endpoint has a version of its own, see InAPIVersion
//	access             keys missing, malformed, revoked, expired, restricted; live and test mode; connected accounts;
//	                   rate limits and lock timeouts, when asked for
//	events             for every change, with previous_attributes, at /v1/events and from World.Events;
//	                   signed and delivered to a handler or a URL; what an endpoint misses fails the test
//	faults             what Server.Inject injects: on chosen requests, or by chance; lost, foreign and broken answers,
//	                   stored errors, callers that die in the middle
//
// # What is not simulated
//
//	versions           every Stripe-Version is accepted and echoed; but for what is said above, objects are
//	                   those of APIVersion
//	connect            pending reversals (a private preview of Stripe's), transfers between currencies, who pays for
//	                   losses; a Charge that is added with a Transfer and no Destination moves no money
//	disputes           change what can be refunded, and move no money
//	accounts           expand to their id and kind alone
//	search             is refused, and reported as a mistake of the test
//	early fraud        warnings, Radar's reviews and SetupIntents: a card for them is a good card
//	prices             line items of a Checkout Session have price_data
//	exchange rates, payouts, invoices, subscriptions, Terminal
//
// # What is not known
//
// How Stripe behaves here is neither documented nor recorded. The server does
// what is harder for a client; a program should depend on neither behaviour.
//
//   - A pending refund counts in the charge's amount_refunded at once, and
//     charge.refunded is sent for it; when a refund fails or is canceled the
//     amount falls back, the charge can be refunded again, and no event is sent
//     for the charge.
//   - Both charge and payment_intent: 400 without code or param.
//   - An unknown payment_intent, in a POST or as a filter, and an unknown charge
//     as a filter: 400 resource_missing with the parameter's name. An unknown
//     refund in the path: 404 with the param refund; an unknown charge before
//     it: 404 with the param id.
//   - A parameter that is sent twice, a body that is not a form, an empty
//     Idempotency-Key and one of more than 255 characters: 400. A body of more
//     than 1 MiB: 413.
//   - What cannot be expanded is refused before anything is done.
//   - Expiring a refund that does not require action: 400 without a code.
//     Canceling sends refund.updated; failing sends refund.failed, refund.updated
//     and charge.refund.updated.
//   - A refund that fails without a given reason, or that expires, has the
//     failure reason unknown.
//   - A refund that waits for the balance or for its charge has no balance
//     transaction yet, and none when it fails or is canceled. A new one that the
//     balance covers does not wait for older ones.
//   - That a refund for which the customer must be asked needs an e-mail address is
//     documented for bank transfers; here it is 400 for every method, without a
//     code. reverse_transfer that the connected account's balance does not cover:
//     400 balance_insufficient.
//   - The balance transaction of a charge that is captured asynchronously is shown
//     2 seconds later, with charge.updated.
//   - A charge that was captured in part is refunded, and can be refunded no
//     further, when what was captured has been given back. A refund of a hold that
//     was canceled or has expired: 400 without a code; its capture through the
//     charge: charge_expired_for_capture.
//   - A refund of an uncaptured charge without a PaymentIntent is a reversal, which
//     has no balance transaction and cannot fail.
//   - The body of 409 idempotency_key_in_use has the type idempotency_error.
//     Neither it nor a rate limit has Stripe-Should-Retry.
//   - A refusal for which a Stripe-Should-Retry header is recorded is kept for
//     the key; one that is found while reading the request, such as an unknown
//     id, is not.
//   - A restricted key's permission for refunds is that for charges.
//   - A refund_reference is unique in the account. As the specification says,
//     processor_details.custom may be left out, and then nothing guards against a
//     second report; inside it refund_reference is required. Only payments reported
//     as guaranteed can be refunded.
//   - A payment method that was used without a customer, or detached, and one
//     that belongs to another customer: 400 without a code. Also a payment that was
//     declined uses it up. A token that is used twice: 400 token_already_used
//     without a param.
//   - Deleting a customer detaches the payment methods, without events for them.
//   - The advice_code and network_decline_code of declines other than
//     generic_decline.
//   - A Checkout Session whose payment is captured later is unpaid until then.
//   - A delivery that failed is repeated after 5 minutes, 1 hour and 3 hours, in
//     live mode seven times in three days.
//   - reverse_transfer without a transfer, and refund_application_fee of a destination
//     charge without reverse_transfer: 400 with the parameter's name.
//   - A transfer or an application fee of which nothing is left: 400 without code or
//     param; of which less is left than asked for: 400 with the param amount. A
//     reversal that the connected account's balance does not cover, and a refund of
//     a fee that the platform's does not: 400 balance_insufficient.
//   - The parts of a transfer and of a fee that go back with a refund or a reversal are
//     cut to whole units, and all of it goes back with all of the payment: parts
//     that are refunded one after the other can leave some units behind.
//   - What comes back of a fee is an adjustment in the books of the connected account.
//     The payment that a transfer makes there, and its refund, publish no events.
//   - The money of a transfer that names a charge is available when the charge's is;
//     that of others, of reversals and of refunds of fees, at once.
//   - A bank debit or transfer that is older than the 180 or 90 days that Stripe
//     documents: 400 without a code.
package refundtest
