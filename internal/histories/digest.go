package histories

import (
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"slices"
	"strings"
	"time"

	"github.com/refundkit/refundkit"
)

// digest is the same for equal states, as the package's documentation says.
func (w *World) digest() uint64 {
	var b strings.Builder
	refunds := w.stripe.Refunds("")
	number := map[string]int{}
	for i, r := range refunds {
		number[r.ID] = i + 1
	}
	w.digestRow(&b, w.table.row, number)
	if w.holds {
		fmt.Fprintf(&b, "held %t ", w.held.Version == w.table.row.Version)
		w.digestRow(&b, w.held, number)
	}
	told := map[string]string{}
	if len(refunds) > 0 {
		for _, e := range w.events() {
			told[e.ObjectID] += fmt.Sprint(e.Type == "refund.failed", w.delivered[e.ID])
		}
	}
	for _, r := range refunds {
		fmt.Fprintf(&b, "refund %s %d %t %s %t %t %t %s;", r.Status, w.keyNumber(r.IdempotencyKey), len(r.Metadata) > 0, w.age(r.Created), w.accepted[r.ID], w.serves == r.ID, w.unheard == r.ID, told[r.ID])
	}
	uses := []string{}
	for _, use := range w.keys {
		uses = append(uses, fmt.Sprint(use.number, w.age(use.first), use.answer, w.age(use.kept)))
	}
	for _, waiting := range w.road {
		uses = append(uses, fmt.Sprint("on its way ", w.keyNumber(waiting.key), w.age(waiting.at), waiting.do == nil))
	}
	slices.Sort(uses)
	charge, _ := w.stripe.Charge(w.charge)
	balance, _ := w.stripe.Balance("eur")
	fmt.Fprint(&b, uses, charge.Disputed, w.disputed, w.namesake, balance, w.revoked, w.lookForbidden, w.wrongAccount, w.excused != "", w.paused, w.refused)
	h := fnv.New64a()
	h.Write([]byte(b.String()))
	return binary.BigEndian.Uint64(h.Sum(nil))
}

func (w *World) digestRow(b *strings.Builder, row refundkit.Job, number map[string]int) {
	judged := []int{}
	for _, id := range row.Judged {
		judged = append(judged, number[id])
	}
	fmt.Fprint(b, row.State, row.Problem, row.Open, row.LookUp, row.Generation, min(row.Sends, 5), row.Absences, judged, number[row.ID],
		w.age(row.FirstSent), w.age(row.LastSent), w.age(row.Due), row.Account, ";")
}

// age is how far a time is from now, as states are compared.
func (w *World) age(at time.Time) string {
	if at.IsZero() {
		return "-"
	}
	d := w.now().Sub(at)
	switch size := d.Abs(); {
	case size > 26*time.Hour:
		return fmt.Sprint("old", d < 0)
	case size < 10*time.Minute:
		return d.Round(time.Minute).String()
	}
	return d.Round(15 * time.Minute).String()
}
