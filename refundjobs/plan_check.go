package refundjobs

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/refundkit/refundkit"
)

// Findings of a plan beside those of [refundkit.CheckRefund].
const (
	FindingNoSuchPayment    refundkit.CheckFinding = "no_such_payment"    // with this key and account
	FindingSamePaymentTwice refundkit.CheckFinding = "same_payment_twice" // in this plan; it may be meant
	FindingMadeBefore       refundkit.CheckFinding = "made_before"        // a refund of this name is in force, and no row here has made it
)

// Finding is something about one refund of a plan that a person should know before it
// is approved.
type Finding struct {
	Name    string // of the refund
	Line    int64  // its place in the plan, from 1 on
	Payment string // the charge or PaymentIntent
	Found   refundkit.CheckFinding
	// Refused says that as it is, Stripe would refuse the refund. It is set also for what is
	// worse: with CheckFindingOtherCurrency Stripe would make it with another value, since it
	// is sent no currency with a payment, and with FindingMadeBefore mostly a second time.
	Refused bool
	Detail  string // a sentence for people
}

// PlanCheck is what [Jobs.CheckPlan] has read.
type PlanCheck struct {
	Plan     string
	Digest   string // of the rows that were checked: [Jobs.ApprovePlan] takes it
	Rows     int64
	Sums     []PlanCount   // by currency; of all that is left, what that is now
	Found    int64         // findings
	Refused  int64         // refunds of which a Finding is Refused
	Requests int64         // that were made to Stripe
	Estimate time.Duration // for the whole plan, by [WithRate]; 0 without a limit
}

// CheckPlan reads what every payment of a draft has left, less what other refunds here
// claim, and calls found for everything that a person should know. It sends nothing. It
// needs [WithCharges]. Charges are listed where that takes fewer requests than reading
// them one by one; both wait for their turns like refunds do. It is as old as what was
// read: Stripe decides when a refund is made.
func (j *Jobs[TTx]) CheckPlan(ctx context.Context, name string, found func(Finding) error) (PlanCheck, error) {
	check, err := j.checkPlan(ctx, name, found)
	return check, failed("CheckPlan", name, err)
}

func (j *Jobs[TTx]) checkPlan(ctx context.Context, name string, found func(Finding) error) (PlanCheck, error) {
	q := j.driver.Pool()
	if j.options.charges == nil {
		return PlanCheck{}, errors.New("without WithCharges(client.Charges) payments can't be read")
	}
	if _, err := j.readPlan(ctx, q, name, ""); err != nil {
		return PlanCheck{}, err
	}
	now, err := j.now(ctx, q)
	if err != nil {
		return PlanCheck{}, err
	}
	payments := newPayments()
	if err := j.planRows(ctx, q, name, "", func(row Job) error { payments.want(row); return nil }); err != nil {
		return PlanCheck{}, err
	}
	reader := paymentReader{charges: j.options.charges, turn: j.waitTurn, payments: payments}
	if err := reader.all(ctx); err != nil {
		return PlanCheck{}, err
	}
	payments.join()
	if err := j.claims(ctx, q, name, payments); err != nil {
		return PlanCheck{}, err
	}
	c := planChecker{check: PlanCheck{Plan: name, Requests: reader.requests.Load()}, payments: payments, found: found, now: now, digest: newPlanDigest()}
	if err := j.planRows(ctx, q, name, "", c.row); err != nil {
		return PlanCheck{}, err
	}
	c.check.Digest = c.digest.sum()
	if j.options.rate > 0 {
		c.check.Estimate = time.Duration(float64(c.check.Rows) / j.options.rate * float64(time.Second))
	}
	return c.check, nil
}

// payments are what the rows of a plan refund, by account and ID.
type payments struct {
	byID map[paymentKey]*payment
}

type paymentKey struct{ account, id string }

type payment struct {
	charge  *refundkit.Charge // nil: not found
	rows    int64             // of the plan
	claimed int64             // by rows outside of the plan, and by those of the plan that came before
	all     bool              // one of them claims all that is left
}

func newPayments() *payments { return &payments{byID: map[paymentKey]*payment{}} }

func (j Job) paymentKey() paymentKey {
	return paymentKey{j.Account, j.Params.Charge + j.Params.PaymentIntent}
}

func (p *payments) want(row Job) {
	key := row.paymentKey()
	if p.byID[key] == nil {
		p.byID[key] = new(payment)
	}
	p.byID[key].rows++
}

// join makes one payment of that which some rows name by its charge and others by its
// PaymentIntent.
func (p *payments) join() {
	byCharge := map[paymentKey]*payment{}
	for key, found := range p.byID {
		if found.charge == nil {
			continue
		}
		charge := paymentKey{key.account, found.charge.ID}
		if first := byCharge[charge]; first != nil {
			first.rows += found.rows
			p.byID[key] = first
			continue
		}
		byCharge[charge] = found
	}
}

