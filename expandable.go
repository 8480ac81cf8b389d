package refundkit

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
)

// Expandable is a link to another object. Stripe sends the bare ID, or the
// whole object where the call asked for it with [Expand]. Reading ID is always
// safe: it is empty when Stripe sent null. Value is nil unless the object came
// along. Encoding writes back the kind that was read: object, ID or null.
//
// https://docs.stripe.com/api/expanding_objects
type Expandable[T any] struct {
	ID    string
	Value *T
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

// fit keeps the ID of an object that does not fit; without an ID, nothing fits.
func (e *Expandable[T]) fit(r *fitReader) error {
	*e = Expandable[T]{}
	if r.next() != '{' {
		text := r.value()
		id, err := readString(text)
		if err != nil {
			return r.misfit("an ID or an object that has one", text)
		}
		e.ID = id
		return nil
	}
	value, start, before := new(T), r.at, len(r.unread)
	wrong := r.read(reflect.ValueOf(value).Elem())
	id, err := idOf(value, r.text[start:r.at])
	if err != nil || id == "" {
		return r.misfit("an ID or an object that has one", r.text[start:r.at])
	}
	if e.ID = id; wrong != nil {
		r.leaveOut(before)
		return nil
	}
	e.Value = value
	return nil
}

// idOf returns the ID of an object that was read from data. All types of this
// package have it as their first field; for a type of somebody else, data is
// read again.
func idOf(object any, data []byte) (string, error) {
	if v := reflect.ValueOf(object).Elem(); v.Kind() == reflect.Struct && v.NumField() > 0 {
		first := v.Type().Field(0)
		if first.Type.Kind() == reflect.String && first.Tag.Get("json") == "id" {
			return v.Field(0).String(), nil
		}
	}
	var named struct {
		ID string `json:"id"`
	}
	err := json.Unmarshal(data, &named)
	return named.ID, err
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
