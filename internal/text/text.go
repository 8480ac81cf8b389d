// Package text makes texts from outside fit for messages and logs.
package text

import (
	"strings"
	"unicode"
)

const (
	maxMessage  = 500
	longestWord = 8 * maxMessage
	shortestID  = 8  // of a shorter account ID even the end would tell too much
	bareKey     = 16 // what follows another letter is a key only if it is this long
)

// Masked makes a text from outside fit for one line of a log: valid UTF-8 without
// control characters, keys, client secrets, accounts or e-mail addresses, and not
// too long. It masks before it cuts, so that no half of a key is left.
func Masked(s string) string {
	var b strings.Builder
	kept, next := 0, 0 // s is fit from kept to next, and what was before it is in b
	for b.Len()+next-kept <= maxMessage {
		suspect := next + indexSuspect(s[next:min(len(s), next+maxMessage+1)])
		if suspect < next {
			next = min(len(s), next+maxMessage+1)
			break
		}
		start, end := wordAround(s, next, suspect)
		next = end
		if fit := fitWord(s[start:end]); fit != s[start:end] {
			b.WriteString(s[kept:start])
			b.WriteString(fit)
			kept = end
		}
	}
	if kept > 0 {
		b.WriteString(s[kept:next])
		s, next = b.String(), b.Len()
	}
	if next == len(s) && next <= maxMessage {
		return s
	}
	return strings.ToValidUTF8(s[:min(next, maxMessage)], "") + "..."
}

// indexSuspect returns where the first byte is that only a word with a secret or
// something invisible can have; -1 if nowhere.
func indexSuspect(s string) int {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '_' || c == '@' || c == '%' {
			return i
		}
	}
	return -1
}

// wordAround returns the bounds of the word that s[i] is in, from floor on.
func wordAround(s string, floor, i int) (start, end int) {
	start, end = i, i+1
	if !isWord(s[i]) {
		return start, end
	}
	for start > floor && isWord(s[start-1]) {
		start--
	}
	for end < len(s) && isWord(s[end]) {
		end++
	}
	return start, end
}

// isWord reports whether c can be within a key or an address. What is invisible
// can, except for the line's own white space.
func isWord(c byte) bool {
	return isAlphanumeric(c) || c == '_' || c == '-' || c == '.' || c == '*' || c == '@' || c == '+' || c == '%' ||
		c > '~' || c < ' ' && (c < '\t' || c > '\r')
}

// fitWord masks a word that holds a secret, and makes any other visible.
func fitWord(word string) string {
	if isPlain(word) {
		return maskWord(word)
	}
	if len(word) > longestWord {
		word = word[:longestWord] // no more than that is shown, whatever becomes of it
	}
	word = strings.Map(visible, word)
	// What is invisible may stand within a key, before it, or both.
	for start := 0; start >= 0; start = nextStart(word, start) {
		if shown := decoded(word[start:min(len(word), start+maxMessage)], ""); maskWord(shown) != shown {
			return maskWhole(shown)
		}
	}
	if shown := decoded(word, " "); maskWord(shown) != shown {
		return maskWhole(shown)
	}
	return word
}

// isPlain reports whether a word is what it looks like: nothing is invisible or encoded.
func isPlain(word string) bool {
	for i := range len(word) {
		if c := word[i]; c < ' ' || c > '~' || c == '%' {
			return false
		}
	}
	return true
}

// nextStart returns where the word could begin anew after start, behind something
// invisible; -1 if nowhere.
func nextStart(word string, start int) int {
	for i := start + 1; i < len(word); i++ {
		if word[i-1] == ' ' && word[i] != ' ' {
			return i
		}
	}
	return -1
}

