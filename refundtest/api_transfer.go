package refundtest

import (
	"maps"
	"strings"
)

// transferRoutes are the endpoints of transfers and their reversals.
func transferRoutes() []*route {
	create := []param{
		amountParam("amount"), must(textParam("currency")), textParam("description"), must(textParam("destination")), metadataParam,
		textParam("source_transaction"), choiceParam("source_type", "bank_account", kindCard, "fpx"), textParam("transfer_group"), expandParam,
	}
	list := listParams(param{name: "created", kind: timeRange}, textParam("destination"), textParam("transfer_group"))
	reverse := append(others("description"), amountParam("amount"), metadataParam, param{name: "refund_application_fee", kind: boolean}, expandParam)
	only := []param{expandParam}
	const one, reversals = "/v1/transfers/{transfer}", "/v1/transfers/{transfer}/reversals"
	return []*route{
		{method: "POST", template: "/v1/transfers", shows: kindTransfer, params: create, handle: createTransfer},
		{method: "GET", template: "/v1/transfers", shows: kindTransfer, params: list, lists: true, handle: listTransfers},
		{method: "GET", template: one, shows: kindTransfer, params: only, handle: retrieveTransfer},
		{method: "POST", template: one, shows: kindTransfer, params: []param{textParam("description"), metadataParam, expandParam}, handle: updateTransfer},
		{method: "POST", template: reversals, shows: kindReversal, params: reverse, handle: reverseTransfer},
		{method: "GET", template: reversals, shows: kindReversal, params: listParams(), lists: true, handle: listReversals},
		{method: "GET", template: reversals + "/{id}", shows: kindReversal, params: only, handle: retrieveReversal},
		{method: "POST", template: reversals + "/{id}", shows: kindReversal, params: []param{metadataParam, expandParam}, handle: updateReversal},
	}
}

func createTransfer(x *exchange) (object, *refusal) {
	given, refused := mergeMetadata(nil, x.params.child("metadata"))
	if refused != nil {
		return nil, refused
	}
	if !x.params.has("amount") {
		return nil, invalid("amount", "parameter_missing", "The parameter amount is required.")
	}
	t, refused := x.world.makeTransfer(Transfer{
		Amount: x.params.number("amount"), Currency: strings.ToLower(x.params.text("currency")), Destination: x.params.text("destination"),
		SourceTransaction: x.params.text("source_transaction"), TransferGroup: x.params.text("transfer_group"),
		Description: x.params.text("description"), Metadata: given,
	})
	if refused != nil {
		return nil, refused
	}
	return t.show(), nil
}

func (x *exchange) transferAtPath() (*transfer, *refusal) {
	if t := x.world.transfers[x.args["transfer"]]; t != nil {
		return t, nil
	}
	return nil, missing(kindTransfer, printable(x.args["transfer"]), "id")
}

func retrieveTransfer(x *exchange) (object, *refusal) {
	t, refused := x.transferAtPath()
	if refused != nil {
		return nil, refused
	}
	return t.show(), nil
}

func updateTransfer(x *exchange) (object, *refusal) {
	t, refused := x.transferAtPath()
	if refused != nil {
		return nil, refused
	}
	merged, refused := mergeMetadata(t.Metadata, x.params.child("metadata"))
	if refused != nil {
		return nil, refused
	}
	t.update(x.params.optional("description"), merged)
	return t.show(), nil
}

func listTransfers(x *exchange) (object, *refusal) {
	find := func(id string) dated {
		if t := x.world.transfers[id]; t != nil {
			return t
		}
		return nil
	}
	return listPage(x, &x.world.allTransfers, kindTransfer, find, func(t *transfer) bool {
		return x.wants("destination", t.Destination) && x.wants("transfer_group", t.TransferGroup)
	})
}

func reverseTransfer(x *exchange) (object, *refusal) {
	t, refused := x.transferAtPath()
	if refused != nil {
		return nil, refused
	}
	given, refused := mergeMetadata(nil, x.params.child("metadata"))
	if refused != nil {
		return nil, refused
	}
	r, refused := t.reverse(reversalInput{amount: x.params.number("amount"), metadata: given,
		returnFee: x.params.text("refund_application_fee") == "true"})
	if refused != nil {
		return nil, refused
	}
	return r.show(), nil
}

func listReversals(x *exchange) (object, *refusal) {
	t, refused := x.transferAtPath()
	if refused != nil {
		return nil, refused
	}
	return listPage(x, &t.reversals, kindReversal, func(id string) dated {
		if r := x.world.reversals[id]; r != nil {
			return r
		}
		return nil
	}, nil)
}

// reversalAtPath finds the reversal that the path names, of the transfer that it names.
func (x *exchange) reversalAtPath() (*reversal, *refusal) {
	t, refused := x.transferAtPath()
	if refused != nil {
		return nil, refused
	}
	r := x.world.reversals[x.args["id"]]
	if r == nil || r.transfer != t {
		return nil, missing(kindReversal, printable(x.args["id"]), "id")
	}
	return r, nil
}

func retrieveReversal(x *exchange) (object, *refusal) {
	r, refused := x.reversalAtPath()
	if refused != nil {
		return nil, refused
	}
	return r.show(), nil
}

func updateReversal(x *exchange) (object, *refusal) {
	r, refused := x.reversalAtPath()
	if refused != nil {
		return nil, refused
	}
	merged, refused := mergeMetadata(r.Metadata, x.params.child("metadata"))
	if refused != nil {
		return nil, refused
	}
	r.Metadata = maps.Clone(merged)
	return r.show(), nil
}
