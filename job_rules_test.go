package refundkit

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// ruleNow is when everything in these tests happens.
var ruleNow = time.Unix(1790000000, 0).UTC()

func ago(d time.Duration) time.Time { return ruleNow.Add(-d) }

func TestJobNext(t *testing.T) {
	sent := func(age time.Duration, change func(*Progress)) Progress {
		p := Progress{State: JobStateOpen, Open: true, FirstSent: ago(age), LastSent: ago(age), Sends: 1}
		if change != nil {
			change(&p)
		}
		return p
	}
	for name, c := range map[string]struct {
		job  Progress
		want action
	}{
		"new":                               {Progress{State: JobStateWaiting}, actionSend},
		"not due":                           {Progress{State: JobStateWaiting, Due: ruleNow.Add(1)}, actionNone},
		"due this moment":                   {Progress{State: JobStateWaiting, Due: ruleNow}, actionSend},
		"made":                              {Progress{State: JobStateMade}, actionNone},
		"waits for a person":                {Progress{State: JobStateNeedsPerson}, actionNone},
		"canceled":                          {Progress{State: JobStateCanceled}, actionNone},
		"open and young":                    {sent(sendTime-1, nil), actionSend},
		"open and 23 hours old":             {sent(sendTime, nil), actionLookUp},
		"waiting and 23 hours old":          {sent(sendTime, func(p *Progress) { p.State, p.Open = JobStateWaiting, false }), actionLookUp},
		"looked up":                         {sent(time.Minute, func(p *Progress) { p.LookUp = true }), actionLookUp},
		"sent by a clock half an hour fast": {sent(-30*time.Minute, nil), actionSend},
		"this clock is far behind":          {sent(-time.Hour, nil), actionLookUp},
	} {
		t.Run(name, func(t *testing.T) { assert.Equal(t, c.want, c.job.next(ruleNow)) })
	}
}

// TestJobMayStart: a machine that slept between storing a send and sending must not
// send, whatever its monotonic clock says.
func TestJobMayStart(t *testing.T) {
	stored := Progress{State: JobStateWaiting}.sending(ruleNow, 0)
	assert.True(t, stored.mayStart(ruleNow))
	assert.True(t, stored.mayStart(ruleNow.Add(storeTime-1)))
	assert.False(t, stored.mayStart(ruleNow.Add(storeTime)))
	assert.False(t, stored.mayStart(ruleNow.Add(-storeTime)), "the clock was set back")
	old := Progress{State: JobStateOpen, FirstSent: ago(sendTime - time.Minute)}.sending(ruleNow, 0)
	assert.True(t, old.mayStart(ruleNow))
	assert.False(t, old.mayStart(ruleNow.Add(time.Minute)), "23 hours after the first send")
}

func TestJobSending(t *testing.T) {
	first := Progress{State: JobStateWaiting}.sending(ruleNow, 0)
	assert.Equal(t, Progress{State: JobStateOpen, Open: true, FirstSent: ruleNow, LastSent: ruleNow, Sends: 1, Due: ruleNow.Add(time.Minute)}, first)
	again := first.sending(ruleNow.Add(time.Hour), 0)
	assert.Equal(t, ruleNow, again.FirstSent, "the key's life began with the first send")
	assert.Equal(t, ruleNow.Add(time.Hour), again.LastSent)
	assert.Equal(t, 2, again.Sends)
}

