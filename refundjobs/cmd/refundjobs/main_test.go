package main

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/refundkit/refundkit/refundtest"
)

// terminal is a person's: a database, a key and a Stripe.
type terminal struct {
	t       *testing.T
	env     map[string]string
	dir     string
	stripe  *refundtest.Server
	charges []string
}

func setup(t *testing.T) *terminal {
	t.Helper()
	return setupAt(t, time.Now)
}

func setupAt(t *testing.T, clock func() time.Time) *terminal {
	t.Helper()
	stripe := refundtest.New(refundtest.WithClock(clock))
	t.Cleanup(stripe.Close)
	return &terminal{t: t, dir: t.TempDir(), stripe: stripe, env: map[string]string{"STRIPE_API_KEY": "sk_test_terminal", "STRIPE_API_BASE": stripe.Start()}}
}

// run runs a command line on the database of the test, and returns what it wrote.
func (s *terminal) run(line ...string) (exit int, out, errs string) {
	s.t.Helper()
	var stdout, stderr bytes.Buffer
	p := &program{out: &stdout, err: &stderr, env: func(name string) string { return s.env[name] }}
	exit = p.run(s.t.Context(), append([]string{"--sqlite", filepath.Join(s.dir, "refunds.db"), "--rate", "0"}, line...))
	return exit, stdout.String(), stderr.String()
}

// must runs a command line that works.
func (s *terminal) must(line ...string) string {
	s.t.Helper()
	exit, out, errs := s.run(line...)
	require.Equal(s.t, exitDone, exit, "%s\n%s", out, errs)
	return out
}

// file writes a plan of n payments.
func (s *terminal) file(n int) string {
	s.t.Helper()
	var text strings.Builder
	fmt.Fprintln(&text, "name,charge,amount_decimal,currency,label.day")
	for i := range n {
		charge := s.stripe.AddCharge(refundtest.Charge{Amount: 2000})
		s.charges = append(s.charges, charge.ID)
		fmt.Fprintf(&text, "festival/%d,%s,5.00,usd,%d\n", i+1, charge.ID, i%3)
	}
	name := filepath.Join(s.dir, "festival.csv")
	require.NoError(s.t, os.WriteFile(name, []byte(text.String()), 0o600))
	return name
}

// made is how many refunds were asked for.
func (s *terminal) made() (n int) {
	for _, request := range s.stripe.Requests() {
		if request.Method == http.MethodPost && request.Path == "/v1/refunds" {
			n++
		}
	}
	return n
}

var digest = regexp.MustCompile(`--digest ([0-9a-f]{64})`)

func TestFiftyRefunds(t *testing.T) {
	s := setup(t)
	s.must("migrate")
	out := s.must("plan", s.file(50), "--by", "ann")
	assert.Contains(t, out, "Plan festival is draft: 50 refunds")
	assert.Contains(t, out, "250.00 usd")
	out = s.must("check", "festival")
	assert.Contains(t, out, "50 refunds checked")
	found := digest.FindStringSubmatch(out)
	require.Len(t, found, 2)
	assert.Zero(t, s.made())

	exit, _, errs := s.run("run", "festival")
	assert.Equal(t, exitFailed, exit, "it is not approved")
	assert.Contains(t, errs, "draft")
	exit, _, errs = s.run("approve", "festival", "--by", "bob", "--digest", strings.Repeat("0", 64))
	assert.Equal(t, exitFailed, exit)
	assert.Contains(t, errs, "not what was checked")

	s.must("approve", "festival", "--by", "bob", "--digest", found[1])
	out = s.must("run", "festival", "--by", "bob")
	assert.Contains(t, out, "Plan festival is finished: 50 refunds")
	assert.Equal(t, 50, s.made())

	lines, err := csv.NewReader(strings.NewReader(s.must("report", "festival", "--totals", filepath.Join(s.dir, "totals.csv")))).ReadAll()
	require.NoError(t, err)
	assert.Len(t, lines, 51)
	totals, err := os.ReadFile(filepath.Join(s.dir, "totals.csv"))
	require.NoError(t, err)
	assert.Contains(t, string(totals), "refund,,,usd,succeeded,50,250.00,0.00,-250.00,usd")
	assert.Contains(t, s.must("story", "festival/7"), "festival/7")
	assert.Contains(t, s.must("status"), "succeeded")
	assert.Len(t, strings.Split(strings.TrimSpace(s.must("list", "--plan", "festival", "--state", "succeeded")), "\n"), 50)
}

