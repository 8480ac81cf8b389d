//go:build unix

package trial

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refundkit/refundkit"
	"github.com/refundkit/refundkit/refundjobs"
	"github.com/refundkit/refundkit/refundtest"
)

// row is what the database says of a refund.
type row struct {
	name, plan, charge     string
	kind, source, account  string
	jobState, shown        string
	problem, detail        string
	refundID, refundStatus string
	snapshot               string // JSON; empty if there is none
	amount                 int64
	booked                 int // counted, less reversed
	unlogged               int // versions without an entry in the log
}

const rowQuery = `SELECT name, plan, charge, kind, source, account, job_state, state, problem, detail, refund_id, refund_status, coalesce(CAST(refund AS text), ''), amount,
	(SELECT coalesce(sum(CASE book WHEN 'count' THEN 1 WHEN 'reverse' THEN -1 ELSE 0 END), 0) FROM refundjobs_changes c WHERE c.name = refundjobs.name),
	version + 1 - (SELECT count(*) FROM refundjobs_changes c WHERE c.name = refundjobs.name) FROM refundjobs `

func (o *ordeal) rows(where string) (found []row) {
	require.NoError(o.t, patiently(o.t.Context(), func(ctx context.Context) error {
		found = nil
		return each(ctx, o.store.database(), rowQuery+where, func(scan func(...any) error) error {
			var r row
			err := scan(&r.name, &r.plan, &r.charge, &r.kind, &r.source, &r.account, &r.jobState, &r.shown, &r.problem, &r.detail, &r.refundID, &r.refundStatus, &r.snapshot, &r.amount, &r.booked, &r.unlogged)
			found = append(found, r)
			return err
		})
	}))
	return found
}

// madeOf is what Stripe has of a name: in force, and failed or canceled.
func madeOf(all []refundtest.Refund, name string) (inForce, over []refundtest.Refund) {
	for _, refund := range all {
		switch {
		case refund.Metadata[refundkit.ReferenceMetadataKey] != name:
		case refund.Status == "failed" || refund.Status == "canceled":
			over = append(over, refund)
		default:
			inForce = append(inForce, refund)
		}
	}
	return inForce, over
}

// world is that of an account, empty for the platform's own.
func (o *ordeal) world(account string) *refundtest.World {
	if account == "" {
		account = o.server.AccountID()
	}
	return o.server.Account(account)
}

// refunds are those of all accounts.
func (o *ordeal) refunds() []refundtest.Refund {
	found := o.server.Refunds("")
	if o.market != nil {
		for _, account := range accounts {
			found = append(found, o.world(account).Refunds("")...)
		}
	}
	return found
}

// inForce are the IDs of what Stripe has of a row, and has neither failed nor been canceled.
func (o *ordeal) inForce(r row) (ids []string) {
	switch refundjobs.Kind(r.kind) {
	case refundjobs.KindTransferReversal:
		for _, reversal := range o.server.TransferReversals(r.source) {
			if reversal.Metadata[refundkit.ReferenceMetadataKey] == r.name {
				ids = append(ids, reversal.ID)
			}
		}
	case refundjobs.KindApplicationFeeRefund:
		for _, refund := range o.server.ApplicationFeeRefunds(r.source) {
			if refund.Metadata[refundkit.ReferenceMetadataKey] == r.name {
				ids = append(ids, refund.ID)
			}
		}
	default:
		refunds, _ := madeOf(o.world(r.account).Refunds(r.charge), r.name)
		for _, refund := range refunds {
			ids = append(ids, refund.ID)
		}
	}
	return ids
}

// decideAll is the person, who looks at Stripe before each decision.
func (o *ordeal) decideAll() (asked int) {
	if o.way != byRow {
		return 0
	}
	rows := o.rows(`WHERE job_state = 'needs_person'`)
	for _, r := range rows {
		o.decide(r)
	}
	if o.plan != nil {
		o.plan.goOn()
	}
	return len(rows)
}

func (o *ordeal) decide(r row) {
	inForce := o.inForce(r)
	switch {
	case len(inForce) > 1:
		require.Fail(o.t, "made twice", "%s: %s", r.name, inForce)
	case r.problem == string(refundkit.JobProblemRefundFailed) && o.random.IntN(2) == 0 && len(inForce) == 0:
		o.tell(r, cancel, "") // the customer gets it in cash
	case r.problem == string(refundkit.JobProblemRefundFailed):
		o.tell(r, resume, "")
	case len(inForce) == 1:
		o.tell(r, accept, inForce[0])
	case len(inForce) == 0 && r.problem == string(refundkit.JobProblemLookAlike):
		o.tell(r, judge, strings.Split(r.detail, ", ")[0])
	case len(inForce) == 0:
		o.tell(r, resume, "")
	}
}

// tell stores a decision. The row may have changed since the person read it, and the
// database be away: then the person looks again.
func (o *ordeal) tell(r row, d decision, refundID string) {
	ctx, stop := context.WithTimeout(o.t.Context(), 15*time.Second)
	defer stop()
	err := o.store.decide(ctx, r.name, d, refundID)
	var refused *refundkit.ParamError
	switch {
	case err == nil:
		o.decisions[string(d)+" "+r.problem]++
	case errors.As(err, &refused):
		o.refusedDecisions++
	}
}

// giveUp cancels some refunds that no worker has taken yet, or tries to.
func (o *ordeal) giveUp() {
	if o.way != byRow {
		return
	}
	for _, r := range o.rows(`WHERE job_state IN ('waiting', 'open') ORDER BY created_at DESC LIMIT 3`) {
		o.tell(r, cancel, "")
	}
}
