package refundkit

import (
	"bytes"
	"encoding/json"
	"errors"
	"iter"
)

// What every refund has is read here from text that encoding/json has checked
// already, without its cost for a few members of a small object: a map of
// everything, and a decoder for each string. Of what is not JSON, something is
// read or nothing, but never beyond its end.

// member returns the value of the last member with that name; nil if there is none.
func member(object []byte, name string) (found []byte) {
	for quoted, value := range members(object) {
		if isNamed(quoted, name) {
			found = value
		}
	}
	return found
}

// members yields the names, still quoted, and the values of a JSON object, and
// of anything else nothing.
func members(object []byte) iter.Seq2[[]byte, []byte] {
	return func(yield func(name, value []byte) bool) {
		c := jsonCursor{text: object}
		if c.next() != '{' {
			return
		}
		for name := range c.members() {
			if !yield(name, c.value()) {
				return
			}
		}
	}
}

// jsonCursor is a place in a text. It passes over each byte once, however deep it
// goes.
type jsonCursor struct {
	text []byte
	at   int
}

// next returns the byte that the next value begins with; 0 at the end.
func (c *jsonCursor) next() byte {
	for ; c.at < len(c.text); c.at++ {
		if !isSpace(c.text[c.at]) {
			return c.text[c.at]
		}
	}
	return 0
}

// members yields the quoted names of the object at the jsonCursor. The body of the
// loop passes over each value.
func (c *jsonCursor) members() iter.Seq[[]byte] {
	return func(yield func(name []byte) bool) {
		c.at++
		for c.next() == '"' {
			name := c.value()
			if c.next() != ':' {
				break
			}
			if c.at++; !yield(name) {
				return
			}
			if c.next() == ',' {
				c.at++
			}
		}
		c.at++
	}
}

// items yields the places in the list at the jsonCursor. The body of the loop passes
// over each value.
func (c *jsonCursor) items() iter.Seq[int] {
	return func(yield func(i int) bool) {
		c.at++
		for i := 0; c.next() != ']' && c.next() != 0; i++ {
			if !yield(i) {
				return
			}
			if c.next() == ',' {
				c.at++
			}
		}
		c.at++
	}
}

// value passes over the next value and returns it.
func (c *jsonCursor) value() []byte {
	first, start := c.next(), c.at
	switch first {
	case '"':
		c.at = endOfString(c.text, c.at) + 1
	case '{', '[':
		c.nested()
	default:
		for c.at++; c.at < len(c.text) && !isDelimiter(c.text[c.at]); c.at++ {
		}
	}
	c.at = min(c.at, len(c.text))
	return c.text[min(start, c.at):c.at]
}

// nested passes over an object or a list.
func (c *jsonCursor) nested() {
	for depth := 0; c.at < len(c.text); c.at++ {
		switch c.text[c.at] {
		case '"':
			c.at = endOfString(c.text, c.at)
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				c.at++
				return
			}
		}
	}
}

func isSpace(b byte) bool { return b == ' ' || b == '\n' || b == '\t' || b == '\r' }

func isDelimiter(b byte) bool { return isSpace(b) || b == ',' || b == ':' || b == '}' || b == ']' }

// endOfString returns the place of the quote that closes the one at i.
func endOfString(text []byte, i int) int {
	for i++; i < len(text) && text[i] != '"'; i++ {
		if text[i] == '\\' {
			i++
		}
	}
	return i
}

// isNamed compares a member's name, as it is written, with name.
func isNamed(quoted []byte, name string) bool {
	if bytes.IndexByte(quoted, '\\') < 0 {
		return len(quoted) == len(name)+2 && string(quoted[1:len(quoted)-1]) == name
	}
	read, err := readAnyString(quoted)
	return err == nil && read == name
}

var errNoString = errors.New("refundkit: a value that must be a string is none")

// readString reads a string or null, as json.Unmarshal does. Most are plain
// ASCII without escapes, and those are copied as they are.
func readString(value []byte) (string, error) {
	if len(value) == 0 || string(value) == "null" {
		return "", nil
	}
	if value[0] != '"' {
		return "", errNoString
	}
	last := len(value) - 1
	if last < 1 || value[last] != '"' {
		return readAnyString(value)
	}
	for _, c := range value[1:last] {
		if c < ' ' || c > '~' || c == '"' || c == '\\' {
			return readAnyString(value)
		}
	}
	return string(value[1:last]), nil
}

func readAnyString(value []byte) (s string, err error) {
	err = json.Unmarshal(value, &s)
	return s, err
}