func TestWhoMustDecideIsTold(t *testing.T) {
	s := setup(t)
	s.must("migrate")
	name := s.file(3)
	s.must("plan", name)
	require.NoError(t, s.stripe.Dispute(s.charges[1]))
	exit, out, _ := s.run("check", "festival")
	assert.Equal(t, exitNeedsPerson, exit)
	assert.Contains(t, out, "REFUSED")
	s.must("approve", "festival", "--by", "bob", "--digest", digest.FindStringSubmatch(out)[1])
	exit, out, _ = s.run("run", "festival")
	assert.Equal(t, exitNeedsPerson, exit)
	assert.Contains(t, out, "Some need a person")
	exit, _, _ = s.run("status", "festival")
	assert.Equal(t, exitNeedsPerson, exit)
	out = s.must("list", "--state", "needs_person")
	assert.Contains(t, out, "disputed: the payment is disputed: answer the dispute")
	refund := strings.Fields(out)[1]
	exit, _, errs := s.run("settle", refund)
	assert.Equal(t, exitUsage, exit)
	assert.Contains(t, errs, "say one of")
	assert.Contains(t, s.must("settle", refund, "--cancel", "--why", "lost"), "canceled")
	exit, _, _ = s.run("status")
	assert.Equal(t, exitDone, exit)
}

func TestJSONIsAnObjectALine(t *testing.T) {
	s := setup(t)
	s.must("migrate")
	s.must("plan", s.file(3))
	for _, line := range [][]string{{"check", "festival"}, {"status"}, {"status", "festival"}, {"list"}, {"plan", filepath.Join(s.dir, "festival.csv")}} {
		for text := range strings.Lines(s.must(append(line, "--json")...)) {
			assert.True(t, json.Valid([]byte(text)), "%v: %s", line, text)
		}
	}
}

// What is wrong with the command line is told in a sentence, and is 2.
func TestWrongCommandLines(t *testing.T) {
	s := setup(t)
	s.must("migrate")
	for words, line := range map[string][]string{
		"unknown command":    {"refund"},
		"unknown flag":       {"list", "--all"},
		"it takes plan FILE": {"plan"},
		"loopback only":      {"serve", "--address", "0.0.0.0:0"},
		"--before":           {"prune"},
		"--payments":         {"demo", "--payments", "0"},
	} {
		exit, _, errs := s.run(line...)
		assert.Equal(t, exitUsage, exit, "%v: %s", line, errs)
		assert.Contains(t, errs, words)
	}
	s.env = map[string]string{}
	exit, _, errs := s.run("run", "festival")
	assert.Equal(t, exitUsage, exit)
	assert.Contains(t, errs, "STRIPE_API_KEY is not set")
	s.env = map[string]string{"DATABASE_URL": "postgres://user:secret-word@127.0.0.1:1/x?nonsense"}
	exit, _, errs = s.run("status")
	assert.Equal(t, exitUsage, exit, "two databases")
	assert.NotContains(t, errs, "secret-word")
}

func TestAddressOfTheDatabaseIsASecret(t *testing.T) {
	for _, url := range []string{"postgres://user:secret-word@127.0.0.1:1/x?connect_timeout=1", "postgres://user:secret-word@127.0.0.1:no/x", "host=127.0.0.1 port=1 password=secret-word connect_timeout=1"} {
		var out bytes.Buffer
		p := &program{out: &out, err: &out, env: func(name string) string { return map[string]string{"DATABASE_URL": url}[name] }}
		assert.Equal(t, exitFailed, p.run(t.Context(), []string{"status"}))
		assert.NotContains(t, out.String(), "secret-word")
	}
}

