package lint

import (
	"strings"
	"time"

	"github.com/pipelang/pipe/lang/value"
)

// chain is a way of steps for people: at most five, the middle left out.
func chain(names []string) string {
	if len(names) > 5 {
		names = append(append(names[:3:3], "…"), names[len(names)-1])
	}
	return strings.Join(names, " → ")
}

// spell is a duration as it would be written in a file.
func spell(d time.Duration) string { return value.FormatDuration(d) }
