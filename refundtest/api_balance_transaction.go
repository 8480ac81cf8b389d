package refundtest

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

// listTransactions lists the books. There are no payouts, so that none has a
// transaction.
func listTransactions(x *exchange) (object, *refusal) {
	if x.params.has("payout") {
		return nil, invalid("payout", "resource_missing", "No such payout is known here: '%s'.", printable(x.params.text("payout")))
	}
	w, refused := x.window(kindTransaction, func(id string) dated {
		if t := x.world.transactions[id]; t != nil {
			return t
		}
		return nil
	})
	if refused != nil {
		return nil, refused
	}
	items, more := x.world.allTransactions.page(w, func(t *transaction) bool {
		return x.wants("source", t.source.id) && x.wants("type", t.kind) && x.wants("currency", t.currency)
	})
	data, now := make([]any, len(items)), x.server.instant()
	for i, t := range items {
		data[i] = t.show(now)
	}
	return x.showPage(data, more), nil
}
