package expr

import (
	"maps"
	"slices"
	"strings"
)

// FunctionNames are the functions that a file can call, macros included, for documentation and
// completion: those called as f(x) or ns.f(x), and those called on a value, as x.f(y). Both sorted.
func FunctionNames() (functions, methods []string) {
	l := declarations()
	global, member := map[string]bool{}, map[string]bool{}
	for n, s := range l.functions {
		if s.global {
			global[n] = true
		}
		if s.member {
			member[n] = true
		}
	}
	for _, m := range l.macros {
		if m.IsReceiverStyle() {
			member[m.Function()] = true
		} else {
			global[m.Function()] = true
		}
	}
	for n := range hostFunctions {
		global[n] = true
	}
	for _, n := range []string{"succeeded", "failed", "skipped", "trusted", "float"} {
		global[n] = true
	}
	return written(global), written(member)
}

// written are the names that can be written in a file; operators and helpers of macros are not among them.
func written(names map[string]bool) []string {
	maps.DeleteFunc(names, func(n string, _ bool) bool {
		return hidden[n] || strings.ContainsAny(n, "@!-") || strings.HasPrefix(n, "_") || n == "in"
	})
	return slices.Sorted(maps.Keys(names))
}
