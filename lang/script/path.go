package script

import (
	"path"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"

	"github.com/pipelang/pipe/lang/source"
)

// Path is a literal path that a command names.
type Path struct {
	// Path is as the script means it from the folder in which it starts: cleaned, slash-separated,
	// after the literal cds before it. It is absolute when the script's is.
	Path string
	At   source.Span
	// Write says that the command makes, changes or removes it; else it reads it.
	Write bool
	// Sure says that the script fails, or goes on without what it was to do, where what it reads is not there.
	Sure bool
	// Runs says that it is a program, and Folder a folder that the script goes to.
	Runs, Folder bool
}

// path keeps one, when it is known where it is.
func (w *walker) path(a Arg, write bool) {
	p := a.Text
	if !a.Static || p == "" || p == "-" || strings.ContainsAny(p, "*?[{~\n$=:") || strings.HasPrefix(p, "-") {
		return
	}
	if !path.IsAbs(p) {
		if w.dirLost {
			return
		}
		p = path.Join(w.dir, p)
	}
	w.script.Paths = append(w.script.Paths, Path{Path: path.Clean(p), At: a.At, Write: write, Sure: w.sure && !write})
}

// sureOf says that a command in a context runs whenever the script does, and that the script fails with it, or skips
// what it was to do then.
func (w *walker) sureOf(s *syntax.Stmt, c context) bool {
	return !c.branch && !c.function && !c.piped && !c.ignored && !s.Negated && !s.Background && (w.errexit(c) || c.leads && !w.off)
}

// maxPath is the longest path that systems take.
const maxPath = 4096

// move follows a cd.
func (w *walker) move(args []Arg) {
	if before := len(w.script.Paths); len(args) == 1 {
		w.path(args[0], false)
		for i := range w.script.Paths[before:] {
			w.script.Paths[before+i].Folder = true
		}
	}
	w.functionMoves = w.functionMoves || w.functions > 0
	for len(args) > 0 && strings.HasPrefix(args[0].Text, "-") && len(args[0].Text) > 1 {
		args = args[1:]
	}
	switch {
	case len(args) != 1 || !args[0].Static || strings.ContainsAny(args[0].Text, "~*?[-") && len(args[0].Text) < 2 || strings.HasPrefix(args[0].Text, "~"):
		w.dirLost = true
	case path.IsAbs(args[0].Text):
		w.dir, w.dirLost = path.Clean(args[0].Text), false
	case !w.dirLost:
		w.dir = path.Join(w.dir, args[0].Text)
		w.dirLost = len(w.dir) > maxPath
	}
}

// use says what a command does with the words that are no options.
type use struct {
	reads  bool
	writes bool
	// last is the one word that is written, the others being read: cp and its like.
	last bool
	// one says that only the first word is a path; what follows is the program's own.
	one bool
	// text says that the first word is no path but a pattern or a program, unless an option has given it.
	text bool
	// edits are the options with which it writes what it reads.
	edits string
	// valued are the options that take the next word.
	valued string
}

var uses = map[string]use{
	"cat": {reads: true}, "head": {reads: true, valued: "-n -c"}, "tail": {reads: true, valued: "-n -c"},
	"wc": {reads: true}, "sort": {reads: true, valued: "-k -t -o -S -T"}, "uniq": {one: true, reads: true, valued: "-f -s -w"},
	"sha256sum": {reads: true}, "sha512sum": {reads: true}, "sha1sum": {reads: true}, "md5sum": {reads: true},
	"diff": {reads: true, valued: "-U -C"}, "cmp": {reads: true}, "source": {reads: true, one: true}, ".": {reads: true, one: true},
	"sh": {reads: true, one: true, valued: "-o"}, "bash": {reads: true, one: true, valued: "-o"}, "dash": {reads: true, one: true},
	"python": {reads: true, one: true, valued: "-W -X"}, "python3": {reads: true, one: true, valued: "-W -X"}, "node": {reads: true, one: true, valued: "-r"},
	"ruby": {reads: true, one: true, valued: "-I -r"}, "perl": {reads: true, one: true, valued: "-I"},
	"cp": {reads: true, last: true}, "install": {reads: true, last: true, valued: "-m -o -g"}, "mv": {reads: true, writes: true, last: true},
	"touch": {writes: true, valued: "-d -r -t"}, "mkdir": {writes: true, valued: "-m"}, "rm": {writes: true}, "rmdir": {writes: true}, "tee": {writes: true},
	"truncate": {writes: true, valued: "-s"},
	"grep":     {reads: true, text: true, valued: "-e -f -A -B -C -m -d -D --include --exclude --exclude-dir"}, "egrep": {reads: true, text: true, valued: "-e -f -A -B -C -m"}, "fgrep": {reads: true, text: true, valued: "-e -f -A -B -C -m"},
	"sed":   {reads: true, text: true, valued: "-e -f -l", edits: "-i --in-place -Ei -ni -ri"},
	"gofmt": {reads: true, valued: "-r", edits: "-w"}, "goimports": {reads: true, valued: "-local", edits: "-w"}, "gofumpt": {reads: true, edits: "-w"},
	"prettier": {reads: true, edits: "--write -w"},
}

