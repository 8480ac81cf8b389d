package refundkit

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// refundWith is the body of a refund with more members.
func refundWith(members string) string {
	return `{"id":"re_1","object":"refund","amount":500,"currency":"usd","status":"succeeded","receipt_number":"r-1",` + members + `,"reason":"duplicate"}`
}

func TestDecodeLeavesOutWhatDoesNotFit(t *testing.T) {
	base := Refund{ID: "re_1", Object: "refund", Amount: 500, Currency: "usd", Status: RefundStatusSucceeded, ReceiptNumber: "r-1", Reason: RefundReasonDuplicate}
	for members, c := range map[string]struct {
		unread []string
		set    func(*Refund)
	}{
		`"metadata":{"size":5,"order":"6735"}`:             {[]string{"metadata.size"}, func(r *Refund) { r.Metadata = Metadata{"order": "6735"} }},
		`"metadata":{"a":{"b":"c"},"d":["e"],"f":null}`:    {[]string{"metadata.a", "metadata.d"}, func(r *Refund) { r.Metadata = Metadata{"f": ""} }},
		`"metadata":{"a":"1","a":5}`:                       {[]string{"metadata.a"}, func(r *Refund) { r.Metadata = Metadata{} }},
		`"receipt_number":7`:                               {[]string{"receipt_number"}, func(r *Refund) { r.ReceiptNumber = "" }},
		`"Receipt_Number":7`:                               {[]string{"receipt_number"}, func(r *Refund) { r.ReceiptNumber = "" }},
		`"destination_details":"card"`:                     {[]string{"destination_details"}, nil},
		`"destination_details":{"type":5,"card":{}}`:       {[]string{"destination_details"}, nil},
		`"destination_details":{"type":"card","card":"x"}`: {[]string{"destination_details.card"}, func(r *Refund) { r.DestinationDetails.Type = "card" }},
		`"destination_details":{"type":"card","card":{"reference":7,"type":"refund"}}`: {[]string{"destination_details.card.reference"}, func(r *Refund) {
			r.DestinationDetails = DestinationDetails{Type: "card", CardType: "refund"}
		}},
		`"customer":5`:        {[]string{"customer"}, nil},
		`"customer":{"id":5}`: {[]string{"customer"}, nil},
		`"customer":{"id":"cus_1","name":["x"],"email":"e"}`: {[]string{"customer.name"}, func(r *Refund) {
			r.Customer = Expandable[Customer]{ID: "cus_1", Value: &Customer{ID: "cus_1", Email: "e"}}
		}},
		`"next_action":{"type":"t","display_details":{"expires_at":"soon","email_sent":{"email_sent_to":"a"}}}`: {[]string{"next_action.display_details.expires_at"}, func(r *Refund) {
			r.NextAction = RefundNextAction{Type: "t", DisplayDetails: RefundDisplayDetails{EmailSent: RefundEmailSent{EmailSentTo: "a"}}}
		}},
		`"charge":{"id":"ch_1","amount":5,"metadata":{"k":1},"billing_details":[]}`: {[]string{"charge.metadata.k", "charge.billing_details"}, func(r *Refund) {
			r.Charge = Expandable[Charge]{ID: "ch_1", Value: &Charge{ID: "ch_1", Amount: 5, Metadata: Metadata{}}}
		}},
		`"charge":{"id":"ch_1","description":3,"amount":"5"}`: {[]string{"charge"}, func(r *Refund) { r.Charge.ID = "ch_1" }},
		`"charge":{"id":"ch_1","refunds":{"object":"list","data":[{"id":"re_1"},{"id":"re_2","amount":1.5}]}}`: {[]string{"charge.refunds"}, func(r *Refund) {
			r.Charge = Expandable[Charge]{ID: "ch_1", Value: &Charge{ID: "ch_1"}}
		}},
		`"payment_intent":{"id":"pi_1","payment_method_types":["card",5,"link"],"livemode":true}`: {[]string{"payment_intent.payment_method_types"}, func(r *Refund) {
			r.PaymentIntent = Expandable[PaymentIntent]{ID: "pi_1", Value: &PaymentIntent{ID: "pi_1", Livemode: true}}
		}},
		`"balance_transaction":{"id":"txn_1","net":-5,"fee_details":[{"amount":1},{"amount":"2"}]}`: {[]string{"balance_transaction.fee_details"}, func(r *Refund) {
			r.BalanceTransaction = Expandable[BalanceTransaction]{ID: "txn_1", Value: &BalanceTransaction{ID: "txn_1", Net: -5}}
		}},
		`"tomorrow":{"charge":[5]},"metadata":{"1":1},"description":{},"pending_reason":0`: {[]string{"metadata.1", "description", "pending_reason"}, func(r *Refund) { r.Metadata = Metadata{} }},
	} {
		t.Run(members, func(t *testing.T) {
			want := base
			if c.set != nil {
				c.set(&want)
			}
			var got Refund
			unread, err := decode([]byte(refundWith(members)), &got)
			require.NoError(t, err)
			assert.Equal(t, c.unread, unread)
			assert.Equal(t, want, got)
		})
	}
}

