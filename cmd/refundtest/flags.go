package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/url"
	"regexp"

	"github.com/refundkit/refundkit/refundtest"
)

// config is what the flags say.
type config struct {
	addr      string
	seed      string
	webhook   string
	secret    string
	version   string
	chaos     float64
	chaosSeed uint64
}

func parseFlags(args []string, usage io.Writer) (*config, error) {
	c := &config{}
	var remote bool
	flags := flag.NewFlagSet("refundtest", flag.ContinueOnError)
	flags.SetOutput(usage)
	flags.StringVar(&c.addr, "addr", "127.0.0.1:12111", "`address` to listen on; port 0 takes a free one")
	flags.BoolVar(&remote, "allow-remote", false, "listen on an address that other machines can reach")
	flags.StringVar(&c.seed, "seed", "", "JSON `file` of charges to begin with")
	flags.StringVar(&c.webhook, "webhook", "", "`URL` that every event is sent to")
	flags.StringVar(&c.secret, "secret", "", "`secret` that the events are signed with, such as whsec_test")
	flags.StringVar(&c.version, "webhook-version", refundtest.APIVersion, "API `version` of the events, such as 2023-10-16")
	flags.Float64Var(&c.chaos, "chaos", 0, "`probability` from 0 to 1 that something goes wrong with a request")
	flags.Uint64Var(&c.chaosSeed, "chaos-seed", 0, "`seed` that decides what goes wrong; 0 takes a random one")
	if err := flags.Parse(args); err != nil {
		return nil, err
	}
	if flags.NArg() > 0 {
		return nil, fmt.Errorf("%q is not a flag", flags.Arg(0))
	}
	if c.chaosSeed == 0 {
		c.chaosSeed = rand.Uint64()
	}
	if err := c.check(); err != nil {
		return nil, err
	}
	return c, c.checkAddress(remote)
}

func (c *config) check() error {
	if !(c.chaos >= 0 && c.chaos <= 1) {
		return fmt.Errorf("-chaos %v: it is a probability, from 0 to 1", c.chaos)
	}
	if c.webhook == "" {
		if c.secret != "" {
			return errors.New("-secret is of no use without -webhook")
		}
		return nil
	}
	if !regexp.MustCompile(`^\d{4}-\d{2}-\d{2}(\.[a-z]+)?$`).MatchString(c.version) {
		return fmt.Errorf("-webhook-version %q: it must be a version of Stripe's API, such as 2023-10-16", c.version)
	}
	if c.secret == "" {
		return errors.New("-webhook needs a -secret to sign with")
	}
	target, err := url.Parse(c.webhook)
	if err != nil || target.Host == "" || target.Scheme != "http" && target.Scheme != "https" {
		return fmt.Errorf("-webhook %q: it must be an absolute URL, http or https", c.webhook)
	}
	return nil
}

// checkAddress resolves the address, so that what was checked is what is
// listened on.
func (c *config) checkAddress(remote bool) error {
	resolved, err := net.ResolveTCPAddr("tcp", c.addr)
	if err != nil {
		return fmt.Errorf("-addr %q: it must be host:port: %w", c.addr, err)
	}
	if !remote && !resolved.IP.IsLoopback() {
		return fmt.Errorf("-addr %q: other machines could reach it; use 127.0.0.1, or add -allow-remote", c.addr)
	}
	c.addr = resolved.String()
	return nil
}
