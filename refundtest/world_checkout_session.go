package refundtest

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// checkoutLifetime is how long a Checkout Session is open if the request does
// not say.
const checkoutLifetime = 24 * time.Hour

// checkoutSession is a page where a customer pays once.
type checkoutSession struct {
	checkoutInput
	world  *World
	id     string
	at     moment
	status string
	intent *intent // nil until the customer tries to pay
}

// checkoutInput is what a Checkout Session is made from.
type checkoutInput struct {
	items     []checkoutItem
	payment   intentInput // what the PaymentIntent is made from
	expiresAt int64       // seconds, checkoutLifetime from now if zero
	metadata  map[string]string
	texts     map[string]string // of checkoutTexts
	methods   []string          // payment_method_types
	newOwner  bool              // a customer is made when it is completed
}

// checkoutTexts are shown as they were sent.
const checkoutTexts = "billing_address_collection cancel_url client_reference_id customer_email integration_identifier locale " +
	"origin_context submit_type success_url"

// checkoutNulls are shown without a value: nothing here sets them.
const checkoutNulls = "after_expiration allow_promotion_codes client_secret collected_information consent consent_collection " +
	"currency_conversion customer_account invoice payment_intent payment_link payment_method_configuration_details " +
	"permissions recovered_from saved_payment_method_options setup_intent shipping_address_collection shipping_cost " +
	"subscription url wallet_options"

// checkoutItem is what is bought.
type checkoutItem struct {
	id, price, product, name string
	amount, quantity         int64
}

func (s *checkoutSession) when() moment { return s.at }

func (w *World) createCheckout(given checkoutInput) *checkoutSession {
	mode := "cs_test_"
	if w.name.live {
		mode = "cs_live_"
	}
	s := &checkoutSession{checkoutInput: given, world: w, id: w.server.ids.long(mode), at: w.server.stamp(), status: "open"}
	for i := range s.items {
		item := &s.items[i]
		item.id, item.price = w.server.ids.object("li_"), w.server.ids.object("price_")
		item.product = orElse(item.product, w.server.ids.short("prod_"))
	}
	if s.expiresAt == 0 {
		s.expiresAt = w.server.instant().Add(checkoutLifetime).Unix()
	}
	keepIn(&w.sessions, s.id, s)
	w.allSessions.add(s)
	w.schedule(time.Unix(s.expiresAt, 0), s.expire)
	return s
}

// expire closes the page if nobody has paid.
func (s *checkoutSession) expire() {
	if s.status == "open" {
		s.status = "expired"
		s.world.publish("checkout.session.expired", s.show(), nil)
	}
}

// ExpireCheckout closes a Checkout Session that is open, as time does after
// Stripe's 24 hours: the customer can no longer pay. It is an error if it is not
// open.
//
// https://docs.stripe.com/api/checkout/sessions/expire
func (w *World) ExpireCheckout(session string) (err error) {
	w.server.locked(func() {
		s, reason := w.openCheckout(session)
		if err = reason; err == nil {
			s.expire()
		}
	})
	return err
}

// CompleteCheckout is the customer who pays on the page of an open Checkout
// Session, and authenticates the payment if the card wants that. The payment
// method is one of Stripe's test names; pm_card_visa if empty. It returns the
// charge, which names the PaymentIntent. If the bank declines, that is the error,
// and the session stays open.
//
// https://docs.stripe.com/testing
func (w *World) CompleteCheckout(session, paymentMethod string) (made Charge, err error) {
	w.server.locked(func() {
		s, reason := w.openCheckout(session)
		if err = reason; err != nil {
			return
		}
		m := w.methodCalled(orElse(paymentMethod, "pm_card_visa"))
		if m == nil {
			err = fmt.Errorf("refundtest: there is no test payment method %q", paymentMethod)
			return
		}
		if refused := s.pay(m); refused != nil {
			err = fmt.Errorf("refundtest: the payment was declined: %s", orElse(refused.declineCode, refused.code))
			return
		}
		made = w.charges[s.intent.latestCharge].public()
	})
	return made, err
}

func (w *World) openCheckout(id string) (*checkoutSession, error) {
	s := w.sessions[id]
	switch {
	case s == nil:
		return nil, fmt.Errorf("refundtest: there is no Checkout Session %q", id)
	case s.status != "open":
		return nil, fmt.Errorf("refundtest: the Checkout Session %s is %s", id, s.status)
	}
	return s, nil
}

// pay charges a payment method, and closes the page if that works.
func (s *checkoutSession) pay(m *savedMethod) *refusal {
	w := s.world
	if s.newOwner && s.payment.customer == "" {
		owner := w.newCustomer("", profile{texts: map[string]string{"email": s.email()}})
		w.publish("customer.created", owner.show(), nil)
		s.payment.customer = owner.id
	}
	if s.intent == nil {
		s.intent = w.createIntent(s.payment)
		s.intent.session = s
	}
	method := m.paymentMethod
	method.authenticated = true
	change := intentChange{method: method, methodID: m.id, particulars: s.intent.particulars, intentTerms: s.intent.intentTerms}
	if refused := s.intent.confirmWith(change); refused != nil {
		return refused
	}
	s.status = "complete"
	w.publish("checkout.session.completed", s.show(), nil)
	return nil
}

