package refundtest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestPackedKeepsTheText(t *testing.T) {
	var p packer
	kept := map[string]packed{}
	for i := range 40 {
		for _, text := range []string{
			"", "a", fmt.Sprint(i), "\n", "\n\n", fmt.Sprintf("{\n  \"id\": \"re_%d\",\n  \"amount\": 5\n}\n", i),
			fmt.Sprintf("{\n  \"id\": \"re_%[1]d%[1]d\",\n  \"amount\": %[1]d\n}", i), strings.Repeat("x", i), strings.Repeat("same\n", 30) + fmt.Sprint(i),
		} {
			kept[text] = p.pack("kind", text)
		}
	}
	for text, packed := range kept {
		assert.Equal(t, text, packed.text())
	}
}

func TestPackedNeedsLittle(t *testing.T) {
	var p packer
	body := func(i int) string {
		return fmt.Sprintf("{\n  \"id\": \"re_%d\",\n  \"object\": \"refund\",\n  \"amount\": 5\n}\n", i)
	}
	p.pack("kind", body(1))
	assert.LessOrEqual(t, len(p.pack("kind", body(2)).changes), 6)
	assert.Empty(t, p.pack("kind", body(1)).changes)
	assert.Len(t, p.like, 1)
}

func FuzzPacked(f *testing.F) {
	f.Add("a\nb\nc", "a\nB\nc")
	f.Add("", "\n")
	f.Add("aaa", "aa")
	f.Fuzz(func(t *testing.T, first, second string) {
		var p packer
		one, other := p.pack("kind", first), p.pack("kind", second)
		assert.Equal(t, first, one.text())
		assert.Equal(t, second, other.text())
		again := p.pack("kind", first)
		assert.Equal(t, first, again.text())
	})
}
