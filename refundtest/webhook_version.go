package refundtest

import "slices"

// InAPIVersion gives the endpoint an API version other than [APIVersion], such as
// "2023-10-16": official clients refuse an event whose api_version is not the
// one that they were made for. The events say that version. Their objects stay
// those of APIVersion, but for one thing: before 2022-11-15 a charge lists its
// refunds and a PaymentIntent its charges.
func InAPIVersion(version string) WebhookOption {
	return func(c *webhookConfig) { c.version = version }
}

// showsOlderEvents reports whether an endpoint gets events from before 2022-11-15.
func (s *Server) showsOlderEvents() bool {
	return slices.ContainsFunc(s.hooks, func(w *Webhook) bool { return showsLists(w.version) })
}
