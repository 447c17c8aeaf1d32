package script

import "strings"

// isSafe says that a command cannot fail in a way that matters to what reads it.
func isSafe(name string) bool {
	switch name {
	case "echo", "printf", "cat", "ls", "find", "grep", "egrep", "fgrep", "sed", "awk", "gawk", "head", "tail", "sort", "uniq", "cut", "tr", "wc", "env",
		"printenv", "set", "ps", "date", "seq", "yes", "jq", "yq", "true", "false", ":", "test", "[", "basename", "dirname", "id", "uname", "hostname", "pwd",
		"nproc", "which", "type", "command", "declare", "export", "alias", "history", "od", "xxd", "base64", "rev", "tac", "nl", "paste", "fold", "column",
		"tee", "sleep", "read", "stat", "du", "df", "file", "strings", "envsubst", "shuf", "comm", "diff", "cmp", "xargs", "ss", "netstat", "lsof", "pgrep",
		"whoami", "arch", "jobs", "trap", "locale", "getent", "zcat", "md5sum", "sha1sum", "sha256sum", "sha512sum", "shasum", "b2sum", "cksum", "sum",
		"journalctl", "dmesg", "free", "uptime", "lscpu", "lsblk", "vmstat", "ip", "mount", "who", "last", "tree", "crontab":
		return true
	}
	return false
}

// reading subcommands of tools that otherwise do work.
var reading = map[string]string{
	"git":            "log diff ls-files describe rev-parse status show branch tag config remote for-each-ref shortlog rev-list ls-tree cat-file blame grep ls-remote",
	"docker":         "ps images inspect info version logs port",
	"docker-compose": "ps images version logs port",
	"podman":         "ps images inspect info version logs port",
	"kubectl":        "get config version logs describe top events",
	"go":             "list env version",
	"npm":            "ls list config view outdated",
	"pip":            "list freeze show",
	"pip3":           "list freeze show",
	"helm":           "list ls version",
	"gh":             "api pr issue run release",
}

// onlyReads says that the word by which a tool is told what to do is one of some. A word behind an option may be the
// option's value, so that the next one counts, too: kubectl -n prod get pods.
func onlyReads(verbs string, args []Arg) bool {
	if verbs == "" {
		return false
	}
	valued := false
	for _, a := range args {
		switch {
		case strings.HasPrefix(a.Text, "-"):
			valued = !strings.Contains(a.Text, "=")
		case hasWord(verbs, a.Text):
			return true
		case !valued && a.Text != "compose" && a.Text != "container":
			return false
		default:
			valued = false
		}
	}
	return false
}
