// Package interval merges overlapping ranges of integers.
package interval

import "sort"

// Range is closed: both ends belong to it.
type Range struct{ Low, High int }

// Merge returns the fewest ranges that cover the same integers, in order.
func Merge(in []Range) []Range {
	sorted := append([]Range(nil), in...)
	sort.Slice(sorted, func(i, j int) bool { return sorted[i].Low < sorted[j].Low })
	var out []Range
	for _, r := range sorted {
		if n := len(out); n > 0 && r.Low <= out[n-1].High+1 {
			out[n-1].High = max(out[n-1].High, r.High)
			continue
		}
		out = append(out, r)
	}
	return out
}
