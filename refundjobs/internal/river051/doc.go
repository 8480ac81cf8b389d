// Package river051 runs refundjobs with River v0.51.1, for teams that have that
// version: its driver for Postgres goes further than the one for SQLite, with which
// refundjobs itself is tested. River's modules of different versions don't compile
// together, so this is a module of its own, and its River is not moved to newer
// versions by itself.
package river051
