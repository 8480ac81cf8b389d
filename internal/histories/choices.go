package histories

import (
	"slices"
	"time"

	"github.com/refundkit/refundkit"
)

// Choice is one thing that can happen next.
type Choice struct {
	Name string
	rank rank
	can  func(w *World) bool // nil: always
	do   func(w *World)
}

// rank says how deep a choice is explored.
type rank int

const (
	seldom rank = iota
	likely
	telling // the bounds of the rules and what crosses them
	ranks
)

// choices are all things that can happen, the likely ones first.
func choices() []Choice {
	var all []Choice
	all = append(all, workChoices()...)
	all = append(all, timeChoices()...)
	all = append(all, worldChoices()...)
	all = append(all, eventChoices()...)
	all = append(all, peopleChoices()...)
	return append(all, interleavedChoices()...)
}

// willSend and willLook guess what a worker would do: they only spare choices.
func willSend(w *World) bool { return goesOn(w.table.row) && !willLook(w) }

func willLook(w *World) bool {
	row, now := w.table.row, w.now()
	if row.Due.After(now) {
		now = row.Due
	}
	return goesOn(row) && (row.LookUp || !row.FirstSent.IsZero() && now.Sub(row.FirstSent) >= 22*time.Hour)
}

// work is a worker who waits until the job is due, and then advances it.
func work(number int, c call) func(*World) {
	return func(w *World) {
		once := c
		once.worker = w.workers[number]
		w.waitUntilDue(once.worker)
		w.advance(w.table.row, once)
	}
}

func workChoices() []Choice {
	var all []Choice
	isSkewed := func(w *World) bool { return w.setup.Skew != 0 && willSend(w) }
	for _, f := range likelyFaults() {
		how := likely
		if slices.Contains([]string{"lost", "stored 500 done in 23h59m", "wrong account"}, f.name) {
			how = telling
		}
		all = append(all, Choice{f.name, how, willSend, work(0, call{sends: []fault{f}})})
		all = append(all, Choice{"B: " + f.name, how, isSkewed, work(1, call{sends: []fault{f}})})
		all = append(all, Choice{f.name + "; not saved", seldom, willSend, work(0, call{sends: []fault{f}, saves: []saveMode{saveWell, saveFails}})})
	}
	all = append(all,
		Choice{"look", telling, willLook, work(0, call{})},
		Choice{"B: look", telling, func(w *World) bool { return w.setup.Skew != 0 && willLook(w) }, work(1, call{})},
		Choice{"look; not saved", seldom, willLook, work(0, call{saves: []saveMode{saveFails}})},
		Choice{"the save fails", seldom, goesOnNow, work(0, call{saves: []saveMode{saveFails}})},
		Choice{"saved; it dies", likely, willSend, work(0, call{saves: []saveMode{saveThenDie}})},
	)
	for _, f := range sendFaults() {
		all = append(all, Choice{f.name, seldom, willSend, work(0, call{sends: []fault{f}})})
	}
	for _, f := range lookFaults() {
		how := seldom
		if f.name == "look wrong account" || f.name == "look, slept 3h" {
			how = telling
		}
		all = append(all, Choice{f.name, how, willLook, work(0, call{looks: []fault{f}})})
	}
	for _, pair := range retried() {
		all = append(all, Choice{pair[0].name + ", then " + pair[1].name, seldom, willSend, work(0, call{sends: pair})})
	}
	return all
}

func goesOnNow(w *World) bool { return goesOn(w.table.row) }

func timeChoices() []Choice {
	var all []Choice
	for _, c := range []struct {
		d    time.Duration
		rank rank
	}{
		{time.Second, seldom},
		{time.Hour, seldom},
		{22*time.Hour + 59*time.Minute, telling},
		{23*time.Hour + time.Minute, seldom},
		{24*time.Hour + time.Minute, likely},
		{25*time.Hour + time.Minute, telling},
		{48 * time.Hour, seldom},
	} {
		// Two pauses in a row are one.
		all = append(all, Choice{short(c.d), c.rank, func(w *World) bool { return !w.paused }, func(w *World) {
			w.pass(c.d)
			w.paused = true
		}})
	}
	return all
}

// interleavedChoices are what happens in the middle of a call: between the first
// save and the send, or between the answer and the second save.
func interleavedChoices() []Choice {
	core := likelyFaults()
	ok, lost, stored, unauthorized := core[0], core[1], core[4], core[8]
	var all []Choice
	add := func(name string, how rank, can func(*World) bool, do func(*World)) {
		all = append(all, Choice{name, how, can, do})
	}
	for _, inner := range innerChoices() {
		for _, f := range []fault{ok, lost, stored, unauthorized} {
			add(f.name+"; before it: "+inner.Name, seldom, willSend, func(w *World) {
				work(0, call{sends: []fault{f}, beforeSend: func() { w.inside(inner) }})(w)
			})
			add(f.name+"; before its save: "+inner.Name, seldom, willSend, func(w *World) {
				work(0, call{sends: []fault{f}, afterAnswer: func() { w.inside(inner) }})(w)
			})
		}
		add("look; before its save: "+inner.Name, seldom, willLook, func(w *World) {
			work(0, call{afterAnswer: func() { w.inside(inner) }})(w)
		})
	}
	add("B reads", likely, func(w *World) bool { return goesOnNow(w) && !w.holds }, func(w *World) {
		w.waitUntilDue(w.workers[1])
		w.held, w.holds = w.table.row, true
	})
	for _, f := range []fault{ok, lost, unauthorized} {
		add("B works with what it read: "+f.name, likely, func(w *World) bool { return w.holds }, func(w *World) {
			w.holds = false
			w.advance(w.held, call{worker: w.workers[1], sends: []fault{f}})
		})
	}
	return all
}

// inside lets something happen in the middle of a call, if it can happen.
func (w *World) inside(c Choice) {
	if c.can == nil || c.can(w) {
		w.tellf("meanwhile: %s", c.Name)
		outer := w.call
		c.do(w)
		w.call = outer
	}
}

// innerChoices are what can happen in the middle of a call.
func innerChoices() []Choice {
	wanted := map[string]bool{"events": true, "resume": true, "cancel": true, "accept ours": true, "a Dashboard refund": true,
		"22h59m": true, "1h": true, "25h1m": true, "dispute": true, "fail": true, "metadata cleared": true}
	var all []Choice
	for _, list := range [][]Choice{timeChoices(), worldChoices(), eventChoices(), peopleChoices()} {
		for _, c := range list {
			if wanted[c.Name] {
				all = append(all, c)
			}
		}
	}
	all = append(all, Choice{Name: "9m", do: func(w *World) { w.pass(9 * time.Minute) }})
	for _, f := range []fault{likelyFaults()[0], likelyFaults()[1], likelyFaults()[8]} {
		all = append(all, Choice{"B " + f.name, seldom, goesOnNow, work(1, call{sends: []fault{f}})})
	}
	return all
}

// decide stores what a person or an event made of the row.
func (w *World) decide(job refundkit.Job, err error) {
	if err != nil || job.Version == w.table.row.Version {
		w.tellf("(refused or nothing new)")
		return
	}
	_ = w.store(job) // it was read just now
}
