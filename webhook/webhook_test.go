package webhook_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/refundkit/refundkit"
	"github.com/refundkit/refundkit/webhook"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	webhookSecret  = "whsec_first"
	webhookPayload = `{"id":"evt_1","object":"event","type":"refund.updated"}`
	refundBody     = `{"id":"re_1","object":"refund","status":"succeeded"}`
	// Made by openssl dgst -sha256 -hmac whsec_first over 1790000000.<payload>.
	webhookSignature = "82574f64ac8f275805cc2facb53a664c37a43493e88ae8cefcf5905d0de6f2a7"
)

// webhookNow is when everything in these tests happens.
var webhookNow = time.Unix(1790000000, 0)

func webhookClock() time.Time { return webhookNow }

// webhookSign signs as Stripe documents it, without a line of this package.
func webhookSign(secret, timestamp, payload string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(timestamp + "." + payload))
	return hex.EncodeToString(mac.Sum(nil))
}

func webhookHeader(secret string, at time.Time, payload string) string {
	timestamp := strconv.FormatInt(at.Unix(), 10)
	return "t=" + timestamp + ",v1=" + webhookSign(secret, timestamp, payload)
}

func webhookSetup(t testing.TB, opts ...webhook.Option) *webhook.Webhook {
	t.Helper()
	hook, err := webhook.New([]string{webhookSecret, "whsec_second"}, append([]webhook.Option{webhook.WithClock(webhookClock)}, opts...)...)
	require.NoError(t, err)
	return hook
}

func TestWebhookAccepts(t *testing.T) {
	good := webhookHeader(webhookSecret, webhookNow, webhookPayload)
	second := webhookSign("whsec_second", "1790000000", webhookPayload)
	foreign := webhookSign("whsec_other", "1790000000", webhookPayload)
	for name, header := range map[string]string{
		"what openssl signed":               "t=1790000000,v1=" + webhookSignature,
		"the first secret":                  good,
		"the second secret":                 "t=1790000000,v1=" + second,
		"both secrets":                      good + ",v1=" + second,
		"the last of several signatures":    "t=1790000000,v1=" + foreign + ",v1=" + foreign + ",v1=" + second,
		"the last of sixteen":               "t=1790000000" + strings.Repeat(",v1="+foreign, 15) + ",v1=" + second,
		"beside a v1 that can't be read":    good + ",v1=potato",
		"beside other schemes":              "v0=" + foreign + "," + good + ",v2=a=b=,x=",
		"the signature before the time":     "v1=" + second + ",t=1790000000",
		"hex in capitals":                   "t=1790000000,v1=" + strings.ToUpper(second),
		"as old as the tolerance":           webhookHeader(webhookSecret, webhookNow.Add(-5*time.Minute), webhookPayload),
		"as far ahead as the tolerance":     webhookHeader(webhookSecret, webhookNow.Add(5*time.Minute), webhookPayload),
		"a v1 that is too long, then right": "t=1790000000,v1=" + second + "00,v1=" + second,
	} {
		event, err := webhookSetup(t).Parse([]byte(webhookPayload), header)
		if assert.NoError(t, err, name) {
			assert.Equal(t, "evt_1", event.ID, name)
		}
	}
}

