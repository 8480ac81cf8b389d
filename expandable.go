package refundkit

import (
	"encoding/json"
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
	fits := r.read(reflect.ValueOf(value).Elem()) == nil
	id, err := idOf(value, r.text[start:r.at])
	if err != nil || id == "" {
		return r.misfit("an ID or an object that has one", r.text[start:r.at])
	}
	if e.ID = id; !fits {
		r.leaveOut(before)
		return nil
	}
	e.Value = value
	return nil
}

// idOf returns the ID of an object that was read from data, which is read again
// for a type of somebody else.
func idOf(object any, data []byte) (string, error) {
	if field := idField(object); field.IsValid() {
		return field.String(), nil
	}
	var named struct {
		ID string `json:"id"`
	}
	err := json.Unmarshal(data, &named)
	return named.ID, err
}

// idField returns the field that holds an object's ID: the first one of all types
// of this package.
func idField(object any) (field reflect.Value) {
	if v := reflect.ValueOf(object).Elem(); v.Kind() == reflect.Struct && v.NumField() > 0 {
		first := v.Type().Field(0)
		if first.Type.Kind() == reflect.String && first.Tag.Get("json") == "id" {
			return v.Field(0)
		}
	}
	return field
}
