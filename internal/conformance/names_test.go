package conformance

import (
	"iter"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// fields yields the exported fields of a struct.
func fields(structure reflect.Type) iter.Seq[reflect.StructField] {
	return func(yield func(reflect.StructField) bool) {
		for i := range structure.NumField() {
			if field := structure.Field(i); field.IsExported() && !yield(field) {
				return
			}
		}
	}
}

var wordStart = regexp.MustCompile(`([a-z0-9])([A-Z])|([A-Z])([A-Z][a-z])`)

// propertyName writes a Go field name as Stripe would: ReceiptURL is receipt_url.
func propertyName(field string) string {
	return strings.ToLower(wordStart.ReplaceAllString(field, "${1}${3}_${2}${4}"))
}

func TestPropertyName(t *testing.T) {
	for field, want := range map[string]string{
		"ID": "id", "Amount": "amount", "ReceiptURL": "receipt_url", "RequestLogURL": "request_log_url",
		"BalanceTransaction": "balance_transaction", "Last4": "last4", "URL": "url", "APIVersion": "api_version",
	} {
		require.Equal(t, want, propertyName(field))
	}
}
