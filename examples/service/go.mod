module github.com/refundkit/refundkit/examples/service

go 1.26.0

require (
	github.com/jarcoal/httpmock v1.4.2
	github.com/refundkit/refundkit v0.0.0-00010101000000-000000000000
	github.com/stretchr/testify v1.12.1
	github.com/stripe/stripe-go/v86 v86.0.0
)

require (
	github.com/google/go-querystring v1.2.0 // indirect
	go.yaml.in/yaml/v3 v3.0.5 // indirect
)

replace github.com/refundkit/refundkit => ../..
