package conformance

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/refundkit/refundkit"
	"github.com/refundkit/refundkit/refundtest"
	"github.com/refundkit/refundkit/webhook"
	"github.com/stretchr/testify/require"
	"github.com/stripe/stripe-go/v86"
	stripewebhook "github.com/stripe/stripe-go/v86/webhook"
)

// checkAnswers holds what the fake answered to the specification: it may have
// nothing that Stripe does not have, and must have what Stripe always has.
func checkAnswers(t *testing.T, exchanges []sent) {
	t.Helper()
	require.NotEmpty(t, exchanges)
	for _, exchange := range exchanges {
		var answer map[string]any
		require.NoError(t, json.Unmarshal(exchange.answer, &answer))
		switch {
		case exchange.status != http.StatusOK:
			checkAnswer(t, component(t, "error"), answer, "error")
		case answer["object"] == "list":
			checkAnswer(t, object(t, "list"), answer, "list")
		default:
			checkAnswer(t, component(t, "refund"), answer, "refund")
		}
	}
}

// TestFakeEvents holds the fake's events to the specification, and lets both
// clients read them.
func TestFakeEvents(t *testing.T) {
	server := newScenarioServer(t)
	client, _ := setup(t, server)
	play(t, server, own{client})
	kinds := make(map[string]bool)
	for _, event := range server.Events() {
		var body, about map[string]any
		require.NoError(t, json.Unmarshal(event.Body, &body))
		checkAnswer(t, component(t, "event"), body, "event")
		about = body["data"].(map[string]any)["object"].(map[string]any)
		kind := about["object"].(string)
		kinds[kind] = true
		checkAnswer(t, component(t, kind), about, kind)
		if kind == "refund" || kind == "charge" {
			readByBoth(t, event.Body)
		}
	}
	require.True(t, kinds["refund"] && kinds["charge"], "%v", kinds)
}

func readByBoth(t *testing.T, body []byte) {
	t.Helper()
	signed := stripewebhook.GenerateTestSignedPayload(&stripewebhook.UnsignedPayload{Payload: body, Secret: "whsec_1"})
	theirs, err := stripewebhook.ConstructEvent(body, signed.Header, "whsec_1")
	require.NoError(t, err)
	hook, err := webhook.New([]string{"whsec_1"})
	require.NoError(t, err)
	ours, err := hook.Parse(body, signed.Header)
	require.NoError(t, err)
	sameEvent(t, theirs, ours)
	if theirs.Data.Object["object"] != "refund" {
		_, err := ours.Charge()
		require.NoError(t, err)
		return
	}
	var refund stripe.Refund
	require.NoError(t, json.Unmarshal(theirs.Data.Raw, &refund))
	require.Equal(t, seenByThem(&refund, nil), seenByUs(ours.Refund()))
}

// TestChargeRefunds reaches refunds through their charge, which Stripe's client
// can't any more, and looks at them with Stripe's client.
func TestChargeRefunds(t *testing.T) {
	server := newScenarioServer(t)
	client, _ := setup(t, server)
	theirClient, _ := officialClient(server)
	theirs := official{theirClient}
	charge := server.AddCharge(refundtest.Charge{Amount: 1000}).ID

	made := seenByUs(client.ChargeRefunds.Create(t.Context(), charge, refundkit.ChargeRefundCreateParams{Amount: 400}))
	require.Equal(t, theirs.retrieve(t.Context(), made.ID), made)
	updated := seenByUs(client.ChargeRefunds.Update(t.Context(), charge, made.ID, refundkit.RefundUpdateParams{Metadata: refundkit.Metadata{"order": "6735"}}))
	require.Equal(t, "6735", updated.Metadata["order"])
	require.Equal(t, theirs.retrieve(t.Context(), made.ID), updated)
	require.Equal(t, updated, seenByUs(client.ChargeRefunds.Retrieve(t.Context(), charge, made.ID)))

	seenByUs(client.ChargeRefunds.Create(t.Context(), charge, refundkit.ChargeRefundCreateParams{Remaining: true}))
	var walked []seen
	for refund, err := range client.ChargeRefunds.All(t.Context(), charge, refundkit.ChargeRefundListParams{Limit: 1}) {
		walked = append(walked, seenByUs(refund, err))
	}
	require.Len(t, walked, 2)
	require.Equal(t, theirs.all(t.Context(), charge, 1, ""), walked)
}
