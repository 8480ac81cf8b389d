package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/refundkit/refundkit/refundtest"
)

// seedCharge is one element of the file's array. Amounts are in the currency's
// smallest unit, times in Unix seconds.
type seedCharge struct {
	ID                   string            `json:"id"`
	Amount               int64             `json:"amount"`
	Currency             string            `json:"currency"`
	Status               string            `json:"status"`
	Captured             *bool             `json:"captured"`
	PaymentIntent        string            `json:"payment_intent"`
	PaymentMethodType    string            `json:"payment_method_type"`
	OnRefund             string            `json:"on_refund"`
	Customer             string            `json:"customer"`
	Description          string            `json:"description"`
	ReceiptEmail         string            `json:"receipt_email"`
	Metadata             map[string]string `json:"metadata"`
	Created              int64             `json:"created"`
	Transfer             string            `json:"transfer"`
	ApplicationFeeAmount int64             `json:"application_fee_amount"`
	Account              string            `json:"account"`
	Livemode             bool              `json:"livemode"`
	Refunds              []seedRefund      `json:"refunds"`
}

type seedRefund struct {
	ID       string            `json:"id"`
	Amount   int64             `json:"amount"`
	Status   string            `json:"status"`
	Reason   string            `json:"reason"`
	Metadata map[string]string `json:"metadata"`
	Created  int64             `json:"created"`
}

// fieldError is a value that cannot be used.
type fieldError struct{ field, reason string }

func (e *fieldError) Error() string { return fmt.Sprintf("field %q: %s", e.field, e.reason) }

// seedFile adds the charges of a file, and returns the worlds of connected
// accounts that they brought with them. It adds to known the ids that it gives.
func seedFile(server *refundtest.Server, name string, known map[string]bool) ([]place, error) {
	content, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	worlds, err := seed(server, name, content, known)
	if err != nil {
		return nil, fmt.Errorf("-seed: %w", err)
	}
	return worlds, nil
}

func seed(server *refundtest.Server, name string, content []byte, known map[string]bool) (worlds []place, err error) {
	decoder := json.NewDecoder(bytes.NewReader(content))
	if start, err := decoder.Token(); err != nil || start != json.Delim('[') {
		return nil, fmt.Errorf("%s:1: it must be a JSON array of charges", name)
	}
	for number := 1; decoder.More() && !endsAt(content, decoder.InputOffset()); number++ {
		from := decoder.InputOffset()
		var raw json.RawMessage
		if err := decoder.Decode(&raw); err != nil {
			return nil, fmt.Errorf("%s:%d: charge %d: %w", name, lineAt(content, errorOffset(err, from)), number, describe(err))
		}
		from = decoder.InputOffset() - int64(len(raw))
		c, err := readCharge(raw)
		if err == nil {
			_, err = c.add(server, known)
		}
		if err != nil {
			return nil, fmt.Errorf("%s:%d: charge %d: %w", name, lineAt(content, from+offsetIn(raw, err)), number, describe(err))
		}
		worlds = c.world(server).list(worlds)
	}
	if endsAt(content, decoder.InputOffset()) {
		return nil, fmt.Errorf("%s:%d: %w", name, lineAt(content, int64(len(content))), errCutOff())
	}
	if _, err := decoder.Token(); err != nil {
		return nil, fmt.Errorf("%s:%d: %w", name, lineAt(content, int64(len(content))), describe(err))
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%s:%d: there is something after the array", name, lineAt(content, decoder.InputOffset()))
	}
	return worlds, nil
}

// endsAt reports whether nothing but space and a comma follows. Decoder.More
// reports true at the end of a file since Go 1.27, and false before.
func endsAt(content []byte, offset int64) bool {
	return len(bytes.Trim(content[offset:], " \t\r\n,")) == 0
}

func errCutOff() error { return errors.New("the file ends within the array") }

func readCharge(raw []byte) (*seedCharge, error) {
	c := &seedCharge{}
	if err := strict(raw, c); err != nil {
		return nil, err
	}
	return c, c.check()
}

func (c *seedCharge) world(server *refundtest.Server) place {
	return placeOf(server, c.Account, c.Livemode)
}

