import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { beforeEach, test } from 'node:test';
import Stripe from 'stripe';
import { bookEvent, refundOrder } from './refund.js';

const fake = new URL(process.env.REFUNDTEST_URL ?? 'http://127.0.0.1:12111');
const stripe = new Stripe('sk_test_123', { protocol: 'http', host: fake.hostname, port: fake.port });

/** Controls the fake: control('POST /clock', { seconds: 60 }). */
async function control(what, body) {
  const [method, path] = what.split(' ');
  const response = await fetch(new URL(`/_refundtest${path}`, fake), { method, body: body && JSON.stringify(body) });
  const answer = await response.json();
  assert.equal(response.status, 200, answer.error);
  return answer;
}

beforeEach(() => control('POST /reset'));

test('an order is refunded once, though the answer is lost', async () => {
  const charge = await control('POST /charges', { amount: 2000 });
  await control('POST /faults', { kind: 'drop_connection', after_work: true, on: 'POST /v1/refunds' });

  const refund = await refundOrder(stripe, { id: '6735', charge: charge.id, amount: 500 });

  assert.equal(refund.status, 'succeeded');
  const all = await stripe.refunds.list({ charge: charge.id });
  assert.deepEqual(all.data.map((r) => [r.id, r.amount]), [[refund.id, 500]]);
  const { requests } = await control('GET /requests');
  const posts = requests.filter((r) => r.method === 'POST');
  assert.deepEqual(posts.map((r) => [r.idempotency_key, r.replayed]), [['refund-6735', false], ['refund-6735', true]]);
  assert.match(posts[0].fault, /connection dropped/);
});

test('a refund that fails later is booked', async () => {
  const books = new Map();
  const received = [];
  const shop = createServer(async (request, response) => {
    let body = '';
    for await (const part of request) body += part;
    const event = stripe.webhooks.constructEvent(body, request.headers['stripe-signature'], 'whsec_test');
    bookEvent(books, event);
    received.push(event.type);
    response.end();
    shop.emit('booked');
  });
  await once(shop.listen(0, '127.0.0.1'), 'listening');
  try {
    await control('POST /webhooks', { url: `http://127.0.0.1:${shop.address().port}/`, secret: 'whsec_test', enabled_events: ['refund.failed'] });
    const charge = await control('POST /charges', { amount: 2000 });
    const refund = await refundOrder(stripe, { id: '6735', charge: charge.id, amount: 500 });
    const booked = once(shop, 'booked');
    await control(`POST /refunds/${refund.id}/fail`, { reason: 'lost_or_stolen_card' });
    await booked;
    assert.deepEqual(received, ['refund.failed']);
    assert.equal(books.get('6735'), 'lost_or_stolen_card');
  } finally {
    shop.close();
  }
});