// TestJobAnswered is the second table of job_rules.go, row by row.
func TestJobAnswered(t *testing.T) {
	fresh := Progress{State: JobStateWaiting}
	open := Progress{State: JobStateOpen, Open: true, FirstSent: ago(time.Hour), LastSent: ago(time.Hour), Sends: 1}
	type want struct {
		state   JobState
		problem JobProblem
		open    bool
		lookUp  bool
		sentNow bool // LastSent is that of this send
	}
	problem := func(p JobProblem, e ending) sendEnd { return sendEnd{ending: e, problem: p} }
	for name, c := range map[string]struct {
		end         sendEnd
		fresh, open want
	}{
		"success":        {sendEnd{ending: endingMade, id: "re_1"}, want{state: JobStateMade, sentNow: true}, want{state: JobStateMade, sentNow: true}},
		"another answer": {sendEnd{ending: endingMismatch, open: true}, want{JobStateNeedsPerson, JobProblemMismatch, true, false, true}, want{JobStateNeedsPerson, JobProblemMismatch, true, false, true}},
		"no answer":      {sendEnd{ending: endingOpen, open: true}, want{JobStateOpen, "", true, false, true}, want{JobStateOpen, "", true, false, true}},
		"a stored 5xx":   {sendEnd{ending: endingStored, open: true}, want{JobStateOpen, "", true, true, true}, want{JobStateOpen, "", true, true, true}},
		"disputed": {problem(JobProblemDisputed, endingExecuted),
			want{JobStateNeedsPerson, JobProblemDisputed, false, false, true}, want{JobStateNeedsPerson, JobProblemDisputed, false, false, true}},
		"already refunded": {problem(JobProblemAlreadyRefunded, endingExecuted),
			want{JobStateNeedsPerson, JobProblemAlreadyRefunded, false, false, true}, want{JobStateOpen, JobProblemAlreadyRefunded, false, true, true}},
		"more than is left": {problem(JobProblemExceedsRemaining, endingExecuted),
			want{JobStateNeedsPerson, JobProblemExceedsRemaining, false, false, true}, want{JobStateOpen, JobProblemExceedsRemaining, false, true, true}},
		"no such charge": {problem(JobProblemRefused, endingRefused),
			want{JobStateNeedsPerson, JobProblemRefused, false, false, false}, want{JobStateNeedsPerson, JobProblemRefused, true, false, true}},
		"the key of another": {problem(JobProblemKeyMismatch, endingRefused),
			want{JobStateNeedsPerson, JobProblemKeyMismatch, true, false, true}, want{JobStateNeedsPerson, JobProblemKeyMismatch, true, false, true}},
		"401": {problem(JobProblemCredentials, endingCredentials), want{JobStateWaiting, JobProblemCredentials, false, false, false}, want{JobStateOpen, JobProblemCredentials, true, false, false}},
		"429": {problem("", endingLimited), want{JobStateWaiting, "", false, false, false}, want{JobStateOpen, "", true, false, false}},
		"refused dial": {problem(JobProblemUnreachable, endingNotSent),
			want{JobStateWaiting, JobProblemUnreachable, false, false, false}, want{JobStateOpen, JobProblemUnreachable, true, false, false}},
		"too late": {problem("", endingCut), want{JobStateWaiting, "", false, false, false}, want{JobStateOpen, "", true, false, false}},
		"lost then 401": {sendEnd{ending: endingCredentials, open: true, problem: JobProblemCredentials},
			want{JobStateOpen, JobProblemCredentials, true, false, true}, want{JobStateOpen, JobProblemCredentials, true, false, true}},
		"lost then no such charge": {sendEnd{ending: endingRefused, open: true, problem: JobProblemRefused},
			want{JobStateNeedsPerson, JobProblemRefused, true, false, true}, want{JobStateNeedsPerson, JobProblemRefused, true, false, true}},
		"lost then already refunded": {sendEnd{ending: endingExecuted, repeated: true, problem: JobProblemAlreadyRefunded},
			want{JobStateOpen, JobProblemAlreadyRefunded, false, true, true}, want{JobStateOpen, JobProblemAlreadyRefunded, false, true, true}},
	} {
		for kind, before := range map[string]Progress{"fresh": fresh, "open": open} {
			t.Run(name+" "+kind, func(t *testing.T) {
				expected := map[string]want{"fresh": c.fresh, "open": c.open}[kind]
				stored := before.sending(ruleNow, 0)
				after := stored.answered(before, c.end, ruleNow, 0)
				got := want{after.State, after.Problem, after.Open, after.LookUp, after.LastSent.Equal(ruleNow)}
				assert.Equal(t, expected, got)
				if !expected.sentNow {
					assert.Equal(t, before.LastSent, after.LastSent)
				}
				assert.Equal(t, stored.FirstSent, after.FirstSent)
			})
		}
	}
}

