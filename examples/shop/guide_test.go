package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/refundkit/refundkit"
	"github.com/refundkit/refundkit/refundjobs"
	"github.com/refundkit/refundkit/refundjobs/pgxjobs"
	"github.com/refundkit/refundkit/refundjobs/refundjobstest"
	"github.com/refundkit/refundkit/refundtest"
)

// docs/jobs.md is tested here: what people copy from it compiles, runs, and is complete.

// prelude is what the pieces of the guide may use without saying where it comes from.
const prelude = `package guide

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/refundkit/refundkit"
	"github.com/refundkit/refundkit/refundjobs"
)

var (
	ctx    context.Context
	secret string
	client *refundkit.Client
	pool   *pgxpool.Pool
	jobs   *refundjobs.Jobs[pgx.Tx]
	err    error
)
`

var imports = map[string]string{
	"http": "net/http", "os": "os", "time": "time", "testing": "testing", "pgx": "github.com/jackc/pgx/v5", "pgxpool": "github.com/jackc/pgx/v5/pgxpool",
	"river": "github.com/riverqueue/river", "riverpgxv5": "github.com/riverqueue/river/riverdriver/riverpgxv5",
	"refundkit": "github.com/refundkit/refundkit", "refundjobs": "github.com/refundkit/refundkit/refundjobs", "webhook": "github.com/refundkit/refundkit/webhook", "refundtest": "github.com/refundkit/refundkit/refundtest",
	"pgxjobs": "github.com/refundkit/refundkit/refundjobs/pgxjobs", "refundjobstest": "github.com/refundkit/refundkit/refundjobs/refundjobstest",
}

func page(t *testing.T, name string) string {
	text, err := os.ReadFile("../../docs/" + name)
	require.NoError(t, err)
	return string(text)
}

// TestGuideCodeWorks builds every piece of code of the guide in a module of its own, runs
// the test among them, and then the program, as a reader would.
func TestGuideCodeWorks(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		name = filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(name), 0o755))
		require.NoError(t, os.WriteFile(name, []byte(text), 0o600))
	}
	root, err := filepath.Abs("../..")
	require.NoError(t, err)
	for _, name := range []string{"go.mod", "go.sum"} {
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		write(name, strings.NewReplacer("=> ../../", "=> "+root+"/", "=> ../..", "=> "+root).Replace(string(text)))
	}
	write("guide/prelude.go", prelude)
	programs := 0
	for i, block := range regexp.MustCompile("(?s)```golang\n(.*?)```").FindAllStringSubmatch(page(t, "jobs.md"), -1) {
		switch code := block[1]; {
		case strings.HasPrefix(code, "package main"):
			programs++
			write("program/main.go", code)
		case strings.Contains(code, "func Test"):
			write(fmt.Sprintf("guide/piece%d_test.go", i), "package guide\n"+importsOf(code)+code)
		default:
			write(fmt.Sprintf("guide/piece%d.go", i), fmt.Sprintf("package guide\n%sfunc piece%d() error {\n%s\n%s\treturn err\n}\n", importsOf(code), i, code, use(code)))
		}
	}
	require.Equal(t, 1, programs)
	run := func(name string, args ...string) string {
		command := exec.CommandContext(t.Context(), name, args...)
		command.Dir = dir
		output, err := command.CombinedOutput()
		require.NoError(t, err, string(output))
		return string(output)
	}
	run("go", "test", "-mod=mod", "-vet=off", "./guide")
	run("go", "build", "-mod=mod", "-o", "giveback", "./program")
	assert.Regexp(t, `order-6735/refund-1 sending \n(.*\n)*.* order-6735/refund-1 succeeded re_`, run("./giveback"))
	second := exec.CommandContext(t.Context(), "./giveback")
	second.Dir = dir
	output, err := second.CombinedOutput()
	require.Error(t, err)
	assert.Contains(t, string(output), refundjobs.ErrDifferent.Error(), "as the guide says of the second run")
}

func importsOf(code string) string {
	var b strings.Builder
	for name, path := range imports {
		if regexp.MustCompile(`\b` + name + `\.[A-Z]`).MatchString(code) {
			fmt.Fprintf(&b, "import %q\n", path)
		}
	}
	return b.String()
}

// use lets a piece end with something that only the reader uses.
func use(code string) string {
	if strings.Contains(code, "jobs, err :=") {
		return "\t_ = jobs\n"
	}
	return ""
}

