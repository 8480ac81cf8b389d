package refundtest_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The documented names, with the number that Stripe's testing page gives them.
func TestTestNames(t *testing.T) {
	c := setup(t)
	for name, want := range map[string][4]string{
		"visa":                            {"4242", "visa", "US", "credit"},
		"visa_debit":                      {"5556", "visa", "US", "debit"},
		"mastercard":                      {"4444", "mastercard", "US", "credit"},
		"mastercard_debit":                {"8210", "mastercard", "US", "debit"},
		"mastercard_prepaid":              {"5100", "mastercard", "US", "prepaid"},
		"amex":                            {"8431", "amex", "US", "credit"},
		"discover":                        {"9424", "discover", "US", "credit"},
		"diners":                          {"0004", "diners", "US", "credit"},
		"jcb":                             {"0505", "jcb", "JP", "credit"},
		"unionpay":                        {"0005", "unionpay", "CN", "credit"},
		"us":                              {"4242", "visa", "US", "credit"},
		"de":                              {"0016", "visa", "DE", "credit"},
		"gb_mastercard":                   {"4449", "mastercard", "GB", "credit"},
		"th_debit":                        {"0008", "visa", "TH", "debit"},
		"createDispute":                   {"0259", "visa", "US", "credit"},
		"visa_createDispute":              {"0259", "visa", "US", "credit"},
		"createDisputeProductNotReceived": {"2685", "visa", "US", "credit"},
		"createDisputeInquiry":            {"1976", "visa", "US", "credit"},
		"createIssuerFraudRecord":         {"5423", "visa", "US", "credit"},
		"pendingRefund":                   {"7726", "visa", "US", "credit"},
		"refundFail":                      {"5126", "visa", "US", "credit"},
		"bypassPending":                   {"0077", "visa", "US", "credit"},
		"avsFail":                         {"0010", "visa", "US", "credit"},
		"cvcCheckFail":                    {"0101", "visa", "US", "credit"},
		"riskLevelElevated":               {"9235", "visa", "US", "credit"},
		"threeDSecureOptional":            {"3055", "visa", "US", "credit"},
		"visa_cartesBancaires":            {"1001", "visa", "FR", "credit"},
	} {
		t.Run(name, func(t *testing.T) {
			ofToken := c.post("/v1/charges", "amount", "500", "currency", "usd", "source", "tok_"+name).ok(t)
			ofMethod := c.post("/v1/payment_intents", "amount", "500", "currency", "usd", "payment_method", "pm_card_"+name, "confirm", "true",
				"expand[]", "latest_charge").ok(t)
			for _, charge := range []reply{ofToken, {Body: ofMethod.at("latest_charge").(map[string]any)}} {
				card := func(field string) string { return charge.text("payment_method_details", "card", field) }
				assert.Equal(t, want, [4]string{card("last4"), card("brand"), card("country"), card("funding")})
			}
		})
	}
}

// A name that is misspelled must not become a good card.
func TestUnknownTestNames(t *testing.T) {
	c := setup(t)
	for _, name := range []string{"visa_creatDispute", "visa_de", "mastercard_createDispute", "zz", "Visa", "card_visa", "", "visa_visa"} {
		charge := c.post("/v1/charges", "amount", "500", "currency", "usd", "source", "tok_"+name)
		assert.Equal(t, 400, charge.Status, name)
		assert.Equal(t, "resource_missing", charge.text("error", "code"), name)
		assert.Equal(t, "source", charge.text("error", "param"), name)
		intent := c.post("/v1/payment_intents", "amount", "500", "currency", "usd", "payment_method", "pm_card_"+name, "confirm", "true")
		assert.Equal(t, 400, intent.Status, name)
		assert.Equal(t, "payment_method", intent.text("error", "param"), name)
	}
	for _, id := range []string{"pm_usBankAccount_succes", "pm_1", "visa", "card_visa"} {
		intent := c.post("/v1/payment_intents", "amount", "500", "currency", "usd", "payment_method", id)
		assert.Equal(t, "resource_missing", intent.text("error", "code"), id)
	}
	assert.Empty(t, c.server.Recent(1).Charges)
}