// TestJobLooked is the third table of job_rules.go, row by row.
func TestJobLooked(t *testing.T) {
	looking := Progress{State: JobStateOpen, Open: true, LookUp: true, FirstSent: ago(26 * time.Hour), LastSent: ago(settleTime), Generation: 1}
	closed := looking
	closed.Open, closed.Problem = false, JobProblemAlreadyRefunded
	early := looking
	early.LastSent = ago(settleTime - 1)
	never := looking
	never.LastSent, never.Open, never.Problem, never.Absences = time.Time{}, false, JobProblemCredentials, 1
	second := looking
	second.Absences = 1
	nothing := lookEnd{ending: endingMade}
	for name, c := range map[string]struct {
		job        Progress
		end        lookEnd
		state      JobState
		problem    JobProblem
		generation int
	}{
		"ours":                   {looking, lookEnd{ending: endingMade, inForce: []string{"re_1"}, over: []string{"re_0"}, alike: []string{"re_2"}}, JobStateMade, "", 1},
		"ours twice":             {looking, lookEnd{ending: endingMade, inForce: []string{"re_1", "re_2"}}, JobStateNeedsPerson, JobProblemRefundedTwice, 1},
		"ours failed":            {looking, lookEnd{ending: endingMade, over: []string{"re_1"}, alike: []string{"re_2"}}, JobStateNeedsPerson, JobProblemRefundFailed, 1},
		"one alike":              {looking, lookEnd{ending: endingMade, alike: []string{"re_2"}}, JobStateNeedsPerson, JobProblemLookAlike, 1},
		"nothing and closed":     {closed, nothing, JobStateNeedsPerson, JobProblemAlreadyRefunded, 1},
		"nothing in 25 hours":    {looking, nothing, JobStateWaiting, "", 2},
		"nothing in no place":    {looking, lookEnd{ending: endingMade, unplaced: true}, JobStateNeedsPerson, JobProblemUnanswered, 1},
		"nothing for the second": {second, nothing, JobStateNeedsPerson, JobProblemUnanswered, 1},
		"nothing yet":            {early, nothing, JobStateOpen, "", 1},
		"never executed":         {never, nothing, JobStateWaiting, JobProblemCredentials, 2},
		"refused":                {looking, lookEnd{ending: endingRefused}, JobStateNeedsPerson, JobProblemRefused, 1},
		"no permission":          {looking, lookEnd{ending: endingCredentials}, JobStateOpen, JobProblemCredentials, 1},
		"no list":                {looking, lookEnd{ending: endingNotSent}, JobStateOpen, JobProblemUnreachable, 1},
		"no list but closed":     {closed, lookEnd{ending: endingNotSent}, JobStateOpen, JobProblemAlreadyRefunded, 1},
	} {
		t.Run(name, func(t *testing.T) {
			after := c.job.looked(c.end, ruleNow, 0)
			assert.Equal(t, c.state, after.State)
			assert.Equal(t, c.problem, after.Problem)
			assert.Equal(t, c.generation, after.Generation)
			if c.state == JobStateOpen {
				assert.True(t, after.Due.After(ruleNow), "it comes back")
				assert.True(t, after.LookUp)
				assert.Equal(t, c.job.Open, after.Open)
			}
		})
	}
}

// TestJobComesBack: whatever goes wrong, the job is due again within hours.
func TestJobComesBack(t *testing.T) {
	p := Progress{State: JobStateWaiting}
	now := ruleNow
	for range 200 {
		require.Contains(t, []action{actionSend, actionLookUp}, p.next(now))
		if p.next(now) == actionSend {
			p = p.sending(now, 0.9).answered(p, sendEnd{ending: endingCredentials, problem: JobProblemCredentials}, now, 0.9)
		} else {
			p = p.looked(lookEnd{ending: endingCredentials}, now, 0.9)
		}
		wait := p.Due.Sub(now)
		require.LessOrEqual(t, wait, 2*time.Hour)
		require.Positive(t, wait)
		require.Equal(t, JobProblemCredentials, p.Problem)
		now = p.Due
	}
}

// TestJobIsNotSentAway: a server, or a proxy, may ask for patience, but not for a year.
func TestJobIsNotSentAway(t *testing.T) {
	fresh := Progress{State: JobStateWaiting}
	looking := Progress{State: JobStateOpen, Open: true, LookUp: true, FirstSent: ago(time.Hour), LastSent: ago(time.Hour)}
	for asked, want := range map[time.Duration]time.Duration{2 * time.Hour: 2 * time.Hour, 365 * 24 * time.Hour: lastLookDelay, math.MaxInt64: lastLookDelay} {
		for _, e := range []ending{endingOpen, endingLimited, endingCredentials} {
			sent := fresh.sending(ruleNow, 0).answered(fresh, sendEnd{ending: e, retryAfter: asked}, ruleNow, 0)
			assert.Equal(t, ruleNow.Add(want), sent.Due, string(e))
			assert.Equal(t, ruleNow.Add(want), looking.looked(lookEnd{ending: e, retryAfter: asked}, ruleNow, 0).Due, string(e))
		}
	}
}

