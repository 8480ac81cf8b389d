module github.com/refundkit/refundkit/examples/exactlyonce

go 1.26.0

require (
	github.com/refundkit/refundkit v0.0.0-00010101000000-000000000000
	github.com/stretchr/testify v1.12.1
	go.etcd.io/bbolt v1.5.0
)

require (
	github.com/google/go-querystring v1.2.0 // indirect
	go.yaml.in/yaml/v3 v3.0.5 // indirect
	golang.org/x/sys v0.45.0 // indirect
)

replace github.com/refundkit/refundkit => ../..
