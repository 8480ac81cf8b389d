//go:build !(go1.27 && goexperiment.jsonv2)

package refundkit

import (
	"bytes"
	"encoding/json"
	"errors"
)

// This file goes when the last Go without encoding/json/v2 leaves support.

// unmarshal reads a body of which every member fits. Each level of expanded
// objects is read again by the one around it, so what is large goes the other way.
func unmarshal(body []byte, value any) error {
	if len(body) > 1<<20 {
		return errTooDeep
	}
	return json.Unmarshal(body, value)
}

// MarshalJSON writes the object if there is one, else the ID, else null.
func (e Expandable[T]) MarshalJSON() ([]byte, error) {
	switch {
	case e.Value != nil:
		return json.Marshal(e.Value)
	case e.ID != "":
		return json.Marshal(e.ID)
	}
	return []byte("null"), nil
}

// UnmarshalJSON reads an ID, an object that has an ID, or null.
func (e *Expandable[T]) UnmarshalJSON(data []byte) error {
	*e = Expandable[T]{}
	data = bytes.TrimSpace(data)
	if len(data) == 0 || data[0] != '{' {
		id, err := readString(data)
		e.ID = id
		return err
	}
	if tooDeep(data) {
		return errTooDeep
	}
	value := new(T)
	if err := json.Unmarshal(data, value); err != nil {
		return err
	}
	id, err := idOf(value, data)
	switch {
	case err != nil:
		return err
	case id == "":
		return errors.New("refundkit: an expanded object must have an id")
	}
	e.ID, e.Value = id, value
	return nil
}

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

var errTooDeep = errors.New("refundkit: an expanded object is nested too deeply")

// tooDeep guards against bodies that are made to be slow: each level of expanded
// objects is read again by the one around it. Stripe expands four levels, which
// makes 11 here when each of them is a list and the last one is nested by itself.
func tooDeep(data []byte) bool {
	const most = 16
	depth := 0
	for i := 0; i < len(data); i++ {
		switch data[i] {
		case '"':
			i = endOfString(data, i)
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		}
		if depth > most {
			return true
		}
	}
	return false
}

// MarshalJSON writes the details under the key that Type names, as Stripe does.
func (d DestinationDetails) MarshalJSON() ([]byte, error) {
	if !d.hasDetails() {
		return json.Marshal(map[string]string{"type": d.Type})
	}
	return json.Marshal(map[string]any{"type": d.Type, d.Type: d.details()})
}

// UnmarshalJSON reads type, and the details under the key that it names.
func (d *DestinationDetails) UnmarshalJSON(data []byte) error {
	*d = DestinationDetails{}
	if len(data) == 0 || data[0] != '{' {
		return json.Unmarshal(data, &struct{}{}) // null, or an error
	}
	details, err := d.readType(data)
	if err != nil || len(details) == 0 {
		return err
	}
	if details[0] != '{' {
		return json.Unmarshal(details, &struct{}{}) // null, or an error
	}
	for name, value := range members(details) {
		if field := d.field(name); field != nil {
			if *field, err = readString(value); err != nil {
				return err
			}
		}
	}
	return nil
}