// TestJobTellsOfLimits: a job that is only ever refused with 429 says so after a day,
// and goes on saying so.
func TestJobTellsOfLimits(t *testing.T) {
	limited := sendEnd{ending: endingLimited}
	fresh := Progress{State: JobStateWaiting}
	first := fresh.sending(ruleNow, 0).answered(fresh, limited, ruleNow, 0)
	assert.Empty(t, first.Problem, "it may pass in a moment")
	tomorrow := ruleNow.Add(sendTime)
	require.Equal(t, actionLookUp, first.next(tomorrow))
	second := first.looked(lookEnd{ending: endingMade}, tomorrow, 0)
	assert.Equal(t, JobProblemUnreachable, second.Problem)
	assert.Equal(t, 1, second.Generation)
	third := second.sending(tomorrow, 0).answered(second, limited, tomorrow, 0)
	assert.Equal(t, JobProblemUnreachable, third.Problem)
	made := third.sending(tomorrow, 0).answered(third, sendEnd{ending: endingMade, id: "re_1"}, tomorrow, 0)
	assert.Empty(t, made.Problem)
}

func TestJobObserved(t *testing.T) {
	made := Progress{State: JobStateMade, ID: "re_1"}
	failed := Progress{State: JobStateNeedsPerson, Problem: JobProblemRefundFailed, ID: "re_1"}
	twice := Progress{State: JobStateNeedsPerson, Problem: JobProblemRefundedTwice, ID: "re_1"}
	open := Progress{State: JobStateOpen, Open: true, LastSent: ruleNow}
	judged := Progress{State: JobStateOpen, Open: true, Judged: []string{"re_1"}}
	for name, c := range map[string]struct {
		job     Progress
		id      string
		over    bool
		state   JobState
		problem JobProblem
		open    bool
	}{
		"open and made":               {open, "re_1", false, JobStateMade, "", false},
		"open and failed":             {open, "re_1", true, JobStateNeedsPerson, JobProblemRefundFailed, false},
		"made and told again":         {made, "re_1", false, JobStateMade, "", false},
		"made and failed":             {made, "re_1", true, JobStateNeedsPerson, JobProblemRefundFailed, false},
		"made and another failed":     {made, "re_0", true, JobStateMade, "", false},
		"made and another in force":   {made, "re_2", false, JobStateNeedsPerson, JobProblemRefundedTwice, false},
		"failed and a late creation":  {failed, "re_1", false, JobStateNeedsPerson, JobProblemRefundFailed, false},
		"failed and another in force": {failed, "re_2", false, JobStateOpen, "", false},
		"failed and told again":       {failed, "re_1", true, JobStateNeedsPerson, JobProblemRefundFailed, false},
		"twice and one failed":        {twice, "re_1", true, JobStateNeedsPerson, JobProblemRefundedTwice, false},
		"judged":                      {judged, "re_1", false, JobStateOpen, "", true},
		"judged and failed":           {judged, "re_1", true, JobStateOpen, "", true},
		"canceled and made":           {Progress{State: JobStateCanceled}, "re_1", false, JobStateNeedsPerson, JobProblemMismatch, false},
		"canceled as it had failed":   {Progress{State: JobStateCanceled, ID: "re_1"}, "re_1", false, JobStateCanceled, "", false},
		"canceled and failed":         {Progress{State: JobStateCanceled}, "re_1", true, JobStateCanceled, "", false},
	} {
		t.Run(name, func(t *testing.T) {
			after := c.job.observed(c.id, c.over, true)
			assert.Equal(t, c.state, after.State)
			assert.Equal(t, c.problem, after.Problem)
			assert.Equal(t, c.open, after.Open)
			if c.job.State == JobStateMade {
				assert.Equal(t, "re_1", after.ID, "the id of what was made is never replaced")
			}
		})
	}
}
