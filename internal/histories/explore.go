package histories

import (
	"cmp"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/refundkit/refundkit"
)

// Depths says how deep to explore: with every choice, with the likely ones, and with
// the few that cross the bounds of the rules.
type Depths [ranks]int

// Config says how far to explore.
type Config struct {
	Setup  Setup
	Depths Depths
	Bubble func(func()) // runs work where waiting takes no time
	Level  func(Level)  // is told of each depth that was explored; may be nil
	From   *Level       // goes on after this one; nil: from the beginning
}

// Level is what was explored at one depth.
type Level struct {
	Setup     string
	Depth     int
	Histories int            // that were tried
	States    int            // that were new
	Open      [][]string     // histories that go on
	Seen      map[uint64]int // states so far, and how long their histories may become
}

// Failure is a history in which an invariant does not hold.
type Failure struct {
	Setup string
	Names []string
	Story []string
	Err   error
}

func (f *Failure) Error() string {
	quoted := make([]string, len(f.Names))
	for i, name := range f.Names {
		quoted[i] = fmt.Sprintf("%q", name)
	}
	return fmt.Sprintf("%v\n  %s\n\nfunc TestPasted(t *testing.T) { replay(t, %q, %s) }\n", f.Err, strings.Join(f.Story, "\n  "), f.Setup, strings.Join(quoted, ", "))
}

// explorer explores one setup.
type explorer struct {
	Config
	choices []Choice
	seen    map[uint64]int // states, and how long their histories may become
}

// node is a history by the numbers of its choices.
type node []uint16

// child is a history that is one choice longer.
type child struct {
	history node
	digest  uint64
	broken  bool
}

// Explore tries every history of a setup, and returns the first failure or nil.
func Explore(c Config) (*Failure, error) {
	e := &explorer{Config: c, choices: choices(), seen: map[uint64]int{}}
	open, depth := []node{{}}, 1
	if c.From != nil {
		e.seen, open, depth = c.From.Seen, nil, c.From.Depth+1
		for _, names := range c.From.Open {
			history, err := e.numbers(names)
			if err != nil {
				return nil, err
			}
			open = append(open, history)
		}
	} else if failed := cmp.Or(e.undisturbed(), e.atRest(open)); failed != nil {
		return failed, nil
	}
	for ; depth <= slices.Max(c.Depths[:]) && len(open) > 0; depth++ {
		children := make([][]child, len(open))
		e.each(len(open), func(i int) { children[i] = e.expand(open[i], depth) })
		level := Level{Setup: c.Setup.Name, Depth: depth, Seen: e.seen}
		var failed *Failure
		if open, failed = e.take(slices.Concat(children...), &level); failed != nil {
			return failed, nil
		}
		if c.Level != nil {
			for _, n := range open {
				level.Open = append(level.Open, e.names(n))
			}
			c.Level(level)
		}
	}
	return e.sufferAll(), nil
}

// undisturbed fails if the job is not made although nothing goes wrong: from such a
// beginning, no history would find anything.
func (e *explorer) undisturbed() (failed *Failure) {
	e.Bubble(func() {
		if w := e.drive(node{}, 1); w.table.row.State != refundkit.JobStateMade {
			failed = &Failure{Setup: e.Setup.Name, Story: w.story, Err: errors.New("nothing went wrong, and the job is not made")}
		}
	})
	return failed
}

// take returns the histories that go on: those that came to a new state first, or may
// become longer than the ones before.
func (e *explorer) take(children []child, level *Level) (open []node, failed *Failure) {
	var fresh []node
	for _, ch := range children {
		level.Histories++
		if ch.broken {
			return nil, e.failure(ch.history, 0)
		}
		before, known := e.seen[ch.digest]
		if !known {
			fresh = append(fresh, ch.history)
		}
		if limit := e.limit(ch.history); !known || limit > before {
			e.seen[ch.digest] = limit
			if limit > level.Depth {
				open = append(open, ch.history)
			}
		}
	}
	level.States = len(fresh)
	return open, e.atRest(fresh)
}

// each does work for every number below n, on every processor.
func (e *explorer) each(n int, work func(int)) {
	var next atomic.Int64
	var group sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), n) {
		group.Go(func() {
			e.Bubble(func() {
				for i := next.Add(1) - 1; i < int64(n); i = next.Add(1) - 1 {
					work(int(i))
				}
			})
		})
	}
	group.Wait()
}

