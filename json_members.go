package refundkit

import (
	"bytes"
	"encoding/json"
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
		if len(object) == 0 || object[0] != '{' {
			return
		}
		depth, start, colon := 0, 1, 0
		for i := 0; i < len(object); i++ {
			switch c := object[i]; {
			case c == ' ':
			case c == '"':
				i = endOfString(object, i)
			case c == ':' && depth == 1:
				colon = i
			case c == '{', c == '[':
				depth++
			case depth == 1 && (c == ',' || c == '}'):
				if colon > start && !yield(bytes.TrimSpace(object[start:colon]), bytes.TrimSpace(object[colon+1:i])) || c == '}' {
					return
				}
				start = i + 1
			case c == '}', c == ']':
				depth--
			}
		}
	}
}

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

// readString reads a string or null, as json.Unmarshal does. Most are plain
// ASCII without escapes, and those are copied as they are.
func readString(value []byte) (string, error) {
	if len(value) == 0 || string(value) == "null" {
		return "", nil
	}
	last := len(value) - 1
	if last < 1 || value[0] != '"' || value[last] != '"' {
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
