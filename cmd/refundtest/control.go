package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/refundkit/refundkit/refundtest"
)

const (
	controlPath = "/_refundtest"
	maxControl  = 1 << 20 // bytes of a body
)

// operation is one thing that a test can ask for below controlPath.
type operation struct {
	method, path string
	input        string // an example of the body, empty for none
	does         string
	do           func(*call) (any, error)
}

// call is a request for an operation.
type call struct {
	*service
	now  *session
	path func(name string) string
	args url.Values
	body []byte
}

// control lets tests in any language do what Go tests do with the server's methods.
type control struct{ service *service }

func (c *control) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if err := c.refuse(r); err != nil {
		reply(w, http.StatusForbidden, said(err))
		return
	}
	mux := c.mux()
	if _, pattern := mux.Handler(r); !strings.Contains(pattern, " ") {
		reply(w, http.StatusNotFound, said(fmt.Errorf("there is no %s %s; GET %s lists what there is", r.Method, plain(r.URL.Path), controlPath)))
		return
	}
	mux.ServeHTTP(w, r)
}

// mux has every operation at its path.
func (c *control) mux() *http.ServeMux {
	mux := http.NewServeMux()
	for _, o := range operations() {
		mux.HandleFunc(o.method+" "+controlPath+o.path, func(w http.ResponseWriter, r *http.Request) {
			answer, err := c.run(o, r)
			if err != nil {
				reply(w, http.StatusBadRequest, said(err))
				return
			}
			reply(w, http.StatusOK, answer)
		})
	}
	return mux
}

// refuse keeps web pages out that a browser on this machine shows: those of other
// sites, and those whose name was made to lead here.
func (c *control) refuse(r *http.Request) error {
	if err := http.NewCrossOriginProtection().Check(r); err != nil {
		return errors.New("a page of another site cannot control the fake")
	}
	host := r.Host
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	ip := net.ParseIP(strings.Trim(host, "[]"))
	here := host == "localhost" || strings.HasSuffix(host, ".localhost") || ip != nil && ip.IsLoopback()
	if c.service.config.isLocal() && !here {
		return fmt.Errorf("the fake listens on this machine alone, and %s is another; use 127.0.0.1, or start it with -allow-remote", plain(r.Host))
	}
	return nil
}

func (c *control) run(o operation, r *http.Request) (any, error) {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxControl+1))
	if err != nil {
		return nil, errors.New("the body ends too early")
	}
	if len(body) > maxControl {
		return nil, errors.New("the body is longer than 1 MiB")
	}
	args, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, errors.New("the query cannot be read")
	}
	if o.input == "" && len(bytes.TrimSpace(body)) > 0 && string(bytes.TrimSpace(body)) != "{}" {
		return nil, errors.New("there is nothing to say in the body")
	}
	return o.do(&call{service: c.service, now: c.service.session.Load(), path: r.PathValue, args: args, body: body})
}

func said(err error) any {
	return map[string]string{"error": strings.TrimPrefix(err.Error(), "refundtest: ")}
}

func reply(w http.ResponseWriter, status int, answer any) {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(answer); err != nil {
		status, b = http.StatusInternalServerError, *bytes.NewBufferString(`{"error": "the answer cannot be written"}`)
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(b.Bytes()) // the caller may have gone
}

// read reads the body into what an operation takes.
func read[T any](c *call) (input T, err error) {
	body := c.body
	if len(bytes.TrimSpace(body)) == 0 {
		body = []byte("{}")
	}
	if err := strict(body, &input); err != nil {
		return input, describe(err)
	}
	return input, nil
}

// strict reads JSON that has no unknown and no doubled field, and nothing after it.
func strict(raw []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		return err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return errors.New("there is something after the JSON value")
	}
	return doubled(json.NewDecoder(bytes.NewReader(raw)))
}

// doubled finds a field that an object has twice.
func doubled(decoder *json.Decoder) error {
	start, _ := decoder.Token() // what is wrong with the JSON was found before
	if start != json.Delim('{') && start != json.Delim('[') {
		return nil // one plain value
	}
	fields := map[string]bool{}
	for decoder.More() {
		if start == json.Delim('{') {
			token, _ := decoder.Token()
			name, isName := token.(string)
			if !isName {
				return nil
			}
			if fields[name] {
				return &fieldError{name, "it is there twice"}
			}
			fields[name] = true
		}
		if err := doubled(decoder); err != nil {
			return err
		}
	}
	_, _ = decoder.Token() // the end of this value
	return nil
}

// only refuses what an operation does not take from the query.
func (c *call) only(names ...string) error {
	for name := range c.args {
		if !slices.Contains(names, name) {
			return fmt.Errorf("the query has %s; it can have %s", plain(name), strings.Join(names, ", "))
		}
	}
	return nil
}

// world is the one that the query names: account=acct_1Shop and livemode=true,
// test mode of the platform's own account without either.
func (c *call) world(further ...string) (*refundtest.World, error) {
	if err := c.only(append([]string{"account", "livemode"}, further...)...); err != nil {
		return nil, err
	}
	live := false
	if text := c.args.Get("livemode"); text != "" {
		var err error
		if live, err = strconv.ParseBool(text); err != nil {
			return nil, errors.New("livemode: it must be true or false")
		}
	}
	account := c.args.Get("account")
	if account == "" || account == refundtest.PlatformAccount {
		return placeOf(c.now.server, "", live).world, nil
	}
	if !slices.Contains(c.accounts(), account) {
		return nil, fmt.Errorf("there is no account %s; POST %s/accounts adds one", plain(account), controlPath)
	}
	return c.open(c.now, account, live), nil
}