func TestWebhookForgeries(t *testing.T) {
	good := webhookHeader(webhookSecret, webhookNow, webhookPayload)
	_, signature, _ := strings.Cut(good, "v1=")
	other := "t=1790000000,v1=" + webhookSign("whsec_other", "1790000000", webhookPayload)
	many := strings.Repeat(",v1="+signature, 10_000)
	for name, c := range map[string]struct{ header, part string }{
		"none":                            {"", "header"},
		"another secret":                  {other, "signature"},
		"an empty secret":                 {"t=1790000000,v1=" + webhookSign("", "1790000000", webhookPayload), "signature"},
		"another payload":                 {webhookHeader(webhookSecret, webhookNow, webhookPayload+" "), "signature"},
		"another time than was signed":    {"t=1790000001,v1=" + signature, "signature"},
		"the same time, written longer":   {"t=01790000000,v1=" + signature, "signature"},
		"truncated":                       {good[:len(good)-1], "signature"},
		"truncated by a byte":             {good[:len(good)-2], "signature"},
		"extended":                        {good + "00", "signature"},
		"not hex":                         {"t=1790000000,v1=" + strings.Repeat("g", 64), "signature"},
		"zeros":                           {"t=1790000000,v1=" + strings.Repeat("0", 64), "signature"},
		"an empty v1":                     {"t=1790000000,v1=", "signature"},
		"v0 only":                         {"t=1790000000,v0=" + signature, "signature"},
		"V1 in capitals":                  {"t=1790000000,V1=" + signature, "signature"},
		"no signature":                    {"t=1790000000", "signature"},
		"seventeen signatures":            {good + strings.Repeat(",v1="+signature, 16), "signature"},
		"ten thousand signatures":         {"t=1790000000" + many, "header"},
		"replayed after the tolerance":    {webhookHeader(webhookSecret, webhookNow.Add(-301*time.Second), webhookPayload), "timestamp"},
		"from the future":                 {webhookHeader(webhookSecret, webhookNow.Add(301*time.Second), webhookPayload), "timestamp"},
		"from the far future":             {"t=1099511627775,v1=" + webhookSign(webhookSecret, "1099511627775", webhookPayload), "timestamp"},
		"from 1970":                       {"t=0,v1=" + webhookSign(webhookSecret, "0", webhookPayload), "timestamp"},
		"no time":                         {"v1=" + signature, "timestamp"},
		"an empty time":                   {"t=,v1=" + signature, "timestamp"},
		"two times":                       {"t=1790000000," + good, "timestamp"},
		"two times, the second old":       {good + ",t=1", "timestamp"},
		"a negative time":                 {"t=-1790000000,v1=" + signature, "timestamp"},
		"a time with a sign":              {"t=+1790000000,v1=" + signature, "timestamp"},
		"a time that overflows int64":     {"t=9223372036854775808,v1=" + signature, "timestamp"},
		"a time that overflows uint64":    {"t=18446744075499551616,v1=" + signature, "timestamp"},
		"a time in hex":                   {"t=0x6AB13B80,v1=" + signature, "timestamp"},
		"a time with a fraction":          {"t=1790000000.0,v1=" + signature, "timestamp"},
		"unicode digits in the time":      {"t=١٧٩٠٠٠٠٠٠٠,v1=" + signature, "header"},
		"full-width digits in v1":         {"t=1790000000,v1=" + strings.Repeat("０", 64), "header"},
		"spaces":                          {strings.ReplaceAll(good, ",", ", "), "header"},
		"a line break":                    {good + "\n", "header"},
		"a NUL":                           {good + "\x00", "header"},
		"not UTF-8":                       {good + "\xff", "header"},
		"no scheme":                       {"t=1790000000,=" + signature, "header"},
		"no equals sign":                  {"t=1790000000," + signature, "header"},
		"a comma too many":                {good + ",", "header"},
		"only commas":                     {strings.Repeat(",", 1000), "header"},
		"a bare word":                     {"signature", "header"},
		"a megabyte":                      {strings.Repeat("a", 1<<20), "header"},
		"a long value in another scheme":  {good + ",v2=" + strings.Repeat("a", 4096), "header"},
		"something before the right time": {"t=x," + good, "timestamp"},
	} {
		event, err := webhookSetup(t).Parse([]byte(webhookPayload), c.header)
		assert.Nil(t, event, name)
		require.ErrorIs(t, err, webhook.ErrSignature, name)
		var refused *webhook.SignatureError
		require.ErrorAs(t, err, &refused, name)
		assert.Equal(t, c.part, refused.Part, "%s: %v", name, err)
		assert.NotContains(t, err.Error(), signature, name)
		assert.Less(t, len(err.Error()), 200, name)
	}
}