// writers have options whose value is a file that they write.
var writers = map[string]string{
	"curl": "-o --output", "wget": "-O", "go": "-o -coverprofile", "gcc": "-o", "cc": "-o", "clang": "-o", "sort": "-o",
}

// readers have options whose value is a file that they read.
var readers = map[string]string{
	"pip": "-r --requirement", "pip3": "-r --requirement", "kubectl": "-f --filename", "make": "-f", "docker": "-f --file --env-file", "psql": "-f", "helm": "-f --values",
}

// notPrograms of an interpreter: what follows is code, or a module.
var notPrograms = map[string]bool{"-c": true, "-m": true, "-e": true, "-s": true, "--eval": true, "-p": true}

// Named are the literal paths that a command names by itself, which is all that runs.
func Named(c Command) []Path {
	w := walker{script: &Script{}, sure: true}
	w.paths(append([]Arg{{Text: c.Name, Static: c.Name != "", At: c.At}}, c.Args...))
	return w.script.Paths
}

func isShell(name string) bool { return name == "sh" || name == "bash" || name == "dash" }

// paths keeps the literal paths of a command.
func (w *walker) paths(args []Arg) {
	name := nameOf(args)
	if before := len(w.script.Paths); strings.Contains(name, "/") {
		w.path(args[0], false)
		if len(w.script.Paths) > before {
			w.script.Paths[before].Runs = true
		}
	}
	rest := args[1:]
	if flags := writers[name]; flags != "" {
		w.valuedPaths(rest, flags, true)
	}
	if flags := readers[name]; flags != "" {
		w.sure = w.sure && (name == "pip" || name == "pip3" || name == "make") // -f of others has other meanings, too
		w.valuedPaths(rest, flags, false)
	}
	u, ok := uses[name]
	if !ok {
		return
	}
	w.sure = w.sure && surely(name, rest)
	last := len(rest) - 1
	text := u.text && !slices.ContainsFunc(rest, func(a Arg) bool {
		return a.Text == "-e" || a.Text == "-f" || strings.HasPrefix(a.Text, "--") && givesText(a.Text)
	})
	u.writes = u.writes || u.edits != "" && slices.ContainsFunc(rest, func(a Arg) bool {
		flag, _, _ := strings.Cut(a.Text, "=")
		return hasWord(u.edits, flag) || hasWord(u.edits, "-i") && strings.HasPrefix(a.Text, "-i")
	})
	for i := 0; i < len(rest); i++ {
		a := rest[i]
		switch {
		case u.one && notPrograms[a.Text] && (a.Text != "-e" || !isShell(name)):
			return
		case len(a.Text) > 1 && a.Text[0] == '-':
			if hasWord(u.valued, a.Text) {
				i++
			}
		case text:
			text = false
		case u.last && i == last:
			w.path(a, true)
		default:
			if u.reads {
				w.path(a, false)
			}
			if u.writes {
				w.path(a, true)
			}
			if u.one {
				return
			}
		}
	}
}

