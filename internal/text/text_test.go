package text_test

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/refundkit/refundkit/internal/text"
	"github.com/stretchr/testify/assert"
)

func TestMasked(t *testing.T) {
	for name, c := range map[string]struct{ in, want string }{
		"nothing":                        {"", ""},
		"what is no secret":              {"risk_level of ch_123 is high; the task_id is pk_1, 30% of 5_000", "risk_level of ch_123 is high; the task_id is pk_1, 30% of 5_000"},
		"a key":                          {"Key sk_live_abc1 is wrong", "Key sk_live_*** is wrong"},
		"a key that Stripe masked":       {"provided: sk_test_******7890", "provided: sk_test_***"},
		"a restricted key":               {"(rk_test_abc1)", "(rk_test_***)"},
		"a publishable key":              {"pk_live_abc1", "pk_live_***"},
		"an ephemeral key":               {"ek_test_abc1", "ek_test_***"},
		"a key without a mode":           {"sk_org_abc1", "sk_***"},
		"a key in capitals":              {"SK_LIVE_ABC1", "SK_LIVE_***"},
		"a key after a letter":           {"xsk_live_abcdefgh12345678", "xsk_live_***"},
		"a word that ends like a key":    {"task_test_17", "task_test_17"},
		"two keys":                       {"rk_live_a1-sk_live_b2 sk_live_c3", "rk_live_*** sk_live_***"},
		"a webhook secret":               {"'whsec_abc1'", "'whsec_***'"},
		"a client secret":                {"pi_3_secret_abc1", "pi_3_secret_***"},
		"a client secret behind a key":   {"sk_live_a1_secret_b2", "sk_live_***"},
		"an account":                     {"on account acct_1032D82eZvKYlo2C.", "on account acct_***lo2C"},
		"an account in quotes":           {"'acct_1032D82eZvKYlo2C'", "'acct_***lo2C'"},
		"a short account":                {"acct_1", "acct_***"},
		"an address":                     {"write to jenny.doe+1@mail.example, please", "write to ***@***, please"},
		"an address in another script":   {"é@münchen.example", "***@***"},
		"an address behind a key":        {"jenny@x.example-sk_live_a1", "***@***"},
		"an encoded address":             {"?email=jenny%40mail.example&x=1", "?email=***@***&x=1"},
		"an address encoded twice":       {"jenny%2540mail.example", "***@***"},
		"an encoded key":                 {"key=sk%5flive%5Fabc1", "key=sk_live_***"},
		"a key encoded twice":            {"sk%255Flive%25255Fabc1", "sk_live_***"},
		"a key encoded letter by letter": {"%73%6b%5f%6c%69%76%65%5fabc1", "sk_live_***"},
		"a key behind an encoded sign":   {"key%3Dsk_live_abc1", "sk_live_***"},
		"an encoded account":             {"acct%5F1032D82eZvKYlo2C", "acct_***"},
		"a key with something invisible": {"sk_li\u200bve_abc\x00def", "sk_live_***"},
		"a key that is not UTF-8":        {"sk_live_ab\xffcd", "sk_live_***"},
		"lines":                          {"two\r\nlines\x00\u202e\u2028end\x7f", "two  lines   end "},
		"not UTF-8":                      {"a\xffb", "a\uFFFDb"},
		"other scripts":                  {"la clé n'existe pas: 鍵_1", "la clé n'existe pas: 鍵_1"},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, c.want, text.Masked(c.in))
			assert.Equal(t, c.want, text.Masked(c.want), "a second time")
		})
	}
}

