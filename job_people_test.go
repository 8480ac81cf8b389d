package refundkit

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestJobResumed(t *testing.T) {
	person := func(problem JobProblem, open bool) Progress {
		return Progress{State: JobStateNeedsPerson, Problem: problem, Open: open, ID: "re_1", FirstSent: ago(time.Hour), LastSent: ago(time.Hour), Absences: 2}
	}
	for name, c := range map[string]struct {
		job        Progress
		lookUp     bool
		generation int
	}{
		"refused but open":        {person(JobProblemRefused, true), true, 0},
		"refused":                 {person(JobProblemRefused, false), false, 1},
		"disputed":                {person(JobProblemDisputed, false), false, 1},
		"unanswered":              {person(JobProblemUnanswered, false), true, 0},
		"one alike":               {person(JobProblemLookAlike, false), true, 0},
		"twice":                   {person(JobProblemRefundedTwice, false), true, 0},
		"another request's":       {person(JobProblemMismatch, true), true, 0},
		"the key of another":      {person(JobProblemKeyMismatch, true), true, 0},
		"the refund failed":       {person(JobProblemRefundFailed, false), true, 0},
		"impatience while open":   {Progress{State: JobStateOpen, Open: true, Due: ruleNow}, false, 0},
		"impatience while unsent": {Progress{State: JobStateWaiting, Due: ruleNow}, false, 0},
	} {
		t.Run(name, func(t *testing.T) {
			after, allowed := c.job.resumed()
			require.True(t, allowed)
			assert.Equal(t, c.lookUp, after.LookUp)
			assert.Equal(t, c.generation, after.Generation)
			assert.True(t, after.Due.IsZero())
			assert.Empty(t, after.Problem)
		})
	}
	after, _ := person(JobProblemRefundFailed, false).resumed()
	assert.Equal(t, []string{"re_1"}, after.Judged)
	assert.Equal(t, 1, after.looked(lookEnd{ending: endingMade}, ruleNow, 0).Generation, "at once, if nothing is in force")
	for _, state := range []JobState{JobStateMade, JobStateCanceled} {
		_, allowed := Progress{State: state}.resumed()
		assert.False(t, allowed)
	}
}

// TestJobResumedUnanswered: the empty list may have been that of another account. So it
// is looked once more, and only then the next key is sent, without another day's wait.
func TestJobResumedUnanswered(t *testing.T) {
	sent := Progress{State: JobStateOpen, Open: true, LookUp: true, FirstSent: ago(26 * time.Hour), LastSent: ago(26 * time.Hour)}
	asked := sent.looked(lookEnd{ending: endingMade, unplaced: true}, ruleNow, 0)
	require.Equal(t, JobProblemUnanswered, asked.Problem)
	looking, allowed := asked.resumed()
	require.True(t, allowed)
	require.Equal(t, actionLookUp, looking.next(ruleNow))
	for name, c := range map[string]struct {
		end        lookEnd
		state      JobState
		problem    JobProblem
		generation int
	}{
		"in force":      {lookEnd{inForce: []string{"re_1"}}, JobStateMade, "", 0},
		"failed":        {lookEnd{over: []string{"re_1"}}, JobStateNeedsPerson, JobProblemRefundFailed, 0},
		"nothing again": {lookEnd{unplaced: true}, JobStateWaiting, "", 1},
	} {
		t.Run(name, func(t *testing.T) {
			c.end.ending = endingMade
			after := looking.looked(c.end, ruleNow, 0)
			assert.Equal(t, c.state, after.State)
			assert.Equal(t, c.problem, after.Problem)
			assert.Equal(t, c.generation, after.Generation)
		})
	}
}

// TestJobLookRefused: a look-up that Stripe refuses has not looked, so that what a
// person was asked before is still to be found, and nothing is sent or given up.
func TestJobLookRefused(t *testing.T) {
	for _, problem := range []JobProblem{JobProblemLookAlike, JobProblemRefundedTwice, JobProblemMismatch, JobProblemRefundFailed} {
		t.Run(string(problem), func(t *testing.T) {
			asked := Progress{State: JobStateNeedsPerson, Problem: problem, ID: "re_1", FirstSent: ago(26 * time.Hour), LastSent: ago(26 * time.Hour)}
			looking, allowed := asked.resumed()
			require.True(t, allowed)
			refused := looking.looked(lookEnd{ending: endingRefused}, ruleNow, 0)
			require.Equal(t, JobProblemRefused, refused.Problem)
			_, allowed = refused.canceled()
			assert.False(t, allowed)
			again, allowed := refused.resumed()
			require.True(t, allowed)
			assert.True(t, again.LookUp)
			assert.Zero(t, again.Generation)
			assert.Equal(t, "re_2", again.looked(lookEnd{ending: endingMade, inForce: []string{"re_2"}}, ruleNow, 0).ID)
		})
	}
	unsent := Progress{State: JobStateWaiting, FirstSent: ago(sendTime)}.looked(lookEnd{ending: endingRefused}, ruleNow, 0)
	_, allowed := unsent.canceled()
	assert.True(t, allowed, "nothing was executed in a day, and nothing is looked for")
}