// surely says that a command of some words fails where a file that it reads is not there.
func surely(name string, rest []Arg) bool {
	switch name {
	case "cat", "wc", "sort", "sha256sum", "sha512sum", "sha1sum", "md5sum", "cp", "install", "sed", "head":
		return true
	case "sh", "bash", "dash", ".", "source", "python", "python3", "ruby", "perl", "node":
		i := slices.IndexFunc(rest, func(a Arg) bool { return !strings.HasPrefix(a.Text, "-") })
		// what has neither folder nor extension may be found elsewhere
		return i >= 0 && (path.Ext(rest[i].Text) != "" || strings.Contains(rest[i].Text, "/") && name != "node")
	}
	return false
}

// givesText says that a long option of grep or sed gives the pattern or the program.
func givesText(flag string) bool {
	return strings.HasPrefix(flag, "--regexp") || strings.HasPrefix(flag, "--file") || strings.HasPrefix(flag, "--expression")
}

// valuedPaths keeps the paths that options take, as the next word or after =.
func (w *walker) valuedPaths(args []Arg, flags string, write bool) {
	for i, a := range args {
		flag, value, given := strings.Cut(a.Text, "=")
		switch {
		case !hasWord(flags, flag):
		case given && a.Static:
			a.Text, a.At.Start = value, a.At.End-int32(min(len(value), a.At.Len()))
			w.path(a, write)
		case !given && i+1 < len(args):
			w.path(args[i+1], write)
		}
	}
}

// isTool says that every system has a command, or that it does not write to $PIPE_OUTPUT on its own: what a script
// runs beside such tools may be the repository's.
func isTool(name string) bool {
	switch name {
	case ":", ".", "[", "alias", "bg", "break", "cd", "command", "continue", "declare", "disown", "echo", "eval", "exec", "exit", "export", "false", "fg",
		"getopts", "hash", "jobs", "kill", "let", "local", "mapfile", "popd", "printf", "pushd", "pwd", "read", "readarray", "readonly", "return", "set",
		"shift", "shopt", "source", "test", "time", "times", "trap", "true", "type", "typeset", "ulimit", "umask", "unalias", "unset", "wait", "arch", "awk",
		"base64", "basename", "bc", "bunzip2", "bzip2", "cat", "chgrp", "chmod", "chown", "cksum", "cmp", "comm", "cp", "curl", "cut", "date", "dd", "df",
		"diff", "dig", "dirname", "docker", "du", "envsubst", "expr", "file", "find", "fold", "gawk", "git", "go", "gofmt", "grep", "egrep", "fgrep",
		"gunzip", "gzip", "head", "helm", "host", "hostname", "id", "install", "jq", "kubectl", "ln", "ls", "md5sum", "mkdir", "mkfifo", "mktemp",
		"mv", "nc", "nl", "nproc", "od", "openssl", "paste", "patch", "pgrep", "ping", "podman", "printenv", "ps", "psql", "readlink", "realpath", "rm",
		"rmdir", "rsync", "scp", "sed", "seq", "sha1sum", "sha256sum", "sha512sum", "shasum", "shuf", "sleep", "sort", "split", "ssh", "stat", "strings",
		"sum", "sync", "tac", "tail", "tar", "tee", "touch", "tr", "truncate", "tsort", "tty", "uname", "uniq", "unxz", "unzip", "uuidgen", "wc", "wget",
		"which", "whoami", "xargs", "xz", "yes", "yq", "zcat", "zip", "zstd", "aws", "gsutil", "pg_dump", "pg_restore", "pg_isready", "mysqldump",
		"redis-cli", "vault", "cosign", "crane", "skopeo", "gpg", "minisign", "sudo", "doas", "env", "nohup", "nice", "ionice", "timeout", "stdbuf", "setsid",
		"chronic":
		return true
	}
	return false
}

// runsPrograms says that a command may be one that writes outputs itself.
func (w *walker) runsPrograms() bool {
	for _, c := range w.script.Commands {
		sub := ""
		if len(c.Args) > 0 {
			sub = c.Args[0].Text
		}
		switch {
		case c.Name == "go" && (sub == "run" || sub == "generate" || sub == "test" || sub == "tool"),
			(c.Name == "docker" || c.Name == "podman" || c.Name == "kubectl") && (sub == "run" || sub == "exec" || sub == "compose"),
			c.Name == "eval", c.Name == "source", c.Name == ".", c.Name == "alias":
			return true
		case !isTool(c.Name) && !w.defines(c.Name, c.At.Start):
			return true
		}
	}
	return false
}
