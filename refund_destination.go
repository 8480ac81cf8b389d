package refundkit

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

func (d DestinationDetails) details() destination {
	return destination{
		NetworkDeclineCode: d.NetworkDeclineCode,
		Reference:          d.Reference,
		ReferenceStatus:    d.ReferenceStatus,
		ReferenceType:      d.ReferenceType,
		Type:               d.CardType,
	}
}

// field returns where a member of the details belongs; nil if nowhere.
func (d *DestinationDetails) field(quoted []byte) *string {
	switch {
	case isNamed(quoted, "network_decline_code"):
		return &d.NetworkDeclineCode
	case isNamed(quoted, "reference"):
		return &d.Reference
	case isNamed(quoted, "reference_status"):
		return &d.ReferenceStatus
	case isNamed(quoted, "reference_type"):
		return &d.ReferenceType
	case isNamed(quoted, "type"):
		return &d.CardType
	}
	return nil
}

// readType returns the details of the type; nil if there are none.
func (d *DestinationDetails) readType(data []byte) (details []byte, err error) {
	var kind, lastName, last []byte
	for name, value := range members(data) {
		if isNamed(name, "type") {
			kind = value
		} else {
			lastName, last = name, value
		}
	}
	if d.Type, err = readString(kind); err != nil || !d.hasDetails() {
		return nil, err
	}
	if !isNamed(lastName, d.Type) {
		last = member(data, d.Type)
	}
	return last, nil
}

// fit leaves out the details that are no strings.
func (d *DestinationDetails) fit(r *fitReader) error {
	*d = DestinationDetails{}
	if r.next() != '{' {
		return r.expectNull("an object")
	}
	data := r.value()
	details, err := d.readType(data)
	if err != nil {
		return r.misfit("an object with a type", data)
	}
	r.path = append(r.path, d.Type)
	if len(details) > 0 && details[0] != '{' && details[0] != 'n' {
		r.leaveOut(len(r.unread))
	}
	for quoted, value := range members(details) {
		field := d.field(quoted)
		if field == nil {
			continue
		}
		if *field, err = readString(value); err != nil {
			name, _ := readAnyString(quoted)
			r.path = append(r.path, name)
			r.leaveOut(len(r.unread))
			r.path = r.path[:len(r.path)-1]
		}
	}
	r.path = r.path[:len(r.path)-1]
	return nil
}

// hasDetails guards against a type that names no kind, or names itself.
func (d DestinationDetails) hasDetails() bool { return d.Type != "" && d.Type != "type" }
