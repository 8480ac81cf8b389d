package bench

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
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

// check makes sure that none is fast because it fails.
func (s subject) check(tb testing.TB, want string) {
	got, err := s.call(tb.Context())
	require.NoError(tb, err, s.name)
	require.Equal(tb, want, s.understood(got), s.name)
}

func compare(b *testing.B, want string, subjects []subject) {
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

func compareAtOnce(b *testing.B, goroutines int, want string, subjects []subject) {
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

const wantRefund = "re_3TzBench0000bbCccDdd0QwEr 1250eur succeeded requested_by_customer 1788000123 ch_3TzBench0000bCccDdd4pLmOkNj " +
	"pi_3TzBench0000bCccDdd2bVcXzAs txn_3TzBench0000bCccDdd1QwErTy 24011834000000099880000 order-0"

func cannedRefund() *http.Client {
	return &http.Client{Transport: canned{200, []byte(refundAnswer(0, linked(0)))}}
}

// ourCreate is the call that all make: part of a charge, a reason, an order.
func ourCreate() refundkit.RefundCreateParams {
	return refundkit.RefundCreateParams{
		Charge: chargeID0, Amount: 1250, Reason: refundkit.RefundReasonRequestedByCustomer, Metadata: refundkit.Metadata{"order": "order-0"},
	}
}

func theirCreate() *stripe.RefundCreateParams {
	return &stripe.RefundCreateParams{
		Charge: stripe.String(chargeID0), Amount: stripe.Int64(1250), Reason: stripe.String("requested_by_customer"), Metadata: map[string]string{"order": "order-0"},
	}
}

const chargeID0 = "ch_3TzBench0000bCccDdd4pLmOkNj"

func createSubjects(tb testing.TB, httpClient *http.Client, baseURL string) []subject {
	our, their, plain := ours(tb, httpClient, baseURL), theirs(httpClient, baseURL), newFloor(httpClient, baseURL)
	return []subject{
		{"refundkit", func(ctx context.Context) (any, error) { return our.Refunds.Create(ctx, ourCreate()) }, ourRefund},
		{"stripe-go", func(ctx context.Context) (any, error) { return their.V1Refunds.Create(ctx, theirCreate()) }, theirRefund},
		{"floor", func(ctx context.Context) (any, error) {
			form, err := query.Values(ourCreate())
			if err != nil {
				return nil, err
			}
			refund := new(refundkit.Refund)
			return refund, plain.send(ctx, http.MethodPost, "/v1/refunds", form.Encode(), refund)
		}, ourRefund},
		{"floor-values", func(ctx context.Context) (any, error) { // without go-querystring
			params := ourCreate()
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
	const id = "re_3TzBench0000bbCccDdd0QwEr"
	return []subject{
		{"refundkit", func(ctx context.Context) (any, error) { return our.Refunds.Retrieve(ctx, id) }, ourRefund},
		{"stripe-go", func(ctx context.Context) (any, error) { return their.V1Refunds.Retrieve(ctx, id, nil) }, theirRefund},
		{"floor", func(ctx context.Context) (any, error) {
			refund := new(refundkit.Refund)
			return refund, plain.send(ctx, http.MethodGet, "/v1/refunds/"+id, "", refund)
		}, ourRefund},
	}
}

const wantError = "400 invalid_request_error charge_already_refunded: Charge ch_3TzBench0000bCccDdd4pLmOkNj has already been refunded."

// errorSubjects are calls that must fail: their error is the result.
func errorSubjects(tb testing.TB) []subject {
	httpClient := &http.Client{Transport: canned{400, []byte(errorAnswer)}}
	subjects := createSubjects(tb, httpClient, "")[:3]
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
func listSubjects(tb testing.TB, answer string, expand string) []subject {
	httpClient := &http.Client{Transport: canned{200, []byte(answer)}}
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

var wantList = "100 " + strings.NewReplacer("Bench0000", "Bench0099", "99880000", "99880099", "order-0", "order-99", "1788000123", "1788000024").Replace(wantRefund)

func BenchmarkCreate(b *testing.B) {
	compare(b, wantRefund, createSubjects(b, cannedRefund(), ""))
}

func BenchmarkRetrieve(b *testing.B) { compare(b, wantRefund, retrieveSubjects(b)) }

func BenchmarkError(b *testing.B) { compare(b, wantError, errorSubjects(b)) }

func BenchmarkList(b *testing.B) { compare(b, wantList, listSubjects(b, listAnswer(linked), "")) }

func BenchmarkListExpanded(b *testing.B) {
	compare(b, wantList+" order-99 4242 Utrecht", listSubjects(b, listAnswer(expanded), "data.charge"))
}

func BenchmarkLoopback1(b *testing.B) {
	httpClient, url := loopback(b, []byte(refundAnswer(0, linked(0))), 1)
	compareAtOnce(b, 1, wantRefund, createSubjects(b, httpClient, url)[:3])
}

func BenchmarkLoopback64(b *testing.B) {
	httpClient, url := loopback(b, []byte(refundAnswer(0, linked(0))), 64)
	compareAtOnce(b, 64, wantRefund, createSubjects(b, httpClient, url)[:3])
}

// TestSubjects checks all of them without timing any.
func TestSubjects(t *testing.T) {
	for want, subjects := range map[string][]subject{
		wantRefund:                          append(createSubjects(t, cannedRefund(), ""), retrieveSubjects(t)...),
		wantError:                           errorSubjects(t),
		wantList:                            listSubjects(t, listAnswer(linked), ""),
		wantList + " order-99 4242 Utrecht": listSubjects(t, listAnswer(expanded), "data.charge"),
		wantEvent:                           webhookSubjects(t),
	} {
		for _, s := range subjects {
			s.check(t, want)
		}
	}
}
