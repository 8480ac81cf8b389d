package main

import (
	"fmt"
	"strings"

	"github.com/refundkit/refundkit"
	"github.com/refundkit/refundkit/refundtest"
)

// tally is what the customers got, as the server knows it, and how the worker
// came to know.
type tally struct {
	jobs, once, twice, lost int
	mistaken                int // refunded once, but the store does not say so
	owed, refunded          int64

	byKey, byLookUp int // open outcomes, by what closed them
	newKeys         int // generations after the first
	setAside        []string

	lives, kills, requests, faults int
	seed                           uint64
}

// count compares the store with what the server did.
func (t *trial) count() (tally, error) {
	jobs, err := t.jobs()
	if err != nil {
		return tally{}, err
	}
	counts := tally{lives: t.lives, kills: t.kills}
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
func (c *tally) judge(jobs []job, server *refundtest.Server) {
	made := map[string][]string{}
	for _, refund := range server.Refunds("") {
		name := refund.Metadata[refundkit.ReferenceMetadataKey]
		made[name] = append(made[name], refund.ID)
		c.refunded += refund.Amount
	}
	for _, j := range jobs {
		c.jobs++
		c.owed += j.Amount
		c.byKey += j.ClosedByKey
		c.byLookUp += j.ClosedByLookUp
		c.newKeys += max(0, j.Generation-1)
		if j.SetAside != "" {
			c.setAside = append(c.setAside, fmt.Sprintf("%s: a person must look: %s\n", j.ID, j.SetAside))
		}
		switch refunds := made[j.ID]; {
		case len(refunds) > 1:
			c.twice++
		case len(refunds) == 0:
			c.lost++
		case refunds[0] != j.Refund:
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

  outcomes that were open            %5d
    closed by repeating the key      %5d
    closed by looking up             %5d
  surely absent: a new key           %5d
`, c.jobs, c.lives, c.kills, c.requests, 100*c.faults/max(1, c.requests), c.seed,
		c.once, c.twice, c.lost, c.mistaken, c.owed/100, c.owed%100, c.refunded/100, c.refunded%100,
		c.byKey+c.byLookUp, c.byKey, c.byLookUp, c.newKeys) + strings.Join(c.setAside, "")
}
