// Package linearizable
package linearizable
