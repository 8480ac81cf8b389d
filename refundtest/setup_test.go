package refundtest_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/refundkit/refundkit/refundtest"
	"github.com/stretchr/testify/require"
)

const testKey = "sk_test_refundtest"

// caller sends requests to a server the way any client would.
type caller struct {
	t      *testing.T
	server *refundtest.Server
	client *http.Client
	base   string
	header http.Header
}

// reply is an answer, read and decoded.
type reply struct {
	Status int
	Header http.Header
	Raw    string
	Body   map[string]any
}

func setup(t *testing.T, opts ...refundtest.Option) *caller {
	t.Helper()
	server := refundtest.New(append([]refundtest.Option{refundtest.WithSeed(1)}, opts...)...)
	t.Cleanup(server.Close)
	return &caller{t: t, server: server, client: server.HTTPClient(), base: "https://api.stripe.com",
		header: http.Header{"Authorization": {"Bearer " + testKey}}}
}

// with returns a caller that sends one more header; an empty value removes it.
func (c *caller) with(name, value string) *caller {
	other := *c
	other.header = c.header.Clone()
	if value == "" {
		other.header.Del(name)
	} else {
		other.header.Set(name, value)
	}
	return &other
}

func (c *caller) get(path string, pairs ...string) reply {
	c.t.Helper()
	return c.send(http.MethodGet, path+"?"+form(pairs), "")
}

func (c *caller) post(path string, pairs ...string) reply {
	c.t.Helper()
	return c.send(http.MethodPost, path, form(pairs))
}

func (c *caller) send(method, path, body string) reply {
	c.t.Helper()
	r, err := http.NewRequestWithContext(c.t.Context(), method, c.base+path, strings.NewReader(body))
	require.NoError(c.t, err)
	r.Header = c.header.Clone()
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	response, err := c.client.Do(r)
	require.NoError(c.t, err)
	defer response.Body.Close()
	raw, err := io.ReadAll(response.Body)
	require.NoError(c.t, err)
	read := reply{Status: response.StatusCode, Header: response.Header, Raw: string(raw)}
	require.NoError(c.t, json.Unmarshal(raw, &read.Body), "%s %s: %s", method, path, raw)
	return read
}

// form encodes "name", "value" pairs.
func form(pairs []string) string {
	values := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		values.Add(pairs[i], pairs[i+1])
	}
	return values.Encode()
}

// ok fails the test unless the answer is a success.
func (r reply) ok(t *testing.T) reply {
	t.Helper()
	require.Equal(t, http.StatusOK, r.Status, r.Raw)
	return r
}

func (r reply) text(path ...string) string {
	text, _ := r.at(path...).(string)
	return text
}

func (r reply) number(path ...string) int64 {
	number, _ := r.at(path...).(float64)
	return int64(number)
}

func (r reply) at(path ...string) any {
	var at any = r.Body
	for _, name := range path {
		inner, _ := at.(map[string]any)
		at = inner[name]
	}
	return at
}

// ids returns the ids of a list's items.
func (r reply) ids() []string {
	var ids []string
	for _, item := range r.Body["data"].([]any) {
		ids = append(ids, item.(map[string]any)["id"].(string))
	}
	return ids
}
