package main

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/refundkit/refundkit/refundtest"
)

var (
	idShape      = regexp.MustCompile(`^[a-z]+_[A-Za-z0-9_]{1,240}$`)
	versionShape = regexp.MustCompile(`^\d{4}-\d{2}-\d{2}(\.[a-z]+)?$`)
	accountShape = regexp.MustCompile(`^acct_[A-Za-z0-9_]+$`)
)

// currencies are those that Stripe takes payments in.
//
// https://docs.stripe.com/currencies
var currencies = strings.Fields("aed afn all amd ang aoa ars aud awg azn bam bbd bdt bgn bhd bif bmd bnd bob brl bsd bwp byn bzd cad cdf chf clp cny " +
	"cop crc cve czk djf dkk dop dzd egp etb eur fjd fkp gbp gel gip gmd gnf gtq gyd hkd hnl hrk htg huf idr ils inr isk jmd jod jpy kes kgs khr kmf " +
	"krw kwd kyd kzt lak lbp lkr lrd lsl mad mdl mga mkd mmk mnt mop mro mru mur mvr mwk mxn myr mzn nad ngn nio nok npr nzd omr pab pen pgk php pkr " +
	"pln pyg qar ron rsd rub rwf sar sbd scr sek sgd shp sle sll sos srd std stn svc szl thb tjs tnd top try ttd twd tzs uah ugx usd uyu uzs vnd vuv wst xaf xcd " +
	"xcg xof xpf yer zar zmw")

// paymentMethodTypes are those that a charge can have.
//
// https://docs.stripe.com/api/charges/object#charge_object-payment_method_details
var paymentMethodTypes = strings.Fields("ach_credit_transfer ach_debit acss_debit affirm afterpay_clearpay alipay alma amazon_pay au_becs_debit bacs_debit " +
	"bancontact billie bizum blik boleto card card_present cashapp crypto customer_balance eps fpx giropay grabpay ideal interac_present kakao_pay klarna " +
	"konbini kr_card link mb_way mobilepay multibanco naver_pay nz_bank_account oxxo p24 pay_by_bank payco paynow paypal payto pix promptpay " +
	"revolut_pay samsung_pay satispay scalapay sepa_credit_transfer sepa_debit sofort sunbit swish twint upi us_bank_account wechat wechat_pay zip")

var failureReasons = []string{"charge_for_pending_refund_disputed", "declined", "expired_or_canceled_card", "insufficient_funds",
	"lost_or_stolen_card", "merchant_request", "unknown"}

// latest is the last second that a seed can name: clocks run apart a little.
func latest() int64 { return time.Now().Add(time.Hour).Unix() }

// check refuses what the server would otherwise replace by a default, or show as
// Stripe never does.
func (c *seedCharge) check() error {
	outcomes := []string{"", string(refundtest.Succeeds), string(refundtest.PendsThenSucceeds), string(refundtest.SucceedsThenFails),
		string(refundtest.StaysPending), string(refundtest.NeedsAction)}
	switch {
	case c.Amount < 1:
		return &fieldError{"amount", "it must be at least 1, in the currency's smallest unit"}
	case !slices.Contains([]string{"", "succeeded", "pending", "failed"}, c.Status):
		return &fieldError{"status", "it must be succeeded, pending or failed"}
	case !slices.Contains(outcomes, c.OnRefund):
		return &fieldError{"on_refund", "it must be one of " + strings.Join(outcomes[1:], ", ")}
	case c.Account != "" && !accountShape.MatchString(c.Account):
		return &fieldError{"account", "it must be the id of an account, acct_..."}
	case c.ApplicationFeeAmount < 0 || c.ApplicationFeeAmount > c.Amount:
		return &fieldError{"application_fee_amount", "it must be from 0 to the amount"}
	case c.PaymentMethodType != "" && !slices.Contains(paymentMethodTypes, c.PaymentMethodType):
		return &fieldError{"payment_method_type", fmt.Sprintf("%q is not a type of Stripe's, such as card or sepa_debit", c.PaymentMethodType)}
	}
	if c.Currency != "" {
		if err := checkCurrency(c.Currency); err != nil {
			return err
		}
	}
	for _, err := range []error{checkID("id", c.ID, "ch_", "py_"), checkID("payment_intent", c.PaymentIntent, "pi_"),
		checkID("customer", c.Customer, "cus_"), checkID("transfer", c.Transfer, "tr_"), checkTime(c.Created), checkMetadata(c.Metadata)} {
		if err != nil {
			return err
		}
	}
	return c.checkRefunds()
}

// checkRefunds is check for the refunds. What they leave of the charge, the server
// checks.
func (c *seedCharge) checkRefunds() error {
	reasons := []string{"", "duplicate", "fraudulent", "requested_by_customer", "expired_uncaptured_charge"}
	for i, r := range c.Refunds {
		err := checkTime(r.Created)
		switch {
		case r.Amount < 0:
			err = &fieldError{"amount", "it must be at least 1, in the currency's smallest unit"}
		case !slices.Contains(reasons, r.Reason):
			err = &fieldError{"reason", "it must be one of " + strings.Join(reasons[1:], ", ")}
		case err == nil && r.Created != 0 && r.Created < c.Created:
			err = &fieldError{"created", "it is before the charge was made"}
		case err == nil:
			err = checkID("id", r.ID, "re_", "pyr_")
		}
		if err == nil {
			err = checkMetadata(r.Metadata)
		}
		var wrong *fieldError
		if errors.As(err, &wrong) {
			return &fieldError{"refunds", fmt.Sprintf("refund %d: %s", i+1, wrong)}
		}
	}
	return nil
}

func checkCurrency(currency string) error {
	if len(currency) != 3 || strings.Trim(currency, "abcdefghijklmnopqrstuvwxyz") != "" {
		return &fieldError{"currency", "it must be three lower-case letters, such as usd"}
	}
	if !slices.Contains(currencies, currency) {
		return &fieldError{"currency", fmt.Sprintf("%q is not a currency of Stripe's", currency)}
	}
	return nil
}

// checkID refuses an id that a URL could not name, or that is of something else.
func checkID(field, id string, prefixes ...string) error {
	fits := func(prefix string) bool { return strings.HasPrefix(id, prefix) }
	if id == "" || idShape.MatchString(id) && slices.ContainsFunc(prefixes, fits) {
		return nil
	}
	return &fieldError{field, "it must begin with " + strings.Join(prefixes, " or ") + " and go on with letters, digits and underscores"}
}

func checkTime(created int64) error {
	if created < 0 || created > latest() {
		return &fieldError{"created", "it must be in Unix seconds, and not in the future"}
	}
	return nil
}

func checkMetadata(metadata map[string]string) error {
	if len(metadata) > 50 {
		return &fieldError{"metadata", "it can have 50 names at most"}
	}
	for name, value := range metadata {
		if name == "" || utf8.RuneCountInString(name) > 40 || strings.ContainsAny(name, "[]") || utf8.RuneCountInString(value) > 500 {
			return &fieldError{"metadata", "a name has at most 40 characters and no brackets, a value at most 500"}
		}
	}
	return nil
}
