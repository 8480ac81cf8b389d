package main

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/refundkit/refundkit/refundtest"
)

// faultInput says what is to go wrong, and with which requests.
type faultInput struct {
	Kind string `json:"kind"`

	// What the kinds take.
	Status   int    `json:"status"`
	Body     string `json:"body"`
	Type     string `json:"type"`
	Code     string `json:"code"`
	Param    string `json:"param"`
	Location string `json:"location"`
	Reason   string `json:"reason"`
	Millis   int64  `json:"milliseconds"`
	Foreign  bool   `json:"foreign_refusals"`

	// What every kind takes.
	On           string            `json:"on"`
	AfterWork    bool              `json:"after_work"`
	Truncated    bool              `json:"truncated"`
	BetweenPages bool              `json:"between_pages"`
	Headers      map[string]string `json:"headers"`
	Skip         int               `json:"skip"`
	Times        *int              `json:"times"`
	Always       bool              `json:"always"`
	Probability  *float64          `json:"probability"`
	Seed         uint64            `json:"seed"`
}

// faultKind is a function of refundtest that makes a fault, with the fields that
// are its arguments.
type faultKind struct {
	takes string
	make  func(*faultInput) refundtest.Fault
}

func faultKinds() map[string]faultKind {
	plainly := func(f refundtest.Fault) func(*faultInput) refundtest.Fault {
		return func(*faultInput) refundtest.Fault { return f }
	}
	return map[string]faultKind{
		"drop_connection": {"", plainly(refundtest.DropConnection())},
		"delay": {"milliseconds", func(in *faultInput) refundtest.Fault {
			return refundtest.Delay(time.Duration(in.Millis) * time.Millisecond)
		}},
		"answer_json":  {"status body", func(in *faultInput) refundtest.Fault { return refundtest.AnswerJSON(in.Status, in.Body) }},
		"answer_html":  {"status", func(in *faultInput) refundtest.Fault { return refundtest.AnswerHTML(in.Status) }},
		"answer_empty": {"status", func(in *faultInput) refundtest.Fault { return refundtest.AnswerEmpty(in.Status) }},
		"answer_error": {"status type code param", func(in *faultInput) refundtest.Fault {
			return refundtest.AnswerError(in.Status, in.Type, in.Code, in.Param)
		}},
		"redirect":     {"status location", func(in *faultInput) refundtest.Fault { return refundtest.Redirect(in.Status, in.Location) }},
		"server_error": {"", plainly(refundtest.ServerError())},
		"server_error_done_later": {"milliseconds", func(in *faultInput) refundtest.Fault {
			return refundtest.ServerErrorDoneLater(time.Duration(in.Millis) * time.Millisecond)
		}},
		"cut_body":     {"", plainly(refundtest.CutBody())},
		"broken_json":  {"", plainly(refundtest.BrokenJSON())},
		"stall_body":   {"", plainly(refundtest.StallBody())},
		"endless_body": {"", plainly(refundtest.EndlessBody())},
		"lock_timeout": {"", plainly(refundtest.LockTimeout())},
		"rate_limit":   {"reason", func(in *faultInput) refundtest.Fault { return refundtest.RateLimit(in.Reason) }},
		"key_in_use":   {"", plainly(refundtest.KeyInUse())},
		"unauthorized": {"", plainly(refundtest.Unauthorized())},
		"chaos":        {"foreign_refusals", chaos},
	}
}

func chaos(in *faultInput) refundtest.Fault {
	if in.Probability == nil {
		return refundtest.Chaos(in.Seed, 0)
	}
	if in.Foreign {
		return refundtest.Chaos(in.Seed, *in.Probability, refundtest.ForeignRefusals()...)
	}
	return refundtest.Chaos(in.Seed, *in.Probability)
}

// fault is what the input says.
func (in *faultInput) fault() (f refundtest.Fault, err error) {
	kind, known := faultKinds()[in.Kind]
	if !known {
		return f, &fieldError{"kind", "it must be one of " + strings.Join(slices.Sorted(maps.Keys(faultKinds())), ", ")}
	}
	if err := in.check(strings.Fields(kind.takes)); err != nil {
		return f, err
	}
	f = kind.make(in)
	if in.On != "" {
		f = f.On(in.On)
	}
	if in.AfterWork {
		f = f.AfterWork()
	}
	if in.Truncated {
		f = f.Truncated()
	}
	if in.BetweenPages {
		f = f.BetweenPages()
	}
	for _, name := range slices.Sorted(maps.Keys(in.Headers)) {
		f = f.WithHeader(name, in.Headers[name])
	}
	if in.Probability != nil && in.Kind != "chaos" {
		f = f.WithProbability(*in.Probability, in.Seed)
	}
	if in.Skip > 0 {
		f = f.Skip(in.Skip)
	}
	if in.Times != nil {
		f = f.Times(*in.Times)
	}
	if in.Always {
		f = f.Always()
	}
	return f, nil
}

// check refuses what would have no effect.
func (in *faultInput) check(takes []string) error {
	for name, given := range map[string]bool{
		"status": in.Status != 0, "body": in.Body != "", "type": in.Type != "", "code": in.Code != "", "param": in.Param != "",
		"location": in.Location != "", "reason": in.Reason != "", "milliseconds": in.Millis != 0, "foreign_refusals": in.Foreign,
	} {
		if given && !slices.Contains(takes, name) {
			return &fieldError{name, in.Kind + " does not take it"}
		}
	}
	switch method, _, _ := strings.Cut(in.On, " "); {
	case in.Kind == "chaos" && in.Probability == nil:
		return &fieldError{"probability", "chaos needs it, from 0 to 1"}
	case in.Millis < 0 || in.Millis > mostSeconds*1000:
		return &fieldError{"milliseconds", "it must be from 0 to ten years"}
	case in.Always && in.Times != nil:
		return &fieldError{"always", "it contradicts times"}
	case in.Seed != 0 && in.Probability == nil:
		return &fieldError{"seed", "it is of no use without probability"}
	case in.Skip < 0:
		return &fieldError{"skip", "it must be at least 0"}
	case !strings.HasPrefix(in.On, "/") && !slices.Contains([]string{"", "GET", "POST", "DELETE"}, method):
		return &fieldError{"on", `it must be a method, a path or both, such as "POST /v1/refunds"`}
	}
	return nil
}
