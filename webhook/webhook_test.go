package webhook_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/refundkit/refundkit"
	"github.com/refundkit/refundkit/webhook"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestWebhookAccepts(t *testing.T) {
	good := signedHeader(firstSecret, sentAt, smallEvent)
	second := sign(secondSecret, "1790000000", smallEvent)
	foreign := sign("whsec_other", "1790000000", smallEvent)
	for name, header := range map[string]string{
		"what openssl signed":              "t=1790000000,v1=" + smallEventSignature,
		"the first secret":                 good,
		"the second secret":                "t=1790000000,v1=" + second,
		"both secrets":                     good + ",v1=" + second,
		"the last of several signatures":   "t=1790000000,v1=" + foreign + ",v1=" + foreign + ",v1=" + second,
		"the last of sixteen":              "t=1790000000" + strings.Repeat(",v1="+foreign, 15) + ",v1=" + second,
		"beside an unreadable v1":          good + ",v1=potato",
		"beside other schemes":             "v0=" + foreign + "," + good + ",v2=a=b=,x=",
		"the signature before the time":    "v1=" + second + ",t=1790000000",
		"hex in capitals":                  "t=1790000000,v1=" + strings.ToUpper(second),
		"as old as the tolerance":          signedHeader(firstSecret, sentAt.Add(-5*time.Minute), smallEvent),
		"as far ahead as the tolerance":    signedHeader(firstSecret, sentAt.Add(5*time.Minute), smallEvent),
		"a v1 that is too long then right": "t=1790000000,v1=" + second + "00,v1=" + second,
	} {
		t.Run(name, func(t *testing.T) {
			event, err := setup(t).Parse([]byte(smallEvent), header)
			if assert.NoError(t, err) {
				assert.Equal(t, "evt_1", event.ID)
			}
		})
	}
}

func TestWebhookForgeries(t *testing.T) {
	good := signedHeader(firstSecret, sentAt, smallEvent)
	_, signature, _ := strings.Cut(good, "v1=")
	other := "t=1790000000,v1=" + sign("whsec_other", "1790000000", smallEvent)
	many := strings.Repeat(",v1="+signature, 10_000)
	for name, c := range map[string]struct{ header, part string }{
		"none":                            {"", "header"},
		"another secret":                  {other, "signature"},
		"an empty secret":                 {"t=1790000000,v1=" + sign("", "1790000000", smallEvent), "signature"},
		"another payload":                 {signedHeader(firstSecret, sentAt, smallEvent+" "), "signature"},
		"another time than was signed":    {"t=1790000001,v1=" + signature, "signature"},
		"the same time written longer":    {"t=01790000000,v1=" + signature, "signature"},
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
		"replayed after the tolerance":    {signedHeader(firstSecret, sentAt.Add(-301*time.Second), smallEvent), "timestamp"},
		"from the future":                 {signedHeader(firstSecret, sentAt.Add(301*time.Second), smallEvent), "timestamp"},
		"from the far future":             {"t=1099511627775,v1=" + sign(firstSecret, "1099511627775", smallEvent), "timestamp"},
		"from 1970":                       {"t=0,v1=" + sign(firstSecret, "0", smallEvent), "timestamp"},
		"no time":                         {"v1=" + signature, "timestamp"},
		"an empty time":                   {"t=,v1=" + signature, "timestamp"},
		"two times":                       {"t=1790000000," + good, "timestamp"},
		"two times the second old":        {good + ",t=1", "timestamp"},
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
		t.Run(name, func(t *testing.T) {
			event, err := setup(t).Parse([]byte(smallEvent), c.header)
			assert.Nil(t, event)
			require.ErrorIs(t, err, webhook.ErrSignature)
			var refused *webhook.SignatureError
			require.ErrorAs(t, err, &refused)
			assert.Equal(t, c.part, refused.Part, "%v", err)
			assert.NotContains(t, err.Error(), signature)
			assert.Less(t, len(err.Error()), 200)
		})
	}
}

