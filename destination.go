package refundkit

import (
	"bytes"
	"encoding/json"
	"iter"
)

// DestinationDetails tells where the money went. Stripe sends one object per
// kind of payment method, all made of the same few strings: here they stand
// once, and Type names the kind (card, blik, us_bank_transfer and so on), so
// that a kind added tomorrow decodes today. A kind without details leaves
// everything but Type empty.
//
// https://docs.stripe.com/api/refunds/object#refund_object-destination_details
type DestinationDetails struct {
	Type               string // kind of payment method
	CardType           string // for a card: refund, reversal (never settled, so no reference) or pending
	Reference          string // what the customer's bank can search for
	ReferenceStatus    string // pending, available or unavailable
	ReferenceType      string // such as acquirer_reference_number, system_trace_audit_number, retrieval_reference_number
	NetworkDeclineCode string // why the network refused
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
	var err error
	for name, value := range members(data) {
		if isNamed(name, "type") {
			d.Type, err = "", readString(value, &d.Type)
		}
	}
	if err != nil || !d.hasDetails() {
		return err
	}
	var details []byte
	for name, value := range members(data) {
		if isNamed(name, d.Type) {
			details = value
		}
	}
	d.readDetails(details)
	return nil
}

// readDetails leaves out what has an unforeseen shape: that must not make a
// refund that was made look as if its outcome was unknown.
func (d *DestinationDetails) readDetails(details []byte) {
	for name, value := range members(details) {
		switch {
		case isNamed(name, "network_decline_code"):
			_ = readString(value, &d.NetworkDeclineCode)
		case isNamed(name, "reference"):
			_ = readString(value, &d.Reference)
		case isNamed(name, "reference_status"):
			_ = readString(value, &d.ReferenceStatus)
		case isNamed(name, "reference_type"):
			_ = readString(value, &d.ReferenceType)
		case isNamed(name, "type"):
			_ = readString(value, &d.CardType)
		}
	}
}

// members yields the names, still quoted, and the values of a JSON object, which
// encoding/json has checked already; of anything else it yields nothing. It
// spares a map of everything for the sake of one or two members.
func members(object []byte) iter.Seq2[[]byte, []byte] {
	return func(yield func(name, value []byte) bool) {
		if len(object) == 0 || object[0] != '{' {
			return
		}
		depth, quoted, start, colon := 0, false, 1, 0
		for i := 0; i < len(object); i++ {
			c := object[i]
			switch {
			case c == '\\':
				i++
			case c == '"':
				quoted = !quoted
			case quoted:
			case c == ':' && depth == 1:
				colon = i
			case c == '{', c == '[':
				depth++
			case c == ',' && depth == 1, c == '}' && depth == 1:
				if colon > start && !yield(bytes.TrimSpace(object[start:colon]), bytes.TrimSpace(object[colon+1:i])) {
					return
				}
				start = i + 1
				if c == '}' {
					depth--
				}
			case c == '}', c == ']':
				depth--
			}
		}
	}
}

// isNamed compares a member's name, as it is written, with name.
func isNamed(quoted []byte, name string) bool {
	if len(quoted) == len(name)+2 && string(quoted[1:len(quoted)-1]) == name {
		return true
	}
	var read string
	return bytes.IndexByte(quoted, '\\') >= 0 && readString(quoted, &read) == nil && read == name
}

// hasDetails guards against a type that names no kind, or names itself.
func (d DestinationDetails) hasDetails() bool { return d.Type != "" && d.Type != "type" }
