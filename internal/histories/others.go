package histories

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/refundkit/refundkit"
	"github.com/refundkit/refundkit/refundtest"
)

// worldChoices are what others than the service do.
func worldChoices() []Choice {
	hasCharge := func(w *World) bool { return w.charge != "" }
	hasOurs := func(w *World) bool { return len(w.ours()) > 0 }
	isDisputed := func(w *World) bool { c, _ := w.stripe.Charge(w.charge); return c.Disputed }
	return []Choice{
		{"a Dashboard refund", telling, func(w *World) bool { return hasCharge(w) && w.byHand() == "" }, func(w *World) {
			_, _ = w.stripe.RefundInDashboard(w.charge, w.table.row.Params.Amount)
		}},
		{"metadata cleared", telling, func(w *World) bool { return hasOurs(w) && w.shared == "" && len(w.ours()[0].Metadata) > 0 }, clearMetadata},
		{"fail", likely, hasOurs, func(w *World) { _ = w.stripe.Fail(w.ours()[0].ID, "") }},
		{"fails and the events come", telling, hasOurs, func(w *World) {
			_ = w.stripe.Fail(w.ours()[0].ID, "")
			w.deliverAll()
		}},
		{"the Dashboard's fails and the events come", likely, func(w *World) bool { return w.byHand() != "" }, func(w *World) {
			_ = w.stripe.Fail(w.byHand(), "")
			w.deliverAll()
		}},
		{"the Dashboard's refund fails", seldom, func(w *World) bool { return w.byHand() != "" }, func(w *World) { _ = w.stripe.Fail(w.byHand(), "") }},
		{"canceled in the Dashboard", seldom, hasOurs, func(w *World) { _ = w.stripe.CancelInDashboard(w.ours()[0].ID) }},
		{"dispute", seldom, func(w *World) bool { return hasCharge(w) && !w.disputed }, func(w *World) {
			w.disputed = true
			_ = w.stripe.Dispute(w.charge)
		}},
		{"dispute won", seldom, isDisputed, func(w *World) { _ = w.stripe.WinDispute(w.charge) }},
		{"top-up", seldom, func(w *World) bool { return w.poor }, (*World).topUp},
		{"key revoked", seldom, func(w *World) bool { return !w.revoked }, func(w *World) { w.revoked = true }},
		{"key restored", seldom, func(w *World) bool { return w.revoked }, func(w *World) { w.revoked = false }},
		{"wrong account deployed", seldom, func(w *World) bool { return !w.wrongAccount }, func(w *World) { w.wrongAccount = true }},
		{"right account deployed", seldom, func(w *World) bool { return w.wrongAccount }, func(w *World) { w.wrongAccount = false }},
		{"look-ups forbidden", seldom, func(w *World) bool { return !w.lookForbidden }, func(w *World) { w.lookForbidden = true }},
		{"look-ups allowed", seldom, func(w *World) bool { return w.lookForbidden }, func(w *World) { w.lookForbidden = false }},
	}
}

func (w *World) topUp() { w.stripe.TopUp("eur", 10_000) }

// byHand is the refund in force that a person made.
func (w *World) byHand() string {
	for _, r := range w.stripe.Refunds("") {
		if inForce(r) && !w.isOurs(r) && r.ID != w.shared && r.ID != w.older {
			return r.ID
		}
	}
	return ""
}

// clearMetadata is a person in the Dashboard who empties the metadata of a refund.
func clearMetadata(w *World) {
	request, err := http.NewRequest(http.MethodPost, "https://api.stripe.com/v1/refunds/"+w.ours()[0].ID, strings.NewReader("metadata="))
	if err != nil {
		panic(err)
	}
	request.Header.Set("Authorization", "Bearer "+personKey)
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if w.setup.Account != "" {
		request.Header.Set("Stripe-Account", w.setup.Account)
	}
	response, err := w.server.HTTPClient().Do(request)
	if err != nil || response.StatusCode != http.StatusOK {
		panic(fmt.Sprint("clearing the metadata failed: ", err, response))
	}
	response.Body.Close()
}

func eventChoices() []Choice {
	return []Choice{
		{"events", likely, func(w *World) bool { return len(w.undelivered()) > 0 }, (*World).deliverAll},
		{"events, the newest first", likely, func(w *World) bool { return len(w.undelivered()) > 1 }, func(w *World) {
			for _, e := range slices.Backward(w.undelivered()) {
				w.deliver(e)
			}
		}},
		{"the newest event", seldom, func(w *World) bool { return len(w.undelivered()) > 1 }, func(w *World) {
			waiting := w.undelivered()
			w.deliver(waiting[len(waiting)-1])
		}},
		{"the first event", likely, func(w *World) bool { return len(w.undelivered()) > 1 }, func(w *World) { w.deliver(w.undelivered()[0]) }},
		{"an event of another account", seldom, func(w *World) bool { return w.server.Account(otherAccount).Recent(0).AllRefunds == 0 }, otherAccountsEvent},
		{"another payment's of this name fails", likely, func(w *World) bool { return w.charge != "" && !w.namesake }, namesakeFails},
		{"the first event again", likely, func(w *World) bool { return len(w.delivered) > 0 }, func(w *World) { w.deliver(w.events()[0]) }},
	}
}

// events are those of refunds, oldest first.
func (w *World) events() []refundtest.Event {
	if all := w.stripe.Recent(0).AllEvents; all != w.told {
		w.told = all
		w.cached = slices.DeleteFunc(w.stripe.Events(), func(e refundtest.Event) bool { return !strings.HasPrefix(e.Type, "refund.") })
	}
	return w.cached
}

