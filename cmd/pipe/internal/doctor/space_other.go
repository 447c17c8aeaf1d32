//go:build !linux

package doctor

// Space is not known here.
func Space(string) (free int64, network string, known bool) { return 0, "", false }
