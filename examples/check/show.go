package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/refundkit/refundkit"
)

// show writes what a person at a desk wants to know, before a customer is promised
// anything.
func show(out io.Writer, c *refundkit.Check) error {
	currency, err := refundkit.CurrencyOf(c.Currency)
	if err != nil {
		return err
	}
	money := func(amount int64) string { return currency.Format(amount) + " " + strings.ToUpper(c.Currency) }
	line := func(format string, args ...any) { fmt.Fprintf(out, "  "+format+"\n", args...) }

	line("%s", c.Way)
	for _, finding := range c.Findings {
		line("- %s", finding)
	}
	if c.Refundable > 0 {
		line("left       %s of %s", money(c.Left), money(c.Refundable))
	}
	for _, refund := range c.InProgress {
		line("on its way %s of %s, %s", money(refund.Amount), refund.ID, strings.TrimSpace(string(refund.Status)+" "+string(refund.PendingReason)))
	}
	if !c.Until.IsZero() {
		line("until      %s", c.Until.Format("2006-01-02 15:04 MST"))
	}
	if c.Left > 0 {
		line("deadline   %s", howLong(c))
	}
	if c.Accepted && c.Amount > 0 {
		line("pays       %s", payers(c.Costs, money))
		line("balance    %s", covers(c, money))
	}
	return nil
}

// howLong says until when a refund is possible, as far as Stripe says.
func howLong(c *refundkit.Check) string {
	if c.Deadline.IsZero() {
		return "none known for " + orUnknown(c.Terms.PaymentMethod)
	}
	return fmt.Sprintf("%s, %d days after the payment (%s)", c.Deadline.Format("2006-01-02"), c.Terms.WithinDays, c.Terms.Source)
}

func payers(costs refundkit.CheckCosts, money func(int64) string) string {
	var parts []string
	if costs.Platform != 0 {
		parts = append(parts, "you "+money(costs.Platform))
	}
	if costs.Connected != 0 {
		parts = append(parts, "the connected account "+money(costs.Connected))
	}
	return strings.Join(parts, ", ")
}

func covers(c *refundkit.Check, money func(int64) string) string {
	switch c.Costs.Balance {
	case refundkit.CheckBalanceCovers:
		return money(c.Costs.Available) + " available, that is enough"
	case refundkit.CheckBalanceShort:
		return money(c.Costs.Available) + " available: the refund would be pending until there is more"
	}
	return "not known"
}

func orUnknown(name string) string {
	if name == "" {
		return "this payment method"
	}
	return name
}