// TestGuideNamesAll holds the tables of the guide against the code.
func TestGuideNamesAll(t *testing.T) {
	guide := page(t, "jobs.md")
	for file, pattern := range map[string]string{"../../refundjobs/job.go": `(?m)^\tState\w+ +State += "(\w+)"`, "../../job_progress.go": `(?m)^\tJobProblem\w+ +JobProblem = "(\w+)"`} {
		source, err := os.ReadFile(file)
		require.NoError(t, err)
		names := regexp.MustCompile(pattern).FindAllStringSubmatch(string(source), -1)
		require.Greater(t, len(names), 7, file)
		for _, name := range names {
			assert.Regexp(t, "(?m)^\\|.*`"+name[1]+"`.* \\|", guide)
		}
	}
}

// queries are the statements of a block of SQL that follows a heading.
func queries(t *testing.T, text, heading string) (statements []string) {
	_, section, found := strings.Cut(text, heading)
	require.True(t, found, heading)
	_, block, _ := strings.Cut(section, "```sql\n")
	block, _, _ = strings.Cut(block, "```")
	for statement := range strings.SplitSeq(block, ";\n") {
		if statement = strings.TrimSpace(statement); statement != "" {
			statements = append(statements, statement)
		}
	}
	return statements
}

// TestQueriesOfOperations asks a database with a row in each kind of trouble what
// docs/operations.md asks.
func TestQueriesOfOperations(t *testing.T) {
	shop := refundjobstest.New(t)
	shop.Webhook.Remove()
	start := shop.Server.Now().UTC()
	request := func(name string) {
		charge := shop.Server.AddCharge(refundtest.Charge{Amount: 2000})
		if name == "disputed" {
			require.NoError(t, shop.Server.Dispute(charge.ID))
		}
		shop.Request(refundjobs.Request{Name: name, Params: refundkit.RefundCreateParams{Charge: charge.ID, Amount: 500}})
	}
	request("disputed")
	shop.Work()
	shop.Server.Inject(refundtest.AnswerHTML(502).On("POST /v1/refunds"))
	request("open")
	shop.Work()
	shop.Server.Advance(10 * time.Second)
	shop.Server.RevokeKey("sk_test_refundjobstest")
	request("refused key")
	shop.Work()
	statements := queries(t, page(t, "operations.md"), "\n### What to ask refundjobs\n")
	require.Len(t, statements, 4)
	answer := func(statement string, into ...any) {
		require.NoError(t, shop.DB.QueryRow(statement).Scan(into...), statement)
	}
	var due, open, problem string
	var count int
	answer(statements[0], &due)
	assert.Greater(t, due, refundjobs.InstantText(start))
	answer(statements[1], &open)
	assert.Equal(t, refundjobs.InstantText(start), open)
	answer(statements[2], &problem, &count)
	assert.Equal(t, []any{"disputed", 1}, []any{problem, count})
	answer(statements[3], &problem, &count)
	assert.Equal(t, []any{"credentials", 1}, []any{problem, count})
}

// TestRoles gives roles what docs/jobs.md says, and no more.
func TestRoles(t *testing.T) {
	address := postgresURL(t)
	owner, err := pgxpool.New(t.Context(), address)
	require.NoError(t, err)
	t.Cleanup(owner.Close)
	server := refundtest.New(refundtest.WithReporter(t), refundtest.WithClock(time.Now))
	stripe, err := ownStripe(server)
	require.NoError(t, err)
	jobs, err := pgxjobs.New(owner, stripe.refunds)
	require.NoError(t, err)
	require.NoError(t, jobs.Migrate(t.Context()))
	as := roles(t, owner)

	app, err := pgxjobs.New(as("refunds_app"), stripe.refunds, refundjobs.WithRate(100))
	require.NoError(t, err)
	charge := server.AddCharge(refundtest.Charge{Amount: 2000})
	require.NoError(t, pgx.BeginFunc(t.Context(), as("refunds_app"), func(tx pgx.Tx) error {
		_, err := app.RequestTx(t.Context(), tx, refundjobs.Request{Name: "order-1/refund-1", Params: refundkit.RefundCreateParams{Charge: charge.ID, Amount: 500}})
		return err
	}))
	ctx, stop := context.WithCancel(t.Context())
	log := make(chan refundjobs.Change, 100)
	worker, err := pgxjobs.New(as("refunds_app"), stripe.refunds, refundjobs.WithChangeHook(func(_ context.Context, change refundjobs.Change) {
		if log <- change; change.Shown == refundjobs.StateSucceeded {
			stop()
		}
	}))
	require.NoError(t, err)
	require.NoError(t, worker.Start(ctx))
	server.AssertRefundedOnce(t, refundtest.Refund{Charge: charge.ID, Amount: 500})

	_, err = as("refunds_app").Exec(t.Context(), "DELETE FROM refundjobs")
	require.ErrorContains(t, err, "permission denied")
	_, err = owner.Exec(t.Context(), "UPDATE refundjobs SET updated_at = updated_at - interval '100 days'")
	require.NoError(t, err)
	pruner, err := pgxjobs.New(as("refunds_prune"), stripe.refunds)
	require.NoError(t, err)
	pruned, err := pruner.Prune(t.Context(), time.Now().AddDate(0, 0, -61))
	require.NoError(t, err)
	assert.Equal(t, 1, pruned)
	var state string
	require.NoError(t, as("refunds_reader").QueryRow(t.Context(), "SELECT state FROM refundjobs").Scan(&state))
	assert.Equal(t, "succeeded", state)
}

