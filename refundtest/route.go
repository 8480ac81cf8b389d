package refundtest

import (
	"net/http"
	"net/url"
	"strings"
)

const formType = "application/x-www-form-urlencoded"

// route is one endpoint.
type route struct {
	method     string
	template   string
	segments   []string
	params     []param
	shows      string // kind of object in the answer, where expand starts
	lists      bool   // the answer is a list of them
	permission string
	handle     func(*exchange) (object, *refusal)
}

// matchRoute finds the endpoint of a request, and what stands in its path.
func matchRoute(r *http.Request) (*route, map[string]string) {
	segments := strings.Split(strings.TrimPrefix(r.URL.EscapedPath(), "/"), "/")
	for i, segment := range segments {
		plain, err := url.PathUnescape(segment)
		if err != nil || plain == "" {
			return nil, nil
		}
		segments[i] = plain
	}
	for _, candidate := range routes {
		if candidate.method != r.Method || len(candidate.segments) != len(segments) {
			continue
		}
		if args, ok := candidate.fits(segments); ok {
			return candidate, args
		}
	}
	return nil, nil
}

func (r *route) fits(segments []string) (map[string]string, bool) {
	args := map[string]string{}
	for i, want := range r.segments {
		if name, variable := strings.CutPrefix(want, "{"); variable {
			args[strings.TrimSuffix(name, "}")] = segments[i]
		} else if want != segments[i] {
			return nil, false
		}
	}
	return args, true
}

// routes is the table of every endpoint. It is never written again.
var routes = newRoutes()

func newRoutes() []*route {
	var table []*route
	for _, group := range [][]*route{searchRoutes(), refundRoutes(), chargeRoutes(), intentRoutes(), recordRoutes(),
		transactionRoutes(), eventRoutes(), methodRoutes(), customerRoutes(), tokenRoutes(), sessionRoutes(), balanceRoutes(), disputeRoutes(),
		transferRoutes(), feeRoutes()} {
		table = append(table, group...)
	}
	for _, r := range table {
		r.segments = strings.Split(strings.TrimPrefix(r.template, "/"), "/")
		if r.permission != "" {
			continue
		}
		access := "_write"
		if r.method == http.MethodGet {
			access = "_read"
		}
		r.permission = "rak_" + permissionArea(r.shows) + access
	}
	return table
}

func permissionArea(kind string) string {
	switch kind {
	case kindRefund:
		return "charge"
	case kindTransaction:
		return "balance_transaction_source"
	case kindSession:
		return "checkout_session"
	case kindReversal:
		return kindTransfer
	case kindFeeRefund:
		return kindFee
	}
	return kind
}
