package refundtest

// searchRoutes keeps /search from being taken for an id.
func searchRoutes() []*route {
	var table []*route
	for _, kind := range []string{kindCharge, kindIntent, kindCustomer} {
		table = append(table, &route{method: "GET", template: "/v1/" + kind + "s/search", shows: kind,
			params: append(others("query page limit"), expandParam), handle: refuseSearch})
	}
	return table
}

// refuseSearch says so in the test too: a program may take the refusal for
// "nothing was found".
func refuseSearch(x *exchange) (object, *refusal) {
	x.server.complain("GET %s: search is not simulated; list with filters instead", x.request.URL.Path)
	return nil, invalid("", "", "Search is not simulated here: list with filters instead.")
}
