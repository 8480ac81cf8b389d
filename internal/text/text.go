// Package text makes texts from outside fit for messages and logs.
package text

import (
	"strings"
	"unicode"
)

// Masked makes a text from outside fit for one line of a log: no control
// characters, no key, client secret or e-mail address, and not too long.
func Masked(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || !unicode.IsGraphic(r) {
			return ' '
		}
		return r
	}, s)
	if len(s) > maxMessage {
		s = strings.ToValidUTF8(s[:maxMessage], "") + "..."
	}
	var b strings.Builder
	for s != "" {
		end := strings.IndexFunc(s, func(r rune) bool { return !isWord(r) })
		switch end {
		case -1:
			end = len(s)
		case 0:
			b.WriteByte(s[0])
			s = s[1:]
			continue
		}
		b.WriteString(maskWord(s[:end]))
		s = s[end:]
	}
	return b.String()
}

func isWord(r rune) bool {
	return r > unicode.MaxASCII || unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("_-.*@+%", r)
}

// maskWord hides a word that is a key, a client secret or an e-mail address.
func maskWord(word string) string {
	if start := strings.Index(word, "_secret_"); start >= 0 {
		return word[:start] + "_secret_***"
	}
	for _, prefix := range []string{"sk_live_", "sk_test_", "rk_live_", "rk_test_", "pk_live_", "pk_test_", "whsec_", "sk_", "rk_"} {
		if start := strings.Index(word, prefix); start == 0 || start > 0 && !isAlphanumeric(word[start-1]) {
			return word[:start] + prefix + "***"
		}
	}
	if at := strings.IndexByte(word, '@'); at > 0 && strings.Contains(word[at:], ".") {
		return "***@***"
	}
	return word
}

func isAlphanumeric(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

const maxMessage = 500

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
