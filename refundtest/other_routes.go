package refundtest

// otherRoutes are the endpoints that only read.
func otherRoutes() []*route { return append(transactionRoutes(), eventRoutes()...) }