func TestDecodeIsStrictWhereMoneyIsDecided(t *testing.T) {
	for members, want := range map[string]string{
		`"amount":"4242424242"`:                            `amount is not a whole number of 64 bits, but a string`,
		`"amount":4242.4242`:                               `amount is not a whole number of 64 bits, but a number`,
		`"amount":42424242424242424242`:                    `amount is not a whole number`,
		`"amount":4242e2`:                                  `amount is not a whole number`,
		`"amount":"4242","amount":500`:                     `amount is not a whole number`,
		`"AMOUNT":[4242]`:                                  `amount is not a whole number of 64 bits, but a list`,
		`"id":4242`:                                        `id is not a string, but a number`,
		`"object":{}`:                                      `object is not a string, but an object`,
		`"currency":true`:                                  `currency is not a string, but a bool`,
		`"status":4242`:                                    `status is not a string`,
		`"created":"4242"`:                                 `created is not whole Unix seconds, but a string`,
		`"created":4242.5`:                                 `created is not whole Unix seconds, but a number`,
		`"charge":4242`:                                    `charge is not an ID or an object that has one, but a number`,
		`"charge":{"amount":4242}`:                         `charge is not an ID or an object that has one`,
		`"payment_intent":["4242"]`:                        `payment_intent is not an ID or an object that has one, but a list`,
		`"metadata":["4242"]`:                              `metadata is not an object, but a list`,
		`"metadata":{"refundkit_reference":4242}`:          `metadata.refundkit_reference is not a string, but a number`,
		`"receipt_number":1,"amount":"4242","charge":4242`: `amount is not`,
		`"metadata":{"a":1},"status":{"4242":4242},"x":"\ud800"`: `status is not a string, but an object`,
	} {
		t.Run(members, func(t *testing.T) {
			_, err := decode([]byte(refundWith(members)), new(Refund))
			require.ErrorContains(t, err, "field "+want)
			assert.NotContains(t, err.Error(), "4242", "a value of the body")

			list := `{"object":"list","data":[` + refundWith(`"charge":null`) + `,` + refundWith(members) + `]}`
			_, err = decode([]byte(list), new(RefundList))
			require.ErrorContains(t, err, "field data.1."+want)
		})
	}
}

