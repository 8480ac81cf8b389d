package refundkit

import (
	"fmt"
	"net/url"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/google/go-querystring/query"
)

// encodeForm writes params as Stripe reads them, with keys in order, so that
// the same call always makes the same bytes. Its rules beyond go-querystring's:
// metadata maps, ranges, expand[], and bools tagged unset, which clear a field
// by sending it empty. A shape that would come out wrong is refused.
func encodeForm(params any, expand []string) (string, error) {
	cleared, err := checkShape(reflect.ValueOf(params))
	if err != nil {
		return "", err
	}
	form, err := query.Values(params)
	if err != nil {
		return "", err
	}
	for _, name := range cleared {
		form.Set(name, "")
	}
	if len(expand) > 0 {
		form["expand[]"] = expand
	}
	return form.Encode(), nil
}

var _ query.Encoder = Metadata{}

// EncodeValues writes created=seconds, or a field per bound: created[gte]=seconds.
func (r CreatedRange) EncodeValues(key string, form *url.Values) error {
	for name, bound := range map[string]time.Time{"gt": r.After, "gte": ceil(r.From), "lt": ceil(r.Before), "lte": r.Until} {
		if !bound.IsZero() {
			form.Set(key+"["+name+"]", strconv.FormatInt(bound.Unix(), 10))
		}
	}
	if !r.At.IsZero() {
		form.Set(key, strconv.FormatInt(r.At.Unix(), 10))
	}
	return nil
}

// ceil rounds up to the next whole second: among whole seconds, those from
// 0.5 on are those from 1 on.
func ceil(t time.Time) time.Time {
	if t.Nanosecond() > 0 {
		return t.Add(time.Second)
	}
	return t
}

// checkShape refuses fields that go-querystring would write as Stripe can't
// read them, and returns the names that fields tagged unset want cleared.
func checkShape(v reflect.Value) (cleared []string, err error) {
	if v.Kind() != reflect.Struct {
		return nil, fmt.Errorf("refundkit: parameters must be a struct, not %s", v.Kind())
	}
	t := v.Type()
	for i := range t.NumField() {
		field := t.Field(i)
		if !field.IsExported() && !field.Anonymous {
			continue // the encoder leaves it out too
		}
		if field.Type.Kind() == reflect.Bool && v.Field(i).Bool() {
			if name, ok := field.Tag.Lookup("unset"); ok {
				cleared = append(cleared, name)
			}
		}
		if err := checkField(field, v.Field(i)); err != nil {
			return nil, fmt.Errorf("refundkit: the parameter field %s can't be written as a form: %w", field.Name, err)
		}
	}
	return cleared, nil
}

func checkField(field reflect.StructField, v reflect.Value) error {
	tag := field.Tag.Get("url")
	name, _, _ := strings.Cut(tag, ",")
	switch {
	case field.Anonymous:
		return fmt.Errorf("it is embedded")
	case name == "":
		return fmt.Errorf("its url tag has no name")
	case tag == "-":
		return nil
	}
	switch v.Kind() {
	case reflect.String, reflect.Bool, reflect.Int, reflect.Int64:
		return nil
	}
	switch v.Interface().(type) {
	case time.Time, query.Encoder:
		if v.Kind() != reflect.Pointer {
			return nil
		}
	}
	if v.Kind() == reflect.Struct {
		cleared, err := checkShape(v)
		if err == nil && cleared != nil {
			err = fmt.Errorf("only a top-level field can be cleared")
		}
		return err
	}
	return fmt.Errorf("kind %s has no form", v.Kind())
}
