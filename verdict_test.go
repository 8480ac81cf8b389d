package refundkit

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestVerdicts reads every body of testdata, every recorded one and mutations of
// them, and writes what came of each to the file that REFUNDKIT_VERDICTS names, one
// line for each. The lines of two versions of Go, or of encoding/json, must be the
// same: what is a success must not depend on them.
func TestVerdicts(t *testing.T) {
	report, mutations := os.Getenv("REFUNDKIT_VERDICTS"), 40
	if report != "" {
		mutations = 2000
	}
	files, err := filepath.Glob("testdata/*.json")
	require.NoError(t, err)
	if folder := os.Getenv("REFUNDKIT_RECORDED"); folder != "" {
		recorded, err := filepath.Glob(filepath.Join(folder, "*.json"))
		require.NoError(t, err)
		files = append(files, recorded...)
	}
	var lines strings.Builder
	read, refused, left := 0, 0, 0
	for _, file := range files {
		body, err := os.ReadFile(file)
		require.NoError(t, err)
		name := filepath.Base(file)
		seed := fnv.New64a()
		fmt.Fprint(seed, name)
		random := rand.New(rand.NewPCG(seed.Sum64(), 1))
		values := newVerdictText(body)
		for i := range mutations + 1 {
			text := body
			if i > 0 {
				text = values.mutated(random)
			}
			verdict := verdictOn(body, text)
			switch {
			case strings.HasPrefix(verdict, "read, not"):
				left++
			case strings.HasPrefix(verdict, "read"):
				read++
			default:
				refused++
			}
			fmt.Fprintf(&lines, "%s %d %.6x: %s\n", name, i, sha256.Sum256(text), verdict)
		}
	}
	for _, depth := range []int{15, 16, 17, 9990, 9995, 9996, 9997, 9998, 9999, 10_000} {
		nested := strings.Repeat("[", depth) + strings.Repeat("]", depth)
		refund := new(Refund)
		unread, err := decode([]byte(`{"id":"re_1","object":"refund","charge":{"id":"ch_1","x":`+nested+`}}`), refund)
		if err != nil {
			refund = nil // the caller does not get it either
		}
		fmt.Fprintf(&lines, "depth %d: %q %s %s\n", depth, unread, withoutSyntax(err), summary(refund))
	}
	all := mutations * len(files)
	assert.Greater(t, read, all/20, "read in full")
	assert.Greater(t, left, all/50, "read in part")
	assert.Greater(t, refused, all/20, "refused")
	if report != "" {
		require.NoError(t, os.WriteFile(report, []byte(lines.String()), 0o600))
	}
}

// verdictOn is all that becomes of a text that was made from body.
func verdictOn(body, text []byte) string {
	var named struct{ Object string }
	_ = json.Unmarshal(body, &named)
	switch named.Object {
	case "refund":
		return verdictAs[Refund](text)
	case "charge":
		return verdictAs[Charge](text)
	case "payment_record":
		return verdictAs[PaymentRecord](text)
	case "list":
		return verdictAs[RefundList](text)
	case "payment_intent":
		return directly(new(PaymentIntent), text) + directly(new(Expandable[PaymentIntent]), text)
	case "event":
		event := new(Event)
		if err := event.UnmarshalJSON(text); err != nil {
			return "refused: " + withoutSyntax(err)
		}
		refund, refundErr := event.Refund()
		charge, chargeErr := event.Charge()
		return fmt.Sprintf("read: %s; refund %s %s; charge %s %s", summary(*event),
			summary(refund), withoutSyntax(refundErr), summary(charge), withoutSyntax(chargeErr))
	}
	failure := parseError(result{status: 400, header: http.Header{"Request-Id": {"req_1"}}, body: text}, time.Time{})
	failure.raw = nil
	return fmt.Sprintf("read: %d %s", failure.origin, summary(*failure))
}

func verdictAs[T any, P interface {
	*T
	checker
}](text []byte) string {
	value := P(new(T))
	unread, err := decode(text, value)
	also := "; by itself " + directly(new(T), text) + "; as a link " + directly(new(Expandable[T]), text)
	switch {
	case err != nil:
		return "refused: " + withoutSyntax(err) + also
	case len(unread) > 0:
		return fmt.Sprintf("read, not %q: %s%s", unread, summary(value), also)
	}
	return "read: " + summary(value) + also
}

// directly is what encoding/json makes of it, without the reader of what fits.
func directly(value any, text []byte) string {
	if json.Unmarshal(text, value) != nil {
		return "refused"
	}
	return "read: " + summary(value)
}

// withoutSyntax leaves out the words of encoding/json, which are not ours.
func withoutSyntax(err error) string {
	var syntax *json.SyntaxError
	switch {
	case err == nil:
		return ""
	case errors.As(err, &syntax), strings.Contains(err.Error(), "it is not JSON"):
		return "not JSON"
	}
	return err.Error()
}

// summary is a digest of all fields of a value, and of its encoding.
func summary(value any) string {
	text, err := json.Marshal(value)
	hash := sha256.New()
	fmt.Fprintf(hash, "%s %v ", text, err)
	dump(hash, reflect.ValueOf(value))
	return fmt.Sprintf("%.8x", hash.Sum(nil))
}

func dump(w io.Writer, v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			dump(w, v.Elem())
		}
	case reflect.Struct:
		if moment, ok := v.Interface().(Timestamp); ok {
			fmt.Fprint(w, moment.IsZero(), moment.Unix())
			return
		}
		for i := range v.NumField() {
			if field := v.Type().Field(i); field.IsExported() {
				fmt.Fprint(w, field.Name)
				dump(w, v.Field(i))
			}
		}
	case reflect.Slice:
		fmt.Fprint(w, v.IsNil(), v.Len())
		if text, ok := v.Interface().(json.RawMessage); ok {
			fmt.Fprintf(w, "%s", []byte(text))
			return
		}
		for i := range v.Len() {
			dump(w, v.Index(i))
		}
	case reflect.Map:
		fmt.Fprintf(w, "%t %s", v.IsNil(), v.Interface()) // sorted
	default:
		fmt.Fprintf(w, "%q", fmt.Sprint(v.Interface()))
	}
}