// decided tells of a debit that was pending when the session was completed.
func (s *checkoutSession) decided(status string) {
	s.world.publish("checkout.session.async_payment_"+status, s.show(), nil)
}

// email is where the customer can be reached.
func (s *checkoutSession) email() string {
	return orElse(s.world.emailOf(s.payment.customer), orElse(s.texts["customer_email"], "customer@example.com"))
}

func (s *checkoutSession) paymentStatus() string {
	if s.intent != nil && s.intent.status == "succeeded" {
		return "paid"
	}
	return "unpaid"
}

func (s *checkoutSession) show() object {
	o := showFields(checkoutTexts, s.texts)
	for name := range strings.FieldsSeq(checkoutNulls) {
		o[name] = nil
	}
	methods := make([]any, 0, len(s.methods))
	for _, name := range s.methods {
		methods = append(methods, name)
	}
	for name, value := range (object{
		"id": s.id, "object": kindSession, "adaptive_pricing": object{"enabled": true}, "amount_subtotal": s.payment.amount,
		"amount_total": s.payment.amount, "automatic_tax": object{"enabled": false, "liability": nil, "provider": nil, "status": nil},
		"branding_settings": object{"background_color": "#ffffff", "border_style": "rounded", "button_color": "#0074d4",
			"display_name": "Refundtest", "font_family": "default", "icon": nil, "logo": nil},
		"created": s.at.second, "currency": s.payment.currency, "custom_fields": []any{},
		"custom_text": object{"after_submit": nil, "shipping_address": nil, "submit": nil, "terms_of_service_acceptance": nil},
		"customer":    linkTo(kindCustomer, s.payment.customer), "customer_creation": s.creation(), "customer_details": s.details(),
		"discounts": []any{}, "expires_at": s.expiresAt, "invoice_creation": invoiceCreation(), "livemode": s.world.name.live,
		"managed_payments": object{"enabled": false}, "metadata": s.metadata, "mode": "payment",
		"payment_method_collection": "if_required", "payment_method_options": object{"card": object{"request_three_d_secure": "automatic"}},
		"payment_method_types": methods, "payment_status": s.paymentStatus(), "phone_number_collection": object{"enabled": false},
		"shipping_options": []any{}, "status": s.status,
		"total_details": object{"amount_discount": int64(0), "amount_shipping": int64(0), "amount_tax": int64(0)},
		"ui_mode":       orElse(s.texts["ui_mode"], "hosted_page"),
	}) {
		o[name] = value
	}
	if s.intent != nil {
		o["payment_intent"] = linkTo(kindIntent, s.intent.id)
	}
	if s.status == "open" && o["ui_mode"] == "hosted_page" {
		o["url"] = "https://checkout.stripe.com/c/pay/" + s.id
	}
	return o
}

func (s *checkoutSession) creation() any {
	switch {
	case s.newOwner:
		return "always"
	case s.payment.customer != "":
		return nil
	}
	return "if_required"
}

// details is what the customer has told on the page.
func (s *checkoutSession) details() any {
	if s.status != "complete" && s.texts["customer_email"] == "" && s.payment.customer == "" {
		return nil
	}
	o := object{"address": nil, "business_name": nil, "email": s.email(), "individual_name": nil, "name": nil, "phone": nil,
		"tax_exempt": "none", "tax_ids": nil}
	if s.status == "complete" {
		o["address"], o["tax_ids"] = showFields(addressFields, nil), []any{}
	}
	return o
}

func invoiceCreation() object {
	return object{"enabled": false, "invoice_data": object{"account_tax_ids": nil, "custom_fields": nil, "description": nil,
		"footer": nil, "issuer": nil, "metadata": object{}, "rendering_options": nil}}
}

// showItems is the list of what is bought.
func (s *checkoutSession) showItems() object {
	data := make([]any, 0, len(s.items))
	for _, item := range s.items {
		total := item.amount * item.quantity
		data = append(data, object{"id": item.id, "object": "item", "adjustable_quantity": nil, "amount_discount": int64(0),
			"amount_subtotal": total, "amount_tax": int64(0), "amount_total": total, "currency": s.payment.currency,
			"description": item.name, "metadata": object{}, "price": s.showPrice(item), "quantity": item.quantity})
	}
	return object{"object": "list", "data": data, "has_more": false, "url": "/v1/checkout/sessions/" + s.id + "/line_items"}
}

func (s *checkoutSession) showPrice(item checkoutItem) object {
	return object{"id": item.price, "object": "price", "active": false, "billing_scheme": "per_unit", "created": s.at.second,
		"currency": s.payment.currency, "custom_unit_amount": nil, "livemode": s.world.name.live, "lookup_key": nil,
		"metadata": object{}, "nickname": nil, "product": item.product, "recurring": nil, "tax_behavior": "unspecified",
		"tiers_mode": nil, "transform_quantity": nil, "type": "one_time", "unit_amount": item.amount,
		"unit_amount_decimal": strconv.FormatInt(item.amount, 10)}
}
