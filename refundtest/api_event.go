package refundtest

import "strconv"

func eventRoutes() []*route {
	return []*route{
		{
			method: "GET", template: "/v1/events", shows: kindEvent, lists: true, handle: listEvents,
			params: listParams(param{name: "created", kind: timeRange}, textParam("type"), param{name: "types", kind: texts},
				param{name: "delivery_success", kind: boolean}),
		},
		{
			method: "GET", template: "/v1/events/{id}", shows: kindEvent, params: []param{expandParam},
			handle: func(x *exchange) (object, *refusal) {
				e := x.world.events[x.args["id"]]
				if e == nil {
					return nil, missing(kindEvent, x.args["id"], "id")
				}
				return e.show(), nil
			},
		},
	}
}

func listEvents(x *exchange) (object, *refusal) {
	wanted := x.params.texts("types")
	if x.params.has("type") && wanted != nil {
		return nil, invalid("types", "", "Send either type or types.")
	}
	if x.params.has("type") {
		wanted = []string{x.params.text("type")}
	}
	find := func(id string) dated {
		if e := x.world.events[id]; e != nil {
			return e
		}
		return nil
	}
	return listPage(x, &x.world.allEvents, kindEvent, find, func(e *event) bool {
		return (wanted == nil || e.isOf(wanted)) && x.wants("delivery_success", strconv.FormatBool(e.isDelivered()))
	})
}
