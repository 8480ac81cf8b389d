package refundtest

func transactionRoutes() []*route {
	return []*route{{
		method: "GET", template: "/v1/balance_transactions/{id}", shows: kindTransaction, params: []param{expandParam},
		handle: func(x *exchange) (object, *refusal) {
			t := x.world.transactions[x.args["id"]]
			if t == nil {
				return nil, missing(kindTransaction, x.args["id"], "id")
			}
			return t.show(x.server.instant()), nil
		},
	}}
}
