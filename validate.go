package refundkit

import (
	"maps"
	"slices"
	"strings"
	"unicode/utf8"
)

// ReferenceMetadataKey is where [Reference] keeps the caller's own name for a
// refund, among the refund's metadata.
const ReferenceMetadataKey = "refundkit_reference"

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func exactlyOne(first, a, second, b string) error {
	switch {
	case a == "" && b == "":
		return &ParamError{Param: first, Reason: "say what to refund: one of " + first + " and " + second}
	case a != "" && b != "":
		return &ParamError{Param: second, Reason: "give only one of " + first + " and " + second}
	}
	return nil
}

// howMuch makes the amount explicit: a forgotten field or a computed 0 must
// never become a full refund.
func howMuch(amount int64, remaining bool) error {
	switch {
	case amount < 0:
		return &ParamError{Param: "amount", Reason: "it must be at least 1, in the currency's smallest unit"}
	case amount == 0 && !remaining:
		return &ParamError{Param: "amount", Reason: "say how much: set Amount, at least 1 in the currency's smallest unit, or Remaining: true for all that is left"}
	case amount > 0 && remaining:
		return &ParamError{Param: "amount", Reason: "set Amount or Remaining, not both"}
	}
	return nil
}

func sendableReason(reason RefundReason) error {
	if reason == ReasonExpiredUncapturedCharge {
		return &ParamError{Param: "reason", Reason: "only Stripe sets expired_uncaptured_charge"}
	}
	return nil
}

func validatePage(limit int, after, before string) error {
	switch {
	case limit < 0 || limit > maxPage:
		return &ParamError{Param: "limit", Reason: "a page holds 1 to 100; 0 leaves it to the default"}
	case after != "" && before != "":
		return &ParamError{Param: "ending_before", Reason: "give only one of StartingAfter and EndingBefore"}
	}
	return nil
}

func (r CreatedRange) validate() error {
	bounded := !(r.After.IsZero() && r.From.IsZero() && r.Before.IsZero() && r.Until.IsZero())
	if bounded && !r.At.IsZero() {
		return &ParamError{Param: "created", Reason: "give At alone, or bounds"}
	}
	return nil
}

func (m Metadata) validate() error {
	if len(m) > maxMetadataKeys {
		return &ParamError{Param: "metadata", Reason: "it can hold up to 50 keys"}
	}
	for _, key := range slices.Sorted(maps.Keys(m)) { // in order, so that the same mistake is named every time
		switch value := m[key]; {
		case key == "" || strings.ContainsAny(key, "[]") || !utf8.ValidString(key):
			return &ParamError{Param: "metadata", Reason: "a key must be valid UTF-8, not empty, and without square brackets"}
		case utf8.RuneCountInString(key) > maxMetadataKey:
			return &ParamError{Param: "metadata", Reason: "a key can have up to 40 characters"}
		case !utf8.ValidString(value):
			return &ParamError{Param: "metadata", Reason: "a value must be valid UTF-8"}
		case utf8.RuneCountInString(value) > maxMetadataValue:
			return &ParamError{Param: "metadata", Reason: "a value can have up to 500 characters"}
		}
	}
	return nil
}

// validateChange checks metadata that may also be cleared.
func (m Metadata) validateChange(unsetAll bool) error {
	if unsetAll && len(m) > 0 {
		return &ParamError{Param: "metadata", Reason: "set Metadata or ClearMetadata, not both"}
	}
	return m.validate()
}

// withReference returns a copy of m that holds ref as well.
func (m Metadata) withReference(ref string) (Metadata, error) {
	if other, ok := m[ReferenceMetadataKey]; ok && other != ref {
		return nil, &ParamError{Param: "metadata", Reason: "it has another " + ReferenceMetadataKey + " than the Reference option"}
	}
	named := make(Metadata, len(m)+1)
	for key, value := range m {
		named[key] = value
	}
	named[ReferenceMetadataKey] = ref
	return named, nil
}

// visibleASCII reports whether s is 1 to most bytes that can be sent in a
// header and seen: no space, no control character.
func visibleASCII(s string, most int) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' {
			return false
		}
	}
	return len(s) >= 1 && len(s) <= most
}
