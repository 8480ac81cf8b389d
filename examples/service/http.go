package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"reflect"

	"github.com/refundkit/refundkit"
	"github.com/refundkit/refundkit/webhook"
)

const bodyLimit = 1 << 16

// answer is what the shop's other programs and its support see of a job.
type answer struct {
	Name    string             `json:"name"`
	State   refundkit.JobState `json:"state"`
	Refund  string             `json:"refund,omitzero"`  // Stripe's id
	Problem string             `json:"problem,omitzero"` // what happened, and what a person can do
	Detail  string             `json:"detail,omitzero"`
	Request string             `json:"request,omitzero"` // for Stripe's support
}

func answerOf(job refundkit.Job) answer {
	return answer{Name: job.Name, State: job.State, Refund: job.ID, Problem: job.Problem.String(), Detail: job.Detail, Request: job.RequestID}
}

// handler is the whole of the service over HTTP. Who may call what is up to the
// shop: nobody but Stripe needs to reach it from outside, and that at /stripe.
func (s *shop) handler(events *webhook.Webhook) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /refunds", s.create)
	mux.HandleFunc("GET /refunds", s.list)
	mux.HandleFunc("POST /decisions", s.judge)
	mux.Handle("POST /stripe", events.Handler(s.observe))
	return mux
}

// create takes the order for a refund. It makes none: a worker does.
func (s *shop) create(w http.ResponseWriter, r *http.Request) {
	var order struct {
		Name    string                       `json:"name"`
		Account string                       `json:"account"`
		Params  refundkit.RefundCreateParams `json:"params"`
	}
	if !read(w, r, &order) {
		return
	}
	job, err := refundkit.NewJob(order.Name, order.Params)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	job.Account = order.Account
	if err := s.add(r.Context(), job); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	stored, err := s.read(r.Context(), `SELECT job FROM refunds WHERE name = $1`, job.Name)
	switch {
	case err != nil || len(stored) != 1:
		http.Error(w, fmt.Sprint("the row is not there: ", err), http.StatusInternalServerError)
	case stored[0].Account != job.Account || !reflect.DeepEqual(stored[0].Params, job.Params):
		http.Error(w, "another refund has this name", http.StatusConflict)
	default:
		write(w, http.StatusAccepted, answerOf(stored[0]))
	}
}

// list shows the jobs in a state, such as needs_person.
func (s *shop) list(w http.ResponseWriter, r *http.Request) {
	jobs, err := s.read(r.Context(), `SELECT job FROM refunds WHERE state = $1 ORDER BY name`, r.URL.Query().Get("state"))
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	answers := []answer{}
	for _, job := range jobs {
		answers = append(answers, answerOf(job))
	}
	write(w, http.StatusOK, answers)
}

// judge does what a person has decided.
func (s *shop) judge(w http.ResponseWriter, r *http.Request) {
	var order struct {
		Name     string `json:"name"`
		Decision string `json:"decision"`
		Refund   string `json:"refund"`
	}
	if !read(w, r, &order) {
		return
	}
	err := s.decide(r.Context(), order.Name, func(job refundkit.Job) (refundkit.Job, error) {
		switch order.Decision {
		case "resume":
			return job.Resume()
		case "cancel":
			return job.Cancel()
		case "accept":
			return job.Accept(order.Refund)
		case "judge":
			return job.Judge(order.Refund)
		}
		return job, errors.New("decisions are resume, cancel, accept and judge")
	})
	if err != nil {
		http.Error(w, err.Error(), http.StatusConflict)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// read takes the JSON of a request, and refuses what it does not know: a mistyped
// field must not get lost where money is concerned.
func read(w http.ResponseWriter, r *http.Request, into any) bool {
	decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, bodyLimit))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return false
	}
	return true
}

func write(w http.ResponseWriter, status int, value any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(value)
}
