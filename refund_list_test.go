package refundkit_test

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jarcoal/httpmock"
	"github.com/refundkit/refundkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// ledger answers lists as Stripe does: newest first, cursors exclusive, and
// towards newer items has_more speaks of still newer ones.
type ledger []string // ids, newest first

func newLedger(count int) ledger {
	l := make(ledger, count)
	for i := range l {
		l[i] = fmt.Sprintf("re_%03d", count-i)
	}
	return l
}

func (l ledger) at(id string) int {
	for i, other := range l {
		if other == id {
			return i
		}
	}
	return -1
}

func (l ledger) page(query url.Values) string {
	limit, err := strconv.Atoi(query.Get("limit"))
	if err != nil {
		limit = 10
	}
	from, to, more := 0, min(limit, len(l)), limit < len(l)
	if after := query.Get("starting_after"); after != "" {
		from = l.at(after) + 1
		to = min(from+limit, len(l))
		more = to < len(l)
	}
	if before := query.Get("ending_before"); before != "" {
		to = l.at(before)
		from = max(0, to-limit)
		more = from > 0
	}
	return listBody(more, l[from:to]...)
}

func listBody(more bool, ids ...string) string {
	items := make([]string, len(ids))
	for i, id := range ids {
		items[i] = fmt.Sprintf(`{"id":%q,"object":"refund","amount":1,"currency":"usd","created":1788000000,"status":"succeeded"}`, id)
	}
	return fmt.Sprintf(`{"object":"list","data":[%s],"has_more":%t,"url":"/v1/refunds"}`, strings.Join(items, ","), more)
}

func (l ledger) serve(mock *httpmock.MockTransport) *wire {
	return serve(mock, func(r sentRequest) (*http.Response, error) {
		address, err := url.Parse(r.uri)
		if err != nil {
			return nil, err
		}
		return answer(http.StatusOK, l.page(address.Query())), nil
	})
}

// queries are the queries that were sent, one after the other.
func (w *wire) queries() []string {
	var queries []string
	for _, request := range w.all() {
		_, query, _ := strings.Cut(request.uri, "?")
		queries = append(queries, query)
	}
	return queries
}

// walk is either All, with the parameters that both know.
type walk func(ctx context.Context, c *refundkit.Client, limit int, after, before string, opts ...refundkit.CallOption) iter.Seq2[*refundkit.Refund, error]

func walks() map[string]walk {
	return map[string]walk{
		"/v1/refunds": func(ctx context.Context, c *refundkit.Client, limit int, after, before string, opts ...refundkit.CallOption) iter.Seq2[*refundkit.Refund, error] {
			return c.Refunds.All(ctx, refundkit.RefundListParams{Limit: limit, StartingAfter: after, EndingBefore: before}, opts...)
		},
		"/v1/charges/ch_1/refunds": func(ctx context.Context, c *refundkit.Client, limit int, after, before string, opts ...refundkit.CallOption) iter.Seq2[*refundkit.Refund, error] {
			return c.ChargeRefunds.All(ctx, "ch_1", refundkit.ChargeRefundListParams{Limit: limit, StartingAfter: after, EndingBefore: before}, opts...)
		},
	}
}

// forEachWalk runs test with both kinds of All.
func forEachWalk(t *testing.T, test func(t *testing.T, path string, all walk)) {
	for path, all := range walks() {
		t.Run(path, func(t *testing.T) { test(t, path, all) })
	}
}

// collect ranges to the end.
func collect(t *testing.T, all iter.Seq2[*refundkit.Refund, error]) (ids []string, errs []error) {
	for refund, err := range all {
		if err != nil {
			assert.Nil(t, refund)
			errs = append(errs, err)
		} else {
			ids = append(ids, refund.ID)
		}
		if len(ids)+len(errs) > 1000 {
			t.Error("the walk does not end")
			break
		}
	}
	return ids, errs
}

func TestAllWalksEveryPage(t *testing.T) {
	forEachWalk(t, func(t *testing.T, path string, all walk) {
		client, mock := setup(t)
		refunds := newLedger(250)
		sent := refunds.serve(mock)

		ids, errs := collect(t, all(t.Context(), client, 0, "", ""))

		assert.Empty(t, errs)
		assert.Equal(t, []string(refunds), ids)
		assert.Equal(t, []string{"limit=100", "limit=100&starting_after=re_151", "limit=100&starting_after=re_051"}, sent.queries())
		for _, request := range sent.all() {
			assert.True(t, strings.HasPrefix(request.uri, base+path+"?"), request.uri)
		}
	})
}

