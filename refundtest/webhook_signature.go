package refundtest

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// SignEvent returns the Stripe-Signature header of a delivery that is signed at
// the given time: a v1 signature for each secret, as Stripe sends it while a
// secret is rolled. A payload is signed byte for byte.
//
// https://docs.stripe.com/webhooks#verify-manually
func SignEvent(payload []byte, at time.Time, secrets ...string) string {
	header := "t=" + seconds(at)
	for _, secret := range secrets {
		header += ",v1=" + sign(payload, at, secret)
	}
	return header
}

// SignEventV0 returns a Stripe-Signature header that has only a v0 signature,
// which proves nothing: code that accepts it is broken.
func SignEventV0(payload []byte, at time.Time, secret string) string {
	return "t=" + seconds(at) + ",v0=" + sign(payload, at, secret)
}

// EventRequest returns a delivery of payload, signed as by [SignEvent], that is
// ready to be served by an [http.Handler]. Its path is /.
func EventRequest(payload []byte, at time.Time, secrets ...string) *http.Request {
	return eventRequest(payload, SignEvent(payload, at, secrets...), &url.URL{Scheme: "http", Host: "example.com", Path: "/"})
}

func eventRequest(payload []byte, signature string, target *url.URL) *http.Request {
	own := *target // a handler may change it
	return &http.Request{
		Method: http.MethodPost, URL: &own, RequestURI: target.RequestURI(), Host: target.Host,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, RemoteAddr: "127.0.0.1:0",
		Header: http.Header{
			"Accept":           {"*/*; q=0.5, application/xml"},
			"Cache-Control":    {"no-cache"},
			"Content-Type":     {"application/json; charset=utf-8"},
			"Stripe-Signature": {signature},
			"User-Agent":       {"Stripe/1.0 (+https://stripe.com/docs/webhooks)"},
		},
		Body: io.NopCloser(bytes.NewReader(payload)), ContentLength: int64(len(payload)),
	}
}

func seconds(at time.Time) string { return strconv.FormatInt(at.Unix(), 10) }

func sign(payload []byte, at time.Time, secret string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	_, _ = io.Copy(mac, io.MultiReader(strings.NewReader(seconds(at)+"."), bytes.NewReader(payload))) // a hash takes everything
	return hex.EncodeToString(mac.Sum(nil))
}
