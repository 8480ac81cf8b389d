package main

import (
	_ "embed"
	"errors"
	"fmt"
	"html/template"
	"net/http"

	"github.com/refundkit/refundkit"
	"github.com/refundkit/refundkit/refundjobs"
)

//go:embed page.html
var pageText string

// handler is the shop over HTTP. Stripe needs to reach /stripe, and nothing else.
func (s *shop[TTx]) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", s.page)
	mux.HandleFunc("POST /orders/{id}/cancel", func(w http.ResponseWriter, r *http.Request) {
		done(w, r, s.cancel(r.Context(), r.PathValue("id"), "the page")) // a real shop says who is logged in
	})
	mux.HandleFunc("POST /orders/{id}/refund-again", func(w http.ResponseWriter, r *http.Request) {
		done(w, r, s.refundAgain(r.Context(), r.PathValue("id"), "the page"))
	})
	mux.HandleFunc("GET /orders/{id}/story", s.story)
	mux.HandleFunc("GET /metrics", s.metrics)
	mux.Handle("POST /stripe", s.events)
	return mux
}

func done(w http.ResponseWriter, r *http.Request, err error) {
	switch {
	case err == nil:
		http.Redirect(w, r, "/", http.StatusSeeOther)
	case errors.Is(err, errNoOrder), errors.Is(err, refundjobs.ErrUnknown):
		http.Error(w, err.Error(), http.StatusNotFound)
	default: // the rules forbid it, or the database fails
		http.Error(w, err.Error(), http.StatusConflict)
	}
}

// page shows every order, and how far its refund is.
func (s *shop[TTx]) page(w http.ResponseWriter, r *http.Request) {
	orders, err := s.orders(r.Context())
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	page, err := template.New("page").Funcs(template.FuncMap{"money": money, "advice": advice}).Parse(pageText)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_ = page.Execute(w, orders)
}

// story tells support what happened to one refund.
func (s *shop[TTx]) story(w http.ResponseWriter, r *http.Request) {
	story, err := s.jobs.Story(r.Context(), refundName(r.PathValue("id")))
	if err != nil {
		done(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	fmt.Fprint(w, story)
}

func money(o order) (string, error) {
	currency, err := refundkit.CurrencyOf(o.Currency)
	return currency.Format(o.Amount) + " " + o.Currency, err
}

// advice is what a person can do about a problem.
func advice(problem string) string {
	if problem == "" {
		return ""
	}
	return refundkit.JobProblem(problem).String()
}
