package bench

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"sync/atomic"
	"testing"

	"github.com/google/go-querystring/query"
	"github.com/refundkit/refundkit"
	"github.com/stretchr/testify/require"
	"github.com/stripe/stripe-go/v86"
)

// subject is one of those compared: call does the work once, and understood
// says in words what came of it, which must be the same for all.
type subject struct {
	name       string
	call       func(context.Context) (any, error)
	understood func(any) string
}

var numberInWords = regexp.MustCompile(`Bench(\d{4})`)

// check makes sure that none is fast because it fails, or because it reads the
// same again. What it wants are the words of the i-th answer.
func (s subject) check(tb testing.TB, want func(i int) string) {
	before := ""
	for range 3 {
		got, err := s.call(tb.Context())
		require.NoError(tb, err, s.name)
		words := s.understood(got)
		number := numberInWords.FindStringSubmatch(words)
		require.NotNil(tb, number, "%s: %s", s.name, words)
		i, err := strconv.Atoi(number[1])
		require.NoError(tb, err)
		require.Equal(tb, want(i), words, s.name)
		require.NotEqual(tb, before, words, "%s: the same answer again", s.name)
		before = words
	}
}

func compare(b *testing.B, want func(i int) string, subjects []subject) {
	for _, s := range subjects {
		b.Run(s.name, func(b *testing.B) {
			s.check(b, want)
			ctx := b.Context()
			b.ReportAllocs()
			for b.Loop() {
				if _, err := s.call(ctx); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func compareAtOnce(b *testing.B, goroutines int, want func(i int) string, subjects []subject) {
	for _, s := range subjects {
		b.Run(s.name, func(b *testing.B) {
			s.check(b, want)
			ctx := b.Context()
			b.ReportAllocs()
			b.ResetTimer()
			var left atomic.Int64
			left.Store(int64(b.N))
			ended := make(chan error, goroutines)
			for range goroutines {
				go func() {
					var err error
					for err == nil && left.Add(-1) >= 0 {
						_, err = s.call(ctx)
					}
					ended <- err
				}()
			}
			for range goroutines {
				if err := <-ended; err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func ourRefund(v any) string   { return ourWords(v.(*refundkit.Refund)) }
func theirRefund(v any) string { return theirWords(v.(*stripe.Refund)) }

func wantRefund(i int) string {
	return fmt.Sprintf("re_3TzBench%04dbbCccDdd0QwEr 1250eur succeeded requested_by_customer %d ch_3TzBench%04dbCccDdd4pLmOkNj "+
		"pi_3TzBench%04dbCccDdd2bVcXzAs txn_3TzBench%04dbCccDdd1QwErTy 2401183400000009988%04d order-%d", i, 1788000123-i, i, i, i, i, i)
}

func cannedRefund() *http.Client { return cannedClient(200, many(manyRefunds, createAnswer)) }

func cannedClient(status int, answers [][]byte) *http.Client {
	return &http.Client{Transport: &canned{status: status, answers: answers}}
}

// creates are the calls that all make: part of a charge, a reason, an order.
type creates struct {
	turns
	charges, orders []string
}

func newCreates() *creates { return &creates{charges: names(chargeID), orders: names(orderID)} }

func (c *creates) ours() refundkit.RefundCreateParams {
	i := c.next(manyRefunds)
	return refundkit.RefundCreateParams{
		Charge: c.charges[i], Amount: 1250, Reason: refundkit.RefundReasonRequestedByCustomer, Metadata: refundkit.Metadata{"order": c.orders[i]},
	}
}

func (c *creates) theirs() *stripe.RefundCreateParams {
	i := c.next(manyRefunds)
	return &stripe.RefundCreateParams{
		Charge: stripe.String(c.charges[i]), Amount: stripe.Int64(1250), Reason: stripe.String("requested_by_customer"), Metadata: map[string]string{"order": c.orders[i]},
	}
}

func createSubjects(tb testing.TB, httpClient *http.Client, baseURL string) []subject {
	our, their, plain := ours(tb, httpClient, baseURL), theirs(httpClient, baseURL), newFloor(httpClient, baseURL)
	params := newCreates()
	return []subject{
		{"refundkit", func(ctx context.Context) (any, error) { return our.Refunds.Create(ctx, params.ours()) }, ourRefund},
		{"stripe-go", func(ctx context.Context) (any, error) { return their.V1Refunds.Create(ctx, params.theirs()) }, theirRefund},
		{"floor", func(ctx context.Context) (any, error) {
			form, err := query.Values(params.ours())
			if err != nil {
				return nil, err
			}
			refund := new(refundkit.Refund)
			return refund, plain.send(ctx, http.MethodPost, "/v1/refunds", form.Encode(), refund)
		}, ourRefund},
		{"floor-values", func(ctx context.Context) (any, error) { // without go-querystring
			params := params.ours()
			form := url.Values{"charge": {params.Charge}, "amount": {strconv.FormatInt(params.Amount, 10)}, "reason": {string(params.Reason)}}
			for name, value := range params.Metadata {
				form.Set("metadata["+name+"]", value)
			}
			refund := new(refundkit.Refund)
			return refund, plain.send(ctx, http.MethodPost, "/v1/refunds", form.Encode(), refund)
		}, ourRefund},
	}
}

func retrieveSubjects(tb testing.TB) []subject {
	our, their, plain := ours(tb, cannedRefund(), ""), theirs(cannedRefund(), ""), newFloor(cannedRefund(), "")
	ids, called := names(refundID), new(turns)
	id := func() string { return ids[called.next(manyRefunds)] }
	return []subject{
		{"refundkit", func(ctx context.Context) (any, error) { return our.Refunds.Retrieve(ctx, id()) }, ourRefund},
		{"stripe-go", func(ctx context.Context) (any, error) { return their.V1Refunds.Retrieve(ctx, id(), nil) }, theirRefund},
		{"floor", func(ctx context.Context) (any, error) {
			refund := new(refundkit.Refund)
			return refund, plain.send(ctx, http.MethodGet, "/v1/refunds/"+id(), "", refund)
		}, ourRefund},
	}
}

func wantError(i int) string {
	return fmt.Sprintf("400 invalid_request_error charge_already_refunded: Charge %s has already been refunded.", chargeID(i))
}

// errorSubjects are calls that must fail: their error is the result.
func errorSubjects(tb testing.TB) []subject {
	subjects := createSubjects(tb, cannedClient(400, many(manyRefunds, errorAnswer)), "")[:3]
	for i, s := range subjects {
		subjects[i].call = func(ctx context.Context) (any, error) {
			if _, err := s.call(ctx); err != nil {
				return err, nil
			}
			return nil, errors.New("an error was expected")
		}
		subjects[i].understood = errorWords
	}
	return subjects
}

func errorWords(v any) string {
	switch e := v.(type) {
	case *refundkit.Error:
		return fmt.Sprintf("%d %s %s: %s", e.StatusCode, e.Type, e.Code, e.Message)
	case *stripe.Error:
		return fmt.Sprintf("%d %s %s: %s", e.HTTPStatusCode, e.Type, e.Code, e.Msg)
	case *floorError:
		return fmt.Sprintf("400 %s %s: %s", e.Cause.Type, e.Cause.Code, e.Cause.Message)
	}
	return fmt.Sprint(v)
}

// listSubjects read 100 refunds one by one; the last stands for all.
func listSubjects(tb testing.TB, answers [][]byte, expand string) []subject {
	httpClient := cannedClient(200, answers)
	our, their, plain := ours(tb, httpClient, ""), theirs(httpClient, ""), newFloor(httpClient, "")
	ourParams, path := refundkit.RefundListParams{Limit: 100}, "/v1/refunds?limit=100"
	var options []refundkit.CallOption
	if expand != "" {
		options, path = append(options, refundkit.Expand(expand)), path+"&expand[]="+expand
	}
	walkOurs := func(ctx context.Context) (any, error) {
		var read []*refundkit.Refund
		for refund, err := range our.Refunds.All(ctx, ourParams, options...) {
			if err != nil {
				return nil, err
			}
			read = append(read, refund)
		}
		return read, nil
	}
	walkTheirs := func(ctx context.Context) (any, error) {
		params := &stripe.RefundListParams{ListParams: stripe.ListParams{Limit: stripe.Int64(100)}}
		if expand != "" {
			params.AddExpand(expand)
		}
		var read []*stripe.Refund
		for refund, err := range their.V1Refunds.List(ctx, params).All(ctx) {
			if err != nil {
				return nil, err
			}
			read = append(read, refund)
		}
		return read, nil
	}
	walkFloor := func(ctx context.Context) (any, error) {
		var list refundkit.RefundList
		err := plain.send(ctx, http.MethodGet, path, "", &list)
		return append([]*refundkit.Refund(nil), list.Data...), err
	}
	return []subject{{"refundkit", walkOurs, ourList}, {"stripe-go", walkTheirs, theirList}, {"floor", walkFloor, ourList}}
}

func ourList(v any) string {
	read := v.([]*refundkit.Refund)
	last := read[len(read)-1]
	words := fmt.Sprint(len(read), " ", ourWords(last))
	if charge := last.Charge.Value; charge != nil {
		words += fmt.Sprint(" ", charge.Description, " ", charge.PaymentMethodDetails.Card.Last4, " ", charge.BillingDetails.Address.City)
	}
	return words
}

func theirList(v any) string {
	read := v.([]*stripe.Refund)
	last := read[len(read)-1]
	words := fmt.Sprint(len(read), " ", theirWords(last))
	if charge := last.Charge; charge.Amount != 0 {
		words += fmt.Sprint(" ", charge.Description, " ", charge.PaymentMethodDetails.Card.Last4, " ", charge.BillingDetails.Address.City)
	}
	return words
}

func wantList(i int) string     { return "100 " + wantRefund(i) }
func wantExpanded(i int) string { return fmt.Sprintf("100 %s order-%d 4242 Utrecht", wantRefund(i), i) }

func BenchmarkCreate(b *testing.B) {
	compare(b, wantRefund, createSubjects(b, cannedRefund(), ""))
}

func BenchmarkRetrieve(b *testing.B) { compare(b, wantRefund, retrieveSubjects(b)) }

func BenchmarkError(b *testing.B) { compare(b, wantError, errorSubjects(b)) }

func BenchmarkList(b *testing.B) { compare(b, wantList, listSubjects(b, lists(linked), "")) }

func BenchmarkListExpanded(b *testing.B) {
	compare(b, wantExpanded, listSubjects(b, lists(expanded), "data.charge"))
}

func BenchmarkLoopback1(b *testing.B) { compareOverLoopback(b, 1) }

func BenchmarkLoopback64(b *testing.B) { compareOverLoopback(b, 64) }

func compareOverLoopback(b *testing.B, goroutines int) {
	httpClient, url := loopback(b, many(manyRefunds, createAnswer), goroutines)
	compareAtOnce(b, goroutines, wantRefund, createSubjects(b, httpClient, url)[:3])
}

// TestSubjects checks all of them without timing any.
func TestSubjects(t *testing.T) {
	httpClient, url := loopback(t, many(manyRefunds, createAnswer), 1)
	for _, c := range []struct {
		want     func(i int) string
		subjects []subject
	}{
		{wantRefund, createSubjects(t, cannedRefund(), "")},
		{wantRefund, createSubjects(t, httpClient, url)},
		{wantRefund, retrieveSubjects(t)},
		{wantError, errorSubjects(t)},
		{wantList, listSubjects(t, lists(linked), "")},
		{wantExpanded, listSubjects(t, lists(expanded), "data.charge")},
		{wantEvent, webhookSubjects(t)},
	} {
		for _, s := range c.subjects {
			s.check(t, c.want)
		}
	}
}
