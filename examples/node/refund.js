// What a shop does with refunds: the code under test.

/** Refunds an order. The key is the order's own, so that this can be repeated after any failure. */
export function refundOrder(stripe, order) {
  return stripe.refunds.create(
    { charge: order.charge, amount: order.amount, metadata: { order: order.id } },
    { idempotencyKey: `refund-${order.id}` },
  );
}

/** Notes in the books that a refund has failed. Stripe sends the event days after the refund. */
export function bookEvent(books, event) {
  if (event.type === 'refund.failed') {
    books.set(event.data.object.metadata.order, event.data.object.failure_reason);
  }
}
