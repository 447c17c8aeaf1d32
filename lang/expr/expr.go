// Package expr gives expressions their meaning: it lowers pipe's syntax to CEL, checks
// and refines types, finds references, and evaluates. It is the only importer of cel-go.
// It knows no steps, no settings and no machines: scopes and hosts are handed to it.
package expr
