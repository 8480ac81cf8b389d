package refundtest

// feeRoutes are the endpoints of application fees and their refunds.
func feeRoutes() []*route {
	list := listParams(textParam("charge"), param{name: "created", kind: timeRange})
	only := []param{expandParam}
	const one, refunds = "/v1/application_fees/{fee}", "/v1/application_fees/{fee}/refunds"
	return []*route{
		{method: "GET", template: "/v1/application_fees", shows: kindFee, params: list, lists: true, handle: listFees},
		{method: "GET", template: one, shows: kindFee, params: only, handle: retrieveFee},
		{method: "POST", template: refunds, shows: kindFeeRefund, params: []param{amountParam("amount"), metadataParam, expandParam}, handle: refundFee},
		{method: "GET", template: refunds, shows: kindFeeRefund, params: listParams(), lists: true, handle: listFeeRefunds},
		{method: "GET", template: refunds + "/{id}", shows: kindFeeRefund, params: only, handle: retrieveFeeRefund},
		{method: "POST", template: refunds + "/{id}", shows: kindFeeRefund, params: []param{metadataParam, expandParam}, handle: updateFeeRefund},
	}
}

func (x *exchange) feeAtPath() (*applicationFee, *refusal) {
	if f := x.world.fees[x.args["fee"]]; f != nil {
		return f, nil
	}
	return nil, missing(kindFee, printable(x.args["fee"]), "id")
}

func retrieveFee(x *exchange) (object, *refusal) {
	f, refused := x.feeAtPath()
	if refused != nil {
		return nil, refused
	}
	return f.show(), nil
}

// listFees lists fees, of the charge on either account that is asked for.
func listFees(x *exchange) (object, *refusal) {
	find := func(id string) dated {
		if f := x.world.fees[id]; f != nil {
			return f
		}
		return nil
	}
	return listPage(x, &x.world.allFees, kindFee, find, func(f *applicationFee) bool {
		return x.wants("charge", f.charge) || x.wants("charge", f.origin)
	})
}

func refundFee(x *exchange) (object, *refusal) {
	f, refused := x.feeAtPath()
	if refused != nil {
		return nil, refused
	}
	given, refused := mergeMetadata(nil, x.params.child("metadata"))
	if refused != nil {
		return nil, refused
	}
	r, refused := f.refund(x.params.number("amount"), given)
	if refused != nil {
		return nil, refused
	}
	return r.show(), nil
}

func listFeeRefunds(x *exchange) (object, *refusal) {
	f, refused := x.feeAtPath()
	if refused != nil {
		return nil, refused
	}
	return listPage(x, &f.refunds, kindFeeRefund, func(id string) dated {
		if r := x.world.feeRefunds[id]; r != nil {
			return r
		}
		return nil
	}, nil)
}

// feeRefundAtPath finds the refund that the path names, of the fee that it names.
func (x *exchange) feeRefundAtPath() (*feeRefund, *refusal) {
	f, refused := x.feeAtPath()
	if refused != nil {
		return nil, refused
	}
	r := x.world.feeRefunds[x.args["id"]]
	if r == nil || r.fee != f {
		return nil, missing(kindFeeRefund, printable(x.args["id"]), "id")
	}
	return r, nil
}

func retrieveFeeRefund(x *exchange) (object, *refusal) {
	r, refused := x.feeRefundAtPath()
	if refused != nil {
		return nil, refused
	}
	return r.show(), nil
}

func updateFeeRefund(x *exchange) (object, *refusal) {
	r, refused := x.feeRefundAtPath()
	if refused != nil {
		return nil, refused
	}
	merged, refused := mergeMetadata(r.Metadata, x.params.child("metadata"))
	if refused != nil {
		return nil, refused
	}
	r.update(merged)
	return r.show(), nil
}
