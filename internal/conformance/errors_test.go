package conformance

import (
	"encoding/json"
	"io"
	"net/http"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/refundkit/refundkit"
	"github.com/stretchr/testify/require"
	"github.com/stripe/stripe-go/v86"
)

// failWith lets a Create meet one answer, and returns the error.
func failWith(t *testing.T, status int, header http.Header, body string) *refundkit.Error {
	t.Helper()
	client, _ := setup(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Request-Id", "req_1") // without it, it is taken as not Stripe's
		for name, values := range header {
			w.Header()[name] = values
		}
		w.WriteHeader(status)
		_, err := io.WriteString(w, body)
		require.NoError(t, err)
	}))
	_, err := client.Refunds.Create(t.Context(), refundkit.RefundCreateParams{Charge: "ch_2", Amount: 500}, refundkit.IdempotencyKey("key-1"))
	var failed *refundkit.Error
	require.ErrorAs(t, err, &failed)
	return failed
}

// TestErrorProperties looks for each property of an error in a field of Error.
// Encoding would not do: the JSON of an Error hides things on purpose.
func TestErrorProperties(t *testing.T) {
	document := sample(t, component(t, "api_errors"), "api_errors")
	body, err := json.Marshal(map[string]any{"error": document})
	require.NoError(t, err)
	failed := reflect.ValueOf(failWith(t, http.StatusBadRequest, nil, string(body))).Elem()
	values := make(map[string]any)
	for field := range fields(failed.Type()) {
		if field.Type.Kind() == reflect.String {
			values[propertyName(field.Name)] = failed.FieldByIndex(field.Index).String()
		}
	}
	for _, name := range sortedNames(document) {
		t.Run("api_errors."+name, func(t *testing.T) {
			require.Contains(t, values, name, "Error has no field for api_errors.%s", name)
			require.Equal(t, document[name], values[name], "api_errors.%s is lost", name)
		})
	}
}

func TestErrorHeaders(t *testing.T) {
	failed := failWith(t, http.StatusTooManyRequests, http.Header{
		"Request-Id": {"req_1"}, "Stripe-Rate-Limited-Reason": {"resource-specific"}, "Retry-After": {"7"}, "Idempotent-Replayed": {"true"},
	}, `{"error": {"type": "invalid_request_error"}}`)
	for name, field := range map[string]struct{ want, got any }{
		"Request-Id":                 {"req_1", failed.RequestID},
		"Stripe-Rate-Limited-Reason": {"resource-specific", failed.RateLimitedReason},
		"Retry-After":                {7 * time.Second, failed.RetryAfter},
		"Idempotent-Replayed":        {true, failed.Replayed},
		"Idempotency-Key":            {"key-1", failed.IdempotencyKey},
		"status":                     {http.StatusTooManyRequests, failed.StatusCode},
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, field.want, field.got) })
	}
}

// sentinels are all values that errors.Is can be asked for.
var sentinels = map[string]error{
	"ErrOutcomeUnknown":         refundkit.ErrOutcomeUnknown,
	"ErrAlreadyRefunded":        refundkit.ErrAlreadyRefunded,
	"ErrAmountExceedsRemaining": refundkit.ErrAmountExceedsRemaining,
	"ErrDisputed":               refundkit.ErrDisputed,
	"ErrInsufficientBalance":    refundkit.ErrInsufficientBalance,
	"ErrNotRefundable":          refundkit.ErrNotRefundable,
	"ErrNotFound":               refundkit.ErrNotFound,
	"ErrRateLimited":            refundkit.ErrRateLimited,
	"ErrAuthentication":         refundkit.ErrAuthentication,
	"ErrPermission":             refundkit.ErrPermission,
	"ErrIdempotencyMismatch":    refundkit.ErrIdempotencyMismatch,
	"ErrIdempotencyInUse":       refundkit.ErrIdempotencyInUse,
	"ErrInvalidParams":          refundkit.ErrInvalidParams,
}

const invalidRequest = "invalid_request_error"

