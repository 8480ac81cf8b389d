package refundkit_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/refundkit/refundkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// refundsAt is a page of refunds; each is given as re_1@7, 7 seconds after firstDay.
func refundsAt(more bool, refunds ...string) string {
	items := make([]string, len(refunds))
	for i, refund := range refunds {
		id, after, _ := strings.Cut(refund, "@")
		created, err := time.ParseDuration(after + "s")
		if err != nil {
			panic(err)
		}
		items[i] = fmt.Sprintf(`{"id":%q,"object":"refund","created":%d}`, id, firstDay.Add(created).Unix())
	}
	return fmt.Sprintf(`{"object":"list","url":"","has_more":%t,"data":[%s]}`, more, strings.Join(items, ","))
}

// TestExportOfForeignAnswers is about servers that don't do what Stripe does.
func TestExportOfForeignAnswers(t *testing.T) {
	for name, c := range map[string]struct {
		pages  map[string]string // by starting_after
		resume string
		want   []string
		failed string
	}{
		"in order":               {pages: map[string]string{"": refundsAt(true, "re_9@9", "re_8@8", "re_7@8"), "re_7": refundsAt(false, "re_6@8", "re_5@0")}, want: []string{"re_9", "re_8", "re_7", "re_6", "re_5"}},
		"a circle of one":        {pages: map[string]string{"": refundsAt(true, "re_2@7"), "re_2": refundsAt(true, "re_2@7")}, want: []string{"re_2"}, failed: "same page"},
		"a circle of two":        {pages: map[string]string{"": refundsAt(true, "re_2@7"), "re_2": refundsAt(true, "re_1@7"), "re_1": refundsAt(true, "re_2@7")}, want: []string{"re_2", "re_1"}, failed: "same page"},
		"an empty page":          {pages: map[string]string{"": refundsAt(true, "re_2@7"), "re_2": refundsAt(true)}, want: []string{"re_2"}, failed: "empty page"},
		"pages that overlap":     {pages: map[string]string{"": refundsAt(true, "re_9@9", "re_8@8"), "re_8": refundsAt(true, "re_9@9", "re_8@8", "re_7@7"), "re_7": refundsAt(false, "re_8@8", "re_7@7", "re_6@7")}, want: []string{"re_9", "re_8", "re_7", "re_6"}},
		"the one resumed after":  {resume: "re_8@8", pages: map[string]string{"re_8": refundsAt(false, "re_8@8", "re_7@7")}, want: []string{"re_7"}},
		"newer than To":          {pages: map[string]string{"": refundsAt(false, "re_9@60", "re_8@8")}, failed: "2026-01-01T00:01:00Z"},
		"older than From":        {pages: map[string]string{"": refundsAt(true, "re_9@9"), "re_9": refundsAt(false, "re_8@8", "re_7@-1")}, want: []string{"re_9"}, failed: "2025-12-31T23:59:59Z"},
		"newer than the resumed": {resume: "re_8@8", pages: map[string]string{"re_8": refundsAt(false, "re_9@9")}, failed: "out of order"},
		"oldest first":           {pages: map[string]string{"": refundsAt(false, "re_1@1", "re_2@2")}, failed: "out of order"},
		"newer on a later page":  {pages: map[string]string{"": refundsAt(true, "re_2@2"), "re_2": refundsAt(false, "re_3@3")}, want: []string{"re_2"}, failed: "out of order"},
	} {
		t.Run(name, func(t *testing.T) {
			client, mock := setup(t)
			mock.RegisterNoResponder(func(r *http.Request) (*http.Response, error) {
				return answer(200, c.pages[r.URL.Query().Get("starting_after")]), nil
			})
			params := refundkit.ExportParams{From: firstDay, To: firstDay.Add(time.Minute), Workers: 1}
			if id, _, ok := strings.Cut(c.resume, "@"); ok {
				params.ResumeAfter = refundkit.Refund{ID: id, Created: refundkit.NewTimestamp(firstDay.Add(8 * time.Second))}
			}
			ids, errs := collect(t, client.Refunds.Export(t.Context(), params))
			assert.Subset(t, c.want, ids)
			if c.failed == "" {
				require.Empty(t, errs)
				require.Equal(t, c.want, ids)
				return
			}
			require.Len(t, errs, 1)
			assert.ErrorContains(t, errs[0], c.failed)
			assert.ErrorContains(t, errs[0], "not complete")
		})
	}
}

// TestExportIgnoredFilter exports through something that drops created.
func TestExportIgnoredFilter(t *testing.T) {
	client, mock := setup(t)
	newLedger(100_000).serve(mock) // all at one time, whatever is asked for
	newest := time.Unix(1788000000, 0)
	for name, params := range map[string]refundkit.ExportParams{
		"older":  {From: firstDay, To: newest},
		"newer":  {From: newest.Add(time.Second), To: newest.Add(time.Hour)},
		"inside": {From: firstDay, To: newest.Add(time.Second), ResumeAfter: refundkit.Refund{ID: "re_90000", Created: refundkit.NewTimestamp(newest.Add(-1))}},
	} {
		ids, errs := collect(t, client.Refunds.Export(t.Context(), params))
		assert.Empty(t, ids, name)
		require.Len(t, errs, 1, name)
		assert.ErrorContains(t, errs[0], "ignore", name)
	}
}
