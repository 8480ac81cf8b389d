package refundtest

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
)

// object is what the API shows of something: exactly the keys that are in it.
type object map[string]any

// link is an id that can be expanded into the object it names.
type link struct{ kind, id string }

// linkTo returns a link, or null where there is nothing to link to.
func linkTo(kind, id string) any {
	if id == "" {
		return nil
	}
	return link{kind, id}
}

// orNull returns null for an empty string.
func orNull(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func render(o object) []byte {
	var b bytes.Buffer
	writeValue(&b, o, "\n")
	b.WriteByte('\n')
	return b.Bytes()
}

// rendered is an object that is JSON already, indented as a whole document.
type rendered string

func renderValue(o object) rendered {
	var b bytes.Buffer
	writeValue(&b, o, "\n")
	return rendered(b.String())
}

func writeValue(b *bytes.Buffer, v any, indent string) {
	switch v := v.(type) {
	case nil:
		b.WriteString("null")
	case string:
		writeString(b, v)
	case link:
		writeString(b, v.id)
	case rendered:
		b.WriteString(strings.ReplaceAll(string(v), "\n", indent)) // a newline in a string is escaped
	case int64:
		b.Write(strconv.AppendInt(b.AvailableBuffer(), v, 10))
	case int:
		b.Write(strconv.AppendInt(b.AvailableBuffer(), int64(v), 10))
	case bool:
		b.Write(strconv.AppendBool(b.AvailableBuffer(), v))
	case map[string]string:
		o := make(object, len(v))
		for name, value := range v {
			o[name] = value
		}
		writeObject(b, o, indent)
	case object:
		writeObject(b, v, indent)
	case []any:
		writeList(b, v, indent)
	}
}

func writeObject(b *bytes.Buffer, o object, indent string) {
	if len(o) == 0 {
		b.WriteString("{}")
		return
	}
	b.WriteByte('{')
	inner := indent + "  "
	for i, name := range keysInOrder(o) {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(inner)
		writeString(b, name)
		b.WriteString(": ")
		writeValue(b, o[name], inner)
	}
	b.WriteString(indent)
	b.WriteByte('}')
}

// keysInOrder puts id and object first and the rest in alphabetical order.
func keysInOrder(o object) []string {
	names := make([]string, 0, len(o))
	for name := range o {
		names = append(names, name)
	}
	rank := func(name string) int {
		switch name {
		case "id":
			return 0
		case "object":
			return 1
		}
		return 2
	}
	_, hasObject := o["object"]
	slices.SortFunc(names, func(a, b string) int {
		if hasObject && rank(a) != rank(b) {
			return rank(a) - rank(b)
		}
		if a < b {
			return -1
		}
		return 1
	})
	return names
}

func writeList(b *bytes.Buffer, items []any, indent string) {
	if len(items) == 0 {
		b.WriteString("[]")
		return
	}
	b.WriteByte('[')
	inner := indent + "  "
	for i, item := range items {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(inner)
		writeValue(b, item, inner)
	}
	b.WriteString(indent)
	b.WriteByte(']')
}

func writeString(b *bytes.Buffer, s string) {
	plain := true
	for i := range len(s) {
		if c := s[i]; c < ' ' || c == '"' || c == '\\' || c >= 0x7f {
			plain = false
			break
		}
	}
	if plain {
		b.WriteByte('"')
		b.WriteString(s)
		b.WriteByte('"')
		return
	}
	encoder := json.NewEncoder(b)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(s) // a string always encodes
	b.Truncate(b.Len() - 1)
}

type shown interface{ show() object }

func showAll[T shown](items []T) []any {
	data := make([]any, 0, len(items))
	for _, item := range items {
		data = append(data, item.show())
	}
	return data
}