// TestWebhookSaysWhatIsWrong: words for whoever looks for the cause.
func TestWebhookSaysWhatIsWrong(t *testing.T) {
	good := signedHeader(firstSecret, sentAt, smallEvent)
	for name, c := range map[string]struct{ header, words string }{
		"none":                {"", "no Stripe-Signature"},
		"truncated":           {good[:len(good)-1], "64 hex digits"},
		"truncated by a byte": {good[:len(good)-2], "64 hex digits"},
		"extended":            {good + "00", "64 hex digits"},
		"too long":            {good + strings.Repeat(",", 4096), "longer than 4096"},
		"no v1":               {"t=1790000000,v0=" + good[16:], "no v1"},
		"old":                 {"t=1780000000," + good[13:], "older than the tolerance"},
		"from the future":     {"t=1800000000," + good[13:], "clock"},
		"another secret":      {good[:13] + "v1=" + sign("whsec_other", "1790000000", smallEvent), "this endpoint's secret"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := setup(t).Parse([]byte(smallEvent), c.header)
			assert.ErrorContains(t, err, c.words)
		})
	}
}

func TestWebhookGarbageAllocatesLittle(t *testing.T) {
	hook := setup(t)
	good := signedHeader(firstSecret, sentAt, smallEvent)
	for name, header := range map[string]string{
		"ten thousand signatures": good + strings.Repeat(","+good[13:], 10_000),
		"as long as it may be":    good + strings.Repeat(",a=", 1300),
		"bad digits":              "t=" + strings.Repeat("9", 4000),
	} {
		t.Run(name, func(t *testing.T) {
			assert.LessOrEqual(t, testing.AllocsPerRun(20, func() { _, _ = hook.Parse([]byte(smallEvent), header) }), 40.0)
		})
	}
}

// TestWebhookChecksTheTimeFirst: an old signature is not worth computing.
func TestWebhookChecksTheTimeFirst(t *testing.T) {
	_, err := setup(t, webhook.WithTolerance(time.Second)).Parse([]byte(smallEvent), signedHeader("whsec_other", sentAt.Add(-2*time.Second), smallEvent))
	var refused *webhook.SignatureError
	require.ErrorAs(t, err, &refused)
	assert.Equal(t, "timestamp", refused.Part)
}

func TestWebhookPayloads(t *testing.T) {
	hook := setup(t, webhook.WithBodyLimit(400))
	for name, c := range map[string]struct {
		payload string
		want    error
		words   string
	}{
		"as long as it may be":    {smallEvent + strings.Repeat(" ", 400-len(smallEvent)), nil, ""},
		"one byte longer":         {smallEvent + strings.Repeat(" ", 401-len(smallEvent)), webhook.ErrPayloadTooLarge, "limit"},
		"nothing":                 {``, refundkit.ErrPayload, "not JSON"},
		"null":                    {`null`, refundkit.ErrPayload, ""},
		"a list":                  {`[` + smallEvent + `]`, refundkit.ErrPayload, ""},
		"two objects":             {smallEvent + smallEvent, refundkit.ErrPayload, "not JSON"},
		"another object":          {`{"id":"re_1","object":"refund","type":"x"}`, refundkit.ErrPayload, "it is a refund"},
		"a thin event":            {`{"id":"evt_1","object":"v2.core.event","created":"2026-09-01T00:00:00Z"}`, refundkit.ErrPayload, "it is a v2.core.event"},
		"no id":                   {`{"object":"event","type":"refund.updated"}`, refundkit.ErrPayload, "no id"},
		"no type":                 {`{"id":"evt_1","object":"event"}`, refundkit.ErrPayload, "no type"},
		"a field of a wrong kind": {`{"id":"evt_1","object":"event","type":"x","livemode":"whsec_inside"}`, refundkit.ErrPayload, `field livemode is not a bool`},
	} {
		t.Run(name, func(t *testing.T) {
			event, err := hook.Parse([]byte(c.payload), signedHeader(firstSecret, sentAt, c.payload))
			if c.want == nil {
				assert.NoError(t, err)
				return
			}
			assert.Nil(t, event)
			require.ErrorIs(t, err, c.want)
			assert.NotErrorIs(t, err, webhook.ErrSignature)
			assert.Contains(t, err.Error(), c.words)
			assert.NotContains(t, err.Error(), "whsec_inside")
		})
	}
	_, err := hook.Parse(bytes.Repeat([]byte("x"), 401), "")
	assert.ErrorIs(t, err, webhook.ErrPayloadTooLarge, "the size comes before the header")
}