// maskWord masks a word of visible ASCII.
func maskWord(word string) string {
	if len(word) > 2 && strings.IndexByte(word[1:len(word)-1], '@') >= 0 {
		return "***@***"
	}
	start, end := secretIn(word)
	switch {
	case start < 0:
		return word
	case !strings.EqualFold(word[start:end], "acct_"):
		return word[:end] + "***"
	}
	id, masked := strings.CutPrefix(word[end:], "***")
	if i := strings.IndexFunc(id, func(r rune) bool { return r > '~' || !isAlphanumeric(byte(r)) }); i >= 0 {
		id = id[:i]
	}
	if masked && len(id) == 4 {
		return word[:end] + "***" + id // as this function left it
	}
	return word[:end] + lastFour(id)
}

// maskWhole masks a word whose secret was encoded, and leaves nothing else of it.
func maskWhole(word string) string {
	start, end := secretIn(word)
	if start < 0 || strings.IndexByte(word, '@') >= 0 {
		return "***@***"
	}
	return word[start:end] + "***"
}

// secretIn finds the name that a key, a client secret or an account starts with,
// in one pass: only what is before an underscore can be one.
func secretIn(word string) (start, end int) {
	for i := range len(word) {
		switch {
		case word[i] == '_':
			if length := secretName(word[:i], start, word[i+1:]); length > 0 {
				return i - length, i + 1 + lengthOfMode(word[i+1:])
			}
			start = i + 1
		case !isAlphanumeric(word[i]):
			start = i + 1
		}
	}
	return -1, -1
}

// secretName returns how many bytes before the underscore, with the token that
// starts at start, are the name of something secret. rest follows it.
func secretName(before string, start int, rest string) int {
	token := before[start:]
	ends := func(name string) bool {
		return len(token) >= len(name) && strings.EqualFold(token[len(token)-len(name):], name)
	}
	whole, mode := len(token) == len("sk"), lengthOfMode(rest)
	switch {
	case ends("acct"):
		return len("acct")
	case ends("whsec"):
		return len("whsec")
	case strings.EqualFold(token, "secret") && start > 0 && before[start-1] == '_':
		return len("secret")
	case whole && (ends("sk") || ends("rk")), whole && mode > 0 && (ends("pk") || ends("ek")):
		return len("sk")
	case mode > 0 && len(rest)-mode >= bareKey && (ends("sk") || ends("rk") || ends("pk") || ends("ek")):
		return len("sk")
	}
	return 0
}

// lengthOfMode returns how long the mode is that follows the name of a key.
func lengthOfMode(rest string) int {
	const mode = len("live_")
	if len(rest) >= mode && (strings.EqualFold(rest[:mode], "live_") || strings.EqualFold(rest[:mode], "test_")) {
		return mode
	}
	return 0
}

// lastFour keeps as much of an account as tells it from others.
func lastFour(id string) string {
	if len(id) < shortestID {
		return "***"
	}
	return "***" + id[len(id)-4:]
}

// decoded undoes percent-encoding, also where it was done more than once, and
// puts between in the place of what can't be seen.
func decoded(word, between string) string {
	b := make([]byte, 0, len(word))
	for i := range len(word) {
		if word[i] == ' ' {
			b = append(b, between...)
			continue
		}
		b = append(b, word[i])
		for len(b) >= 3 && b[len(b)-3] == '%' && isHex(b[len(b)-2]) && isHex(b[len(b)-1]) {
			b = append(b[:len(b)-3], fromHex(b[len(b)-2])<<4|fromHex(b[len(b)-1]))
		}
	}
	return string(b)
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'f'
}

func fromHex(c byte) byte {
	if c <= '9' {
		return c - '0'
	}
	return c | 0x20 - 'a' + 10
}

// visible puts a space in the place of what can't be seen, or moves other text.
func visible(r rune) rune {
	if unicode.IsControl(r) || !unicode.IsGraphic(r) {
		return ' '
	}
	return r
}

func isAlphanumeric(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// IsVisibleASCII reports whether s is 1 to most bytes that can be sent in a
// header and seen: no space, no control character.
func IsVisibleASCII(s string, most int) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' {
			return false
		}
	}
	return len(s) >= 1 && len(s) <= most
}
