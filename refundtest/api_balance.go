package refundtest

func balanceRoutes() []*route {
	return []*route{{
		method: "GET", template: "/v1/balance", shows: kindBalance, params: []param{expandParam},
		handle: func(x *exchange) (object, *refusal) { return x.world.showBalance(), nil },
	}}
}
