package main

import (
	"bytes"
	"context"
	"errors"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/refundkit/refundkit/refundjobs"
)

// stopped are jobs of one plan, and a person who presses Ctrl-C at a bad moment.
type stopped struct {
	jobs
	plan   refundjobs.Plan
	press  func() // while RunPlan works
	paused error  // what PausePlan fails with
}

func (s *stopped) RunPlan(ctx context.Context, _, _ string) (refundjobs.Plan, error) {
	s.plan.State = refundjobs.PlanStateRunning
	s.press()
	return s.plan, ctx.Err()
}

func (s *stopped) PausePlan(context.Context, string, string, string) (refundjobs.Plan, error) {
	if s.paused == nil {
		s.plan.State = refundjobs.PlanStatePaused
	}
	return s.plan, s.paused
}

func (s *stopped) Plan(context.Context, string) (refundjobs.Plan, error) { return s.plan, nil }

func (s *stopped) Start(ctx context.Context) error {
	<-ctx.Done()
	return nil
}

// Ctrl-C while the plan is set running pauses it, as at any other moment.
func TestStoppedWhileItBegins(t *testing.T) {
	ctx, press := context.WithCancel(t.Context())
	var out bytes.Buffer
	p, j := &program{out: &out, err: &out}, &stopped{press: press}
	plan, err := p.setRunning(ctx, j, "festival")
	require.NoError(t, err)
	require.Equal(t, refundjobs.PlanStateRunning, plan.State)
	require.NoError(t, p.workPlan(ctx, j, "festival"))
	assert.Equal(t, refundjobs.PlanStatePaused, j.plan.State)
	assert.Equal(t, exitStopped, p.exit)
	assert.Contains(t, out.String(), "Paused. Go on with")
	_, err = p.setRunning(ctx, j, "festival")
	require.ErrorIs(t, err, context.Canceled, "what was stopped before it began is not begun")
	assert.Equal(t, refundjobs.PlanStatePaused, j.plan.State)
}

// Paused is said of what is paused, and of nothing else.
func TestStoppedAndNotPaused(t *testing.T) {
	for name, c := range map[string]struct {
		state   refundjobs.PlanState
		failure error
		words   string
		exit    int
	}{
		"it is finished":          {refundjobs.PlanStateFinished, refundjobs.ErrPlanState, "is finished", exitDone},
		"it was canceled":         {refundjobs.PlanStateCanceled, refundjobs.ErrPlanState, "is canceled", exitStopped},
		"the database is away":    {refundjobs.PlanStateRunning, errors.New("no route to host"), "", 0},
		"somebody else paused it": {refundjobs.PlanStatePaused, refundjobs.ErrPlanState, "Paused. Go on with", exitStopped},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, press := context.WithCancel(t.Context())
			press()
			var out bytes.Buffer
			p, j := &program{out: &out, err: &out}, &stopped{plan: refundjobs.Plan{State: c.state}, paused: c.failure}
			err := p.workPlan(ctx, j, "festival")
			if c.words == "" {
				require.ErrorContains(t, err, "was not paused, and workers elsewhere go on with it: no route to host")
				assert.NotContains(t, out.String(), "Paused")
				return
			}
			require.NoError(t, err)
			assert.Contains(t, out.String(), c.words)
			assert.Equal(t, c.state == refundjobs.PlanStatePaused, bytes.Contains(out.Bytes(), []byte("Paused")))
			assert.Equal(t, c.exit, p.exit)
		})
	}
}

// The same file again, of a plan that was canceled, is no draft.
func TestSameFileAfterCancel(t *testing.T) {
	s := setup(t)
	s.must("migrate")
	file := s.file(3)
	assert.Contains(t, s.must("plan", file), "Next: refundjobs check")
	s.must("cancel", "festival", "--why", "it takes place")
	out := s.must("plan", file)
	assert.Contains(t, out, "is canceled")
	assert.NotContains(t, out, "Next")
}

// A list that is not written is not an empty one.
func TestFullDisk(t *testing.T) {
	s := setup(t)
	s.must("migrate")
	s.must("plan", s.file(3))
	for _, line := range [][]string{{"list"}, {"list", "--json"}, {"status"}, {"report"}, {"story", "festival/1"}} {
		var errs bytes.Buffer
		p := &program{out: full{}, err: &errs, env: func(name string) string { return s.env[name] }}
		assert.Equal(t, exitFailed, p.run(t.Context(), append(line, "--sqlite", filepath.Join(s.dir, "refunds.db"))), line)
		assert.Contains(t, errs.String(), "no space left")
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space left on device") }

// A mistyped state lists nothing, which would look as if all were well.
func TestListKnowsItsWords(t *testing.T) {
	s := setup(t)
	s.must("migrate")
	s.must("list", "--state", "needs_person,sent", "--problem", "disputed")
	for words, line := range map[string][]string{
		`there is no state "needs-person"`: {"list", "--state", "needs-person"},
		`there is no problem "dispute"`:    {"list", "--problem", "dispute"},
		"say --digest":                     {"approve", "festival"},
	} {
		exit, _, errs := s.run(line...)
		assert.Equal(t, exitUsage, exit)
		assert.Contains(t, errs, words)
	}
	exit, _, errs := s.run("list", "--plan", "festivall")
	assert.Equal(t, exitFailed, exit)
	assert.Contains(t, errs, "no such plan")
}