// limit is how long a history may become: its rarest choice decides. After a wrong
// judgement nothing more is expected.
func (e *explorer) limit(history node) int {
	limit := slices.Max(e.Depths[:])
	for _, number := range history {
		if limit = min(limit, e.Depths[e.choices[number].rank]); e.choices[number].Name == "judge ours" {
			return 0
		}
	}
	return limit
}

// expand tries every choice after a history.
func (e *explorer) expand(history node, depth int) []child {
	w, limit := e.replay(history), e.limit(history)
	var can []uint16
	for i, c := range e.choices {
		if depth <= min(limit, e.Depths[c.rank]) && (c.can == nil || c.can(w)) {
			can = append(can, uint16(i))
		}
	}
	tried := make([]child, 0, len(can))
	for i, number := range can {
		if i > 0 {
			w = e.replay(history)
		}
		w.do(e.choices[number])
		tried = append(tried, child{append(slices.Clone(history), number), w.digest(), w.broken != nil})
	}
	return tried
}

// do lets a choice happen, and checks what must hold after it.
func (w *World) do(c Choice) {
	w.paused = false
	w.tellf("- %s", c.Name)
	c.do(w)
	w.check()
	row := w.table.row
	w.tellf("    the row: %s", strings.TrimSpace(fmt.Sprintf("%s %s", row.State, string(row.Problem))))
}

func (e *explorer) replay(history node) *World {
	w := newWorld(e.Setup)
	for _, number := range history {
		w.do(e.choices[number])
	}
	return w
}

// atRest drives the histories to rest.
func (e *explorer) atRest(fresh []node) *Failure {
	return e.driveAll(fresh, 1)
}

// sufferAll drives what has just begun through every ailment.
func (e *explorer) sufferAll() *Failure {
	begun := []node{{}}
	if e.Setup.Name == "part" {
		for _, name := range []string{"lost", "stored 500", "401"} {
			history, _ := e.numbers([]string{name})
			begun = append(begun, history)
		}
	}
	for i := range ailments() {
		if failed := e.driveAll(begun, i+2); failed != nil {
			return failed
		}
	}
	return nil
}

// driveAll drives histories on, and returns the first failure.
func (e *explorer) driveAll(all []node, how int) *Failure {
	bad := make([]bool, len(all))
	e.each(len(all), func(i int) { bad[i] = e.drive(all[i], how).broken != nil })
	if i := slices.Index(bad, true); i >= 0 {
		return e.failure(all[i], how)
	}
	return nil
}

// drive drives a history on: 0 not at all, 1 to rest, above through an ailment.
func (e *explorer) drive(history node, how int) *World {
	w := e.replay(history)
	switch {
	case w.broken != nil:
	case how == 1:
		w.rest()
	case how > 1:
		a := ailments()[how-2]
		w.tellf("%s", a.name)
		w.suffer(a)
	}
	return w
}

func (e *explorer) failure(history node, how int) *Failure {
	failed := &Failure{Setup: e.Setup.Name, Names: e.names(history)}
	if how > 1 {
		failed.Names = append(failed.Names, ailments()[how-2].name)
	}
	e.Bubble(func() {
		w := e.drive(history, how)
		failed.Story, failed.Err = w.story, w.broken
	})
	return failed
}

func (e *explorer) names(history node) []string {
	names := make([]string, 0, len(history)+1)
	for _, number := range history {
		names = append(names, e.choices[number].Name)
	}
	return names
}

func (e *explorer) numbers(names []string) (node, error) {
	history := node{}
	for _, name := range names {
		i := slices.IndexFunc(e.choices, func(c Choice) bool { return c.Name == name })
		if i < 0 {
			return nil, fmt.Errorf("histories: there is no choice %q", name)
		}
		history = append(history, uint16(i))
	}
	return history, nil
}

// Replay replays one history of a setup by the names of its choices, the last of which
// may be an ailment, drives it to rest, and returns its failure or nil.
func Replay(setup Setup, bubble func(func()), names ...string) (*Failure, error) {
	e := &explorer{Config: Config{Setup: setup, Bubble: bubble}, choices: choices()}
	how := 1
	if len(names) > 0 {
		if i := slices.IndexFunc(ailments(), func(a ailment) bool { return a.name == names[len(names)-1] }); i >= 0 {
			how, names = i+2, names[:len(names)-1]
		}
	}
	history, err := e.numbers(names)
	if err != nil {
		return nil, err
	}
	if failed := e.failure(history, how); failed.Err != nil {
		return failed, nil
	}
	return nil, nil
}
