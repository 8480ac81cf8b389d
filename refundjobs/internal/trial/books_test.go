//go:build unix

package trial

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/stretchr/testify/require"

	"github.com/refundkit/refundkit"
	"github.com/refundkit/refundkit/refundjobs"
)

// book is what an account should have, by what was sold and by what the rows say. What
// leaves the account is negative. The platform is the account without a name.
type book struct{ charges, refunds, transfers, reversals, fees, feesBack, repaired int64 }

func (b *book) sum() int64 {
	return b.charges + b.refunds + b.transfers + b.reversals + b.fees + b.feesBack + b.repaired
}

// books are those of all accounts, and the rows that they are made from.
type books struct {
	*market
	of                                map[string]*book
	rows                              map[string]row
	owner                             map[string]string // of transfers and fees: the account
	reversed, returned, failed, again int
	owed                              int64
}

func (m *market) newBooks() *books {
	b := &books{market: m, of: map[string]*book{"": {}}, rows: map[string]row{}, owner: map[string]string{}}
	for _, account := range accounts {
		b.of[account] = &book{}
	}
	for _, r := range m.ordeal.rows("") {
		b.rows[r.name] = r
	}
	return b
}

// addSales adds what was paid, and what of it was sent on.
func (b *books) addSales() {
	for _, s := range b.sales {
		b.of[s.account].charges += s.amount
	}
	for _, t := range b.server.Transfers("") {
		b.owner[t.ID] = t.Destination
		b.of[""].transfers -= t.Amount
		b.of[t.Destination].transfers += t.Amount
	}
	for _, f := range b.server.ApplicationFees("") {
		b.owner[f.ID] = f.Account
		b.of[""].fees += f.Amount
		b.of[f.Account].fees -= f.Amount
	}
}

// addRows adds what the rows say was made. Each row has been made once, as it says, or it
// was canceled, and has not.
func (b *books) addRows() {
	made := 0
	for _, r := range b.rows {
		ids, isMade := b.inForce(r), r.jobState == string(refundkit.JobStateMade)
		require.Zero(b.t, r.unlogged, "versions that are not in the log: %+v", r)
		if isMade {
			require.Equal(b.t, []string{r.refundID}, ids, "%+v", r)
		} else {
			require.Equal(b.t, string(refundkit.JobStateCanceled), r.jobState, "%+v", r)
			require.Empty(b.t, ids, "%+v", r)
			continue
		}
		switch refundjobs.Kind(r.kind) {
		case refundjobs.KindTransferReversal:
			b.of[""].reversals += r.amount
			b.of[b.owner[r.source]].reversals -= r.amount
			b.reversed, made = b.reversed+1, made+1
		case refundjobs.KindApplicationFeeRefund:
			b.of[""].feesBack -= r.amount
			b.of[b.owner[r.source]].feesBack += r.amount
			b.returned, made = b.returned+1, made+1
		default:
			b.of[r.account].refunds -= r.amount
		}
	}
	require.Equal(b.t, made, len(b.server.TransferReversals(""))+len(b.server.ApplicationFeeRefunds("")), "what no row asked for")
}

// repair transfers again what was taken back for refunds that were given up.
func (b *books) repair() {
	for _, o := range b.orders {
		if b.rows[o.name].jobState == string(refundkit.JobStateMade) {
			continue
		}
		reversals, fees, want := b.taken(o)
		_, over := madeOf(b.world(o.account).Refunds(o.charge), o.name)
		if len(want) == 0 {
			continue
		}
		failed := &refundkit.Refund{ID: o.name, Status: refundkit.RefundStatusCanceled} // it was never made
		if len(over) > 0 {
			var err error
			failed, err = b.client.Refunds.Retrieve(b.t.Context(), over[len(over)-1].ID, b.on(o.account)...)
			require.NoError(b.t, err)
		}
		repair, err := o.unwind.Repair(failed, reversals, fees)
		require.NoError(b.t, err)
		b.failed++
		said := map[string]int64{}
		for _, t := range repair.Transfers {
			said[t.Account] = t.Amount
			b.transfer(t)
			b.transfer(t) // somebody was not sure
		}
		require.Equal(b.t, want, said, o.name)
	}
}

// taken is what was made of a refund's other rows, and what the accounts lack of it.
func (b *books) taken(o order) (reversals []*refundkit.TransferReversal, fees []*refundkit.ApplicationFeeRefund, lacks map[string]int64) {
	lacks = map[string]int64{}
	for _, r := range b.rows {
		if !strings.HasPrefix(r.name, o.name+"/") || r.jobState != string(refundkit.JobStateMade) {
			continue
		}
		if refundjobs.Kind(r.kind) == refundjobs.KindTransferReversal {
			reversal, err := b.client.TransferReversals.Retrieve(b.t.Context(), r.source, r.refundID)
			require.NoError(b.t, err)
			reversals = append(reversals, reversal)
			lacks[b.owner[r.source]] += r.amount
		} else {
			fee, err := b.client.ApplicationFeeRefunds.Retrieve(b.t.Context(), r.source, r.refundID)
			require.NoError(b.t, err)
			fees = append(fees, fee)
			lacks[b.owner[r.source]] -= r.amount
		}
	}
	return reversals, fees, lacks
}

