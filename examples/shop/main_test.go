package main

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestProgram is the program as it is started, with its worker and its own Stripe.
func TestProgram(t *testing.T) {
	t.Run("with nothing set", func(t *testing.T) { program(t, settings{}) })
	t.Run("with DATABASE_URL", func(t *testing.T) { program(t, settings{databaseURL: postgresURL(t)}) })
}

func program(t *testing.T, s settings) {
	ctx, stop := context.WithCancel(t.Context())
	opened, ended, log := make(chan string, 1), make(chan error, 1), watcher{text: []byte("state=succeeded"), seen: make(chan bool, 100)}
	s.address, s.ready = "127.0.0.1:0", func(url string) { opened <- url }
	go func() { ended <- run(ctx, s, slog.New(slog.NewTextHandler(log, nil))) }()
	var address string
	select {
	case address = <-opened:
	case err := <-ended:
		require.NoError(t, err)
	}

	action := regexp.MustCompile(`action="(/orders/\w+/cancel)"`).FindStringSubmatch(get(t, address))
	require.NotEmpty(t, action)
	response, err := http.Post(address+action[1], "application/x-www-form-urlencoded", nil)
	require.NoError(t, err)
	response.Body.Close()
	require.Equal(t, http.StatusOK, response.StatusCode)
	<-log.seen
	assert.Contains(t, get(t, address), ">succeeded</a>")
	assert.Contains(t, get(t, address+"/metrics"), `refunds{state="succeeded",problem="",currency="usd",kind="refund"} 1`)
	stop()
	require.NoError(t, <-ended)
}

func get(t *testing.T, url string) string {
	response, err := http.Get(url)
	require.NoError(t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, response.StatusCode, string(body))
	return string(body)
}

// watcher is a log in which something is waited for.
type watcher struct {
	text []byte
	seen chan bool
}

func (w watcher) Write(line []byte) (int, error) {
	if bytes.Contains(line, w.text) {
		w.seen <- true
	}
	return len(line), nil
}

// TestWhatIsRefused are settings with which money would be lost or moved for real.
func TestWhatIsRefused(t *testing.T) {
	for name, s := range map[string]settings{
		"a live key":                             {apiKey: "sk_live_123", webhookSecret: "whsec_1", file: "shop.db"},
		"Stripe without events":                  {apiKey: "sk_test_123", file: "shop.db"},
		"Stripe with a database that ends again": {apiKey: "sk_test_123", webhookSecret: "whsec_1"},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Error(t, run(t.Context(), s, slog.New(slog.DiscardHandler)))
		})
	}
}
