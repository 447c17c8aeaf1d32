package parser

import (
	"maps"
	"slices"
)

// Keywords are the words that mean something at the head of a declaration or an item, by where
// they stand: "declaration", "reserved", "op", "step", "pipeline", and "clause" for those that
// go on with a line. Each list is sorted. Everywhere else they are names.
func Keywords() map[string][]string {
	return map[string][]string{
		"declaration": declarations.sorted(),
		"reserved":    slices.Sorted(maps.Keys(reserved)),
		"op":          attributes.sorted(),
		"step":        modifiers.sorted(),
		"pipeline":    graphs.sorted(),
		"clause":      slices.Clone(clauses),
	}
}
