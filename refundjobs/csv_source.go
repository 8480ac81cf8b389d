package refundjobs

import (
	"errors"
	"io"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// source knows how the file ends.
type source struct {
	io.Reader
	count int64
	last  byte
	ended bool
}

// Read implements io.Reader.
func (s *source) Read(p []byte) (int, error) {
	n, err := s.Reader.Read(p)
	if n > 0 {
		s.count, s.last = s.count+int64(n), p[n-1]
	}
	s.ended = s.ended || errors.Is(err, io.EOF)
	return n, err
}

// cutOff reports whether the line that was read ends with the file, within a cell.
func (t *table) cutOff() bool {
	return t.source.ended && t.lines.InputOffset()+t.skipped == t.source.count && t.source.last != '\n' && t.source.last != '"'
}

// looksAsItIs reports whether who reads a name and types it again writes the same one.
func looksAsItIs(name string) bool {
	return norm.NFC.IsNormalString(name) && !strings.ContainsFunc(name, func(r rune) bool { return isUnseen(r) || r != ' ' && unicode.IsSpace(r) })
}
