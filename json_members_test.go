package refundkit_test

import (
	"encoding/json"
	"testing"
	"unicode/utf8"

	"github.com/refundkit/refundkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// oddObjects are what a reader of objects can get wrong.
var oddObjects = []string{
	`null`, `{}`, ` { } `, `[]`, `7`, `"text"`, `{"type":7}`, `{"type":"card","card":[{"type":"x"}],"x":{"type":"y"}}`,
	`{"type":"card","type":"blik","card":{"reference":"a"},"blik":{"reference":"b"}}`,
	`{"card":{"reference":"a"},"type":"card","card":{"reference":"b"}}`,
	`{"card":{"reference":"a","reference":null},"type":"card"}`,
	`{"TYPE":"card","card":{"reference":"a"}}`, `{"type":"card","Card":{"reference":"a"}}`, `{"type":"card","card":{"Reference":"a"}}`,
	`{"t\u0079pe":"c\u0061rd","\u0063ard":{"refer\u0065nce":"\u00e9\ud83d\ude00\"\\"}}`,
	`{"a":"}\",\"type\":\"blik","type":"card","card":{"reference":"{\"type\":"}}`,
	`{"type":"card","card":{"card":{"reference":"inner"},"reference":"outer"}}`,
	`{"type" : "card" , "card" :` + "\n\t" + `{ "reference"` + "\r\n" + `: "a" } }`,
	`{"order":"größe","empty":"","nothing":null}`, `{"order":{"nested":"no"}}`, `{"order":5}`, `{"a":"1","a":"2"}`, `{"a":"1","b":["c"],"d":"2"}`,
	"{\"bad\xff\":\"\xfe\"}", `{"lone":"\ud800"}`,
}

func FuzzDestinationDetails(f *testing.F) {
	for _, text := range oddObjects {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		_ = new(refundkit.DestinationDetails).UnmarshalJSON(data) // must not panic, whatever it is
		if !utf8.Valid(data) {
			return
		}
		want, wantErr := slowDestination(data)
		var got refundkit.DestinationDetails
		gotErr := json.Unmarshal(data, &got)
		require.Equal(t, wantErr == nil, gotErr == nil, "%v instead of %v", gotErr, wantErr)
		if wantErr == nil {
			require.Equal(t, want, got)
		}
	})
}

// slowDestination reads by way of maps of everything, as the words of the
// documentation say.
func slowDestination(data []byte) (d refundkit.DestinationDetails, err error) {
	var kinds, details map[string]json.RawMessage
	if err := json.Unmarshal(data, &kinds); err != nil {
		return d, err
	}
	if raw, ok := kinds["type"]; ok {
		if err := json.Unmarshal(raw, &d.Type); err != nil {
			return d, err
		}
	}
	if d.Type == "" || d.Type == "type" {
		return d, nil
	}
	if raw, ok := kinds[d.Type]; ok {
		if err := json.Unmarshal(raw, &details); err != nil {
			return d, err
		}
	}
	for name, field := range map[string]*string{
		"network_decline_code": &d.NetworkDeclineCode, "reference": &d.Reference, "reference_status": &d.ReferenceStatus,
		"reference_type": &d.ReferenceType, "type": &d.CardType,
	} {
		if raw, ok := details[name]; ok {
			if err := json.Unmarshal(raw, field); err != nil {
				return d, err
			}
		}
	}
	return d, nil
}

func FuzzMetadata(f *testing.F) {
	for _, text := range oddObjects {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		_ = new(refundkit.Metadata).UnmarshalJSON(data)
		var want map[string]string
		var got refundkit.Metadata
		wantErr, gotErr := json.Unmarshal(data, &want), json.Unmarshal(data, &got)
		require.Equal(t, wantErr == nil, gotErr == nil, "%v instead of %v", gotErr, wantErr)
		if wantErr == nil {
			require.Equal(t, want, map[string]string(got))
		}
	})
}

func TestMetadataIsReadAnew(t *testing.T) {
	metadata := refundkit.Metadata{"old": "1"}
	require.NoError(t, json.Unmarshal([]byte(`{"order":"6735"}`), &metadata))
	assert.Equal(t, refundkit.Metadata{"order": "6735"}, metadata)
	require.NoError(t, json.Unmarshal([]byte(`null`), &metadata))
	assert.Nil(t, metadata)
	require.Error(t, json.Unmarshal([]byte(`{"order":6735}`), &metadata))
}

func FuzzExpandableString(f *testing.F) {
	for _, text := range []string{`null`, `""`, `"ch_1"`, `"\u0063h"`, "\"gr\u00f6\"", "\"\xff\"", "\"\x80\"", `"a"b"`, `"`, `"a`, `"a\"`, ` "a" `, `5`, `true`} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		_ = new(refundkit.Expandable[refundkit.Charge]).UnmarshalJSON(data)
		var want string
		var got refundkit.Expandable[refundkit.Charge]
		if json.Unmarshal(data, &want) == nil {
			require.NoError(t, json.Unmarshal(data, &got))
			require.Equal(t, want, got.ID)
		}
	})
}

// An object of somebody else's type needs no field of that name.
func TestExpandableOfAForeignType(t *testing.T) {
	type voucher struct {
		Code string `json:"code"`
	}
	var got refundkit.Expandable[voucher]
	require.NoError(t, json.Unmarshal([]byte(`{"id":"vch_1","code":"SPRING"}`), &got))
	assert.Equal(t, refundkit.Expandable[voucher]{ID: "vch_1", Value: &voucher{"SPRING"}}, got)
	require.Error(t, json.Unmarshal([]byte(`{"code":"SPRING"}`), &got))
}