// answers are the errors that refunds have met, by what Stripe said, and what
// they mean: exactly these sentinels, no other.
var answers = []struct {
	name              string
	status            int
	kind, code, param string
	means             []string
}{
	{"already refunded", 400, invalidRequest, "charge_already_refunded", "", []string{"ErrAlreadyRefunded"}},
	{"more than what is left", 400, invalidRequest, "", "amount", []string{"ErrAmountExceedsRemaining"}},
	{"charged back", 400, invalidRequest, "charge_disputed", "", []string{"ErrDisputed"}},
	{"disputed payment", 400, invalidRequest, "refund_disputed_payment", "", []string{"ErrDisputed"}},
	{"not refundable", 400, invalidRequest, "charge_not_refundable", "", []string{"ErrNotRefundable"}},
	{"uncaptured, failed or not cancelable", 400, invalidRequest, "", "", []string{"ErrNotRefundable"}},
	{"balance too low", 400, invalidRequest, "balance_insufficient", "", []string{"ErrInsufficientBalance"}},
	{"unknown charge", 404, invalidRequest, "resource_missing", "id", []string{"ErrNotFound"}},
	{"unknown cursor", 400, invalidRequest, "resource_missing", "starting_after", []string{"ErrNotFound"}},
	{"unknown URL", 404, invalidRequest, "", "", []string{"ErrNotFound"}},
	{"negative amount", 400, invalidRequest, "parameter_invalid_integer", "amount", []string{"ErrInvalidParams"}},
	{"empty value", 400, invalidRequest, "parameter_invalid_empty", "amount", []string{"ErrInvalidParams"}},
	{"missing parameter", 400, invalidRequest, "parameter_missing", "charge", []string{"ErrInvalidParams"}},
	{"unknown parameter", 400, invalidRequest, "parameter_unknown", "wat", []string{"ErrInvalidParams"}},
	{"amount too large", 400, invalidRequest, "amount_too_large", "amount", []string{"ErrInvalidParams"}},
	{"invalid reason", 400, invalidRequest, "", "reason", []string{"ErrInvalidParams"}},
	{"invalid key", 401, invalidRequest, "", "", []string{"ErrAuthentication"}},
	{"expired key", 401, invalidRequest, "api_key_expired", "", []string{"ErrAuthentication"}},
	{"no permission", 403, invalidRequest, "", "", []string{"ErrPermission"}},
	{"account not accessible", 403, invalidRequest, "account_invalid", "", []string{"ErrPermission"}},
	{"rate limit", 429, invalidRequest, "rate_limit", "", []string{"ErrRateLimited"}},
	{"lock timeout", 429, invalidRequest, "lock_timeout", "", []string{"ErrRateLimited"}},
	{"key used for another request", 400, "idempotency_error", "", "", []string{"ErrIdempotencyMismatch"}},
	{"key in use, by code", 409, invalidRequest, "idempotency_key_in_use", "", []string{"ErrIdempotencyInUse", "ErrOutcomeUnknown"}},
	{"key in use, by type", 409, "idempotency_error", "", "", []string{"ErrIdempotencyInUse", "ErrOutcomeUnknown"}},
	{"internal error", 500, "api_error", "", "", []string{"ErrOutcomeUnknown"}},
}

func TestErrorMeanings(t *testing.T) {
	tried := make(map[string]bool)
	for _, answer := range answers {
		body, err := json.Marshal(map[string]any{"error": map[string]string{"type": answer.kind, "code": answer.code, "param": answer.param, "message": "no"}})
		require.NoError(t, err)
		failed := failWith(t, answer.status, nil, string(body))
		for _, name := range sortedNames(sentinels) {
			t.Run(name+" on "+answer.name, func(t *testing.T) {
				means := slices.Contains(answer.means, name)
				require.Equal(t, means, failed.Is(sentinels[name]), "%d %s %s %s", answer.status, answer.kind, answer.code, answer.param)
			})
		}
		for _, name := range answer.means {
			tried[name] = true
		}
	}
	for _, name := range sortedNames(sentinels) {
		require.True(t, tried[name], "no answer means %s", name)
	}
}

// TestErrorCodes compares our names for error codes with those of Stripe's own
// client; the specification has no list of them.
func TestErrorCodes(t *testing.T) {
	codes := map[refundkit.ErrorCode]stripe.ErrorCode{
		refundkit.ErrorCodeAccountInvalid:          stripe.ErrorCodeAccountInvalid,
		refundkit.ErrorCodeAmountTooLarge:          stripe.ErrorCodeAmountTooLarge,
		refundkit.ErrorCodeAPIKeyExpired:           stripe.ErrorCodeAPIKeyExpired,
		refundkit.ErrorCodeBalanceInsufficient:     stripe.ErrorCodeBalanceInsufficient,
		refundkit.ErrorCodeChargeAlreadyRefunded:   stripe.ErrorCodeChargeAlreadyRefunded,
		refundkit.ErrorCodeChargeDisputed:          stripe.ErrorCodeChargeDisputed,
		refundkit.ErrorCodeChargeNotRefundable:     stripe.ErrorCodeChargeNotRefundable,
		refundkit.ErrorCodeIdempotencyKeyInUse:     stripe.ErrorCodeIdempotencyKeyInUse,
		refundkit.ErrorCodeLockTimeout:             stripe.ErrorCodeLockTimeout,
		refundkit.ErrorCodeParameterInvalidEmpty:   stripe.ErrorCodeParameterInvalidEmpty,
		refundkit.ErrorCodeParameterInvalidInteger: stripe.ErrorCodeParameterInvalidInteger,
		refundkit.ErrorCodeParameterMissing:        stripe.ErrorCodeParameterMissing,
		refundkit.ErrorCodeParameterUnknown:        stripe.ErrorCodeParameterUnknown,
		refundkit.ErrorCodeRateLimit:               stripe.ErrorCodeRateLimit,
		refundkit.ErrorCodeRefundDisputedPayment:   stripe.ErrorCodeRefundDisputedPayment,
		refundkit.ErrorCodeResourceMissing:         stripe.ErrorCodeResourceMissing,
	}
	for ours, theirs := range codes {
		t.Run(string(theirs), func(t *testing.T) { require.Equal(t, string(theirs), string(ours)) })
	}
	for code := range sourceConstants(t)["ErrorCode"] {
		require.Contains(t, codes, refundkit.ErrorCode(code), "compare the new code with stripe-go's here")
	}
}
