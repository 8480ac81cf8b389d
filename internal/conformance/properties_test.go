package conformance

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"strings"
	"testing"

	"github.com/refundkit/refundkit"
	"github.com/stretchr/testify/require"
	"github.com/stripe/stripe-mock/spec"
)

// ourTypes are the types that decode an object of the specification.
var ourTypes = map[string]reflect.Type{
	"refund":              reflect.TypeFor[refundkit.Refund](),
	"balance_transaction": reflect.TypeFor[refundkit.BalanceTransaction](),
	"transfer_reversal":   reflect.TypeFor[refundkit.TransferReversal](),
	"payment_record":      reflect.TypeFor[refundkit.PaymentRecord](),
	"charge":              reflect.TypeFor[refundkit.Charge](),
	"payment_intent":      reflect.TypeFor[refundkit.PaymentIntent](),
	"customer":            reflect.TypeFor[refundkit.Customer](),
	"deleted_customer":    reflect.TypeFor[refundkit.Customer](),
	"payment_method":      reflect.TypeFor[refundkit.PaymentMethod](),
	"transfer":            reflect.TypeFor[refundkit.Transfer](),
	"list":                reflect.TypeFor[refundkit.RefundList](),
	"event":               reflect.TypeFor[refundkit.Event](),
	"dispute":             reflect.TypeFor[refundkit.Dispute](),
	"balance":             reflect.TypeFor[refundkit.Balance](),
	"application_fee":     reflect.TypeFor[refundkit.ApplicationFee](),
	"account":             reflect.TypeFor[refundkit.Account](),

	"fee_refund": reflect.TypeFor[refundkit.ApplicationFeeRefund](),

	"list of transfer":            reflect.TypeFor[refundkit.TransferList](),
	"list of transfer_reversal":   reflect.TypeFor[refundkit.TransferReversalList](),
	"list of application_fee":     reflect.TypeFor[refundkit.ApplicationFeeList](),
	"list of fee_refund":          reflect.TypeFor[refundkit.ApplicationFeeRefundList](),
	"list of charge":              reflect.TypeFor[refundkit.ChargeList](),
	"list of dispute":             reflect.TypeFor[refundkit.DisputeList](),
	"list of balance_transaction": reflect.TypeFor[refundkit.BalanceTransactionList](),
	"list of event":               reflect.TypeFor[refundkit.EventList](),
}

// itemOf is what a list holds, or nothing if name is none.
func itemOf(name string) string {
	if name == "list" {
		return "refund"
	}
	item, isList := strings.CutPrefix(name, "list of ")
	if !isList {
		return ""
	}
	return item
}

// object finds what one of ourTypes is in the specification.
func object(t *testing.T, name string) property {
	t.Helper()
	if item := itemOf(name); item != "" { // it has no name there
		path := spec.Path("/v1/" + item + "s")
		switch item { // whose lists are below another object
		case "transfer_reversal":
			path = "/v1/transfers/{id}/reversals"
		case "fee_refund":
			path = "/v1/application_fees/{id}/refunds"
		}
		return property{schema: officialSpec(t).Paths[path]["get"].Responses["200"].Content["application/json"].Schema}
	}
	return component(t, name)
}

// throughOurType decodes a document into our type and encodes it again.
func throughOurType(t *testing.T, name string, document any) []byte {
	t.Helper()
	encoded, err := roundTrip(name, document)
	require.NoError(t, err)
	return encoded
}

func roundTrip(name string, document any) ([]byte, error) {
	if name == "event" {
		return roundTripOfEvent(document.(map[string]any))
	}
	encoded, err := json.Marshal(document)
	if err != nil {
		return nil, err
	}
	value := reflect.New(ourTypes[name]).Interface()
	if err := json.Unmarshal(encoded, value); err != nil {
		return nil, fmt.Errorf("%s can't be decoded: %w: %s", name, err, encoded)
	}
	return json.Marshal(value)
}

// roundTripOfEvent gives the event what none is read without, and takes it away again.
func roundTripOfEvent(document map[string]any) ([]byte, error) {
	whole := map[string]any{"id": "evt_1", "object": "event", "type": "refund.updated"}
	maps.Copy(whole, document)
	text, err := json.Marshal(whole)
	if err != nil {
		return nil, err
	}
	var event refundkit.Event
	if err := json.Unmarshal(text, &event); err != nil {
		return nil, err
	}
	if text, err = json.Marshal(event); err != nil {
		return nil, err
	}
	var again map[string]any
	if err := json.Unmarshal(text, &again); err != nil {
		return nil, err
	}
	for _, name := range []string{"id", "object", "type"} {
		if _, asked := document[name]; !asked {
			delete(again, name)
		}
	}
	return json.Marshal(again)
}

