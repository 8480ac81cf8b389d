package main

import (
	"fmt"

	"github.com/refundkit/refundkit"
	"github.com/refundkit/refundkit/refundtest"
)

// tally is what the customers got, as the server knows it, and how the worker
// came to know.
type tally struct {
	jobs, once, twice, lost int
	mistaken                int // refunded once, but the store does not say so
	owed, refunded          int64

	byOneCall, byKey, byLookUp int // refunds, by what told that they are made
	newKeys                    int // generations after the first
	resumed                    int // by a person

	lives, kills, requests, faults int
	seed                           uint64
}

// learn compares the jobs before a worker's life with those after it.
func (c *tally) learn(before, after []refundkit.Job) {
	known := map[string]refundkit.Job{}
	for _, job := range before {
		known[job.Name] = job
	}
	for _, job := range after {
		switch was := known[job.Name]; {
		case job.State != refundkit.JobStateMade || was.State == refundkit.JobStateMade:
		case job.Sends == was.Sends:
			c.byLookUp++
		case job.Sends > 1:
			c.byKey++
		default:
			c.byOneCall++
		}
	}
}

// count compares the store with what the server did.
func (t *trial) count() (tally, error) {
	jobs, err := t.jobs()
	if err != nil {
		return tally{}, err
	}
	counts := t.tally
	for _, request := range t.server.Requests() {
		counts.requests++
		if request.Fault != "" {
			counts.faults++
		}
	}
	counts.judge(jobs, t.server)
	return counts, nil
}

// judge counts, for every job, the refunds that the server made.
func (c *tally) judge(jobs []refundkit.Job, server *refundtest.Server) {
	made := map[string][]string{}
	for _, refund := range server.Refunds("") {
		name := refund.Metadata[refundkit.ReferenceMetadataKey]
		made[name] = append(made[name], refund.ID)
		c.refunded += refund.Amount
	}
	for _, job := range jobs {
		c.jobs++
		c.owed += job.Params.Amount
		c.newKeys += job.Generation
		switch refunds := made[job.Name]; {
		case len(refunds) > 1:
			c.twice++
		case len(refunds) == 0:
			c.lost++
		case refunds[0] != job.ID:
			c.mistaken++
		default:
			c.once++
		}
	}
}

// right reports whether every customer got the money once, and the store knows.
func (c tally) right() bool { return c.once == c.jobs && c.owed == c.refunded }

// String writes the tally for a person.
func (c tally) String() string {
	return fmt.Sprintf(`%d refunds by a worker that lived %d times and was killed %d times
%d requests, %d%% of them faulty or slow; seed %d

  refunded once                      %5d
  refunded twice                     %5d
  lost                               %5d
  once, but the store does not know  %5d
  owed %d.%02d USD, refunded %d.%02d USD

  made, as the first call said       %5d
  as the same key said, once more    %5d
  found by looking up                %5d
  surely absent: a new key           %5d
  resumed by a person                %5d
`, c.jobs, c.lives, c.kills, c.requests, 100*c.faults/max(1, c.requests), c.seed,
		c.once, c.twice, c.lost, c.mistaken, c.owed/100, c.owed%100, c.refunded/100, c.refunded%100,
		c.byOneCall, c.byKey, c.byLookUp, c.newKeys, c.resumed)
}
