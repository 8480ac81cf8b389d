// Package actionlint is a module of its own that fixes the version of actionlint,
// which reads the workflows of GitHub. It needs a YAML package in a version that
// the other programs of internal/tools can't be built with.
//
// There is nothing to import here.
package actionlint
