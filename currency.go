package refundkit

import "strings"

// Currency is how Stripe counts amounts of a currency. All of this package's
// amounts are such counts: whole numbers of the smallest unit, never fractions.
// Get one from [CurrencyOf]; the zero Currency is none, and refuses to compute.
//
// https://docs.stripe.com/currencies
type Currency struct {
	code   string
	digits int
	step   int64
}

// CurrencyOf returns how Stripe counts a currency, by its three letters in either
// case. A currency that this version does not know is refused rather than guessed:
// with the wrong number of decimals a refund would be a hundred times too large.
//
// https://docs.stripe.com/currencies
func CurrencyOf(code string) (Currency, error) {
	code = strings.ToLower(code)
	c := Currency{code: code, digits: 2, step: 1}
	switch code {
	case "bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "vnd", "vuv", "xaf", "xof", "xpf":
		c.digits = 0
	case "bhd", "jod", "kwd", "omr", "tnd":
		c.digits, c.step = 3, 10
	case "isk", "ugx": // Stripe lists ugx as zero-decimal, too; what it says of ugx alone is what holds
		c.step = 100
	default:
		if len(code) != 3 || !strings.Contains(" "+twoDecimals+" ", " "+code+" ") {
			return Currency{}, &ParamError{Param: "currency", Reason: "it is not one that this version knows, so that its decimals are not known either"}
		}
	}
	return c, nil
}

// twoDecimals are Stripe's other currencies, past ones too. Those that payouts
// treat in another way, huf and twd, are refunded with two decimals.
const twoDecimals = "aed afn all amd ang aoa ars aud awg azn bam bbd bdt bgn bmd bnd bob brl bsd bwp byn bzd cad cdf chf cny " +
	"cop crc cve czk dkk dop dzd eek egp etb eur fjd fkp gbp gel gip gmd gtq gyd hkd hnl hrk htg huf idr ils inr jmd kes kgs " +
	"khr kyd kzt lak lbp lkr lrd lsl ltl lvl mad mdl mkd mmk mnt mop mro mur mvr mwk mxn myr mzn nad ngn nio nok npr nzd pab " +
	"pen pgk php pkr pln qar ron rsd rub sar sbd scr sek sgd shp sle sll sos srd std svc szl thb tjs top try ttd twd tzs uah " +
	"usd uyu uzs vef wst xcd xcg yer zar zmw"

// String returns the currency's three letters, in lower case as Stripe has them.
func (c Currency) String() string { return c.code }

// Digits returns how many digits of an amount come after the decimal point: 2 for
// most currencies, 0 or 3 for some. For isk and ugx it is 2 although they have no
// fractions.
//
// https://docs.stripe.com/currencies#minor-units
func (c Currency) Digits() int { return c.digits }

// Step returns what every amount that is sent must be a multiple of, in the
// smallest unit: 10 where there are three decimals, 100 for isk and ugx, else 1.
//
// https://docs.stripe.com/currencies#special-cases
func (c Currency) Step() int64 { return max(c.step, 1) }

// known refuses to compute with the zero Currency.
func (c Currency) known() error {
	if c.code == "" {
		return &ParamError{Param: "currency", Reason: "it is the zero Currency: get one from CurrencyOf"}
	}
	return nil
}
