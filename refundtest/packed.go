package refundtest

import (
	"encoding/binary"
	"strings"
)

// packed is a text in little memory: where it differs from an earlier text of as
// many lines. What a server keeps of a hundred thousand refunds differs in ids.
type packed struct {
	like    *string // nil for nothing
	changes string  // empty if the text is *like
}

// packer remembers the texts that others are kept by. It is used under the lock.
type packer struct{ like map[looks]*string }

// looks are what texts have in common that differ in little.
type looks struct {
	kind  string
	lines int
}

func (p *packer) pack(kind, text string) packed {
	look := looks{kind, strings.Count(text, "\n")}
	if like := p.like[look]; like != nil {
		if changes := changedLines(*like, text); len(changes) < len(text)/2 {
			return packed{like, changes}
		}
	}
	if p.like == nil {
		p.like = map[looks]*string{}
	}
	text = strings.Clone(text) // what it is a part of is not kept
	p.like[look] = &text
	return packed{like: &text}
}

// changedLines tells how to make text out of like, which has as many lines: of
// each line that differs its number, counted from the one before, how much of its
// beginning and of its end are as in like, and what is between.
func changedLines(like, text string) string {
	var b []byte
	same := uint64(0)
	for ends := false; !ends; {
		var old, line string
		old, like, _ = strings.Cut(like, "\n")
		line, text, ends = strings.Cut(text, "\n")
		ends = !ends
		if old == line {
			same++
			continue
		}
		start := 0
		for start < min(len(old), len(line)) && old[start] == line[start] {
			start++
		}
		end := 0
		for end < min(len(old), len(line))-start && old[len(old)-1-end] == line[len(line)-1-end] {
			end++
		}
		b = binary.AppendUvarint(b, same)
		b = binary.AppendUvarint(b, uint64(start))
		b = binary.AppendUvarint(b, uint64(end))
		b = binary.AppendUvarint(b, uint64(len(line)-start-end))
		b = append(b, line[start:len(line)-end]...)
		same = 0
	}
	return string(b)
}

func (p packed) isKept() bool { return p.like != nil }

// text is what was packed.
func (p packed) text() string {
	if p.like == nil {
		return ""
	}
	var b strings.Builder
	rest, changes := *p.like, []byte(p.changes)
	b.Grow(len(rest) + len(changes))
	number := func() int {
		n, size := binary.Uvarint(changes)
		changes = changes[size:]
		return int(n)
	}
	for len(changes) > 0 {
		for range number() {
			line, after, _ := strings.Cut(rest, "\n")
			b.WriteString(line)
			b.WriteByte('\n')
			rest = after
		}
		start, end, length := number(), number(), number()
		line, after, more := strings.Cut(rest, "\n")
		b.WriteString(line[:start])
		b.Write(changes[:length])
		b.WriteString(line[len(line)-end:])
		if more {
			b.WriteByte('\n')
		}
		rest, changes = after, changes[length:]
	}
	b.WriteString(rest)
	return b.String()
}
