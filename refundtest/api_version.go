package refundtest

// firstWithoutLists is the API version since which a charge does not list its
// refunds, and a PaymentIntent does not list its charges.
//
// https://docs.stripe.com/changelog/2022-11-15
const firstWithoutLists = "2022-11-15"

// showsLists reports whether objects in an API version have the lists that were
// taken out of them later. Of all that has changed since, this is what programs on
// old versions find their refunds by; nothing else is undone.
func showsLists(version string) bool {
	return version < firstWithoutLists // the date comes first
}