func TestDecodeOtherAnswers(t *testing.T) {
	const charge, record = `{"id":"ch_1","object":"charge",`, `{"id":"pr_1","object":"payment_record",`
	const list = `{"object":"list","data":[{"id":"re_1","object":"refund"},{"id":"re_2","object":"refund","receipt_number":5,"metadata":{"a":1}}],`
	for body, c := range map[string]struct {
		into   checker
		unread []string
		wrong  string
	}{
		charge + `"refunds":[],"paid":"yes"}`:                      {new(Charge), []string{"refunds", "paid"}, ""},
		charge + `"amount_refunded":"5"}`:                          {new(Charge), nil, "amount_refunded"},
		record + `"amount_failed":{"value":"5","currency":"usd"}}`: {new(PaymentRecord), []string{"amount_failed"}, ""},
		record + `"amount":{"value":"5","currency":"usd"}}`:        {new(PaymentRecord), nil, "amount.value"},
		record + `"customer_details":{"name":5,"email":"e"}}`:      {new(PaymentRecord), []string{"customer_details.name"}, ""},
		list + `"url":5}`:                                        {new(RefundList), []string{"data.1.receipt_number", "data.1.metadata.a", "url"}, ""},
		list + `"has_more":"no"}`:                                {new(RefundList), nil, "has_more"},
		`{"object":"list","data":{"0":{}}}`:                      {new(RefundList), nil, "data"},
		`{"object":"list","url":1,"data":["re_1"]}`:              {new(RefundList), nil, "data.0"},
		`{"object":"list","url":1,"data":[{"object":"refund"}]}`: {new(RefundList), nil, "item 0"},
	} {
		unread, err := decode([]byte(body), c.into)
		if c.wrong != "" {
			assert.ErrorContains(t, err, c.wrong, body)
		} else {
			assert.NoError(t, err, body)
		}
		assert.Equal(t, c.unread, unread, body)
	}
}

// TestDecodeReadsTheRest adds one member that does not fit, and expects all others
// as encoding/json reads them.
func TestDecodeReadsTheRest(t *testing.T) {
	folders := []string{"testdata"}
	if recorded := os.Getenv("REFUNDKIT_RECORDED"); recorded != "" {
		folders = append(folders, recorded)
	}
	read := 0
	for _, folder := range folders {
		files, err := filepath.Glob(filepath.Join(folder, "*.json"))
		require.NoError(t, err)
		for _, file := range files {
			body, err := os.ReadFile(file)
			require.NoError(t, err)
			var named struct{ Object, URL string }
			require.NoError(t, json.Unmarshal(body, &named))
			member := "description"
			var plain, fitted checker
			switch named.Object {
			case "refund":
				plain, fitted = new(Refund), new(Refund)
			case "charge":
				plain, fitted = new(Charge), new(Charge)
			case "payment_record":
				plain, fitted = new(PaymentRecord), new(PaymentRecord)
			case "payment_intent":
				plain, fitted = new(PaymentIntent), new(PaymentIntent)
			case "balance_transaction":
				plain, fitted = new(BalanceTransaction), new(BalanceTransaction)
			case "dispute":
				plain, fitted, member = new(Dispute), new(Dispute), "reason"
			case "list":
				plain, fitted, member = listAt(named.URL), listAt(named.URL), "url"
			default:
				continue
			}
			read++
			body = bytes.TrimSpace(body)
			without := string(body[:len(body)-1]) + `,"` + member + `":`
			require.NoError(t, json.Unmarshal([]byte(without+`""}`), plain), file)
			unread, err := decode([]byte(without+`[{"}":"\""}]}`), fitted)
			require.NoError(t, err, file)
			assert.Equal(t, []string{member}, unread, file)
			assert.Equal(t, plain, fitted, file)
		}
	}
	assert.Greater(t, read, 10)
}

// listAt is an empty list of what an address lists.
func listAt(url string) checker {
	switch url {
	case "/v1/charges":
		return new(ChargeList)
	case "/v1/disputes":
		return new(DisputeList)
	case "/v1/balance_transactions":
		return new(BalanceTransactionList)
	case "/v1/events":
		return new(EventList)
	case "/v1/transfers":
		return new(TransferList)
	case "/v1/application_fees":
		return new(ApplicationFeeList)
	}
	switch {
	case strings.HasSuffix(url, "/reversals"):
		return new(TransferReversalList)
	case strings.HasPrefix(url, "/v1/application_fees/"):
		return new(ApplicationFeeRefundList)
	}
	return new(RefundList)
}