// planChecker checks the rows of a plan in their order.
type planChecker struct {
	check    PlanCheck
	payments *payments
	found    func(Finding) error
	now      time.Time
	digest   planDigest
}

func (c *planChecker) row(row Job) error {
	c.check.Rows++
	c.digest.add(row)
	p := c.payments.byID[row.paymentKey()]
	if p == nil {
		return ErrPlanChanged // it was added while the payments were read
	}
	if p.charge == nil {
		c.check.Sums = addSum(c.check.Sums, row)
		c.check.Refused++
		return c.tell(row, FindingNoSuchPayment, true, "Stripe shows no such payment to this API key"+onAccount(row.Account))
	}
	claimed := p.claimed
	if p.all {
		claimed = p.charge.Amount
	}
	params := row.Params
	params.Currency = row.Currency
	checked := refundkit.CheckRefund(refundkit.CheckInput{Params: params, Charge: p.charge, Account: row.Account, Claimed: claimed, Now: c.now})
	row.Params.Amount = checked.Amount
	c.check.Sums = addSum(c.check.Sums, row)
	p.claimed += checked.Amount
	if p.rows > 1 {
		if err := c.tell(row, FindingSamePaymentTwice, false, fmt.Sprintf("%d refunds of this plan are of the same payment", p.rows)); err != nil {
			return err
		}
	}
	made := madeBefore(row, p.charge)
	if !checked.Accepted || made != "" {
		c.check.Refused++
	}
	if made != "" {
		detail := fmt.Sprintf("%s of this name is there already, and this would be another: was it made with another database?", made)
		if err := c.tell(row, FindingMadeBefore, true, detail); err != nil {
			return err
		}
	}
	for i, finding := range checked.Findings {
		detail := finding.String()
		if i == 0 {
			detail = checked.Reason()
		}
		if finding == refundkit.CheckFindingOtherCurrency {
			detail = fmt.Sprintf("the payment is in %s, and Stripe would not refuse: it would refund this number in %s; correct the file", p.charge.Currency, p.charge.Currency)
		}
		if err := c.tell(row, finding, !checked.Accepted, detail); err != nil {
			return err
		}
	}
	return nil
}

// madeBefore returns the refund of the row's name that is in force, which was not made by
// this row: nothing of a draft was sent.
func madeBefore(row Job, charge *refundkit.Charge) string {
	if charge.Refunds == nil {
		return ""
	}
	for _, refund := range charge.Refunds.Data {
		if refund != nil && refund.Reference() == row.Name && !refund.Status.IsFinal() && refund.ID != row.ID {
			return refund.ID
		}
	}
	return ""
}

func onAccount(account string) string {
	if account == "" {
		return ""
	}
	return " on account " + account
}

func (c *planChecker) tell(row Job, found refundkit.CheckFinding, refused bool, detail string) error {
	c.check.Found++
	return c.found(Finding{Name: row.Name, Line: row.PlanLine, Payment: row.paymentKey().id, Found: found, Refused: refused, Detail: detail})
}

// claims adds what refunds outside of the plan ask for of the same payments, and have
// not been told to have got.
func (j *Jobs[TTx]) claims(ctx context.Context, q Statements, plan string, p *payments) error {
	byID := map[paymentKey][]*payment{}
	for key, found := range p.byID {
		ids := []string{key.id}
		if found.charge != nil {
			ids = append(ids, found.charge.ID, found.charge.PaymentIntent.ID)
		}
		slices.Sort(ids)
		for _, id := range slices.Compact(ids) {
			named := paymentKey{key.account, id}
			if id != "" && !slices.Contains(byID[named], found) {
				byID[named] = append(byID[named], found)
			}
		}
	}
	ids := make([]string, 0, len(byID))
	for key := range byID {
		ids = append(ids, key.id)
	}
	for batch := range slices.Chunk(ids, 500) {
		if err := j.claimsOf(ctx, q, plan, batch, byID); err != nil {
			return err
		}
	}
	return nil
}

func (j *Jobs[TTx]) claimsOf(ctx context.Context, q Statements, plan string, ids []string, byID map[paymentKey][]*payment) error {
	args := []any{plan}
	var places strings.Builder
	for _, id := range ids {
		args = append(args, id)
		fmt.Fprintf(&places, ", $%d", len(args))
	}
	in := "(" + places.String()[2:] + ")"
	rows, err := readJobs(ctx, q, `WHERE plan <> $1 AND state IN ('requested', 'approved', 'sending', 'needs_person') AND (charge IN `+in+` OR payment_intent IN `+in+`)`, args...)
	for _, row := range rows {
		for _, claimed := range byID[row.paymentKey()] {
			claimed.claimed += row.Params.Amount
			claimed.all = claimed.all || row.Params.Remaining
		}
	}
	return err
}
