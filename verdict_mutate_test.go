package refundkit

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"slices"
	"strings"
)

// verdictText is a JSON text with the places of everything in it.
type verdictText struct {
	text            []byte
	values, members [][2]int // from, to; a member is its name and its value
	names           [][2]int
}

func newVerdictText(body []byte) *verdictText {
	v := &verdictText{text: bytes.TrimSpace(body)}
	v.find(&jsonCursor{text: v.text})
	return v
}

func (v *verdictText) find(c *jsonCursor) {
	first := c.next()
	start := c.at
	switch first {
	case '{':
		for name := range c.members() {
			at := c.at - 1
			for v.text[at] != '"' {
				at--
			}
			from := at + 1 - len(name)
			v.names = append(v.names, [2]int{from, at + 1})
			v.find(c)
			v.members = append(v.members, [2]int{from, c.at})
		}
	case '[':
		for range c.items() {
			v.find(c)
		}
	default:
		c.value()
	}
	v.values = append(v.values, [2]int{start, c.at})
}

// odd is what stands where something else was expected.
func odd() []string {
	return []string{
		`null`, `true`, `"text"`, `""`, `{}`, `[]`, `[null]`, `[{}]`, `{"id":"x_1"}`, `{"id":null}`, `{"id":"x_1","amount":"5"}`, `{"type":"card","card":5}`,
		`0`, `-0`, `-1`, `1.0`, `1.5`, `1e2`, `1E400`, `1e-400`, `9223372036854775807`, `9223372036854775808`, `-9223372036854775808`, `123456789012345678901234567890`,
		`01`, `+1`, `.5`, `1.`, `NaN`, `Infinity`, `0x1`, `1e`, `"5"`, `"1788000123"`,
		`"\ud800"`, `"\ud83d\ude00"`, `"\u0000"`, `"a\u2028b<&>"`, `"\x"`, `"\u12"`, "\"\xff\xfe\"", "\"\xed\xa0\x80\"", "\"a\tb\"", "\"a\x00b\"", `'text'`, `"open`,
		`tru`, `nul`, `nulll`, ``, `{`, `}`, `[`, `{,}`, `[1,]`, `{"a":1,}`, `{"a"}`, `{1:2}`, `/**/1`, "\v1", "\u00a01", "\ufeff1", ` 1 `, "\n\"x\"\r\t",
	}
}

// mutated returns the text with one to three changes.
func (v *verdictText) mutated(random *rand.Rand) []byte {
	text := v.changed(random)
	for range random.IntN(3) {
		next := newMutable(text)
		if next == nil {
			break
		}
		text = next.changed(random)
	}
	return text
}

// newMutable returns nil for what is no longer JSON.
func newMutable(text []byte) *verdictText {
	if !json.Valid(text) || len(text) == 0 {
		return nil
	}
	return newVerdictText(text)
}

func (v *verdictText) changed(random *rand.Rand) []byte {
	pick := func(of [][2]int) (from, to int) {
		if len(of) == 0 {
			return 0, len(v.text)
		}
		place := of[random.IntN(len(of))]
		return place[0], place[1]
	}
	replaced := func(from, to int, by string) []byte {
		return slices.Concat(v.text[:from], []byte(by), v.text[to:])
	}
	from, to := pick(v.values)
	nameFrom, nameTo := pick(v.names)
	memberFrom, memberTo := pick(v.members)
	name := string(v.text[nameFrom:nameTo])
	at := random.IntN(len(v.text))
	switch random.IntN(16) {
	case 0, 1, 2, 3, 4, 5:
		return replaced(from, to, odd()[random.IntN(len(odd()))])
	case 6: // the same member again, elsewhere
		return replaced(nameFrom, nameFrom, string(v.text[memberFrom:memberTo])+",")
	case 7: // the same name again, with something odd
		return replaced(memberTo, memberTo, ","+v.nameOf(memberFrom)+":"+odd()[random.IntN(len(odd()))])
	case 8:
		return replaced(nameFrom, nameTo, strings.ToUpper(name))
	case 9:
		return replaced(nameFrom, nameTo, strings.NewReplacer("s", "\u017f", "k", "\u212a", "a", `\u0061`, "i", "I", "_", "").Replace(name))
	case 10:
		return replaced(nameFrom, nameTo, odd()[random.IntN(len(odd()))])
	case 11:
		return v.text[:at]
	case 12:
		return replaced(at, at+1, "")
	case 13:
		return replaced(at, at+1, string(rune(random.IntN(128))))
	case 14:
		return replaced(at, at, string([]byte{byte(128 + random.IntN(128))}))
	}
	other, otherTo := pick(v.values) // a value from elsewhere
	return replaced(from, to, string(v.text[other:otherTo]))
}

// nameOf returns the quoted name that a member begins with.
func (v *verdictText) nameOf(member int) string {
	if v.text[member] != '"' {
		return `"id"`
	}
	return string(v.text[member : endOfString(v.text, member)+1])
}
