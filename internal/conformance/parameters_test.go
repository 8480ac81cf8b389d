package conformance

import (
	"fmt"
	"net/url"
	"reflect"
	"regexp"
	"testing"

	"github.com/refundkit/refundkit"
	"github.com/stretchr/testify/require"
	"github.com/stripe/stripe-mock/spec"
)

// TestParameters compares what the calls of an endpoint send between them with
// what the specification lets it take. A failing test is named after the method
// and the parameter.
func TestParameters(t *testing.T) {
	for _, endpoint := range endpoints() {
		t.Run(endpoint.op, func(t *testing.T) { compareParameters(t, endpoint) })
	}
}

func compareParameters(t *testing.T, endpoint endpoint) {
	t.Helper()
	official, ours := officialParameters(t, endpoint.route), sentParameters(t, endpoint)
	for _, name := range sortedNames(official) {
		if parametersLeftOut[endpoint.op+"."+name] == "" {
			t.Run(name, func(t *testing.T) {
				require.True(t, ours[name], "no call of %s sends %s: is it missing in its params?", endpoint.op, name)
			})
		}
	}
	for _, name := range sortedNames(ours) {
		if !official[name] {
			t.Run(name, func(t *testing.T) {
				require.Fail(t, "unknown parameter", "%s sends %s, which the specification does not have", endpoint.op, name)
			})
		}
	}
}

// officialParameters names what an endpoint takes, nested names in brackets.
func officialParameters(t *testing.T, route string) map[string]bool {
	t.Helper()
	var verb, path string
	_, err := fmt.Sscan(route, &verb, &path)
	require.NoError(t, err)
	operation := officialSpec(t).Paths[spec.Path(path)][spec.HTTPVerb(verb)]
	require.NotNil(t, operation, "the specification has no %s any more", route)
	schema := spec.BuildQuerySchema(operation)
	if verb == "post" {
		schema = operation.RequestBody.Content["application/x-www-form-urlencoded"].Schema
	}
	names := make(map[string]bool)
	collectParameters(schema, "", names)
	return names
}

func collectParameters(schema *spec.Schema, at string, names map[string]bool) {
	switch {
	case len(schema.AnyOf) > 0:
		for _, choice := range schema.AnyOf {
			collectParameters(choice, at, names)
		}
	case schema.Type == spec.TypeArray:
		names[at+"[]"] = true
	case schema.AdditionalProperties != nil:
		names[at+"[*]"] = true
	case schema.Type == spec.TypeObject:
		for name, below := range schema.Properties {
			if at != "" {
				name = at + "[" + name + "]"
			}
			collectParameters(below, name, names)
		}
	default:
		names[at] = true
	}
}

var metadataKey = regexp.MustCompile(`^metadata\[.+\]$`)

// sentParameters names what the calls of an endpoint send between them.
func sentParameters(t *testing.T, endpoint endpoint) map[string]bool {
	t.Helper()
	names := make(map[string]bool)
	for _, call := range append(endpoint.calls, expandEverything(t, endpoint)) {
		for name := range formOf(t, call) {
			names[metadataKey.ReplaceAllString(name, "metadata[*]")] = true
		}
	}
	return names
}

func formOf(t *testing.T, call call) url.Values {
	t.Helper()
	client, transport := setup(t, stripeMock(t))
	_, err := call.send(t.Context(), client)
	require.NoError(t, err)
	require.Len(t, transport.sent, 1)
	return transport.sent[0].form
}

// TestParameterFields expects each field of our params to be filled in some
// call, so that no parameter goes untried, and to be called as its parameter is.
func TestParameterFields(t *testing.T) {
	for _, endpoint := range endpoints() {
		filled := make(map[string]bool)
		for _, call := range endpoint.calls {
			if call.params != nil {
				collectFields(t, reflect.ValueOf(call.params), endpoint.op, filled)
			}
		}
		for _, field := range sortedNames(filled) {
			t.Run(field, func(t *testing.T) {
				require.True(t, filled[field], "no call fills %s", field)
			})
		}
	}
}

