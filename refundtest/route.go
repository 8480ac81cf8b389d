package refundtest

import (
	"mime"
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

// match finds the endpoint of a request, and what stands in its path.
func (s *Server) match(r *http.Request) (*route, map[string]string) {
	segments := strings.Split(strings.TrimPrefix(r.URL.EscapedPath(), "/"), "/")
	for i, segment := range segments {
		plain, err := url.PathUnescape(segment)
		if err != nil || plain == "" {
			return nil, nil
		}
		segments[i] = plain
	}
	for _, candidate := range s.routes {
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

// readParams parses and checks the parameters of a request.
func (x *exchange) readParams() *refusal {
	if x.tooLarge {
		refused := invalid("", "", "The body is larger than %d bytes.", maxBody)
		refused.status = http.StatusRequestEntityTooLarge
		return refused
	}
	if refused := parseForm(x.request.URL.RawQuery, &x.params); refused != nil {
		return refused
	}
	if x.isPost() && len(x.body) > 0 {
		kind, _, _ := mime.ParseMediaType(x.request.Header.Get("Content-Type"))
		if kind != formType {
			return invalid("", "", "The content type of a POST must be %s.", formType)
		}
		if refused := parseForm(string(x.body), &x.params); refused != nil {
			return refused
		}
	}
	if refused := checkParams(x.route.params, &x.params, ""); refused != nil {
		return refused
	}
	if refused := x.readExpand(); refused != nil {
		return refused
	}
	if x.keyed {
		return x.checkIdempotencyKey()
	}
	return nil
}

// newRoutes is the table of every endpoint.
func newRoutes() []*route {
	var table []*route
	for _, group := range [][]*route{refundRoutes(), chargeRoutes(), intentRoutes(), recordRoutes(), otherRoutes()} {
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
	}
	return kind
}

func listParams(more ...param) []param {
	return append(more, integerParam("limit"), textParam("starting_after"), textParam("ending_before"), expandParam)
}
