package main

import (
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/refundkit/refundkit"
	"github.com/refundkit/refundkit/refundtest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The pages show code of this folder: what people copy is what is tested here.

func page(t *testing.T, name string) string {
	text, err := os.ReadFile("../../" + name)
	require.NoError(t, err)
	return string(text)
}

func TestREADMEShowsThisCode(t *testing.T) {
	code, err := os.ReadFile("refunds.go")
	require.NoError(t, err)
	_, section, _ := strings.Cut(page(t, "README.md"), "\n## Refunded once\n")
	section, _, _ = strings.Cut(section, "\n## ")
	pieces := regexp.MustCompile("(?s)```go\n((?:type|func) .*?)```").FindAllStringSubmatch(section, -1)
	require.Len(t, pieces, 3)
	for _, piece := range pieces {
		for declaration := range strings.SplitSeq(strings.TrimSpace(piece[1]), "\n\n") {
			assert.Contains(t, string(code), declaration)
		}
	}
	tables := regexp.MustCompile("(?s)```sql\n(.*?)```").FindAllStringSubmatch(section, -1)
	require.Len(t, tables, 1)
	assert.Equal(t, schema, tables[0][1])
}

// TestQueriesRun asks the database what docs/operations.md asks, with a job in each
// kind of trouble.
func TestQueriesRun(t *testing.T) {
	b := setup(t)
	now := b.server.Now()
	for name, change := range map[string]func(*refundkit.Job){
		"overdue": func(job *refundkit.Job) { job.Due = now.Add(-time.Hour) },
		"open": func(job *refundkit.Job) {
			job.State, job.FirstSent, job.Due, job.Detail = refundkit.JobStateOpen, now.Add(-3*time.Hour), now.Add(time.Hour), "no answer"
		},
		"disputed": func(job *refundkit.Job) {
			job.State, job.Problem = refundkit.JobStateNeedsPerson, refundkit.JobProblemDisputed
		},
		"refused key": func(job *refundkit.Job) {
			job.Problem, job.Due = refundkit.JobProblemCredentials, now.Add(time.Minute)
		},
	} {
		job, err := refundkit.NewJob(name, refundkit.RefundCreateParams{Charge: "ch_1", Amount: 500})
		require.NoError(t, err)
		change(&job)
		require.NoError(t, b.add(t.Context(), job))
	}
	_, section, _ := strings.Cut(page(t, "docs/operations.md"), "\n### What to ask the database\n")
	_, block, _ := strings.Cut(section, "```sql\n")
	block, _, _ = strings.Cut(block, "```")
	var answers [][]string
	for query := range strings.SplitSeq(strings.TrimSpace(block), ";") {
		if query = strings.TrimSpace(query); query != "" {
			answers = append(answers, b.query(query, now.Unix()))
		}
	}
	assert.Equal(t, [][]string{{"3600"}, {"open", now.Add(-3 * time.Hour).Format(time.RFC3339Nano), "", "no answer"}, {"disputed", "1"}, {"credentials", "1"}}, answers)
}

// query returns the first row that is found.
func (b *bench) query(query string, now int64) []string {
	var args []any
	if strings.Contains(query, "$1") {
		args = append(args, now)
	}
	rows, err := b.db.QueryContext(b.t.Context(), query, args...)
	require.NoError(b.t, err, query)
	defer rows.Close()
	columns, err := rows.Columns()
	require.NoError(b.t, err)
	require.True(b.t, rows.Next(), query)
	fields, texts := make([]any, len(columns)), make([]*string, len(columns))
	for i := range fields {
		fields[i] = &texts[i]
	}
	require.NoError(b.t, rows.Scan(fields...))
	var found []string
	for _, text := range texts {
		if text == nil {
			text = new(string)
		}
		found = append(found, *text)
	}
	require.False(b.t, rows.Next(), query)
	require.NoError(b.t, rows.Err())
	return found
}

// adopt makes a job of a refund that other code may have made. params say the
// same charge and amount as were sent. firstSent may be zero if nobody knows it.
// lastSent may not: it would say that nothing was ever sent.
func adopt(name string, params refundkit.RefundCreateParams, firstSent, lastSent time.Time) (refundkit.Job, error) {
	if lastSent.IsZero() {
		lastSent = time.Now()
	}
	job, err := refundkit.NewJob(name, params)
	job.State, job.Open, job.LookUp = refundkit.JobStateOpen, true, true
	job.FirstSent, job.LastSent = firstSent, lastSent
	return job, err
}

// TestAdopted is a team that moves over while the outcome of a refund is unknown.
func TestAdopted(t *testing.T) {
	source, err := os.ReadFile("guide_test.go")
	require.NoError(t, err)
	_, function, _ := strings.Cut(string(source), "\nfunc adopt(")
	function, _, _ = strings.Cut(function, "\n}\n")
	require.Contains(t, page(t, "docs/operations.md"), "func adopt("+function)

	for name, c := range map[string]struct {
		made, knowsWhen bool
		decision        func(refundkit.Job) (refundkit.Job, error)
		refunds         int
	}{
		"made":                         {made: true, knowsWhen: true, refunds: 1},
		"made, nobody knows when":      {made: true, refunds: 1},
		"made, and a person says ours": {made: true, knowsWhen: true, refunds: 1, decision: func(job refundkit.Job) (refundkit.Job, error) { return job.Accept(job.Detail) }},
		"another, a person says":       {made: true, knowsWhen: true, refunds: 2, decision: func(job refundkit.Job) (refundkit.Job, error) { return job.Judge(job.Detail) }},
		"not made":                     {knowsWhen: true, refunds: 1},
		"not made, nobody knows when":  {refunds: 1},
	} {
		t.Run(name, func(t *testing.T) {
			b := setup(t, refundtest.HeldUntilDeliver())
			charge := b.server.AddCharge(refundtest.Charge{Amount: 2000})
			params := refundkit.RefundCreateParams{Charge: charge.ID, Amount: 500}
			var firstSent time.Time
			if c.knowsWhen {
				firstSent = b.server.Now()
			}
			if c.made {
				_, err := b.stripe.Create(t.Context(), params, refundkit.IdempotencyKey("old-key"))
				require.NoError(t, err)
			}
			b.server.Advance(26 * time.Hour) // the old code goes on with its key, and is switched off then
			job, err := adopt(order, params, firstSent, b.server.Now())
			require.NoError(t, err)
			require.NoError(t, b.add(t.Context(), job))

			for range 10 { // 60 hours
				b.after(6 * time.Hour)
			}
			if c.made {
				require.Equal(t, refundkit.JobProblemLookAlike, b.row().Problem)
				require.Len(t, b.server.Refunds(charge.ID), 1)
				if c.decision == nil {
					return
				}
				require.NoError(t, b.decide(t.Context(), order, c.decision))
				for range 10 {
					b.after(6 * time.Hour)
				}
			}
			assert.Equal(t, refundkit.JobStateMade, b.row().State)
			assert.Len(t, b.server.Refunds(charge.ID), c.refunds)
		})
	}
}