// placeOf is the world of an account, empty for the platform's own, and a mode.
func placeOf(server *refundtest.Server, account string, live bool) place {
	p := place{"test mode", server.World}
	if account != "" && account != refundtest.PlatformAccount {
		p = place{account, server.Account(account)}
	}
	if live {
		p.world = p.world.Live()
		if p.name == "test mode" {
			p.name = "live mode"
		} else {
			p.name += ", live mode"
		}
	}
	return p
}

// add gives the charge and its refunds to the server.
func (c *seedCharge) add(server *refundtest.Server, known map[string]bool) (added refundtest.Charge, err error) {
	world := c.world(server).world
	if _, taken := world.Charge(c.ID); taken || known[c.ID] {
		return added, &fieldError{"id", fmt.Sprintf("there already is a charge %s", c.ID)}
	}
	if known[c.PaymentIntent] {
		return added, &fieldError{"payment_intent", fmt.Sprintf("another charge has %s", c.PaymentIntent)}
	}
	added = world.AddCharge(refundtest.Charge{
		ID: c.ID, Amount: c.Amount, Currency: c.Currency, Status: c.Status, Uncaptured: c.Captured != nil && !*c.Captured,
		PaymentIntent: c.PaymentIntent, PaymentMethodType: c.PaymentMethodType, OnRefund: refundtest.RefundOutcome(c.OnRefund),
		Customer: c.Customer, Description: c.Description, ReceiptEmail: c.ReceiptEmail, Metadata: c.Metadata,
		Created: timeOf(c.Created), Transfer: c.Transfer, ApplicationFeeAmount: c.ApplicationFeeAmount,
	})
	known[added.ID], known[added.PaymentIntent] = true, true
	for i, r := range c.Refunds {
		_, err := world.AddRefund(refundtest.Refund{ID: r.ID, Charge: added.ID, Amount: r.Amount, Status: r.Status,
			Reason: r.Reason, Metadata: r.Metadata, Created: timeOf(r.Created)})
		if err != nil {
			return added, &fieldError{"refunds", fmt.Sprintf("refund %d: %s", i+1, unwrapped(err))}
		}
	}
	added, _ = world.Charge(added.ID)
	return added, nil
}

// unwrapped is the reason alone, without what the server says of where.
func unwrapped(err error) error {
	for inner := errors.Unwrap(err); inner != nil; inner = errors.Unwrap(err) {
		err = inner
	}
	return err
}

func timeOf(seconds int64) time.Time {
	if seconds == 0 {
		return time.Time{}
	}
	return time.Unix(seconds, 0)
}

const atEnd = 1 << 62

// errorOffset is where in the file encoding/json found an error.
func errorOffset(err error, otherwise int64) int64 {
	var syntax *json.SyntaxError
	switch {
	case errors.As(err, &syntax):
		return syntax.Offset
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return atEnd
	}
	return otherwise
}

// offsetIn is where in a charge the field is that an error is about.
func offsetIn(raw []byte, err error) int64 {
	field := ""
	var kind *json.UnmarshalTypeError
	var value *fieldError
	switch {
	case errors.As(err, &kind):
		return max(kind.Offset-1, 0)
	case errors.As(err, &value):
		field = value.field
	default:
		_, field, _ = strings.Cut(err.Error(), "unknown field ")
		field = strings.Trim(field, `"`)
	}
	if at := bytes.Index(raw, []byte(strconv.Quote(field))); field != "" && at >= 0 {
		return int64(at)
	}
	return 0
}

func lineAt(content []byte, offset int64) int {
	offset = min(offset, int64(len(content)))
	return 1 + bytes.Count(content[:offset], []byte("\n"))
}

func wrongKind(err *json.UnmarshalTypeError) error {
	wanted := map[reflect.Kind]string{reflect.Int64: "a whole number", reflect.String: "text", reflect.Bool: "true or false",
		reflect.Slice: "an array"}[err.Type.Kind()]
	if wanted == "" {
		wanted = "an object"
	}
	reason := fmt.Sprintf("it must be %s, not %s", wanted, err.Value)
	if err.Field == "" {
		return errors.New(reason)
	}
	return &fieldError{err.Field, reason}
}

// describe says in words what encoding/json found.
func describe(err error) error {
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &kind):
		return wrongKind(kind)
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return errCutOff()
	}
	if _, field, unknown := strings.Cut(err.Error(), "unknown field "); unknown {
		return &fieldError{strings.Trim(field, `"`), "there is no such field"}
	}
	return err
}
