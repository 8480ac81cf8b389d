package refundtest

// card is a card as the older API shows it: in a token, or as the source of a
// customer.
type card struct {
	id       string
	method   paymentMethod
	customer string
}

// token is a card that can be used once.
type token struct {
	world *World
	id    string
	at    moment
	card  *card
	used  bool
}

// newCard makes a card of what a test token or a number stands for.
func (w *World) newCard(m paymentMethod) *card {
	c := &card{id: w.server.ids.object("card_"), method: m.withDefaults()}
	c.method.id = c.id
	keepIn(&w.cards, c.id, c)
	return c
}

func (w *World) newToken(m paymentMethod) *token {
	t := &token{world: w, id: w.server.ids.object("tok_"), at: w.server.stamp(), card: w.newCard(m)}
	keepIn(&w.tokens, t.id, t)
	return t
}

// use takes the card out of the token. The param of the refusal is not known.
func (t *token) use() (*card, *refusal) {
	if t.used {
		return nil, impossible("", "token_already_used", "The token %s was used before: it can be used once.", t.id)
	}
	t.used = true
	return t.card, nil
}

func (t *token) show() object {
	shown := t.card.show()
	delete(shown, "customer")
	return object{"id": t.id, "object": kindToken, "card": shown, "client_ip": nil, "created": t.at.second,
		"livemode": t.world.name.live, "type": "card", "used": t.used}
}

func (c *card) show() object {
	m, check := c.method, any(nil)
	if m.cvcCheck != "" || c.customer != "" {
		check = orElse(m.cvcCheck, "pass")
	}
	name := any(nil)
	address := map[string]string{}
	if m.billing != nil {
		name, address = orNull(m.billing.fields["name"]), m.billing.address
	}
	return object{
		"id": c.id, "object": kindCard, "address_city": orNull(address["city"]), "address_country": orNull(address["country"]),
		"address_line1": orNull(address["line1"]), "address_line1_check": orNull(m.line1Check),
		"address_line2": orNull(address["line2"]), "address_state": orNull(address["state"]),
		"address_zip": orNull(address["postal_code"]), "address_zip_check": orNull(m.zipCheck), "brand": brandName(m.brand),
		"country": m.country, "customer": linkTo(kindCustomer, c.customer), "cvc_check": check, "dynamic_last4": nil,
		"exp_month": m.expMonth, "exp_year": m.expYear, "fingerprint": m.fingerprint(), "funding": m.funding, "last4": m.last4,
		"metadata": object{}, "name": name, "networks": object{"preferred": nil}, "regulated_status": "unregulated",
		"tokenization_method": nil,
	}
}