// TestWebhookSaysWhatIsWrong: words for whoever looks for the cause.
func TestWebhookSaysWhatIsWrong(t *testing.T) {
	good := webhookHeader(webhookSecret, webhookNow, webhookPayload)
	for header, words := range map[string]string{
		"":                               "no Stripe-Signature",
		good[:len(good)-1]:               "64 hex digits",
		good[:len(good)-2]:               "64 hex digits",
		good + "00":                      "64 hex digits",
		good + strings.Repeat(",", 4096): "longer than 4096",
		"t=1790000000,v0=" + good[16:]:   "no v1",
		"t=1780000000," + good[13:]:      "older than the tolerance",
		"t=1800000000," + good[13:]:      "clock",
		good[:13] + "v1=" + webhookSign("whsec_other", "1790000000", webhookPayload): "this endpoint's secret",
	} {
		_, err := webhookSetup(t).Parse([]byte(webhookPayload), header)
		assert.ErrorContains(t, err, words, header[:min(len(header), 100)])
	}
}

func TestWebhookGarbageAllocatesLittle(t *testing.T) {
	hook := webhookSetup(t)
	good := webhookHeader(webhookSecret, webhookNow, webhookPayload)
	for name, header := range map[string]string{
		"ten thousand signatures": good + strings.Repeat(","+good[13:], 10_000),
		"as long as it may be":    good + strings.Repeat(",a=", 1300),
		"bad digits":              "t=" + strings.Repeat("9", 4000),
	} {
		assert.LessOrEqual(t, testing.AllocsPerRun(20, func() { _, _ = hook.Parse([]byte(webhookPayload), header) }), 40.0, name)
	}
}

// TestWebhookChecksTheTimeFirst: an old signature is not worth computing.
func TestWebhookChecksTheTimeFirst(t *testing.T) {
	_, err := webhookSetup(t, webhook.WithTolerance(time.Second)).Parse([]byte(webhookPayload), webhookHeader("whsec_other", webhookNow.Add(-2*time.Second), webhookPayload))
	var refused *webhook.SignatureError
	require.ErrorAs(t, err, &refused)
	assert.Equal(t, "timestamp", refused.Part)
}

func TestWebhookPayloads(t *testing.T) {
	hook := webhookSetup(t, webhook.WithBodyLimit(400))
	for name, c := range map[string]struct {
		payload string
		want    error
		words   string
	}{
		"as long as it may be":    {webhookPayload + strings.Repeat(" ", 400-len(webhookPayload)), nil, ""},
		"one byte longer":         {webhookPayload + strings.Repeat(" ", 401-len(webhookPayload)), webhook.ErrPayloadTooLarge, "limit"},
		"nothing":                 {``, refundkit.ErrPayload, "not JSON"},
		"null":                    {`null`, refundkit.ErrPayload, ""},
		"a list":                  {`[` + webhookPayload + `]`, refundkit.ErrPayload, ""},
		"two objects":             {webhookPayload + webhookPayload, refundkit.ErrPayload, "not JSON"},
		"another object":          {`{"id":"re_1","object":"refund","type":"x"}`, refundkit.ErrPayload, "it is a refund"},
		"a thin event":            {`{"id":"evt_1","object":"v2.core.event","created":"2026-09-01T00:00:00Z"}`, refundkit.ErrPayload, "it is a v2.core.event"},
		"no id":                   {`{"object":"event","type":"refund.updated"}`, refundkit.ErrPayload, "no id"},
		"no type":                 {`{"id":"evt_1","object":"event"}`, refundkit.ErrPayload, "no type"},
		"a field of a wrong kind": {`{"id":"evt_1","object":"event","type":"x","livemode":"whsec_inside"}`, refundkit.ErrPayload, `field livemode is not a bool`},
	} {
		event, err := hook.Parse([]byte(c.payload), webhookHeader(webhookSecret, webhookNow, c.payload))
		if c.want == nil {
			assert.NoError(t, err, name)
			continue
		}
		assert.Nil(t, event, name)
		require.ErrorIs(t, err, c.want, name)
		assert.NotErrorIs(t, err, webhook.ErrSignature, name)
		assert.Contains(t, err.Error(), c.words, name)
		assert.NotContains(t, err.Error(), "whsec_inside", name)
	}
	_, err := hook.Parse(bytes.Repeat([]byte("x"), 401), "")
	assert.ErrorIs(t, err, webhook.ErrPayloadTooLarge, "the size comes before the header")
}

