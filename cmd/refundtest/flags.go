package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/url"
	"os"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/refundkit/refundkit/refundtest"
)

// config is what the flags and the environment say.
type config struct {
	addr      string
	remote    bool
	seed      string
	webhook   string
	secret    string
	version   string
	chaos     float64
	chaosSeed uint64
	journal   int
	control   bool

	health      string // only ask the program at this URL how it is
	showVersion bool   // only say which it is
}

func parseFlags(args []string, usage io.Writer) (*config, error) {
	c := &config{}
	flags := flag.NewFlagSet("refundtest", flag.ContinueOnError)
	flags.SetOutput(usage)
	flags.Usage = func() { help(flags) }
	flags.StringVar(&c.addr, "addr", "127.0.0.1:12111", "`address` to listen on; port 0 takes a free one")
	flags.BoolVar(&c.remote, "allow-remote", false, "listen on an address that other machines can reach")
	flags.StringVar(&c.seed, "seed", "", "JSON `file` of charges to begin with")
	flags.StringVar(&c.webhook, "webhook", "", "`URL` that every event is sent to")
	flags.StringVar(&c.secret, "secret", "", "`secret` that the events are signed with, such as whsec_test")
	flags.StringVar(&c.version, "webhook-version", refundtest.APIVersion, "API `version` of the events, such as 2023-10-16")
	flags.Float64Var(&c.chaos, "chaos", 0, "`probability` from 0 to 1 that something goes wrong with a request")
	flags.Uint64Var(&c.chaosSeed, "chaos-seed", 0, "`seed` that decides what goes wrong; 0 takes a random one")
	flags.IntVar(&c.journal, "journal", 1000, "how `many` requests, events and deliveries are remembered; 0 for all")
	flags.BoolVar(&c.control, "control", true, "let tests control the fake below "+controlPath)
	flags.StringVar(&c.health, "health", "", "ask the program at this `URL` whether it runs, and end with 0 or 1")
	flags.BoolVar(&c.showVersion, "version", false, "print the version and end")
	if err := fromEnvironment(flags); err != nil {
		return nil, err
	}
	if err := flags.Parse(args); err != nil {
		return nil, err
	}
	if flags.NArg() > 0 {
		return nil, fmt.Errorf("%q is not a flag", flags.Arg(0))
	}
	if c.health != "" || c.showVersion {
		return c, nil
	}
	if c.chaosSeed == 0 {
		c.chaosSeed = rand.Uint64()
	}
	if err := c.check(); err != nil {
		return nil, err
	}
	return c, c.checkAddress(c.remote)
}

// variable is the environment variable of a flag: REFUNDTEST_CHAOS_SEED.
func variable(name string) string {
	return "REFUNDTEST_" + strings.ToUpper(strings.ReplaceAll(name, "-", "_"))
}

// fromEnvironment sets what the command line can overrule.
func fromEnvironment(flags *flag.FlagSet) (err error) {
	flags.VisitAll(func(f *flag.Flag) {
		value := os.Getenv(variable(f.Name))
		if err != nil || value == "" || f.Name == "health" || f.Name == "version" {
			return
		}
		if flags.Set(f.Name, value) != nil {
			err = fmt.Errorf("%s=%s: -%s does not take that", variable(f.Name), value, f.Name)
		}
	})
	return err
}

func help(flags *flag.FlagSet) {
	out := flags.Output()
	fmt.Fprint(out, "refundtest is a fake of Stripe's refund API, for services in any language.\n\n")
	flags.PrintDefaults()
	fmt.Fprintf(out, `
Each flag but -health and -version can be an environment variable instead:
%s, %s. The command line wins.

Tests control the fake with JSON, below %s:

`, variable("addr"), variable("chaos-seed"), controlPath)
	for _, o := range operations() {
		fmt.Fprintf(out, "  %-6s %s\n         %s\n", o.method, strings.TrimSpace(controlPath+o.path+" "+o.input), o.does)
	}
	fmt.Fprintf(out, `
?account=acct_1Shop&livemode=true chooses an account and its mode. For instance:

  curl -X POST http://127.0.0.1:12111%s/clock -d '{"seconds": 86400}'
`, controlPath)
}

// versionLine says which program this is.
func versionLine() string {
	version := "unknown version"
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		version = info.Main.Version
	}
	return fmt.Sprintf("refundtest %s, Stripe API %s, %s", version, refundtest.APIVersion, runtime.Version())
}

func (c *config) check() error {
	if !(c.chaos >= 0 && c.chaos <= 1) {
		return fmt.Errorf("-chaos %v: it is a probability, from 0 to 1", c.chaos)
	}
	if c.journal < 0 {
		return fmt.Errorf("-journal %d: it must be at least 0", c.journal)
	}
	if c.webhook == "" {
		if c.secret != "" {
			return errors.New("-secret is of no use without -webhook")
		}
		return nil
	}
	if !versionShape.MatchString(c.version) {
		return fmt.Errorf("-webhook-version %q: it must be a version of Stripe's API, such as 2023-10-16", c.version)
	}
	if c.secret == "" {
		return errors.New("-webhook needs a -secret to sign with")
	}
	if !isWebURL(c.webhook) {
		return fmt.Errorf("-webhook %q: it must be an absolute URL, http or https", c.webhook)
	}
	return nil
}

func isWebURL(text string) bool {
	target, err := url.Parse(text)
	return err == nil && target.Host != "" && (target.Scheme == "http" || target.Scheme == "https")
}

// isLocal reports whether no other machine can reach the program.
func (c *config) isLocal() bool {
	host, _, err := net.SplitHostPort(c.addr)
	ip := net.ParseIP(host)
	return err == nil && ip != nil && ip.IsLoopback()
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
