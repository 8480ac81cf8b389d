package refundkit

import (
	"encoding/json"
	"time"
)

// Metadata is up to 50 notes of your own on an object: keys of up to 40
// characters without square brackets, values of up to 500. In a request, nil
// leaves everything as it is and an empty value removes that key.
//
// https://docs.stripe.com/api/metadata
type Metadata map[string]string

// UnmarshalJSON reads an object of strings, or null.
func (m *Metadata) UnmarshalJSON(data []byte) error {
	if len(data) == 0 || data[0] != '{' {
		return json.Unmarshal(data, (*map[string]string)(m))
	}
	read := make(Metadata)
	for quoted, text := range members(data) {
		name, err := readString(quoted)
		if err != nil {
			return err
		}
		if read[name], err = readString(text); err != nil {
			return err
		}
	}
	*m = read
	return nil
}

// CreatedRange narrows a list by the time of creation. Give At alone for one
// exact second, or any of the four bounds. Zero times are not sent. Stripe counts
// whole seconds; a fraction in a bound keeps its meaning, a fraction in At is cut.
//
// https://docs.stripe.com/api/refunds/list#list_refunds-created
type CreatedRange struct {
	_      [0]func()
	At     time.Time // created exactly then
	After  time.Time // created later than this (gt)
	From   time.Time // created then or later (gte)
	Before time.Time // created earlier than this (lt)
	Until  time.Time // created then or earlier (lte)
}

// params is what every parameter struct can do: say what is wrong with it.
type params interface{ validate() error }

// noParams is for methods that take none.
type noParams struct{}

func (noParams) validate() error { return nil }

// Limits that Stripe documents.
const (
	maxMetadataKeys  = 50
	maxMetadataKey   = 40
	maxMetadataValue = 500
	maxPage          = 100
)
