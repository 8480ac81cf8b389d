package page_test

import (
	"bytes"
	"context"
	"errors"
	"iter"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/refundkit/refundkit"
	"github.com/refundkit/refundkit/refundjobs"
	"github.com/refundkit/refundkit/refundjobs/page"
)

// source is what a database might hold.
type source struct {
	people int
	err    error
}

func (s source) Plans(context.Context) ([]refundjobs.Plan, error) {
	return []refundjobs.Plan{{Name: "festival"}, {Name: "<script>alert(1)</script>"}}, s.err
}

func (s source) Plan(_ context.Context, name string) (refundjobs.Plan, error) {
	return refundjobs.Plan{Name: name, State: refundjobs.PlanStateRunning, Rows: 200, RequestedBy: "ann", ApprovedBy: "bob", Rate: 20, TimeLeft: 5 * time.Second, Progress: []refundjobs.PlanCount{
		{Shown: refundjobs.StateSucceeded, Currency: "eur", Number: 50, Amount: 250000},
		{Shown: refundjobs.StateApproved, Currency: "eur", Number: 150, Amount: 750000},
	}}, nil
}

func (s source) List(_ context.Context, f refundjobs.Filter) iter.Seq2[refundjobs.Job, error] {
	return func(yield func(refundjobs.Job, error) bool) {
		job := refundjobs.Job{Currency: "eur", Shown: refundjobs.StateNeedsPerson}
		job.Name, job.Params = "festival/7", refundkit.RefundCreateParams{Charge: "ch_1", Amount: 5000}
		job.Problem, job.Detail = refundkit.JobProblemLookAlike, "re_<b>1</b>"
		for range s.people {
			if !yield(job, nil) {
				return
			}
		}
	}
}

func (s source) Counts(context.Context, refundjobs.Filter) (refundjobs.Counts, error) {
	return refundjobs.Counts{Parts: []refundjobs.Count{{State: refundjobs.StateNeedsPerson, Problem: refundkit.JobProblemLookAlike, Currency: "eur", Rows: 1, Amount: 5000}}}, nil
}

func (s source) Story(_ context.Context, name string) (string, error) {
	if name == "festival/7" {
		return "It was sent.", nil
	}
	return "", refundjobs.ErrUnknown
}

func get(t *testing.T, s source, method, target string) (*httptest.ResponseRecorder, string) {
	t.Helper()
	var log bytes.Buffer
	handler, err := page.New(s, slog.New(slog.NewTextHandler(&log, nil)))
	require.NoError(t, err)
	answer := httptest.NewRecorder()
	handler.ServeHTTP(answer, httptest.NewRequestWithContext(t.Context(), method, target, nil))
	return answer, log.String()
}

func TestPage(t *testing.T) {
	answer, log := get(t, source{people: 1}, http.MethodGet, "/")
	require.Equal(t, http.StatusOK, answer.Code)
	assert.Empty(t, log)
	body := answer.Body.String()
	for _, shown := range []string{"festival", "2500.00 eur", "width: 25.00%", "50.00 eur", "Accept it, or Judge it", "asked for by ann, approved by bob", "No outcome is open", "?name=festival%2f7", ">look_alike<"} {
		assert.Contains(t, body, shown)
	}
	assert.NotContains(t, body, "<script")
	assert.NotContains(t, body, "re_<b>")
	assert.NotRegexp(t, regexp.MustCompile(`(?i)(src|href)="?(https?:)?//`), body, "nothing is loaded from elsewhere")
	assert.Contains(t, answer.Header().Get("Content-Security-Policy"), "default-src 'none'")
	assert.Equal(t, "no-store", answer.Header().Get("Cache-Control"))
}

func TestPageTellsAStory(t *testing.T) {
	answer, _ := get(t, source{}, http.MethodGet, "/?name=festival/7")
	assert.Contains(t, answer.Body.String(), "It was sent.")
	answer, _ = get(t, source{}, http.MethodGet, "/?name=nobody")
	assert.Contains(t, answer.Body.String(), "no refund of this name")
}

func TestPageIsBounded(t *testing.T) {
	answer, _ := get(t, source{people: 100_000}, http.MethodGet, "/")
	assert.Equal(t, 100, strings.Count(answer.Body.String(), "festival/7</strong>"))
	assert.Contains(t, answer.Body.String(), "There are more")
}

func TestPageOnlyReads(t *testing.T) {
	answer, _ := get(t, source{}, http.MethodPost, "/")
	assert.Equal(t, http.StatusMethodNotAllowed, answer.Code)
}

func TestPageKeepsErrorsToTheLog(t *testing.T) {
	answer, log := get(t, source{err: errors.New("password of the database")}, http.MethodGet, "/")
	assert.Equal(t, http.StatusInternalServerError, answer.Code)
	assert.NotContains(t, answer.Body.String(), "password")
	assert.Contains(t, log, "password of the database")
}
