package refundkit

import (
	"maps"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"
)

// Metadata is up to 50 notes of your own on an object: keys of up to 40
// characters without square brackets, values of up to 500. In a request, nil
// leaves everything as it is and an empty value removes that key.
//
// https://docs.stripe.com/api/metadata
type Metadata map[string]string

// fit leaves out the values that are no strings. The reference decides, because
// a refund without it seems to belong to nobody.
func (m *Metadata) fit(r *fitReader) (wrong error) {
	*m = nil
	if r.next() != '{' {
		return r.expectNull("an object")
	}
	*m = Metadata{}
	for quoted := range r.members() {
		name, _ := readAnyString(quoted)
		r.path = append(r.path, name)
		value := r.value()
		text, err := readString(value)
		switch {
		case err == nil:
			(*m)[name] = text
		case name == ReferenceMetadataKey:
			wrong = r.misfit("a string", value)
		default:
			delete(*m, name)
			r.leaveOut(len(r.unread))
		}
		r.path = r.path[:len(r.path)-1]
	}
	return wrong
}

// ReferenceMetadataKey is where [Reference] keeps the caller's own name for a
// refund, among the refund's metadata.
const ReferenceMetadataKey = "refundkit_reference"

func (m Metadata) validate() error {
	if len(m) > maxMetadataKeys {
		return &ParamError{Param: "metadata", Reason: "it can hold up to 50 keys"}
	}
	for _, key := range slices.Sorted(maps.Keys(m)) { // in order, so that the same mistake is named every time
		switch value := m[key]; {
		case key == "" || strings.ContainsAny(key, "[]") || !utf8.ValidString(key):
			return &ParamError{Param: "metadata", Reason: "a key must be valid UTF-8, not empty, and without square brackets"}
		case utf8.RuneCountInString(key) > maxMetadataKey:
			return &ParamError{Param: "metadata", Reason: "a key can have up to 40 characters"}
		case !utf8.ValidString(value):
			return &ParamError{Param: "metadata", Reason: "a value must be valid UTF-8"}
		case utf8.RuneCountInString(value) > maxMetadataValue:
			return &ParamError{Param: "metadata", Reason: "a value can have up to 500 characters"}
		}
	}
	return nil
}

// clearedMetadata names metadata as a field to clear, if it is to be.
func clearedMetadata(all bool) []string {
	if !all {
		return nil
	}
	return []string{"metadata"}
}

// validateChange checks metadata that may also be cleared.
func (m Metadata) validateChange(unsetAll bool) error {
	if unsetAll && len(m) > 0 {
		return &ParamError{Param: "metadata", Reason: "set Metadata or ClearMetadata, not both"}
	}
	return m.validate()
}

// withReference returns a copy of m that holds ref as well.
func (m Metadata) withReference(ref string) (Metadata, error) {
	if other, ok := m[ReferenceMetadataKey]; ok && other != ref {
		return nil, &ParamError{Param: "metadata", Reason: "it has another " + ReferenceMetadataKey + " than the Reference option"}
	}
	named := make(Metadata, len(m)+1)
	for key, value := range m {
		named[key] = value
	}
	named[ReferenceMetadataKey] = ref
	return named, nil
}

// EncodeValues writes one field per entry: metadata[key]=value.
func (m Metadata) EncodeValues(key string, form *url.Values) error {
	for name, value := range m {
		form.Set(key+"["+name+"]", value)
	}
	return nil
}

type referenceOption string

// Reference keeps your own name for a refund, up to 500 characters, in its
// metadata under [ReferenceMetadataKey], so that it can be found again when the
// idempotency key can't help. Only a Create takes it.
func Reference(ref string) CallOption { return referenceOption(ref) }

func (r referenceOption) apply(c *callConfig) error {
	if r == "" {
		return &ParamError{Param: "Reference", Reason: "it is empty"}
	}
	return setOnce(&c.reference, string(r), "Reference")
}