// TestProperties sends each property of the specification through our type, one
// at a time, so that one that is of another kind does not hide the others.
func TestProperties(t *testing.T) {
	for _, name := range sortedNames(ourTypes) {
		document := sample(t, object(t, name), name)
		for _, member := range sortedNames(document) {
			alone := map[string]any{member: document[member]}
			encoded, err := roundTrip(name, alone)
			if err != nil {
				t.Run(name+"."+member, func(t *testing.T) { require.NoError(t, err) })
				continue
			}
			compare(t, leaves(t, alone, name), leavesOf(t, encoded, name))
		}
	}
}

func TestDestinationDetails(t *testing.T) {
	schema := component(t, destinationDetails)
	for _, kind := range sortedNames(schema.schema.Properties) {
		if kind == "type" {
			continue
		}
		details := (&sampler{t: t}).destination(schema, kind, "destination_details")
		document := map[string]any{"destination_details": details}
		got := leavesOf(t, throughOurType(t, "refund", document), "refund")
		want := leaves(t, document, "refund")
		// A kind that has no details is told by its type alone.
		maps.DeleteFunc(want, func(_ string, value any) bool { return value == empty("object") })
		compare(t, want, got)
	}
}

// TestDestinationDetailsFields checks what TestDestinationDetails can't: that
// no two of the strings change places.
func TestDestinationDetailsFields(t *testing.T) {
	var got refundkit.DestinationDetails
	require.NoError(t, json.Unmarshal([]byte(`{"type": "card", "card": {"type": "a", "reference": "b", "reference_status": "c",
		"reference_type": "d", "network_decline_code": "e"}}`), &got))
	require.Equal(t, refundkit.DestinationDetails{
		Type: "card", CardType: "a", Reference: "b", ReferenceStatus: "c", ReferenceType: "d", NetworkDeclineCode: "e",
	}, got)
}

// TestExpansions puts each object that may stand in the place of a link there,
// and expects to find it whole: as much of it as our type has.
func TestExpansions(t *testing.T) {
	for _, name := range sortedNames(ourTypes) {
		found := properties(t, object(t, name))
		for _, link := range sortedNames(found) {
			for _, target := range expansions(t, found[link]) {
				path := name + "." + link
				document := sample(t, target, path)
				if path == "balance_transaction.source" { // two dozen kinds: named, not kept
					document = map[string]any{"id": document["id"], "object": document["object"]}
				}
				t.Run(path+"="+target.name, func(t *testing.T) {
					compare(t, leaves(t, document, path), leavesOf(t, throughOurType(t, name, map[string]any{link: document}), name))
				})
			}
		}
	}
}

// TestValueless sends each property of which the specification says that it may
// be null as null, and expects what a document without it gives.
func TestValueless(t *testing.T) {
	for _, name := range sortedNames(ourTypes) {
		for _, link := range sortedNames(properties(t, object(t, name))) {
			if !object(t, name).schema.Properties[link].Nullable {
				continue
			}
			t.Run(name+"."+link, func(t *testing.T) {
				without := throughOurType(t, name, map[string]any{})
				require.JSONEq(t, string(without), string(throughOurType(t, name, map[string]any{link: nil})))
			})
		}
	}
}

// TestNothingInvented walks our types, and expects each field to be called as
// the property is, and the specification to have that property.
func TestNothingInvented(t *testing.T) {
	for _, name := range sortedNames(ourTypes) {
		if name != "deleted_customer" {
			checkFields(t, ourTypes[name], object(t, name), name)
		}
	}
}

func checkFields(t *testing.T, ours reflect.Type, official property, path string) {
	t.Helper()
	if ours == reflect.TypeFor[refundkit.DestinationDetails]() {
		return // see TestDestinationDetails
	}
	for field := range fields(ours) {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if name == "-" {
			continue
		}
		at := path + "." + name
		known, ok := official.schema.Properties[name]
		t.Run(path+"."+field.Name, func(t *testing.T) {
			require.Equal(t, propertyName(field.Name), name, "the field %s has the tag of another property", field.Name)
			if !ok {
				require.NotEmpty(t, beyondSpec[at], "the specification has no %s: name it in beyondSpec, with the reason, or drop it", at)
			}
		})
		if !ok {
			continue
		}
		below := resolve(t, property{schema: known})
		inner := field.Type
		for inner.Kind() == reflect.Pointer || inner.Kind() == reflect.Slice {
			inner = inner.Elem()
		}
		switch {
		case below.schema.Type == spec.TypeArray && inner.Kind() == reflect.Struct:
			item := resolve(t, property{schema: below.schema.Items})
			if inner != ourTypes[item.name] { // which is checked by itself
				checkFields(t, inner, item, at+".0")
			}
		case below.schema.Type == spec.TypeObject && inner.Kind() == reflect.Struct && inner != ourTypes["refund"]:
			checkFields(t, inner, below, at)
		}
	}
}
