package refundkit

import (
	"fmt"
	"strconv"
	"time"
)

// Timestamp is a moment as Stripe writes it: whole Unix seconds, here always in
// UTC, so that two equal moments are equal with ==. The zero Timestamp is
// Stripe's null. All methods of [time.Time] are there, among them IsZero.
type Timestamp struct{ time.Time }

// NewTimestamp returns t as Stripe would write it, cut to whole seconds. The
// zero time becomes the zero Timestamp.
func NewTimestamp(t time.Time) Timestamp {
	if t.IsZero() {
		return Timestamp{}
	}
	return Timestamp{time.Unix(t.Unix(), 0).UTC()}
}

// MarshalJSON writes the Unix seconds, or null for the zero Timestamp.
func (t Timestamp) MarshalJSON() ([]byte, error) {
	if t.IsZero() {
		return []byte("null"), nil
	}
	return strconv.AppendInt(nil, t.Unix(), 10), nil
}

// UnmarshalJSON reads Unix seconds or null, and refuses everything else.
func (t *Timestamp) UnmarshalJSON(data []byte) error {
	if string(data) == "null" {
		*t = Timestamp{}
		return nil
	}
	seconds, err := strconv.ParseInt(string(data), 10, 64)
	if err != nil {
		return fmt.Errorf("refundkit: a timestamp must be whole Unix seconds")
	}
	*t = Timestamp{time.Unix(seconds, 0).UTC()}
	return nil
}

func (t *Timestamp) fit(r *fitReader) error {
	value := r.value()
	if t.UnmarshalJSON(value) != nil {
		return r.misfit("whole Unix seconds", value)
	}
	return nil
}