func TestNewWebhookRefusesSecrets(t *testing.T) {
	for name, secrets := range map[string][]string{
		"nil": nil, "none": {}, "an empty one": {""}, "a blank one": {"  "}, "an empty one after a good one": {firstSecret, ""},
		"a line break": {firstSecret + "\n"}, "too long": {strings.Repeat("x", 256)},
		"an API key": {firstSecret, "sk_live_PLANTED"}, "a restricted key": {"rk_test_PLANTED"}, "a publishable key": {"pk_live_PLANTED"},
	} {
		t.Run(name, func(t *testing.T) {
			hook, err := webhook.New(secrets)
			assert.Nil(t, hook)
			require.ErrorIs(t, err, refundkit.ErrInvalidParams)
			assert.NotContains(t, err.Error(), firstSecret)
			assert.NotContains(t, err.Error(), "PLANTED")
		})
	}
	_, err := webhook.New([]string{firstSecret, "sk_live_PLANTED"})
	assert.EqualError(t, err, "refundkit: secrets[1]: it is an API key; the secret of a webhook endpoint starts with whsec_. Are the variables swapped?")
}

func TestNewWebhookRefusesOptions(t *testing.T) {
	for name, option := range map[string]webhook.Option{
		"nil": nil, "no tolerance": webhook.WithTolerance(0), "a negative tolerance": webhook.WithTolerance(-time.Second),
		"no clock": webhook.WithClock(nil), "no limit": webhook.WithBodyLimit(0), "an unset mode": webhook.WithMode(""),
		"an unknown mode": webhook.WithMode("production"), "no once": webhook.WithOnce(nil), "no logger": webhook.WithLogger(nil),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := webhook.New([]string{firstSecret}, option)
			assert.ErrorIs(t, err, refundkit.ErrInvalidParams)
		})
	}
}

func TestWebhookKeepsItsOwnSecrets(t *testing.T) {
	secrets := []string{firstSecret}
	hook, err := webhook.New(secrets, webhook.WithClock(clock))
	require.NoError(t, err)
	secrets[0] = "whsec_changed"
	_, err = hook.Parse([]byte(smallEvent), signedHeader(firstSecret, sentAt, smallEvent))
	assert.NoError(t, err)
}

func TestWebhookZeroValueAcceptsNothing(t *testing.T) {
	for name, hook := range map[string]*webhook.Webhook{"nil": nil, "zero": {}} {
		t.Run(name, func(t *testing.T) {
			_, err := hook.Parse([]byte(smallEvent), signedHeader("", time.Now(), smallEvent))
			assert.ErrorIs(t, err, refundkit.ErrInvalidParams)
		})
	}
}

func TestWebhookHidesItsSecrets(t *testing.T) {
	const secret = "whsec_PLANTED0123456789"
	hook, err := webhook.New([]string{secret}, webhook.WithClock(clock))
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
	_, err = hook.Parse([]byte(smallEvent), signedHeader("whsec_other", sentAt, smallEvent))
	fmt.Fprintf(&shown, "%v %+v %#v", err, err, err)
	for _, form := range []string{secret, "PLANTED", hex.EncodeToString([]byte(secret)), fmt.Sprint([]byte(secret))} {
		assert.NotContains(t, strings.ToLower(shown.String()), strings.ToLower(strings.Trim(form, "[]")))
	}
}
