// Package tools is a module of its own that fixes the versions of the programs
// that look over refundkit, so that none of them is in the module graph of those
// who use it:
//
//   - golangci-lint runs the linters that .golangci.yml names;
//   - staticcheck looks over every module;
//   - govulncheck looks for known vulnerabilities in what refundkit needs;
//   - apidiff compares the exported names with those of the last release.
//
// What reads the workflows stands in internal/tools/actionlint.
//
// packmodule, for the release, is written here. There is nothing to import. To build
// the others into a folder:
//
//	go -C internal/tools build -o /some/folder/ tool
//
// To move all of them to newer versions, in internal/tools:
//
//	go get tool && go mod tidy
package tools