// roles makes the guide's roles under names of the test's own, and returns pools of each.
func roles(t *testing.T, owner *pgxpool.Pool) func(role string) *pgxpool.Pool {
	own := "_" + strings.ToLower(rand.Text()[:10])
	exec := func(statement string) {
		statement = regexp.MustCompile(`\brefunds_(app|prune|reader)\b`).ReplaceAllString(statement, "${0}"+own)
		_, err := owner.Exec(context.Background(), statement)
		require.NoError(t, err, statement)
	}
	schema := owner.Config().ConnConfig.RuntimeParams["search_path"]
	for _, role := range []string{"refunds_app", "refunds_prune", "refunds_reader"} {
		exec("CREATE ROLE " + role)
		exec("GRANT USAGE ON SCHEMA " + schema + " TO " + role)
		t.Cleanup(func() {
			exec("DROP OWNED BY " + role)
			exec("DROP ROLE " + role)
		})
	}
	for _, statement := range queries(t, page(t, "jobs.md"), "\n**Roles.**") {
		exec(statement)
	}
	return func(role string) *pgxpool.Pool {
		config := owner.Config()
		config.ConnConfig.RuntimeParams["role"] = role + own
		pool, err := pgxpool.NewWithConfig(t.Context(), config)
		require.NoError(t, err)
		t.Cleanup(pool.Close)
		return pool
	}
}

// TestRestored is a database that comes back from a backup, two days after the refund
// was made: Stripe has forgotten the key.
func TestRestored(t *testing.T) {
	pool, err := pgxpool.New(t.Context(), postgresURL(t))
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	server := refundtest.New(refundtest.WithReporter(t), refundtest.WithClock(time.Now))
	stripe, err := ownStripe(server)
	require.NoError(t, err)
	jobs, err := pgxjobs.New(pool, stripe.refunds, refundjobs.WithRate(0))
	require.NoError(t, err)
	require.NoError(t, jobs.Migrate(t.Context()))
	charge := server.AddCharge(refundtest.Charge{Amount: 2000})
	request := func() {
		require.NoError(t, pgx.BeginFunc(t.Context(), pool, func(tx pgx.Tx) error {
			_, err := jobs.RequestTx(t.Context(), tx, refundjobs.Request{Name: "order-1/refund-1", Params: refundkit.RefundCreateParams{Charge: charge.ID, Amount: 500}})
			return err
		}))
	}
	request()
	_, err = jobs.WorkDue(t.Context())
	require.NoError(t, err)
	made := server.AssertRefundedOnce(t, refundtest.Refund{Charge: charge.ID, Amount: 500})

	_, err = pool.Exec(t.Context(), "DELETE FROM refundjobs; DELETE FROM refundjobs_changes")
	require.NoError(t, err)
	request() // as the backup has it
	for _, statement := range queries(t, page(t, "jobs.md"), "\n**Backups.**") {
		_, err := pool.Exec(t.Context(), statement)
		require.NoError(t, err)
	}
	posts := len(sent(server))
	_, err = jobs.WorkDue(t.Context())
	require.NoError(t, err)
	job, err := jobs.Job(t.Context(), "order-1/refund-1")
	require.NoError(t, err)
	assert.Equal(t, made.ID, job.ID)
	assert.Equal(t, refundjobs.StateSucceeded, job.Shown)
	assert.Len(t, sent(server), posts, "it was found, and nothing was sent")
}

func sent(server *refundtest.Server) (posts []refundtest.Request) {
	for _, request := range server.Requests() {
		if request.Method == http.MethodPost {
			posts = append(posts, request)
		}
	}
	return posts
}
