package refundkit

import (
	"net/url"
	"strconv"
	"time"

	"github.com/google/go-querystring/query"
)

// encodeForm writes params as Stripe reads them, with keys in order, so that
// the same call always makes the same bytes. Its rules beyond go-querystring's:
// metadata maps, ranges, expand[], and fields that are cleared by being sent empty.
// go-querystring writes some shapes as Stripe can't read them: a test keeps them
// out of all params.
func encodeForm(params any, expand []string) (string, error) {
	form, err := query.Values(params)
	if err != nil {
		return "", err
	}
	if p, ok := params.(clearer); ok {
		for _, name := range p.clears() {
			form.Set(name, "")
		}
	}
	if len(expand) > 0 {
		form["expand[]"] = expand
	}
	return form.Encode(), nil
}

// clearer is params that can unset a field: it names those to be sent empty.
type clearer interface{ clears() []string }

var _ query.Encoder = Metadata{}

// EncodeValues writes created=seconds, or a field per bound: created[gte]=seconds.
func (r CreatedRange) EncodeValues(key string, form *url.Values) error {
	for name, bound := range map[string]time.Time{"gt": r.After, "gte": ceil(r.From), "lt": ceil(r.Before), "lte": r.Until} {
		if !bound.IsZero() {
			form.Set(key+"["+name+"]", strconv.FormatInt(bound.Unix(), 10))
		}
	}
	if !r.At.IsZero() {
		form.Set(key, strconv.FormatInt(r.At.Unix(), 10))
	}
	return nil
}

// ceil rounds up to the next whole second: among whole seconds, those from
// 0.5 on are those from 1 on.
func ceil(t time.Time) time.Time {
	if t.Nanosecond() > 0 {
		return t.Add(time.Second)
	}
	return t
}