// TestMaskedIsCutAfterMasking holds that no half of a key is left where the
// limit is.
func TestMaskedIsCutAfterMasking(t *testing.T) {
	for before := 480; before < 520; before++ {
		for _, filler := range []string{strings.Repeat("x ", before/2), strings.Repeat("é", before/2)} {
			got := text.Masked(filler + " jenny.PLANTED@mail.example sk_live_PLANTED acct_PLANTEDaccount")
			assert.NotContains(t, got, "PLANTED")
			assert.True(t, utf8.ValidString(got))
			assert.True(t, strings.HasSuffix(got, "..."))
		}
	}
	assert.Equal(t, strings.Repeat("é", 250), text.Masked(strings.Repeat("é", 250)), "as long as it may be")
	assert.Equal(t, strings.Repeat("é", 250)+"...", text.Masked(strings.Repeat("é", 1<<20)))
	assert.Len(t, text.Masked(strings.Repeat("acct_1-", 1<<20)), len("acct_***"))
	assert.Equal(t, strings.Repeat("_ ", 250)+"...", text.Masked(strings.Repeat("_ ", 1<<20)))
	assert.Equal(t, strings.Repeat(" ", 500)+"...", text.Masked(strings.Repeat("\n", 1<<20)))
}

// FuzzMasked plants a secret of each kind at any place of any text.
func FuzzMasked(f *testing.F) {
	for encoding := range uint8(16) {
		for _, before := range []string{"", "Key ", "é", "a=", "jenny@x.example ", "acct_1-", "50%", "\n", strings.Repeat("x", 490)} {
			f.Add(before, " is wrong", encoding)
		}
	}
	f.Add("%", "%40", uint8(1))
	f.Add("sk_", "_secret_", uint8(3))
	f.Fuzz(func(t *testing.T, before, after string, encoding uint8) {
		fits(t, text.Masked(before+after))
		if n := len(before); n > 0 && (before[n-1] >= '0' && before[n-1] <= '9' || unicode.IsLetter(rune(before[n-1])) && before[n-1] < utf8.RuneSelf || strings.Contains(before[max(0, n-6):], "%")) {
			before += " " // a letter before it makes it another word, and a percent sign what it encodes
		}
		for _, secret := range []string{
			"sk_live_PLANTED", "sk_test_PLANTED", "rk_live_PLANTED", "pk_test_PLANTED", "ek_live_PLANTED", "whsec_PLANTED",
			"pi_3_secret_PLANTED", "acct_PLANTEDaccount", "jenny.PLANTED@mail.example",
		} {
			got := text.Masked(before + encoded(secret, encoding) + after)
			fits(t, got)
			if strings.Count(strings.ToUpper(got), "PLANTED") > strings.Count(strings.ToUpper(before+after), "PLANTED") {
				t.Fatalf("%q shows %s", got, secret)
			}
		}
	})
}

// fits fails the test if s does not fit one line of a log.
func fits(t *testing.T, s string) {
	if !utf8.ValidString(s) || len(s) > 503 || strings.ContainsFunc(s, func(r rune) bool { return unicode.IsControl(r) || !unicode.IsGraphic(r) }) {
		t.Fatalf("%q does not fit a line", s)
	}
}

// encoded writes a secret in one of the ways that it can come in.
func encoded(secret string, way uint8) string {
	if way&1 != 0 {
		secret = strings.NewReplacer("_", "%5F", "@", "%40").Replace(secret)
	}
	if way&2 != 0 {
		secret = strings.ReplaceAll(secret, "%", "%25")
	}
	if way&4 != 0 {
		secret = strings.ToUpper(secret)
	}
	if way&8 != 0 {
		secret = secret[:3] + "\u200b" + secret[3:]
	}
	return secret
}

func BenchmarkMasked(b *testing.B) {
	for name, s := range map[string]string{
		"a sentence":  "Charge ch_3QwErTyUiOpAsDfG has already been refunded.",
		"a key":       "Invalid API Key provided: sk_test_******************7890",
		"request id":  "req_Qm3xYp0LkV9sZa",
		"a long text": "The provided key 'sk_test_51***' does not have the required permissions for this endpoint on account 'acct_1032D82eZvKYlo2C'. Having the 'rak_charge_write' permission would allow this request to continue. For more information see https://stripe.com/docs/keys#limit-access and write to support@example.com with the request_id of the call.",
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				text.Masked(s)
			}
		})
	}
}