// TestJobAcceptedWhileOpen: a refund that a person made serves, while the job's own
// send may still refund. When the first fails, the other one is waited for.
func TestJobAcceptedWhileOpen(t *testing.T) {
	open := Progress{State: JobStateOpen, Open: true, FirstSent: ago(time.Hour), LastSent: ago(time.Hour), Sends: 1}
	made, allowed := open.accepted("re_by_hand")
	require.True(t, allowed)
	require.Equal(t, JobStateMade, made.State)
	failed := made.observed("re_by_hand", true, false)
	require.Equal(t, JobProblemRefundFailed, failed.Problem)
	_, allowed = failed.canceled()
	assert.False(t, allowed, "the send may still refund")
	again, allowed := failed.resumed()
	require.True(t, allowed)
	waits := again.looked(lookEnd{ending: endingMade}, ruleNow, 0)
	assert.Equal(t, JobStateOpen, waits.State, "not the next key yet")
	assert.Zero(t, waits.Generation)
	assert.Equal(t, 1, again.looked(lookEnd{ending: endingMade}, ruleNow.Add(settleTime), 0).Generation)
}

// TestJobAcceptedAfterAll: a refund that was judged, and is accepted then, is heard of
// when it fails.
func TestJobAcceptedAfterAll(t *testing.T) {
	judged, _ := Progress{State: JobStateNeedsPerson, Problem: JobProblemLookAlike, Judged: []string{"re_0"}}.judged("re_1")
	made, allowed := judged.accepted("re_1")
	require.True(t, allowed)
	assert.Equal(t, []string{"re_0", "re_1"}, judged.Judged)
	assert.Equal(t, []string{"re_0"}, made.Judged)
	assert.Equal(t, JobProblemRefundFailed, made.observed("re_1", true, false).Problem)
}

// TestJobAcceptedIsNotForgotten: a person accepts a refund that no look-up can know,
// the job's own send refunds too, and fails: the first one still serves.
func TestJobAcceptedIsNotForgotten(t *testing.T) {
	open := Progress{State: JobStateOpen, Open: true, FirstSent: ago(26 * time.Hour), LastSent: ago(26 * time.Hour)}
	accepted, _ := open.accepted("re_by_hand")
	twice := accepted.observed("re_1", false, true)
	require.Equal(t, JobProblemRefundedTwice, twice.Problem)
	looking, _ := twice.resumed()
	for name, end := range map[string]lookEnd{"the job's failed": {ending: endingMade, over: []string{"re_1"}}, "nothing": {ending: endingMade}} {
		t.Run(name, func(t *testing.T) {
			asked := looking.looked(end, ruleNow, 0)
			assert.Equal(t, JobProblemLookAlike, asked.Problem)
			assert.Equal(t, "re_by_hand", asked.Detail)
			again, _ := asked.accepted("re_by_hand")
			assert.Equal(t, JobStateMade, again.State)
			other, _ := asked.judged("re_by_hand")
			assert.NotEqual(t, JobProblemLookAlike, other.looked(end, ruleNow, 0).Problem)
		})
	}
	assert.Equal(t, "re_1", looking.looked(lookEnd{ending: endingMade, inForce: []string{"re_1"}}, ruleNow, 0).ID)
}

// TestJobEarlierRefund: a refund of the name that the key can't have made is found or
// fails, and the send stays as open as it was.
func TestJobEarlierRefund(t *testing.T) {
	open := Progress{State: JobStateOpen, Open: true, LookUp: true, FirstSent: ago(time.Hour), LastSent: ago(time.Hour)}
	for _, ofKey := range []bool{true, false} {
		for name, after := range map[string]Progress{
			"found":                  open.looked(lookEnd{ending: endingMade, inForce: []string{"re_0"}, earlier: !ofKey}, ruleNow, 0),
			"failed":                 open.looked(lookEnd{ending: endingMade, over: []string{"re_0"}, earlier: !ofKey}, ruleNow, 0),
			"told":                   open.observed("re_0", false, ofKey),
			"told that it failed":    open.observed("re_0", true, ofKey),
			"found, and then failed": open.observed("re_0", false, ofKey).observed("re_0", true, ofKey),
		} {
			assert.Equal(t, !ofKey, after.Open, name)
			assert.Equal(t, "re_0", after.ID, name)
		}
	}
}

func TestJobCanceled(t *testing.T) {
	for name, c := range map[string]struct {
		job     Progress
		allowed bool
	}{
		"never sent":        {Progress{State: JobStateWaiting}, true},
		"refused":           {Progress{State: JobStateNeedsPerson, Problem: JobProblemDisputed}, true},
		"failed":            {Progress{State: JobStateNeedsPerson, Problem: JobProblemRefundFailed, ID: "re_1"}, true},
		"open":              {Progress{State: JobStateOpen, Open: true}, false},
		"looked up":         {Progress{State: JobStateOpen, LookUp: true}, false},
		"refused but open":  {Progress{State: JobStateNeedsPerson, Problem: JobProblemRefused, Open: true}, false},
		"one alike":         {Progress{State: JobStateNeedsPerson, Problem: JobProblemLookAlike}, false},
		"twice":             {Progress{State: JobStateNeedsPerson, Problem: JobProblemRefundedTwice}, false},
		"made":              {Progress{State: JobStateMade}, false},
		"canceled already":  {Progress{State: JobStateCanceled}, false},
		"another's success": {Progress{State: JobStateNeedsPerson, Problem: JobProblemMismatch}, false},
	} {
		t.Run(name, func(t *testing.T) {
			_, allowed := c.job.canceled()
			assert.Equal(t, c.allowed, allowed)
		})
	}
}
