package refundtest

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
)

const idAlphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// familyLength is how many characters the ids of one payment have in common.
const familyLength = 17

// idSource names new objects. It is safe for concurrent use.
type idSource struct {
	mu     sync.Mutex
	random *rand.Rand
	custom func(prefix string) string
}

func newIDSource(seed uint64) *idSource {
	return &idSource{random: rand.New(rand.NewPCG(seed, seed^0x9e3779b97f4a7c15))}
}

func (g *idSource) characters(n int) string {
	g.mu.Lock()
	defer g.mu.Unlock()
	var b [32]byte
	for i := range n {
		b[i] = idAlphabet[g.random.IntN(len(idAlphabet))]
	}
	return string(b[:n])
}

// object returns an id of 24 characters after its prefix.
func (g *idSource) object(prefix string) string {
	if g.custom != nil {
		return g.custom(prefix)
	}
	return prefix + "1" + g.characters(23)
}

// payment returns an id that begins a family: everything that belongs to the
// same payment shares its first characters, as with Stripe.
func (g *idSource) payment(prefix string) string {
	if g.custom != nil {
		return g.custom(prefix)
	}
	return prefix + "3" + g.characters(23)
}

// short returns an id of 14 characters after its prefix, as customers have.
func (g *idSource) short(prefix string) string {
	if g.custom != nil {
		return g.custom(prefix)
	}
	return prefix + g.characters(14)
}

// long returns an id of 58 characters after its prefix, as Checkout Sessions have.
func (g *idSource) long(prefix string) string {
	if g.custom != nil {
		return g.custom(prefix)
	}
	return prefix + "a1" + g.characters(28) + g.characters(28)
}

// invoicePrefix is what the numbers of a customer's invoices begin with.
func (g *idSource) invoicePrefix() string { return strings.ToUpper(g.characters(8)) }

// related returns an id of the family of parent.
func (g *idSource) related(prefix, parent string) string {
	if g.custom != nil {
		return g.custom(prefix)
	}
	_, rest, found := strings.Cut(parent, "_")
	if !found || len(rest) != 24 {
		return g.payment(prefix)
	}
	return prefix + rest[:familyLength] + g.characters(7)
}

func (g *idSource) request() string { return "req_" + g.characters(14) }

func (g *idSource) uuid() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	high, low := g.random.Uint64(), g.random.Uint64()
	high = high&^0xf000 | 0x4000
	low = low&^(0xc0<<56) | 0x80<<56
	return fmt.Sprintf("%08x-%04x-%04x-%04x-%012x",
		high>>32, high>>16&0xffff, high&0xffff, low>>48, low&0xffffffffffff)
}

func (g *idSource) digits(n int) string {
	g.mu.Lock()
	defer g.mu.Unlock()
	var b [32]byte
	for i := range n {
		b[i] = byte('0' + g.random.IntN(10))
	}
	return string(b[:n])
}