func TestAllEndingBefore(t *testing.T) {
	forEachWalk(t, func(t *testing.T, _ string, all walk) {
		client, mock := setup(t)
		refunds := newLedger(101)
		sent := refunds.serve(mock)

		ids, errs := collect(t, all(t.Context(), client, 40, "", "re_002"))

		assert.Empty(t, errs)
		assert.Equal(t, []string{"ending_before=re_002&limit=40", "ending_before=re_042&limit=40", "ending_before=re_082&limit=40"}, sent.queries())
		require.Len(t, ids, 99, "every refund newer than re_002")
		assert.Equal(t, []string{"re_042", "re_003", "re_082", "re_101"}, []string{ids[0], ids[39], ids[40], ids[80]})
	})
}

// TestAllWhileRefundsAreMade: what is made behind the walk's back is not on a later page.
func TestAllWhileRefundsAreMade(t *testing.T) {
	forEachWalk(t, func(t *testing.T, _ string, all walk) {
		client, mock := setup(t)
		refunds := newLedger(20)
		serve(mock, func(r sentRequest) (*http.Response, error) {
			address, err := url.Parse(r.uri)
			if err != nil {
				return nil, err
			}
			page := refunds.page(address.Query())
			refunds = append(ledger{fmt.Sprintf("re_%03d", len(refunds)+1), fmt.Sprintf("re_%03d", len(refunds)+2)}, refunds...)
			return answer(http.StatusOK, page), nil
		})
		ids, errs := collect(t, all(t.Context(), client, 3, "", ""))
		assert.Empty(t, errs)
		assert.Equal(t, []string(newLedger(20)), ids)
	})
}

func TestAllStartingAfter(t *testing.T) {
	forEachWalk(t, func(t *testing.T, _ string, all walk) {
		client, mock := setup(t)
		sent := newLedger(30).serve(mock)
		ids, errs := collect(t, all(t.Context(), client, 5, "re_008", "", refundkit.Expand("data.charge")))
		assert.Empty(t, errs)
		assert.Equal(t, []string{"re_007", "re_006", "re_005", "re_004", "re_003", "re_002", "re_001"}, ids)
		assert.Equal(t, []string{
			"expand%5B%5D=data.charge&limit=5&starting_after=re_008", "expand%5B%5D=data.charge&limit=5&starting_after=re_003",
		}, sent.queries(), "the options are for every page")
	})
}

func TestAllIsLazyAndRestarts(t *testing.T) {
	forEachWalk(t, func(t *testing.T, _ string, all walk) {
		client, mock := setup(t)
		sent := newLedger(10).serve(mock)
		refunds := all(t.Context(), client, 4, "", "")
		assert.Empty(t, sent.all(), "nothing is sent before the first range")

		for range refunds {
			break
		}
		assert.Equal(t, []string{"limit=4"}, sent.queries(), "one item needs one page")

		taken := 0
		for range refunds {
			if taken++; taken == 4 {
				break
			}
		}
		assert.Equal(t, []string{"limit=4", "limit=4"}, sent.queries(), "the second page was not asked for")

		first, errs := collect(t, refunds)
		assert.Empty(t, errs)
		second, errs := collect(t, refunds)
		assert.Empty(t, errs)
		assert.Len(t, first, 10)
		assert.Equal(t, first, second)
		assert.Len(t, sent.all(), 2+3+3)
	})
}

func TestAllSideBySide(t *testing.T) {
	forEachWalk(t, func(t *testing.T, _ string, all walk) {
		client, mock := setup(t)
		refunds := newLedger(20)
		refunds.serve(mock)
		shared := all(t.Context(), client, 3, "", "", refundkit.Expand("data.charge", "data.payment_intent"))

		var group sync.WaitGroup
		for range 8 {
			group.Go(func() {
				ids, errs := collect(t, shared)
				assert.Empty(t, errs)
				assert.Equal(t, []string(refunds), ids)
			})
		}
		group.Wait()

		next, stop := iter.Pull2(shared)
		defer stop()
		for refund, err := range shared { // one inside the other
			require.NoError(t, err)
			other, err, ok := next()
			require.True(t, ok)
			require.NoError(t, err)
			assert.Equal(t, refund.ID, other.ID)
		}
	})
}

func TestAllErrors(t *testing.T) {
	page := func(body string) func(sentRequest) (*http.Response, error) {
		return func(r sentRequest) (*http.Response, error) {
			if strings.Contains(r.uri, "starting_after=re_9") {
				return answer(http.StatusOK, body), nil
			}
			return answer(http.StatusOK, listBody(true, "re_9")), nil
		}
	}
	for name, reply := range map[string]func(sentRequest) (*http.Response, error){
		"an empty page that claims more": page(listBody(true)),
		"the same page again":            page(listBody(true, "re_9")),
		"an item that is null":           page(`{"object":"list","data":[null],"has_more":true}`),
		"an item without id":             page(`{"object":"list","data":[{"object":"refund"}],"has_more":true}`),
		"not a list":                     page(`{}`),
	} {
		t.Run(name, func(t *testing.T) {
			forEachWalk(t, func(t *testing.T, _ string, all walk) {
				client, mock := setup(t)
				sent := serve(mock, reply)
				ids, errs := collect(t, all(t.Context(), client, 0, "", ""))
				assert.Equal(t, []string{"re_9"}, ids)
				assert.Len(t, errs, 1)
				assert.Len(t, sent.all(), 2)
			})
		})
	}
}