func TestNewWebhookRefuses(t *testing.T) {
	for name, secrets := range map[string][]string{
		"nil": nil, "none": {}, "an empty one": {""}, "a blank one": {"  "}, "an empty one after a good one": {webhookSecret, ""},
		"a line break": {webhookSecret + "\n"}, "too long": {strings.Repeat("x", 256)},
	} {
		hook, err := webhook.New(secrets)
		assert.Nil(t, hook, name)
		require.ErrorIs(t, err, refundkit.ErrInvalidParams, name)
		assert.NotContains(t, err.Error(), webhookSecret, name)
	}
	for name, option := range map[string]webhook.Option{
		"nil": nil, "no tolerance": webhook.WithTolerance(0), "a negative tolerance": webhook.WithTolerance(-time.Second),
		"no clock": webhook.WithClock(nil), "no limit": webhook.WithBodyLimit(0), "an unset mode": webhook.WithMode(""),
		"an unknown mode": webhook.WithMode("production"), "no once": webhook.WithOnce(nil), "no logger": webhook.WithLogger(nil),
	} {
		_, err := webhook.New([]string{webhookSecret}, option)
		assert.ErrorIs(t, err, refundkit.ErrInvalidParams, name)
	}
}

func TestWebhookKeepsItsOwnSecrets(t *testing.T) {
	secrets := []string{webhookSecret}
	hook, err := webhook.New(secrets, webhook.WithClock(webhookClock))
	require.NoError(t, err)
	secrets[0] = "whsec_changed"
	_, err = hook.Parse([]byte(webhookPayload), webhookHeader(webhookSecret, webhookNow, webhookPayload))
	assert.NoError(t, err)
}

func TestWebhookZeroValueAcceptsNothing(t *testing.T) {
	for _, hook := range []*webhook.Webhook{nil, {}} {
		_, err := hook.Parse([]byte(webhookPayload), webhookHeader("", time.Now(), webhookPayload))
		assert.ErrorIs(t, err, refundkit.ErrInvalidParams)
	}
}

func TestWebhookHidesItsSecrets(t *testing.T) {
	const secret = "whsec_PLANTED0123456789"
	hook, err := webhook.New([]string{secret}, webhook.WithClock(webhookClock))
	require.NoError(t, err)
	var shown bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x", "%X", "%p"} {
		fmt.Fprintf(&shown, verb+verb, hook, *hook)
	}
	fmt.Fprintf(&shown, "%#v %+v", struct{ W *webhook.Webhook }{hook}, []webhook.Webhook{*hook})
	text, err := json.Marshal([]any{hook})
	require.NoError(t, err)
	shown.Write(text)
	for _, handler := range []slog.Handler{slog.NewTextHandler(&shown, nil), slog.NewJSONHandler(&shown, nil)} {
		slog.New(handler).Info("x", "webhook", hook, "value", *hook)
	}
	_, err = hook.Parse([]byte(webhookPayload), webhookHeader("whsec_other", webhookNow, webhookPayload))
	fmt.Fprintf(&shown, "%v %+v %#v", err, err, err)
	for _, form := range []string{secret, "PLANTED", hex.EncodeToString([]byte(secret)), fmt.Sprint([]byte(secret))} {
		assert.NotContains(t, strings.ToLower(shown.String()), strings.ToLower(strings.Trim(form, "[]")))
	}
}
