package refundkit

import "encoding/json"

// DestinationDetails tells where the money went. Stripe sends one object per
// kind of payment method, all made of the same few strings: here they stand
// once, and Type names the kind (card, blik, us_bank_transfer and so on), so
// that a kind added tomorrow decodes today. A kind without details leaves
// everything but Type empty.
//
// https://docs.stripe.com/api/refunds/object#refund_object-destination_details
type DestinationDetails struct {
	Type               string // kind of payment method
	CardType           string // for a card: refund, reversal (an early refund, which makes the payment vanish from the statement: no reference) or pending
	Reference          string // what the customer's bank can search for; paypal has none
	ReferenceStatus    string // pending, available or unavailable
	ReferenceType      string // such as acquirer_reference_number, system_trace_audit_number, retrieval_reference_number
	NetworkDeclineCode string // why the network refused: blik, paypal and swish
}

type destination struct {
	NetworkDeclineCode string `json:"network_decline_code,omitzero"`
	Reference          string `json:"reference,omitzero"`
	ReferenceStatus    string `json:"reference_status,omitzero"`
	ReferenceType      string `json:"reference_type,omitzero"`
	Type               string `json:"type,omitzero"`
}

// MarshalJSON writes the details under the key that Type names, as Stripe does.
func (d DestinationDetails) MarshalJSON() ([]byte, error) {
	if !d.hasDetails() {
		return json.Marshal(map[string]string{"type": d.Type})
	}
	return json.Marshal(map[string]any{"type": d.Type, d.Type: destination{
		NetworkDeclineCode: d.NetworkDeclineCode,
		Reference:          d.Reference,
		ReferenceStatus:    d.ReferenceStatus,
		ReferenceType:      d.ReferenceType,
		Type:               d.CardType,
	}})
}

// UnmarshalJSON reads type, and the details under the key that it names.
func (d *DestinationDetails) UnmarshalJSON(data []byte) error {
	*d = DestinationDetails{}
	if len(data) == 0 || data[0] != '{' {
		return json.Unmarshal(data, &struct{}{}) // null, or an error
	}
	var kind, lastName, last []byte
	for name, value := range members(data) {
		if isNamed(name, "type") {
			kind = value
		} else {
			lastName, last = name, value
		}
	}
	var err error
	if d.Type, err = readString(kind); err != nil || !d.hasDetails() {
		return err
	}
	if !isNamed(lastName, d.Type) {
		last = member(data, d.Type)
	}
	d.readDetails(last)
	return nil
}

// readDetails leaves out what has an unforeseen shape: that must not make a
// refund that was made look as if its outcome was unknown.
func (d *DestinationDetails) readDetails(details []byte) {
	for name, value := range members(details) {
		var field *string
		switch {
		case isNamed(name, "network_decline_code"):
			field = &d.NetworkDeclineCode
		case isNamed(name, "reference"):
			field = &d.Reference
		case isNamed(name, "reference_status"):
			field = &d.ReferenceStatus
		case isNamed(name, "reference_type"):
			field = &d.ReferenceType
		case isNamed(name, "type"):
			field = &d.CardType
		default:
			continue
		}
		*field, _ = readString(value)
	}
}

// hasDetails guards against a type that names no kind, or names itself.
func (d DestinationDetails) hasDetails() bool { return d.Type != "" && d.Type != "type" }
