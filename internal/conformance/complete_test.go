package conformance

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/stripe/stripe-mock/spec"
)

// recorded names what Stripe was seen to answer though the specification does
// not have it. The fake may do the same.
var recorded = map[string]bool{
	"list.count":                     true, // where the list is of one charge
	"charge.refunds.total_count":     true,
	"transfer.reversals.total_count": true, "application_fee.refunds.total_count": true, // shown in Stripe's documentation
	"charge.destination": true, "charge.dispute": true, "charge.order": true, "charge.source": true,
	"payment_method_details_card.electronic_commerce_indicator": true,
	"payment_intent.payment_record":                             true, "payment_intent.shared_payment_granted_token": true, "payment_intent.source": true,
}

// always names what Stripe was seen to answer always, though the specification
// says neither that it is required nor that it may be null.
var always = map[string][]string{
	"charge":         {"destination", "dispute", "order", "radar_options", "source"},
	"charge_outcome": {"risk_level", "risk_score"},
	"payment_intent": {"amount", "amount_capturable", "amount_details", "amount_received", "capture_method", "confirmation_method",
		"currency", "metadata", "payment_method_types", "payment_record", "shared_payment_granted_token", "source", "status"},
	"payment_method_details_card": {"electronic_commerce_indicator", "extended_authorization", "incremental_authorization",
		"multicapture", "network_token", "overcapture"},
}

// absent names what may be null and is left out all the same: by the name of the
// object in the specification, or by the path to it.
var absent = map[string]string{
	"charge.refunds":                 "only there when it is expanded",
	"api_errors.network_advice_code": "only there where the network gives one",
	"payment_method.custom":          "of another type",
	"customer.cash_balance":          "only there when it is expanded",
	"customer.sources":               "only there when it is expanded",
	"card.account":                   "of external accounts only",
	"card.available_payout_methods":  "of external accounts only",
	"card.currency":                  "of external accounts only",
	"card.default_for_currency":      "of external accounts only",
	"card.status":                    "of external accounts only",

	"checkout.session.optional_items":   "the fake has none",
	"customer.shipping.carrier":         "of the shipping of a payment only",
	"customer.shipping.tracking_number": "of the shipping of a payment only",
	"klarna.klarna.dob":                 "the fake does not know it",
	"token.card.customer":               "a token is nobody's",
	"token.card.allow_redisplay":        "a token is nobody's",
}

// checkAnswer holds a value to the specification: it may have nothing that Stripe
// does not have, and must have what Stripe always has, as it is or as null.
func checkAnswer(t *testing.T, official property, answer any, path string) {
	t.Helper()
	if answer == nil {
		assert.True(t, official.schema.Nullable, "the fake says null in %s", path)
		return
	}
	if targets := expansions(t, official); targets != nil {
		checkLink(t, targets, answer, path)
		return
	}
	official = branch(t, resolve(t, official), answer)
	switch value := answer.(type) {
	case map[string]any:
		require.Equal(t, spec.TypeObject, official.schema.Type, path)
		checkObject(t, official, value, path)
	case []any:
		require.Equal(t, spec.TypeArray, official.schema.Type, path)
		for _, item := range value {
			checkAnswer(t, property{schema: official.schema.Items}, item, path+".0")
		}
	default:
		checkScalar(t, official, answer, path)
	}
}

// branch chooses between what a secret key sees, which is the first of two schemas,
// and what a publishable key sees.
func branch(t *testing.T, official property, answer any) property {
	t.Helper()
	if len(official.schema.AnyOf) == 0 {
		return official
	}
	if _, isObject := answer.(map[string]any); !isObject {
		return official
	}
	return resolve(t, property{schema: official.schema.AnyOf[0]})
}

// checkLink tells by its object field which of the targets a link became. What the
// fake does not simulate is shown with its id and kind alone.
func checkLink(t *testing.T, targets []property, answer any, path string) {
	t.Helper()
	expanded, ok := answer.(map[string]any)
	if !ok {
		assert.IsType(t, "", answer, path)
		return
	}
	for _, target := range targets {
		if target.name == expanded["object"] && len(expanded) > len([]string{"id", "object"}) {
			checkAnswer(t, target, expanded, target.name)
		}
	}
}

func checkObject(t *testing.T, official property, value map[string]any, path string) {
	t.Helper()
	called := path
	if official.name != "" {
		called = official.name
	}
	for _, name := range expected(official) {
		if absent[called+"."+name] == "" && absent[path+"."+name] == "" {
			assert.Contains(t, value, name, "the fake leaves %s.%s out", called, name)
		}
	}
	for name, member := range value {
		below := official.schema.Properties[name]
		if len(official.schema.Properties) == 0 {
			below = official.schema.AdditionalProperties
		}
		if recorded[called+"."+name] || below == nil && official.schema.AdditionalPropertiesAllowed && len(official.schema.Properties) == 0 {
			continue
		}
		if assert.NotNil(t, below, "the fake makes %s.%s up", called, name) {
			checkAnswer(t, property{schema: below}, member, path+"."+name)
		}
	}
}

// expected lists what an object always has: what is required, what may be null,
// for Stripe says null where there is nothing, and what was always recorded.
func expected(official property) []string {
	names := slices.Concat(official.schema.Required, always[official.name])
	for name, schema := range official.schema.Properties {
		if schema.Nullable {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func checkScalar(t *testing.T, official property, value any, path string) {
	t.Helper()
	switch value.(type) {
	case string:
		assert.Equal(t, spec.TypeString, official.schema.Type, path)
		if official.schema.Enum != nil {
			assert.True(t, slices.Contains(official.schema.Enum, value), "the fake says %v in %s", value, path)
		}
	case float64:
		assert.Contains(t, []string{spec.TypeInteger, spec.TypeNumber}, official.schema.Type, path)
	case bool:
		assert.Equal(t, spec.TypeBoolean, official.schema.Type, path)
	}
}
