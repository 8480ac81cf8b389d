package refundtest

func disputeRoutes() []*route {
	list := listParams(param{name: "created", kind: timeRange}, textParam("charge"), textParam("payment_intent"))
	return []*route{
		{method: "GET", template: "/v1/disputes", shows: kindDispute, lists: true, params: list, handle: listDisputes},
		{
			method: "GET", template: "/v1/disputes/{dispute}", shows: kindDispute, params: []param{expandParam},
			handle: func(x *exchange) (object, *refusal) {
				c := x.world.disputes[x.args["dispute"]]
				if c == nil {
					return nil, missing(kindDispute, printable(x.args["dispute"]), "dispute")
				}
				return c.showDispute(), nil
			},
		},
	}
}

// disputed is a charge in the place of its dispute.
type disputed struct{ *charge }

func (d disputed) when() moment { return d.dispute.at }

func (d disputed) show() object { return d.showDispute() }

func listDisputes(x *exchange) (object, *refusal) {
	line := &timeline[disputed]{}
	for _, c := range x.world.disputes {
		if x.wants("charge", c.id) && x.wants("payment_intent", c.PaymentIntent) {
			line.add(disputed{c})
		}
	}
	return listPage(x, line, kindDispute, func(id string) dated {
		if c := x.world.disputes[id]; c != nil {
			return disputed{c}
		}
		return nil
	}, nil)
}

// wants reports whether a filter of a list lets value pass.
func (x *exchange) wants(name, value string) bool {
	return !x.params.has(name) || x.params.text(name) == value
}