func TestAllKeepsTheErrorOfThePage(t *testing.T) {
	forEachWalk(t, func(t *testing.T, _ string, all walk) {
		client, mock := setup(t)
		serve(mock, func(sentRequest) (*http.Response, error) {
			return answer(http.StatusForbidden, `{"error":{"type":"invalid_request_error","message":"no"}}`, "Request-Id", "req_1"), nil
		})
		_, errs := collect(t, all(t.Context(), client, 0, "", ""))
		require.Len(t, errs, 1)
		var failure *refundkit.Error
		require.ErrorAs(t, errs[0], &failure)
		assert.Equal(t, "req_1", failure.RequestID)
		assert.ErrorIs(t, failure, refundkit.ErrPermission)
		assert.NotErrorIs(t, failure, refundkit.ErrOutcomeUnknown)
	})
}

func TestAllRefusesBeforeSending(t *testing.T) {
	forEachWalk(t, func(t *testing.T, _ string, all walk) {
		for name, refunds := range map[string]func(*refundkit.Client) iter.Seq2[*refundkit.Refund, error]{
			"both cursors": func(c *refundkit.Client) iter.Seq2[*refundkit.Refund, error] {
				return all(t.Context(), c, 0, "re_1", "re_2")
			},
			"limit 101": func(c *refundkit.Client) iter.Seq2[*refundkit.Refund, error] { return all(t.Context(), c, 101, "", "") },
			"limit -1":  func(c *refundkit.Client) iter.Seq2[*refundkit.Refund, error] { return all(t.Context(), c, -1, "", "") },
			"a key": func(c *refundkit.Client) iter.Seq2[*refundkit.Refund, error] {
				return all(t.Context(), c, 0, "", "", refundkit.IdempotencyKey("k"))
			},
		} {
			client, mock := setup(t)
			sent := newLedger(3).serve(mock)
			ids, errs := collect(t, refunds(client))
			assert.Empty(t, ids, name)
			require.Len(t, errs, 1, name)
			assert.ErrorIs(t, errs[0], refundkit.ErrInvalidParams, name)
			assert.Empty(t, sent.all(), name)
		}
	})
}

func TestAllStopsWithItsContext(t *testing.T) {
	forEachWalk(t, func(t *testing.T, _ string, all walk) {
		client, mock := setup(t)
		sent := newLedger(10).serve(mock)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		var errs []error
		for _, err := range all(ctx, client, 2, "", "") {
			cancel()
			if err != nil {
				errs = append(errs, err)
			}
		}
		require.Len(t, errs, 1)
		assert.ErrorIs(t, errs[0], context.Canceled)
		assert.Len(t, sent.all(), 1)
	})
}

func TestAllFiltersEveryPage(t *testing.T) {
	client, mock := setup(t)
	sent := newLedger(3).serve(mock)
	params := refundkit.RefundListParams{
		Charge: "ch_1", PaymentIntent: "pi_1", Limit: 2, Created: refundkit.CreatedRange{From: time.Unix(1788000000, 0)},
	}
	_, errs := collect(t, client.Refunds.All(t.Context(), params))
	assert.Empty(t, errs)
	const filters = "charge=ch_1&created%5Bgte%5D=1788000000&limit=2&payment_intent=pi_1"
	assert.Equal(t, []string{filters, filters + "&starting_after=re_002"}, sent.queries())
	assert.Empty(t, params.StartingAfter, "the parameters belong to the caller")
}

func TestListFields(t *testing.T) {
	client, mock := setup(t)
	record(mock, string(fixture(t, "refund_list.json")))
	page, err := client.Refunds.List(t.Context(), refundkit.RefundListParams{})
	require.NoError(t, err)
	assert.True(t, page.HasMore)
	assert.Equal(t, "/v1/refunds", page.URL)
	require.Len(t, page.Data, 2)
	assert.Equal(t, []int64{200, 100}, []int64{page.Data[0].Amount, page.Data[1].Amount})
	assert.Equal(t, refundkit.RefundPendingReasonChargePending, page.Data[1].PendingReason)
	assert.Equal(t, "reversal", page.Data[0].DestinationDetails.CardType)
}

func TestEmptyListIsNoError(t *testing.T) {
	client, mock := setup(t)
	record(mock, listBody(false))
	page, err := client.Refunds.List(t.Context(), refundkit.RefundListParams{Charge: "ch_1"})
	require.NoError(t, err)
	assert.Empty(t, page.Data)
	ids, errs := collect(t, client.Refunds.All(t.Context(), refundkit.RefundListParams{}))
	assert.Empty(t, ids)
	assert.Empty(t, errs)
	text, err := json.Marshal(page)
	require.NoError(t, err)
	assert.Contains(t, string(text), `"data":[]`)
}