func (w *World) undelivered() []refundtest.Event {
	return slices.DeleteFunc(slices.Clone(w.events()), func(e refundtest.Event) bool { return w.delivered[e.ID] })
}

// otherAccountsEvent is of a refund of the same name, which another account has made.
func otherAccountsEvent(w *World) {
	other := w.server.Account(otherAccount)
	charge := other.AddCharge(refundtest.Charge{Amount: 2000})
	_, err := other.AddRefund(refundtest.Refund{Charge: charge.ID, Amount: 500, Metadata: map[string]string{refundkit.ReferenceMetadataKey: jobName}})
	if err != nil {
		panic(err)
	}
	_ = other.Fail(other.Refunds("")[0].ID, "")
	for _, e := range other.Events() {
		if strings.HasPrefix(e.Type, "refund.") {
			w.deliver(e)
		}
	}
}

// namesakeFails is a refund of another payment that other code made under the job's
// name, which fails at once.
func namesakeFails(w *World) {
	w.namesake = true
	charge := w.stripe.AddCharge(refundtest.Charge{Amount: 2000})
	made, err := w.stripe.AddRefund(refundtest.Refund{Charge: charge.ID, Amount: 500, Metadata: map[string]string{refundkit.ReferenceMetadataKey: jobName}})
	if err == nil {
		err = w.stripe.Fail(made.ID, "")
	}
	if err != nil {
		panic(err)
	}
	for _, e := range w.undelivered() {
		if e.ObjectID == made.ID {
			w.deliver(e)
		}
	}
}

func (w *World) deliverAll() {
	for _, e := range w.undelivered() {
		w.deliver(e)
	}
}

// deliver is the webhook of the service.
func (w *World) deliver(sent refundtest.Event) {
	w.delivered[sent.ID] = true
	var event refundkit.Event
	if err := json.NewDecoder(bytes.NewReader(sent.Body)).Decode(&event); err != nil {
		panic(err)
	}
	job, err := w.table.row.Observe(&event)
	if err != nil && !errors.Is(err, refundkit.ErrOtherJob) {
		w.breakf("Observe: %v", err)
	}
	if about, found := w.stripe.Refund(sent.ObjectID); err != nil && found && w.isOurs(about) && !inForce(about) {
		w.unheard = about.ID // its metadata was cleared, and the row has no id yet: nothing names the job
	}
	if err == nil && job.Version != w.table.row.Version {
		_ = w.store(job)
	}
}

// peopleChoices are what people decide. They look first, and tell the truth, but for
// one who says of the job's own refund that it is another one.
func peopleChoices() []Choice {
	accept := func(id func(*World) string) func(*World) {
		return func(w *World) { w.accept(id(w)) }
	}
	judge := func(id func(*World) string) func(*World) {
		return func(w *World) { w.judge(id(w)) }
	}
	hasOurs := func(w *World) bool { return w.own() != "" }
	hasNone := func(w *World) bool { return !w.mustLook() || !hasOurs(w) }
	hasByHand := func(w *World) bool { return w.byHand() != "" }
	return []Choice{
		{"resume", telling, hasNone, func(w *World) { w.decide(w.table.row.Resume()) }},
		{"cancel", likely, hasNone, func(w *World) { w.decide(w.table.row.Cancel()) }},
		{"accept ours", seldom, hasOurs, accept((*World).own)},
		{"a Dashboard refund that is accepted", likely, func(w *World) bool {
			return w.charge != "" && !hasByHand(w) && w.table.row.State != refundkit.JobStateMade
		}, func(w *World) {
			if made, err := w.stripe.RefundInDashboard(w.charge, w.table.row.Params.Amount); err == nil {
				w.accept(made.ID)
			}
		}},
		{"a smaller Dashboard refund that is accepted", likely, func(w *World) bool {
			return w.charge != "" && !hasByHand(w) && w.table.row.State != refundkit.JobStateMade
		}, func(w *World) {
			if made, err := w.stripe.RefundInDashboard(w.charge, smaller); err == nil {
				w.accept(made.ID)
			}
		}},
		{"the Dashboard's is judged, and accepted after all", likely, hasByHand, func(w *World) {
			id := w.byHand()
			w.judge(id)
			w.accept(id)
		}},
		{"accept the Dashboard's", seldom, hasByHand, accept((*World).byHand)},
		{"judge the Dashboard's", seldom, hasByHand, judge((*World).byHand)},
		{"judge ours", seldom, func(w *World) bool { return hasOurs(w) && w.excused == "" }, func(w *World) {
			w.excused = "a person said of the job's own refund that it is another one"
			judge((*World).own)(w)
		}},
	}
}

const smaller = 300 // than what the job asks for

// accept is a person who says that a refund serves.
func (w *World) accept(id string) {
	job, err := w.table.row.Accept(id)
	if err == nil {
		w.accepted[id], w.serves = true, id
	}
	w.decide(job, err)
}

// judge is a person who says that a refund is another one.
func (w *World) judge(id string) {
	job, err := w.table.row.Judge(id)
	if err == nil && w.serves == id {
		w.serves = ""
	}
	w.decide(job, err)
}

// own is the refund in force that the job has made.
func (w *World) own() string {
	if made := w.ours(); len(made) > 0 {
		return made[0].ID
	}
	return ""
}
