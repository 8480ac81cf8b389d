package refundjobs

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/refundkit/refundkit"
)

// partsFor finds the rows that an event of a transfer or of an application fee may be
// about, by the IDs and references of what was made of it.
func (j *Jobs[TTx]) partsFor(ctx context.Context, event *refundkit.Event) (names []string, err error) {
	var ids, references []string
	add := func(id, reference string) { ids, references = append(ids, id), append(references, reference) }
	if transfer, err := event.Transfer(); err == nil && transfer.Reversals != nil {
		for _, made := range transfer.Reversals.Data {
			if made != nil {
				add(made.ID, made.Reference())
			}
		}
	}
	if fee, err := event.ApplicationFee(); err == nil && fee.Refunds != nil {
		for _, made := range fee.Refunds.Data {
			if made != nil {
				add(made.ID, made.Reference())
			}
		}
	}
	for column, values := range map[string][]string{"refund_id": ids, "name": references} {
		values = slices.DeleteFunc(values, func(value string) bool { return value == "" })
		if len(values) == 0 {
			continue
		}
		c := &conditions{dialect: j.dialect}
		c.add("kind <> ?", string(KindRefund))
		c.add(column + " <> ''") // as the index wants it
		addOneOf(c, column, values)
		if err := queryAll(ctx, j.driver.Pool(), func(rows Rows) error {
			var name string
			err := rows.Scan(&name)
			names = append(names, name)
			return err
		}, "SELECT name FROM refundjobs "+c.where(), c.args...); err != nil {
			return nil, err
		}
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}

// observedPart is a row of another kind after an event.
func (j Job) observedPart(event *refundkit.Event) (Job, error) {
	if j.Kind == KindApplicationFeeRefund {
		job, err := j.feeRefund().Observe(event)
		j.Progress = job.Progress
		return j, err
	}
	job, err := j.reversal().Observe(event)
	j.Progress = job.Progress
	return j, err
}

// partEvent makes an event of what an answer held, so that the same rules hear of it.
func partEvent(account, object, id, list string, made any) *refundkit.Event {
	data, _ := json.Marshal(map[string]any{"object": object, "id": id, list: map[string]any{"object": "list", "data": []any{made}}}) // it was read from JSON
	return &refundkit.Event{Object: "event", Account: account, Data: refundkit.EventData{Object: data}}
}
