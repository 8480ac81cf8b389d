package refundkit

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"unicode"

	"github.com/refundkit/refundkit/internal/text"
)

// maxUnread bounds how many members are named: a hostile body can have millions.
const maxUnread = 1000

// decider is an object with members that decide about money. Where one of them
// has an unforeseen shape, the whole object can't be used. Every other member is
// left empty then, because a refund that was made must not look as if its outcome
// was unknown.
type decider interface{ decides(member string) bool }

// decidesAmount is what decides of most objects: which it is, and how much.
func decidesAmount(member string) bool {
	switch member {
	case "id", "object", "amount", "currency":
		return true
	}
	return false
}

// fitter is a type that is not read by the names of its fields.
type fitter interface{ fit(r *fitReader) error }

// readWhatFits reads an object that encoding/json refused, member by member, and
// names those that it left empty.
func readWhatFits(body []byte, object any) (unread []string, err error) {
	if err := json.Unmarshal(body, new(json.RawMessage)); err != nil {
		return nil, err // it is not JSON at all
	}
	v := reflect.ValueOf(object).Elem()
	v.SetZero()
	r := &fitReader{jsonCursor: jsonCursor{text: body}, fields: map[reflect.Type]map[string]int{}}
	err = r.read(v)
	return r.unread, err
}

// fitReader goes through a text once and puts what fits where it belongs.
type fitReader struct {
	jsonCursor
	path   []string
	unread []string
	fields map[reflect.Type]map[string]int // their places, by their names in JSON
}

// read passes over the next value, whether it fits into v or not.
func (r *fitReader) read(v reflect.Value) error {
	switch target := v.Addr().Interface().(type) {
	case fitter:
		return target.fit(r)
	case json.Unmarshaler:
		return r.readWhole(v)
	}
	switch v.Kind() {
	case reflect.Struct:
		return r.readObject(v)
	case reflect.Slice:
		return r.readList(v)
	case reflect.Pointer:
		if r.next() == 'n' {
			return r.readWhole(v)
		}
		v.Set(reflect.New(v.Type().Elem()))
		return r.read(v.Elem())
	}
	return r.readWhole(v)
}

func (r *fitReader) readWhole(v reflect.Value) error {
	value := r.value()
	if v.Kind() == reflect.String && value[0] == '"' {
		text, err := readString(value) // most are plain
		v.SetString(text)
		return err
	}
	if json.Unmarshal(value, v.Addr().Interface()) != nil {
		return r.misfit(wanted(v.Kind()), value)
	}
	return nil
}

func (r *fitReader) readObject(v reflect.Value) (wrong error) {
	if r.next() != '{' {
		return r.expectNull("an object")
	}
	object, _ := v.Addr().Interface().(decider)
	for quoted := range r.members() {
		place, name := r.field(v.Type(), quoted)
		if name == "" {
			r.value()
			continue
		}
		err := r.readMember(name, v.Field(place), object != nil && object.decides(name))
		if wrong == nil {
			wrong = err
		}
	}
	return wrong
}

// readMember returns an error only if the member decides.
func (r *fitReader) readMember(name string, field reflect.Value, decides bool) error {
	r.path = append(r.path, name)
	defer func() { r.path = r.path[:len(r.path)-1] }()
	before := len(r.unread)
	err := r.read(field)
	if err == nil {
		return nil
	}
	field.SetZero()
	if decides {
		return err
	}
	r.leaveOut(before)
	return nil
}

// leaveOut names the member at the path, instead of what was named inside it.
func (r *fitReader) leaveOut(before int) {
	if r.unread = r.unread[:before]; before < maxUnread {
		r.unread = append(r.unread, text.Masked(strings.Join(r.path, ".")))
	}
}

// readList takes all items or none: a list with a gap says something else.
func (r *fitReader) readList(v reflect.Value) (wrong error) {
	if r.next() != '[' {
		v.SetZero()
		return r.expectNull("a list")
	}
	items := reflect.MakeSlice(v.Type(), 0, 0)
	for i := range r.items() {
		if wrong != nil {
			r.value()
			continue
		}
		item := reflect.New(v.Type().Elem()).Elem()
		r.path = append(r.path, strconv.Itoa(i))
		wrong = r.read(item)
		r.path = r.path[:len(r.path)-1]
		items = reflect.Append(items, item)
	}
	v.Set(items)
	return wrong
}

func (r *fitReader) expectNull(want string) error {
	if value := r.value(); string(value) != "null" {
		return r.misfit(want, value)
	}
	return nil
}

// field finds a struct's field as encoding/json does: by its exact name, else by
// one that differs in case only. The name is empty if there is no such field.
func (r *fitReader) field(structure reflect.Type, quoted []byte) (place int, name string) {
	read, err := readString(quoted)
	if err != nil {
		return 0, ""
	}
	fields, ok := r.fields[structure]
	if !ok {
		fields = map[string]int{}
		for i := range structure.NumField() {
			name, _, _ := strings.Cut(structure.Field(i).Tag.Get("json"), ",")
			if name != "" && name != "-" {
				fields[name] = i
			}
		}
		r.fields[structure] = fields
	}
	if place, ok := fields[read]; ok {
		return place, read
	}
	if !strings.ContainsFunc(read, isNotLower) {
		return 0, "" // as all names of fields are in lower case
	}
	for name, place := range fields {
		if strings.EqualFold(name, read) {
			return place, name
		}
	}
	return 0, ""
}

func isNotLower(r rune) bool { return unicode.IsUpper(r) || r > unicode.MaxASCII }

// misfit says what the value at the path should be and what kind it is, never the
// value itself.
func (r *fitReader) misfit(want string, value []byte) error {
	place := "it"
	if len(r.path) > 0 {
		place = "field " + strings.Join(r.path, ".")
	}
	return fmt.Errorf("%s is not %s, but %s", place, want, shapeOf(value))
}

func wanted(kind reflect.Kind) string {
	switch kind {
	case reflect.String:
		return "a string"
	case reflect.Int64:
		return "a whole number of 64 bits"
	case reflect.Float64:
		return "a number of 64 bits"
	case reflect.Bool:
		return "a bool"
	}
	return "an object"
}

func shapeOf(value []byte) string {
	switch {
	case len(value) == 0 || value[0] == 'n':
		return "null"
	case value[0] == '"':
		return "a string"
	case value[0] == '{':
		return "an object"
	case value[0] == '[':
		return "a list"
	case value[0] == 't', value[0] == 'f':
		return "a bool"
	}
	return "a number"
}
