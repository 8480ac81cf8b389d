package refundtest

import "net/http"

func tokenRoutes() []*route {
	create := append(others("account bank_account customer cvc_update person pii"), param{name: "card"}, expandParam)
	return []*route{
		{method: "POST", template: "/v1/tokens", shows: kindToken, params: create, handle: createToken},
		{
			method: "GET", template: "/v1/tokens/{token}", shows: kindToken, params: []param{expandParam},
			handle: func(x *exchange) (object, *refusal) {
				t := x.world.tokens[x.args["token"]]
				if t == nil {
					return nil, missing(kindToken, printable(x.args["token"]), "token")
				}
				return t.show(), nil
			},
		},
	}
}

func createToken(x *exchange) (object, *refusal) {
	sent := x.params.child("card")
	if sent == nil {
		return nil, invalid("card", "parameter_missing", "Here a token is made of a card.")
	}
	method, refused := x.readCard(sent, "card")
	if refused != nil {
		return nil, refused
	}
	return x.world.newToken(method).show(), nil
}

// tokenMethod is what the source of a charge stands for.
func (x *exchange) tokenMethod() (paymentMethod, *refusal) {
	id := x.params.text("customer")
	for _, name := range []string{"source", "card"} {
		source := x.params.child(name)
		if source == nil {
			continue
		}
		if owner := x.world.customers[id]; owner != nil && source.leaf {
			return owner.chargeCard(source.value)
		}
		if source.leaf {
			return x.chargedOnce(x.readToken(source.value, name, "resource_missing"))
		}
		return x.chargedOnce(x.readCard(source, name))
	}
	if owner := x.world.customers[id]; owner != nil {
		return owner.chargeCard("")
	}
	return paymentMethod{}, invalid("", "parameter_missing", "A source or a customer is required.")
}

// chargeCard finds the card of a customer that is to be charged; the default for
// an empty id.
func (c *customer) chargeCard(id string) (paymentMethod, *refusal) {
	if held := c.card(id); held != nil {
		return held.method.withoutCustomer(), nil
	}
	if id == "" {
		refused := impossible("card", "missing", "The customer %s has no card that could be charged.", c.id)
		refused.status, refused.kind = http.StatusPaymentRequired, cardError
		return paymentMethod{}, refused
	}
	refused := impossible("source", "missing", "The customer %s does not have a linked source with ID %s.", c.id, printable(id))
	refused.status = http.StatusNotFound
	return paymentMethod{}, refused
}

// chargedOnce gives a method that is charged without a customer its id.
func (x *exchange) chargedOnce(method paymentMethod, refused *refusal) (paymentMethod, *refusal) {
	if refused != nil {
		return method, refused
	}
	method.id = orElse(method.id, "card_"+x.server.ids.characters(24))
	return method.withoutCustomer(), nil
}

// withoutCustomer is the method when there is no way to ask the customer, as in
// a charge without a PaymentIntent: the bank declines what has to be authenticated.
func (m paymentMethod) withoutCustomer() paymentMethod {
	switch m.authenticates {
	case onSession, unlessSetUp, always:
		m.decline, m.reason = "authentication_required", "authentication_required"
	}
	return m
}
