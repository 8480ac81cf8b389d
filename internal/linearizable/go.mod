module github.com/refundkit/refundkit/internal/linearizable

go 1.26.0

require (
	github.com/anishathalye/porcupine v1.3.1
	github.com/refundkit/refundkit v0.0.0-00010101000000-000000000000
	github.com/stretchr/testify v1.12.1
)

require go.yaml.in/yaml/v3 v3.0.5 // indirect

replace github.com/refundkit/refundkit => ../..