// Every command says what it does, and shows how it is used.
func TestHelp(t *testing.T) {
	var each func(*cobra.Command)
	each = func(c *cobra.Command) {
		if !c.Hidden {
			assert.NotEmpty(t, c.Short, c.Name())
			assert.NotEmpty(t, c.Long, c.Name())
			assert.Contains(t, c.Example, "refundjobs", c.Name())
		}
		for _, child := range c.Commands() {
			each(child)
		}
	}
	each((&program{}).root())
	out := setup(t).must("run", "--help")
	assert.Contains(t, out, "Ctrl-C pauses")
	assert.NotContains(t, out, "sk_test_terminal")
}

// What the guide tells people to type is understood.
func TestGuide(t *testing.T) {
	guide, err := os.ReadFile("../../../docs/plans.md")
	require.NoError(t, err)
	found := 0
	for line := range strings.Lines(string(guide)) {
		line, _, _ = strings.Cut(strings.TrimSpace(line), "#")
		line, _, _ = strings.Cut(line, ">")
		if !strings.HasPrefix(line, "refundjobs ") {
			continue
		}
		found++
		command, args, err := (&program{}).root().Find(strings.Fields(line)[1:])
		require.NoError(t, err, line)
		require.NotEqual(t, "refundjobs", command.Name(), line)
		require.NoError(t, command.ParseFlags(args), line)
	}
	assert.Greater(t, found, 8)
}

func TestPlanNamesTheWrongLine(t *testing.T) {
	s := setup(t)
	s.must("migrate")
	name := filepath.Join(s.dir, "festival.csv")
	require.NoError(t, os.WriteFile(name, []byte("name,charge,amount,currency\na,ch_1,1250,eur\nb,ch_2,12.50,eur\n"), 0o600))
	exit, out, errs := s.run("plan", name)
	assert.Equal(t, exitFailed, exit)
	assert.Empty(t, out)
	assert.Equal(t, "refundjobs: "+name+":3:8: amount: \"12.50\" is no whole number of the smallest unit: write 1250, or name the column amount_decimal\n", errs)
	assert.Empty(t, s.must("list"), "nothing is half stored")
}

func TestSweepAndReconcile(t *testing.T) {
	s := setupAt(t, func() time.Time { return time.Now().Add(-time.Minute) }) // what is made this second is not compared
	s.must("migrate")
	plan := s.file(3)
	s.must("plan", plan)
	out := s.must("check", "festival")
	digest := regexp.MustCompile(`[0-9a-f]{64}`).FindString(out)
	s.must("approve", "festival", "--digest", digest, "--by", "bob")
	s.must("run", "festival")
	refund := s.stripe.Refunds(s.charges[1])[0]
	require.NoError(t, s.stripe.Fail(refund.ID, "declined"))
	today := time.Now().UTC()
	month := []string{"reconcile", "--from", today.AddDate(0, 0, -2).Format(time.DateOnly), "--to", today.AddDate(0, 0, 2).Format(time.DateOnly)}
	exit, out, _ := s.run(month...)
	require.Equal(t, exitNeedsPerson, exit)
	require.Contains(t, out, "failed_but_booked,,festival/2,"+refund.ID)
	require.Contains(t, s.must("sweep"), "new; 0 refunds read")
	exit, out, _ = s.run(month...)
	require.Equal(t, exitDone, exit)
	require.Equal(t, 1, strings.Count(out, "\n"))
	exit, _, errs := s.run("reconcile", "--from", "yesterday")
	require.Equal(t, exitUsage, exit)
	require.Contains(t, errs, "--from is a day")
}
