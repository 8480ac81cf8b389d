module github.com/refundkit/refundkit/bench

go 1.26.0

require (
	github.com/google/go-querystring v1.2.0
	github.com/refundkit/refundkit v0.0.0-00010101000000-000000000000
	github.com/stretchr/testify v1.12.1
	github.com/stripe/stripe-go/v86 v86.0.0
	golang.org/x/time v0.14.0
)

require go.yaml.in/yaml/v3 v3.0.5 // indirect

replace github.com/refundkit/refundkit => ..