// Every number that the testing page gives is a card: it has a right check digit,
// and is known.
func TestTestNumbers(t *testing.T) {
	c := setup(t)
	for number, brand := range map[string]string{
		"4242424242424242": "visa", "4000056655665556": "visa", "5555555555554444": "mastercard", "2223003122003222": "mastercard",
		"5200828282828210": "mastercard", "5105105105105100": "mastercard", "378282246310005": "amex", "371449635398431": "amex",
		"6011111111111117": "discover", "6011000990139424": "discover", "6011981111111113": "discover", "3056930009020004": "diners",
		"36227206271667": "diners", "3566002020360505": "jcb", "6200000000000005": "unionpay", "6200000000000047": "unionpay",
		"6205500000000000004": "unionpay", "4000002500001001": "visa", "5555552500001001": "mastercard", "4000000320000021": "visa",
		"4000000760000002": "visa", "4000001240000000": "visa", "4000001520000001": "visa", "4000001700000003": "visa",
		"4000001880000005": "visa", "4000002180000000": "visa", "4000004840008001": "visa", "4000005910000000": "visa",
		"4000006000000066": "visa", "4000006040000068": "visa", "4000008580000003": "visa", "4000000400000008": "visa",
		"4000000560000004": "visa", "4000001000000000": "visa", "4000001120000005": "visa", "4000001960000008": "visa",
		"4000002030000002": "visa", "4000002080000001": "visa", "4000002460000001": "visa", "4000002500000003": "visa",
		"4000002760000016": "visa", "4000003000000030": "visa", "4000003480000005": "visa", "4000003720000005": "visa",
		"4000003800000008": "visa", "4000004280000005": "visa", "4000004400000000": "visa", "4000004420000006": "visa",
		"4000004700000007": "visa", "4000005280000002": "visa", "4000005780000007": "visa", "4000006160000005": "visa",
		"4000006200000007": "visa", "4000006420000001": "visa", "4000006820000007": "visa", "4000007050000006": "visa",
		"4000007030000001": "visa", "4000007240000007": "visa", "4000007520000008": "visa", "4000007560000009": "visa",
		"4000008260000000": "visa", "4000058260000005": "visa", "5555558265554449": "mastercard", "4000000360000006": "visa",
		"4000001560000002": "visa", "4000003440000004": "visa", "4000003560000008": "visa", "4000003560000123": "visa",
		"4000003920000003": "visa", "3530111333300000": "jcb", "4000004580000002": "visa", "4000005540000008": "visa",
		"4000007020000003": "visa", "4000001580000008": "visa", "4000007640000003": "visa", "4000057640000008": "visa",
		"4000000000000341": "visa", "4000000000000101": "visa", "4000000000000036": "visa", "4000000000000044": "visa",
		"4000000000000069": "visa", "4000000000000119": "visa", "4000000000000127": "visa", "4000000000009979": "visa",
		"4000000000009987": "visa", "4000000000006975": "visa", "4000002500003155": "visa", "4000002760003184": "visa",
		"4000003800000446": "visa", "4000008260003178": "visa", "4000000000003220": "visa", "4000000000003063": "visa",
		"4000008400001629": "visa", "4000008400001280": "visa", "4000000000003055": "visa", "4000000000003097": "visa",
		"4100000000000019": "visa", "4000000000004954": "visa", "4000000000009235": "visa", "4000000404000079": "visa",
		"4000003720000278": "visa", "4000 0000 0000 0077": "visa",
	} {
		made := c.post("/v1/payment_methods", "type", "card", "card[number]", number, "card[exp_month]", "12", "card[exp_year]", "2034").ok(t)
		assert.Equal(t, brand, made.text("card", "brand"), number)
		assert.Equal(t, number[len(number)-4:], made.text("card", "last4"))
	}
}

// What is wrong with a card is said before it is used.
func TestCardData(t *testing.T) {
	c := setup(t)
	card := func(number, month, year, cvc string) []string {
		return []string{"type", "card", "card[number]", number, "card[exp_month]", month, "card[exp_year]", year, "card[cvc]", cvc}
	}
	for _, tc := range []struct {
		name              string
		sent              []string
		status            int
		kind, code, param string
		declineCode       string
	}{
		{"check digit", card("4242424242424241", "12", "2034", "123"), 402, "card_error", "incorrect_number", "number", ""},
		{"letters", card("4242x24242424242", "12", "2034", "123"), 402, "card_error", "incorrect_number", "number", ""},
		{"month", card("4242424242424242", "13", "2034", "123"), 402, "card_error", "invalid_expiry_month", "exp_month", ""},
		{"year", card("4242424242424242", "12", "95", "123"), 402, "card_error", "invalid_expiry_year", "exp_year", ""},
		{"cvc", card("4242424242424242", "12", "2034", "99"), 402, "card_error", "invalid_cvc", "cvc", ""},
		{"a real card", card("4111111111111111", "12", "2034", "123"), 402, "card_error", "card_declined", "", "test_mode_live_card"},
		{"no expiry", []string{"type", "card", "card[number]", "4242424242424242"}, 400, "invalid_request_error", "parameter_missing", "card[exp_month]", ""},
		{"unknown token", []string{"type", "card", "card[token]", "tok_nope"}, 400, "invalid_request_error", "", "token", ""},
		{"no type", []string{"card[token]", "tok_visa"}, 400, "invalid_request_error", "parameter_missing", "type", ""},
		{"unknown type", []string{"type", "banana"}, 400, "invalid_request_error", "", "type", ""},
		{"customer", []string{"type", "klarna", "customer", "cus_1"}, 400, "invalid_request_error", "", "", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			refused := c.post("/v1/payment_methods", tc.sent...)
			require.Equal(t, tc.status, refused.Status, refused.Raw)
			assert.Equal(t, tc.kind, refused.text("error", "type"))
			assert.Equal(t, tc.code, refused.text("error", "code"))
			assert.Equal(t, tc.param, refused.text("error", "param"))
			assert.Equal(t, tc.declineCode, refused.text("error", "decline_code"))
		})
	}
}
