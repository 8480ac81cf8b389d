package refundtest

import "time"

func transactionRoutes() []*route {
	list := listParams(param{name: "created", kind: timeRange}, textParam("currency"), textParam("payout"), textParam("source"),
		textParam("type"))
	return []*route{
		{method: "GET", template: "/v1/balance_transactions", shows: kindTransaction, lists: true, params: list, handle: listTransactions},
		{
			method: "GET", template: "/v1/balance_transactions/{id}", shows: kindTransaction, params: []param{expandParam},
			handle: func(x *exchange) (object, *refusal) {
				t := x.world.transactions[x.args["id"]]
				if t == nil {
					return nil, missing(kindTransaction, printable(x.args["id"]), "id")
				}
				return t.show(x.server.instant()), nil
			},
		},
	}
}

// transactionNow is a transaction as it is at a time.
type transactionNow struct {
	*transaction
	now time.Time
}

func (t transactionNow) show() object { return t.transaction.show(t.now) }

// listTransactions lists the books. There are no payouts, so that none has a
// transaction.
func listTransactions(x *exchange) (object, *refusal) {
	if x.params.has("payout") {
		return nil, invalid("payout", "resource_missing", "No such payout is known here: '%s'.", printable(x.params.text("payout")))
	}
	line := &timeline[transactionNow]{}
	for _, t := range x.world.allTransactions.sorted() {
		if x.wants("source", t.source.id) && x.wants("type", t.kind) && x.wants("currency", t.currency) {
			line.add(transactionNow{t, x.server.instant()})
		}
	}
	return listPage(x, line, kindTransaction, func(id string) dated {
		if t := x.world.transactions[id]; t != nil {
			return t
		}
		return nil
	})
}