// collectFields notes the fields of params, and whether they are filled.
func collectFields(t *testing.T, params reflect.Value, path string, filled map[string]bool) {
	t.Helper()
	for field := range fields(params.Type()) {
		value := params.FieldByIndex(field.Index)
		at := path + "." + field.Name
		filled[at] = filled[at] || !value.IsZero()
		if name, tagged := field.Tag.Lookup("url"); tagged && name != "-" {
			require.Regexp(t, "^"+propertyName(field.Name)+"(,|$)", name, "the field %s has the tag of another parameter", at)
		}
		if field.Type.Kind() == reflect.Struct && field.Type.PkgPath() == reflect.TypeFor[refundkit.Refund]().PkgPath() {
			collectFields(t, value, at, filled)
		}
	}
}

// TestValues checks that parameters arrive with what they were given; that they
// have the right names says TestParameterFields.
func TestValues(t *testing.T) {
	second := "1787740215" // moment, cut to whole seconds
	for _, test := range []struct {
		op, call string
		want     map[string]string
	}{
		{"Refunds.Create", "part of a charge", map[string]string{
			"charge": "ch_2", "amount": "500", "reason": "requested_by_customer", "metadata[order]": "6735",
			"instructions_email": "jenny@example.com", "refund_application_fee": "true", "reverse_transfer": "true",
		}},
		{"Refunds.Create", "the rest of a payment intent", map[string]string{"payment_intent": "pi_2", "reason": "duplicate"}},
		{"Refunds.Update", "set and unset", map[string]string{"metadata[order]": "6735", "metadata[old]": ""}},
		{"Refunds.Update", "clear", map[string]string{"metadata": ""}},
		{"Refunds.List", "after", map[string]string{
			"charge": "ch_2", "payment_intent": "pi_2", "limit": "3", "starting_after": "re_2", "created": second,
		}},
		{"Refunds.List", "before", map[string]string{
			"ending_before": "re_2", "created[gt]": second, "created[gte]": "1787740216", "created[lt]": "1787740216", "created[lte]": second,
		}},
		{"TransferReversals.Create", "a part", map[string]string{
			"amount": "500", "description": "Two of five", "metadata[order]": "6735", "refund_application_fee": "true",
		}},
		{"TransferReversals.Create", "the rest", map[string]string{}},
		{"TransferReversals.Update", "clear", map[string]string{"metadata": ""}},
		{"Transfers.List", "after", map[string]string{
			"destination": "acct_2", "transfer_group": "order-6735", "limit": "3", "starting_after": "tr_2", "created": second,
		}},
		{"ApplicationFeeRefunds.Create", "a part", map[string]string{"amount": "50", "metadata[order]": "6735"}},
		{"PaymentRecords.ReportRefund", "everything", map[string]string{
			"outcome": "refunded", "processor_details[type]": "custom", "processor_details[custom][refund_reference]": "terminal-7/refund-1",
			"refunded[refunded_at]": second, "initiated_at": second, "amount[currency]": "eur", "amount[value]": "500", "metadata[order]": "6735",
		}},
	} {
		t.Run(test.op+"/"+test.call, func(t *testing.T) {
			got := make(map[string]string)
			for name, values := range formOf(t, callNamed(t, test.op, test.call)) {
				require.Len(t, values, 1, name)
				got[name] = values[0]
			}
			require.Equal(t, test.want, got)
		})
	}
}

func callNamed(t *testing.T, op, name string) call {
	t.Helper()
	for _, endpoint := range endpoints() {
		for _, call := range append(endpoint.calls, expandEverything(t, endpoint)) {
			if endpoint.op == op && call.name == name {
				return call
			}
		}
	}
	require.Fail(t, "no such call", "%s %s", op, name)
	return call{}
}
