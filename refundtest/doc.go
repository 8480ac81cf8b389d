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
//	payments           charges and PaymentIntents with test tokens, capture (in part too), cancel, update, list;
//	                   tok_ and pm_card_ visa, mastercard, amex, ..., pendingRefund, refundFail, chargeDeclined...,
//	                   createDispute, createDisputeInquiry, bypassPending; the same by card number; payment_method_data
//	                   of other types: bank debits pend, multibanco and its like need the customer for a refund
//	payment records    report_payment, report_refund, retrieve
//	money              what is left of a charge, under concurrency; balance transactions; the available balance;
//	                   disputes and inquiries; partial captures, whose rest is a reversal; holds that expire after 7 days
//	life of a refund   pending (processing, charge_pending, insufficient_funds), requires_action and its expiry,
//	                   succeeded, failed later, canceled; the acquirer's reference 3 seconds later
//	idempotency        replay of successes, refusals and 500s; other parameters, other path, key in use; 24 hours;
//	                   per account and mode
//	lists              both cursors, clamped limits, created, charge and payment_intent filters
//	expand             to four levels, on every endpoint
//	access             keys missing, malformed, revoked, expired, restricted; live and test mode; connected accounts;
//	                   rate limits and lock timeouts, when asked for
//	events             for every change, with previous_attributes, at /v1/events and from World.Events;
//	                   signed and delivered to a handler or a URL; what an endpoint misses fails the test
//	faults             what Server.Inject injects: on chosen requests, or by chance; lost, foreign and broken answers,
//	                   stored errors, callers that die in the middle
//
// # What is not simulated
//
//	versions           every Stripe-Version is accepted and echoed; objects are those of APIVersion
//	fees               are zero; application fees and transfers are ids, and no money moves in connected accounts
//	disputes           change what can be refunded, and move no money
//	customers          and payment methods, transfers and accounts expand to their id and kind alone
//	authentication     of a payment by the customer (3D Secure)
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
//     failure reason unknown. A refund of a charge that fails has declined.
//   - A refund that waits for the balance or for its charge has no balance
//     transaction yet, and none when it fails. Waiting refunds are paid oldest
//     first; a new one that the balance covers does not wait for them.
//   - A refund that requires action expires after 45 days; one without a known
//     e-mail address is sent to customer@example.com.
//   - A partial capture books the whole charge and the reversal against it, and
//     sends charge.captured and refund.created. A reversal cannot fail.
//   - The body of 409 idempotency_key_in_use has the type idempotency_error.
//     Neither it nor a rate limit has Stripe-Should-Retry.
//   - A refusal for which a Stripe-Should-Retry header is recorded is kept for
//     the key; one that is found while reading the request, such as an unknown
//     id, is not.
//   - A restricted key's permission for refunds is that for charges.
//   - A refund_reference is unique in the account; it may be left out, as the
//     specification says, and then nothing guards against a second report. Only
//     payments reported as guaranteed can be refunded.
//   - A delivery that failed is repeated after 5 minutes, 1 hour and 3 hours, in
//     live mode seven times in three days.
//   - reverse_transfer without a transfer, and refund_application_fee without a
//     fee: 400 with the parameter's name.
package refundtest
