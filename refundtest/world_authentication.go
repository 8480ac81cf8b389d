package refundtest

import "fmt"

// authentication is when a card wants its holder to authenticate a payment (3D
// Secure).
type authentication int

const (
	never       authentication = iota
	onRequest                  // if the request asks for it
	onSession                  // when the customer is there
	unlessSetUp                // when the customer is there, and otherwise until the card is set up
	always
)

// attempt is how a PaymentIntent is confirmed.
type attempt struct {
	offSession bool   // the customer is not there
	challenge  bool   // 3D Secure is asked for
	mustFinish bool   // fail rather than wait for the customer
	returnURL  string // where the customer comes back to
}

// wantsAuthentication reports whether the customer has to authenticate.
func (p *intent) wantsAuthentication(m paymentMethod) bool {
	saved := p.world.methods[p.methodID]
	switch {
	case m.authenticated:
		return false
	case m.authenticates == always:
		return true
	case m.authenticates == onSession:
		return !p.attempt.offSession
	case m.authenticates == unlessSetUp:
		return !p.attempt.offSession || saved == nil || !saved.setUp
	case m.authenticates == onRequest:
		return p.attempt.challenge
	}
	return false
}

// askForAuthentication waits for the customer, or refuses the payment if there
// is nobody to wait for.
func (p *intent) askForAuthentication() *refusal {
	if !p.attempt.offSession && !p.attempt.mustFinish {
		p.status = "requires_action"
		p.world.publish("payment_intent.requires_action", p.show(), nil)
		return nil
	}
	return p.lose(declined("authentication_required", "authentication_required", ""))
}

// nextAction is what the program has to do for the customer.
func (p *intent) nextAction() object {
	page := "https://hooks.stripe.com/3d_secure_2/hosted?intent=" + p.id
	if p.attempt.returnURL != "" {
		return object{"redirect_to_url": object{"return_url": p.attempt.returnURL, "url": page}, "type": "redirect_to_url"}
	}
	return object{"type": "use_stripe_sdk",
		"use_stripe_sdk": object{"source": p.methodID, "stripe_js": page, "type": "three_d_secure_redirect"}}
}

// authenticationResult is what the charge shows of it.
func (m paymentMethod) authenticationResult() object {
	return object{"authentication_flow": "challenge", "electronic_commerce_indicator": "05", "exemption_indicator": nil,
		"result": "authenticated", "result_reason": nil, "transaction_id": m.fingerprint(), "version": "2.2.0"}
}

// Authenticate is the customer who passes 3D Secure: the PaymentIntent, which
// requires_action, goes on, and the bank accepts the payment or declines it. One
// with the confirmation method manual waits to be confirmed again. It is an error
// if the PaymentIntent does not wait for the customer.
//
// https://docs.stripe.com/payments/3d-secure
func (w *World) Authenticate(intent string) (err error) {
	w.server.locked(func() {
		p := w.intents[intent]
		if p == nil || p.status != "requires_action" {
			err = fmt.Errorf("refundtest: the PaymentIntent %q does not wait for the customer", intent)
			return
		}
		method := *p.method
		method.authenticated = true
		p.method = w.server.sharedMethod(method)
		if p.confirmation == "manual" {
			p.status = "requires_confirmation"
			return
		}
		_ = p.pay() // a decline is the PaymentIntent's last_payment_error
	})
	return err
}

// FailAuthentication is the customer who fails 3D Secure: the PaymentIntent, which
// requires_action, then requires_payment_method, and no money moves. It is an error
// if the PaymentIntent does not wait for the customer.
//
// https://docs.stripe.com/payments/3d-secure
func (w *World) FailAuthentication(intent string) (err error) {
	w.server.locked(func() {
		p := w.intents[intent]
		if p == nil || p.status != "requires_action" {
			err = fmt.Errorf("refundtest: the PaymentIntent %q does not wait for the customer", intent)
			return
		}
		p.lose(impossible("", "payment_intent_authentication_failure", "The customer has not authenticated the payment."))
	})
	return err
}