// transfer is what the platform's own client does: refundkit makes none.
func (b *books) transfer(t refundkit.UnwindTransfer) {
	if t.Amount < 0 {
		b.owed -= t.Amount
		return
	}
	form := url.Values{"amount": {strconv.FormatInt(t.Amount, 10)}, "currency": {"usd"}, "destination": {t.Account}}
	if t.TransferGroup != "" {
		form.Set("transfer_group", t.TransferGroup)
	}
	request, err := http.NewRequestWithContext(b.t.Context(), http.MethodPost, "https://api.stripe.com/v1/transfers", strings.NewReader(form.Encode()))
	require.NoError(b.t, err)
	request.SetBasicAuth("sk_test_trial", "")
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Idempotency-Key", string(t.Key))
	answer, err := b.server.HTTPClient().Do(request)
	require.NoError(b.t, err)
	require.NoError(b.t, answer.Body.Close())
	require.Equal(b.t, http.StatusOK, answer.StatusCode)
	if answer.Header.Get("Idempotent-Replayed") == "" {
		b.again++
		b.of[""].repaired -= t.Amount
		b.of[t.Account].repaired += t.Amount
	}
}

func (b *books) on(account string) []refundkit.CallOption {
	if account == "" {
		return nil
	}
	return []refundkit.CallOption{refundkit.OnAccount(account)}
}

// require compares the books with what Stripe has: on every account, for every charge,
// transfer and fee, and in their order.
func (b *books) require() {
	refunded, taken := map[string]int64{}, map[string]int64{}
	canceled := map[string]bool{}
	for _, r := range b.rows {
		switch {
		case r.jobState != string(refundkit.JobStateMade):
			canceled[r.source], canceled[r.charge] = true, true
		case r.source == "":
			refunded[r.charge] += r.amount
		default:
			taken[r.source] += r.amount
		}
	}
	exact := 0
	for _, s := range b.sales {
		charge, _ := b.world(s.account).Charge(s.charge)
		require.Equal(b.t, refunded[s.charge], charge.AmountRefunded, s.name)
		whole := charge.AmountRefunded == s.amount && !s.overlaps && !s.fails
		for _, t := range b.server.Transfers(s.name) {
			if t.SourceTransaction == "" {
				continue // made again
			}
			require.Equal(b.t, taken[t.ID], t.AmountReversed, s.name)
			if whole && !canceled[t.ID] {
				require.Equal(b.t, t.Amount, t.AmountReversed, "%s was refunded in full", s.name)
				exact++
			}
		}
	}
	for _, f := range b.server.ApplicationFees("") {
		require.Equal(b.t, taken[f.ID], f.AmountRefunded, f.ID)
	}
	for account, book := range b.of {
		b.t.Logf("%-14s %+v: %d", account, *book, book.sum())
		require.Equal(b.t, book.sum(), b.lines(account), "what the balance of %q says", account)
	}
	b.t.Logf("%d sales, %d refunds of them; %d reversals, %d fee refunds; of %d failed refunds, and of those given up, %d transfers were made again, %d are owed; %d transfers went back in whole",
		len(b.sales), len(b.orders), b.reversed, b.returned, b.failed, b.again, b.owed, exact)
}

// lines adds up the balance transactions of an account. On the platform's, what was taken
// back for a refund comes before the refund.
func (b *books) lines(account string) (sum int64) {
	later := map[string]bool{}
	owner := map[string]string{} // of a reversal: the refund's row
	for _, r := range b.rows {
		if refundjobs.Kind(r.kind) == refundjobs.KindTransferReversal {
			owner[r.refundID] = strings.TrimSuffix(r.name, "/"+r.source)
		}
	}
	for _, refund := range b.server.Refunds("") {
		owner[refund.ID] = refund.Metadata[refundkit.ReferenceMetadataKey]
	}
	for t, err := range b.client.BalanceTransactions.All(b.t.Context(), refundkit.BalanceTransactionListParams{}, b.on(account)...) {
		require.NoError(b.t, err)
		sum += t.Net
		name := owner[t.Source.ID]
		switch {
		case t.Type == "transfer_refund":
			require.NotEmpty(b.t, name, t.Source.ID)
			later[name] = true
		case t.Type == "refund" && later[name]:
			require.Fail(b.t, "a transfer was reversed after the refund was paid", name)
		}
	}
	return sum
}
