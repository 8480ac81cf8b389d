package refundtest

import (
	"maps"
	"strings"
)

const maxExpandDepth = 4

// expandable returns, for a kind of object, the fields that can be expanded
// and the kind of object that each becomes.
func expandable(kind string) map[string]string {
	switch kind {
	case kindRefund:
		return map[string]string{
			"balance_transaction": kindTransaction, "charge": kindCharge, "customer": kindCustomer,
			"failure_balance_transaction": kindTransaction, "payment_intent": kindIntent, "payment_method": kindMethod,
			"source_transfer_reversal": kindReversal, "transfer_reversal": kindReversal,
		}
	case kindCharge:
		return map[string]string{
			"application": "application", "application_fee": kindFee, "balance_transaction": kindTransaction,
			"customer": kindCustomer, "destination": kindAccount, "dispute": kindDispute,
			"failure_balance_transaction": kindTransaction, "on_behalf_of": kindAccount,
			"payment_intent": kindIntent, "refunds": "list of refund", "review": "review",
			"source_transfer": kindTransfer, "transfer": kindTransfer, "transfer_data": "transfer_data",
		}
	case kindIntent:
		return map[string]string{
			"application": "application", "customer": kindCustomer, "latest_charge": kindCharge, "on_behalf_of": kindAccount,
			"payment_method": kindMethod, "review": "review", "transfer_data": "transfer_data",
		}
	case kindTransaction:
		return map[string]string{"source": "source"}
	case "source": // whatever moves money: what each of them can
		each := expandable(kindRefund)
		for _, other := range []string{kindCharge, kindTransfer, kindReversal, kindFee, kindFeeRefund} {
			maps.Copy(each, expandable(other))
		}
		each["refunds"] = "list of refund"
		return each
	}
	if item, isList := strings.CutPrefix(kind, "list of "); isList {
		return map[string]string{"data": item}
	}
	return expandableAround(kind)
}

// expandableAround is expandable for what stands around a payment.
func expandableAround(kind string) map[string]string {
	switch kind {
	case "transfer_data":
		return map[string]string{"destination": kindAccount}
	case kindDispute:
		return map[string]string{"charge": kindCharge, "payment_intent": kindIntent}
	case kindCustomer:
		return map[string]string{"cash_balance": "cash_balance", "default_source": kindCard, "invoice_settings": "invoice_settings",
			"sources": "list of card", "subscriptions": "list of subscription", "tax": "tax", "test_clock": "test_clock"}
	case kindMethod:
		return map[string]string{"customer": kindCustomer}
	case kindFee:
		return map[string]string{"account": kindAccount, "application": "application", "balance_transaction": kindTransaction,
			"charge": kindCharge, "fee_source": "fee_source", "originating_transaction": kindCharge, "refunds": "list of " + kindFeeRefund}
	case kindFeeRefund:
		return map[string]string{"balance_transaction": kindTransaction, "fee": kindFee}
	case kindTransfer:
		return map[string]string{"balance_transaction": kindTransaction, "destination": kindAccount,
			"destination_payment": kindCharge, "reversals": "list of " + kindReversal, "source_transaction": kindCharge}
	case kindReversal:
		return map[string]string{"balance_transaction": kindTransaction, "destination_payment_refund": kindRefund,
			"source_refund": kindRefund, "transfer": kindTransfer}
	}
	return expandableBefore(kind)
}

// fieldsOf lists fields that are there and cannot be expanded.
func fieldsOf(kind string) string {
	switch kind {
	case kindRefund:
		return "id object amount created currency customer_account description destination_details failure_reason instructions_email metadata next_action pending_reason presentment_details reason receipt_number status"
	case kindCharge:
		return "id object amount amount_captured amount_refunded application_fee_amount billing_details calculated_statement_descriptor captured created currency description disputed failure_code failure_message fraud_details livemode metadata outcome paid payment_method payment_method_details radar_options receipt_email receipt_number receipt_url refunded shipping source statement_descriptor statement_descriptor_suffix status transfer_group order"
	case kindIntent:
		return "id object amount amount_capturable amount_received capture_method client_secret confirmation_method created currency description livemode metadata next_action payment_method_types receipt_email status"
	case kindTransaction:
		return "id object amount available_on balance_type created currency description exchange_rate fee fee_details net reporting_category status type"
	case kindEvent:
		return "id object api_version created data livemode pending_webhooks request type account"
	case "list":
		return "object has_more url"
	}
	return "id object"
}

// readExpand checks expand[] against what the answer will be, before anything
// is done.
func (x *exchange) readExpand() *refusal {
	list := x.params.child("expand")
	if list == nil {
		return nil
	}
	for _, name := range list.names {
		path := strings.Split(list.children[name].value, ".")
		if len(path) > maxExpandDepth {
			return invalid("expand", "", "expand goes at most %d levels deep: %s.", maxExpandDepth, printable(strings.Join(path, ".")))
		}
		if refused := x.checkExpand(path); refused != nil {
			return refused
		}
		x.expand = append(x.expand, path)
	}
	return nil
}

func (x *exchange) checkExpand(path []string) *refusal {
	r := x.route
	whole, kind := printable(strings.Join(path, ".")), r.shows
	if r.lists {
		if path[0] != "data" {
			return cannotExpand(whole, "list", path[0], expandable(kind)[path[0]] != "")
		}
		path = path[1:]
	}
	for _, name := range path {
		next := expandable(kind)[name]
		if kind == kindIntent && name == "charges" && showsLists(x.version) {
			next = "list of " + kindCharge
		}
		if next == "" {
			return cannotExpand(whole, kind, name, false)
		}
		kind = next
	}
	return nil
}

func cannotExpand(whole, kind, name string, tryData bool) *refusal {
	for known := range strings.FieldsSeq(fieldsOf(kind)) {
		if known == name {
			return invalid("", "", "'%s' cannot be expanded.", whole)
		}
	}
	if tryData {
		return invalid("", "", "'%s' cannot be expanded; in a list it is called 'data.%s'.", whole, whole)
	}
	return invalid("", "", "'%s' cannot be expanded: there is no such property.", whole)
}

// expandPath replaces the ids along a path by the objects that they name.
func (w *World) expandPath(o object, path []string) {
	if len(path) == 0 {
		return
	}
	name := path[0]
	switch value := o[name].(type) {
	case link:
		found := w.lookup(value)
		o[name] = found
		w.expandPath(found, path[1:])
	case object:
		w.expandPath(value, path[1:])
	case []any:
		for _, item := range value {
			if inner, ok := item.(object); ok {
				w.expandPath(inner, path[1:])
			}
		}
	case nil:
		if list := w.included(o, name); list != nil {
			o[name] = list
			w.expandPath(list, path[1:])
		}
		if c := w.charges[asID(o)]; name == "refunds" && c != nil && o["object"] == kindCharge {
			list := c.showRefunds()
			o[name] = list
			w.expandPath(list, path[1:])
		}
		if p := w.intents[asID(o)]; name == "charges" && p != nil && o["object"] == kindIntent {
			list := p.showCharges()
			o[name] = list
			w.expandPath(list, path[1:])
		}
	}
}

func asID(o object) string {
	id, _ := o["id"].(string)
	return id
}
