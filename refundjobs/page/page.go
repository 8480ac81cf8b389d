// Package page shows how refunds stand, in a browser: plans with their bars, refunds by
// state, what needs a person and why, and the oldest open outcome. It only reads.
package page

import (
	"bytes"
	"context"
	_ "embed"
	"fmt"
	"html/template"
	"iter"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/refundkit/refundkit"
	"github.com/refundkit/refundkit/refundjobs"
	"github.com/refundkit/refundkit/refundjobs/internal/money"
)

//go:embed page.html
var source string

const (
	mostPeople = 100 // rows that need a person, on one page
	mostPlans  = 50
)

// Source is what the page reads: refundjobs.Jobs of any database.
type Source interface {
	Plans(context.Context) ([]refundjobs.Plan, error)
	Plan(ctx context.Context, name string) (refundjobs.Plan, error)
	List(context.Context, refundjobs.Filter) iter.Seq2[refundjobs.Job, error]
	Counts(context.Context, refundjobs.Filter) (refundjobs.Counts, error)
	Story(ctx context.Context, name string) (string, error)
}

// New returns a handler for GET requests: the page at /, and the story of one refund at
// /?name=NAME. It knows no login: mount it behind your own, and strip your prefix. It
// shows names, amounts, IDs, notes and people, so it is for your own staff. The page has
// no script and loads nothing from elsewhere. Errors go to logger, not to the reader.
func New(jobs Source, logger *slog.Logger) (http.Handler, error) {
	page, err := template.New("page").Funcs(template.FuncMap{"money": sum, "ago": ago, "when": when, "share": share, "word": word}).Parse(source)
	if err != nil {
		return nil, fmt.Errorf("page: %w", err)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "this page only shows", http.StatusMethodNotAllowed)
			return
		}
		content, err := read(r.Context(), jobs, r.URL.Query().Get("name"))
		var text bytes.Buffer
		if err == nil {
			err = page.Execute(&text, content)
		}
		if err != nil {
			logger.ErrorContext(r.Context(), "refunds page", "error", err)
			http.Error(w, "the refunds can't be read: see the log", http.StatusInternalServerError)
			return
		}
		header := w.Header()
		header.Set("Content-Type", "text/html; charset=utf-8")
		header.Set("Cache-Control", "no-store")
		header.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'")
		header.Set("X-Content-Type-Options", "nosniff")
		header.Set("Referrer-Policy", "no-referrer")
		_, _ = w.Write(text.Bytes()) // the reader may be gone
	}), nil
}

// content is what the template shows.
type content struct {
	Now    time.Time
	Plans  []refundjobs.Plan
	Counts refundjobs.Counts
	People []refundjobs.Job // the first that need a person
	More   bool             // there are more of them
	Name   string
	Story  string
}

func read(ctx context.Context, jobs Source, name string) (c content, err error) {
	c.Now, c.Name = time.Now().UTC(), name
	if name != "" {
		if c.Story, err = jobs.Story(ctx, name); err != nil {
			c.Story = "There is no refund of this name."
		}
	}
	plans, err := jobs.Plans(ctx)
	if err != nil {
		return c, err
	}
	for _, p := range plans[:min(len(plans), mostPlans)] {
		if p, err = jobs.Plan(ctx, p.Name); err != nil {
			return c, err
		}
		c.Plans = append(c.Plans, p)
	}
	if c.Counts, err = jobs.Counts(ctx, refundjobs.Filter{}); err != nil {
		return c, err
	}
	for job, err := range jobs.List(ctx, refundjobs.Filter{States: []refundjobs.State{refundjobs.StateNeedsPerson}}) {
		if err != nil {
			return c, err
		}
		if c.More = len(c.People) == mostPeople; c.More {
			break
		}
		c.People = append(c.People, job)
	}
	return c, nil
}

// sum is an amount as its currency is written, with the currency.
func sum(amount int64, code string) string {
	return strings.TrimSpace(money.Decimal(amount, code) + " " + code)
}

func when(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") }

// ago is how long before now an instant is, in words.
func ago(t, now time.Time) string {
	d := now.Sub(t).Round(time.Second)
	if d < 0 {
		return "in " + (-d).String()
	}
	return d.String() + " ago"
}

// word is a problem as it is stored; its String is a sentence.
func word(p refundkit.JobProblem) string { return string(p) }

// share is a part of a plan's bar, in percent.
func share(number, rows int64) string {
	if rows == 0 {
		return "0"
	}
	return fmt.Sprintf("%.2f", 100*float64(number)/float64(rows))
}
