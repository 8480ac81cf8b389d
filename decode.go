package refundkit

import (
	"bytes"
	"errors"
	"fmt"
)

// decode reads the whole body as the one JSON object that was asked for. unread
// names the members that had an unforeseen shape and were left empty.
func decode(body []byte, value checker) (unread []string, err error) {
	if body = bytes.TrimSpace(body); len(body) == 0 || body[0] != '{' {
		return nil, errors.New("the body is not a JSON object")
	}
	if unmarshal(body, value) != nil {
		if unread, err = readWhatFits(body, value); err != nil {
			return nil, fmt.Errorf("the body can't be decoded: %w", err)
		}
	}
	if err := value.check(); err != nil {
		return nil, err
	}
	return unread, nil
}

func checkIdentity(object, want, id string) error {
	switch {
	case object != want:
		return fmt.Errorf("the body is not a %s", want)
	case id == "":
		return fmt.Errorf("the %s has no id", want)
	}
	return nil
}

// checker is what an answer can do: say whether it is what was asked for.
type checker interface{ check() error }
