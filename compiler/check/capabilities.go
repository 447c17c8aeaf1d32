package check

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/pipelang/pipe/lang/diag"
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
		case !slices.Contains(kernelCapabilities(), name):
			if near := diag.Suggest(name, kernelCapabilities()); near != "" {
				return fmt.Sprintf("%q is no capability: did you mean %q?", name, near)
			}
			return fmt.Sprintf("%q is no capability of Linux, which are listed in capabilities(7)", name)
		}
		return ""
	},
}

// kernelCapabilities are those of Linux, as capabilities(7) has them.
var kernelCapabilities = sync.OnceValue(func() []string {
	return strings.Fields(`AUDIT_CONTROL AUDIT_READ AUDIT_WRITE BLOCK_SUSPEND BPF CHECKPOINT_RESTORE CHOWN DAC_OVERRIDE
		DAC_READ_SEARCH FOWNER FSETID IPC_LOCK IPC_OWNER KILL LEASE LINUX_IMMUTABLE MAC_ADMIN MAC_OVERRIDE MKNOD NET_ADMIN
		NET_BIND_SERVICE NET_BROADCAST NET_RAW PERFMON SETFCAP SETGID SETPCAP SETUID SYSLOG SYS_ADMIN SYS_BOOT SYS_CHROOT
		SYS_MODULE SYS_NICE SYS_PACCT SYS_PTRACE SYS_RAWIO SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG WAKE_ALARM`)
})
