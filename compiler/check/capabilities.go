package check

import (
	"fmt"
	"strings"
)

var capabilityName = lazily(`^[A-Z][A-Z0-9_]*$`)

// capabilities are what a container may do beyond what every program may.
var capabilities = nameList{
	word: "capabilities", what: "names", example: "NET_BIND_SERVICE",
	wrong: func(name string) string {
		switch {
		case name == "ALL":
			return `"ALL" is none: name each that is needed`
		case strings.HasPrefix(name, "CAP_") || !capabilityName().MatchString(name):
			if better := strings.TrimPrefix(strings.ToUpper(name), "CAP_"); capabilityName().MatchString(better) {
				return fmt.Sprintf("%q is no capability: write %q", name, better)
			}
			return fmt.Sprintf("%q is no capability: expected a name such as NET_BIND_SERVICE", name)
		}
		return ""
	},
}
