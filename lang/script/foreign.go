package script

import (
	"slices"
	"strings"
)

// Foreign says that a script which a shell nobody knows gets is by its look for none of ours: for PowerShell, fish or
// csh, or for a switch or a router.
func Foreign(text string) bool {
	for line := range strings.Lines(text) {
		words := strings.FieldsFunc(line, func(r rune) bool { return strings.ContainsRune(" \t\n;|(\"", r) })
		if len(words) > 0 && foreignCommand(words[0]) || slices.ContainsFunc(words, isCmdlet) {
			return true
		}
		if len(words) > 0 && words[0] == "set" && strings.Contains(line, " (") {
			return true // of fish
		}
	}
	return false
}

// foreignCommand says that a command is one of a shell, or of a device, with another grammar.
func foreignCommand(name string) bool {
	switch strings.TrimSuffix(name, ".exe") {
	case "powershell", "pwsh", "cmd", "setenv", "foreach", "show", "display", "configure", "conf", "enable", "end":
		return true
	}
	return strings.HasPrefix(name, "/ip/") || name == "/ip" || name == "/system" || name == "/interface" || name == "/export"
}

// isCmdlet says that a word is a command of PowerShell: Get-Service.
func isCmdlet(word string) bool {
	verb, noun, ok := strings.Cut(word, "-")
	if !ok || noun == "" || noun[0] < 'A' || noun[0] > 'Z' {
		return false
	}
	switch verb {
	case "Get", "Set", "New", "Add", "Remove", "Start", "Stop", "Restart", "Invoke", "Import", "Export", "Copy", "Move", "Test", "Write", "Select", "Where", "ForEach",
		"Out", "Install", "Enable", "Disable", "Expand", "Compress", "ConvertTo", "ConvertFrom":
		return true
	}
	return false
}