// TestDecodeKnowsEveryKind walks all types that an answer can hold: the reader of
// what fits knows no embedded field and no option of a tag that changes reading.
func TestDecodeKnowsEveryKind(t *testing.T) {
	seen := map[reflect.Type]bool{}
	var walk func(kind reflect.Type, path string)
	walk = func(kind reflect.Type, path string) {
		if seen[kind] {
			return
		}
		seen[kind] = true
		_, isWhole := reflect.New(kind).Interface().(json.Unmarshaler)
		if strings.HasPrefix(kind.Name(), "Expandable[") {
			walk(kind.Field(1).Type.Elem(), path)
		}
		switch {
		case isWhole:
		case kind.Kind() == reflect.Pointer, kind.Kind() == reflect.Slice:
			walk(kind.Elem(), path)
		case kind.Kind() == reflect.Struct:
			for i := range kind.NumField() {
				field := kind.Field(i)
				name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
				assert.True(t, name != "" && name == strings.ToLower(name) && field.IsExported() && !field.Anonymous, "%s.%s", path, field.Name)
				assert.Contains(t, []string{"", "omitzero"}, options, "%s.%s", path, field.Name)
				walk(field.Type, path+"."+field.Name)
			}
		default:
			assert.Contains(t, []reflect.Kind{reflect.String, reflect.Int64, reflect.Float64, reflect.Bool}, kind.Kind(), path)
		}
	}
	for _, answer := range []any{Refund{}, RefundList{}, Charge{}, PaymentRecord{}, DisputeList{}, Balance{}, BalanceTransactionList{}, EventList{}} {
		walk(reflect.TypeOf(answer), reflect.TypeOf(answer).Name())
	}
	assert.True(t, seen[reflect.TypeFor[Transfer]()] && seen[reflect.TypeFor[Address]()], "the walk went everywhere")
}

func TestDecodeNamesOnlySoMany(t *testing.T) {
	var many strings.Builder
	for range 50_000 {
		many.WriteString(`"receipt_number":1,"metadata":{"a":1},`)
	}
	unread, err := decode([]byte(refundWith(many.String()+`"metadata":{"whsec_4242":5}`)), new(Refund))
	require.NoError(t, err)
	assert.Len(t, unread, maxUnread)

	unread, err = decode([]byte(refundWith(`"metadata":{"whsec_4242":5,"a@b.test":5,"a\nb":5}`)), new(Refund))
	require.NoError(t, err)
	assert.Equal(t, []string{"metadata.whsec_***", "***@***", "metadata.a b"}, unread)
}

// TestDecodeDeep reads what is nested too deeply for Expandable by itself.
func TestDecodeDeep(t *testing.T) {
	const levels = 3000
	body := refundWith(`"charge":` + strings.Repeat(`{"id":"ch_1","payment_intent":{"id":"pi_1","latest_charge":`, levels) + "null" + strings.Repeat("}}", levels))
	var refund Refund
	unread, err := decode([]byte(body), &refund)
	require.NoError(t, err)
	assert.Empty(t, unread)
	depth := 0
	for charge := refund.Charge.Value; charge != nil; charge = charge.PaymentIntent.Value.LatestCharge.Value {
		depth++
	}
	assert.Equal(t, levels, depth)
}

// TestDecodeLarge reads the same as encoding/json where it goes another way.
func TestDecodeLarge(t *testing.T) {
	item, err := os.ReadFile("testdata/refund_expanded.json")
	require.NoError(t, err)
	body := []byte(`{"object":"list","has_more":true,"data":[` + strings.Repeat(string(item)+",", 1<<20/len(item)) + string(item) + `]}`)
	var want, got RefundList
	require.NoError(t, json.Unmarshal(body, &want))
	unread, err := decode(body, &got)
	require.NoError(t, err)
	assert.Empty(t, unread)
	assert.True(t, reflect.DeepEqual(want, got))
}

func FuzzDecode(f *testing.F) {
	for _, members := range []string{`"metadata":{"a":1}`, `"amount":"5"`, `"charge":{"id":"ch_1","refunds":{"data":[{"amount":"5"}]}}`, `"destination_details":{"type":"card","card":{"reference":5}}`} {
		f.Add([]byte(refundWith(members)))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		var plain, got Refund
		unread, err := decode(body, &got)
		if json.Unmarshal(body, &plain) == nil && plain.check() == nil && bytes.HasPrefix(bytes.TrimSpace(body), []byte("{")) {
			require.NoError(t, err)
			require.Empty(t, unread)
			require.Equal(t, plain, got)
		}
		if err == nil {
			require.NotEmpty(t, got.ID)
			require.LessOrEqual(t, len(unread), maxUnread)
		}
	})
}
