package refundtest

import "strings"

const (
	addressFields = "city country line1 line2 postal_code state"
	billingFields = "email name phone tax_id"
)

// contact is how to reach somebody. It is never changed: an update makes
// another.
type contact struct {
	fields  map[string]string
	address map[string]string
}

// showBilling shows all that billing details have; without a contact, nulls.
func (c *contact) showBilling() object {
	if c == nil {
		c = &contact{}
	}
	o := showFields(billingFields, c.fields)
	o["address"] = showFields(addressFields, c.address)
	return o
}

// showShipping shows what shipping has: a carrier and a tracking number only if
// they are known.
func (c *contact) showShipping() object {
	o := showFields("name phone", c.fields)
	o["address"] = showFields(addressFields, c.address)
	for _, name := range []string{"carrier", "tracking_number"} {
		if value := c.fields[name]; value != "" {
			o[name] = value
		}
	}
	return o
}

// showFields shows names with their values: null where there is none.
func showFields(names string, values map[string]string) object {
	o := object{}
	for name := range strings.FieldsSeq(names) {
		o[name] = orNull(values[name])
	}
	return o
}

// keepIn puts a value into a map that is made when it is first needed: most
// worlds never need it.
func keepIn[V any](m *map[string]V, id string, value V) {
	if *m == nil {
		*m = map[string]V{}
	}
	(*m)[id] = value
}
