//go:build go1.27 && goexperiment.jsonv2

package refundkit

import (
	"encoding/json"
	"encoding/json/jsontext"
	jsonv2 "encoding/json/v2"
	"errors"
	"slices"
)

// readOptions accept what encoding/json accepts, and stop at the first mistake: to
// go on, as it does, costs one more reading for each level.
func readOptions() jsonv2.Options {
	return jsonv2.JoinOptions(json.DefaultOptionsV1(), json.ReportErrorsWithLegacySemantics(false))
}

// unmarshal reads a body of which every member fits.
func unmarshal(body []byte, value any) error { return jsonv2.Unmarshal(body, value, readOptions()) }

// MarshalJSON writes the object if there is one, else the ID, else null.
func (e Expandable[T]) MarshalJSON() ([]byte, error) {
	return jsonv2.Marshal(e, json.DefaultOptionsV1())
}

// MarshalJSONTo writes the object if there is one, else the ID, else null.
func (e Expandable[T]) MarshalJSONTo(enc *jsontext.Encoder) error {
	switch {
	case e.Value != nil:
		return jsonv2.MarshalEncode(enc, e.Value)
	case e.ID != "":
		return enc.WriteToken(jsontext.String(e.ID))
	}
	return enc.WriteToken(jsontext.Null)
}

// UnmarshalJSON reads an ID, an object that has an ID, or null.
func (e *Expandable[T]) UnmarshalJSON(data []byte) error {
	return jsonv2.Unmarshal(data, e, readOptions())
}

// UnmarshalJSONFrom reads an ID, an object that has an ID, or null.
func (e *Expandable[T]) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	*e = Expandable[T]{}
	switch dec.PeekKind() {
	case 'n', '"':
		token, err := dec.ReadToken()
		if err == nil && token.Kind() == '"' {
			e.ID = token.String()
		}
		return err
	case '{':
		return e.readObject(dec)
	}
	return errors.New("refundkit: an expandable field must be an ID, an object or null")
}

func (e *Expandable[T]) readObject(dec *jsontext.Decoder) error {
	oneReading := json.ReportErrorsWithLegacySemantics(false)
	value := new(T)
	var id string
	if field := idField(value); field.IsValid() {
		if err := jsonv2.UnmarshalDecode(dec, value, oneReading); err != nil {
			return err
		}
		id = field.String()
	} else {
		object, err := dec.ReadValue()
		if err != nil {
			return err
		}
		if err := jsonv2.Unmarshal(object, value, dec.Options(), oneReading); err != nil {
			return err
		}
		if id, err = idOf(value, object); err != nil {
			return err
		}
	}
	if id == "" {
		return errors.New("refundkit: an expanded object must have an id")
	}
	e.ID, e.Value = id, value
	return nil
}

// UnmarshalJSON reads an object of strings, or null.
func (m *Metadata) UnmarshalJSON(data []byte) error {
	return jsonv2.Unmarshal(data, m, readOptions())
}

// UnmarshalJSONFrom reads an object of strings, or null.
func (m *Metadata) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	*m = nil
	token, err := dec.ReadToken()
	if err != nil || token.Kind() == 'n' {
		return err
	}
	if token.Kind() != '{' {
		return errNoString
	}
	read := Metadata{}
	for dec.PeekKind() != '}' {
		name, err := readText(dec)
		if err != nil {
			return err
		}
		if read[name], err = readText(dec); err != nil {
			return err
		}
	}
	*m = read
	_, err = dec.ReadToken()
	return err
}

// readText reads a string, or null as no text.
func readText(dec *jsontext.Decoder) (string, error) {
	token, err := dec.ReadToken()
	switch {
	case err != nil || token.Kind() == 'n':
		return "", err
	case token.Kind() != '"':
		return "", errNoString
	}
	return token.String(), nil
}

// UnmarshalJSON reads type, and the details under the key that it names.
func (d *DestinationDetails) UnmarshalJSON(data []byte) error {
	return jsonv2.Unmarshal(data, d, readOptions())
}

// UnmarshalJSONFrom reads type, and the details under the key that it names. Which
// member that is may be known only at the end.
func (d *DestinationDetails) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	*d = DestinationDetails{}
	token, err := dec.ReadToken()
	if err != nil || token.Kind() == 'n' {
		return err
	}
	if token.Kind() != '{' {
		return errNoString
	}
	var kind string
	var few [2]destinationMember // Stripe sends one, before the type
	members := few[:0]
	for dec.PeekKind() != '}' {
		quoted, err := dec.ReadValue()
		if err != nil {
			return err
		}
		if isNamed(quoted, "type") {
			kind, err = readText(dec)
		} else {
			members = append(members, destinationMember{})
			err = members[len(members)-1].read(quoted, dec)
		}
		if err != nil {
			return err
		}
	}
	d.Type = kind
	for _, member := range slices.Backward(members) {
		if member.name == kind && d.hasDetails() {
			*d, d.Type = member.details, kind
			err = member.wrong
			break
		}
	}
	if _, end := dec.ReadToken(); end != nil {
		return end
	}
	return err
}

// destinationMember has the details if its name is the type; else it may be anything.
type destinationMember struct {
	name    string
	details DestinationDetails
	wrong   error // only if these are the details
}

func (m *destinationMember) read(quoted jsontext.Value, dec *jsontext.Decoder) (err error) {
	if m.name, err = readString(quoted); err != nil {
		return err
	}
	if dec.PeekKind() != '{' {
		value, err := dec.ReadValue()
		if err == nil && value.Kind() != 'n' {
			m.wrong = errNoString
		}
		return err
	}
	if _, err := dec.ReadToken(); err != nil {
		return err
	}
	for dec.PeekKind() != '}' {
		quoted, err := dec.ReadValue()
		if err != nil {
			return err
		}
		field := m.details.field(quoted)
		value, err := dec.ReadValue()
		if err != nil {
			return err
		}
		if field == nil {
			continue
		}
		if *field, err = readString(value); err != nil {
			m.wrong = err
		}
	}
	_, err = dec.ReadToken()
	return err
}

// MarshalJSON writes the details under the key that Type names, as Stripe does.
func (d DestinationDetails) MarshalJSON() ([]byte, error) {
	return jsonv2.Marshal(d, json.DefaultOptionsV1())
}

// MarshalJSONTo writes the details under the key that Type names, as Stripe does,
// in the order of the keys.
func (d DestinationDetails) MarshalJSONTo(enc *jsontext.Encoder) error {
	if err := enc.WriteToken(jsontext.BeginObject); err != nil {
		return err
	}
	if d.hasDetails() && d.Type < "type" {
		if err := d.writeDetails(enc); err != nil {
			return err
		}
	}
	for _, token := range []jsontext.Token{jsontext.String("type"), jsontext.String(d.Type)} {
		if err := enc.WriteToken(token); err != nil {
			return err
		}
	}
	if d.hasDetails() && d.Type > "type" {
		if err := d.writeDetails(enc); err != nil {
			return err
		}
	}
	return enc.WriteToken(jsontext.EndObject)
}

func (d DestinationDetails) writeDetails(enc *jsontext.Encoder) error {
	if err := enc.WriteToken(jsontext.String(d.Type)); err != nil {
		return err
	}
	return jsonv2.MarshalEncode(enc, d.details())
}
