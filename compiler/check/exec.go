package check

import (
	"path"
	"regexp"
	"strings"

	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/diag"
	"github.com/pipelang/pipe/lang/types"
)

// exec lets a stranger choose arguments, never the program, nor what a program runs as code.
func (b opBody) exec(x ast.Expr) {
	t := b.in.want(x, argv, "exec")
	b.file.nonEmpty(x, "exec")
	b.file.program(x, "exec")
	if t.DeepLabels()&types.Untrusted == 0 {
		return
	}
	l, ok := ast.Unparen(x).(*ast.ListLit)
	if !ok {
		b.in.unlabelled(x, t, types.Untrusted, "the program of exec")
		return
	}
	var a argument
	for _, e := range l.Elems {
		what := a.next(e)
		if what != "" {
			b.in.unlabelled(e.Value, types.StringType.WithLabels(b.in.labels(e.Value)), types.Untrusted, what)
		}
	}
}

// program refuses a program without a name.
func (f *file) program(x ast.Expr, what string) {
	l, ok := ast.Unparen(x).(*ast.ListLit)
	if !ok || len(l.Elems) == 0 {
		return
	}
	if name, written := constantText(l.Elems[0].Value); written && name == "" {
		f.errorf(diag.InvalidValue, l.Elems[0].Value.Span(), "%s: expected the name of a program, found \"\"", what)
	}
}

// argument follows a list of arguments from its program on.
type argument struct {
	started      bool     // the program has been named
	interpreters []string // programs so far that run text as code, without their versions
	code         bool     // the next argument is code
}

// next says what an argument is when a stranger may not choose it, else "".
func (a *argument) next(e ast.ListElem) (what string) {
	text, written := constantText(e.Value)
	switch {
	case !a.started:
		what, a.started = "the program of exec", !e.Optional
	case a.code && !strings.HasPrefix(text, "-"):
		what, a.code = "code that exec runs", e.Optional
	}
	if written {
		a.written(text)
	}
	return what
}

func (a *argument) written(text string) {
	for _, i := range a.interpreters {
		a.code = a.code || codeFlags[i]().MatchString(text)
	}
	if i := strings.TrimRight(path.Base(text), "0123456789."); codeFlags[i] != nil {
		a.interpreters = append(a.interpreters, i)
	}
}

var (
	cFlag = lazily(`^-[A-Za-z]*c$`)
	eFlag = lazily(`^-[A-Za-z]*[eE]$`)
	jFlag = lazily(`^(-e|-p|-pe|--eval|--print|eval)$`)
)

// codeFlags are the flags of interpreters before an argument that they run.
var codeFlags = map[string]func() *regexp.Regexp{
	"sh": cFlag, "bash": cFlag, "dash": cFlag, "ash": cFlag, "ksh": cFlag, "mksh": cFlag, "zsh": cFlag, "fish": cFlag, "su": cFlag,
	"python": cFlag, "pypy": cFlag, "perl": eFlag, "ruby": eFlag, "lua": eFlag, "Rscript": eFlag,
	"node": jFlag, "nodejs": jFlag, "bun": jFlag, "deno": jFlag,
	"php": lazily(`^-[rBRE]$`), "pwsh": lazily(`(?i)^-c(ommand)?$`), "powershell": lazily(`(?i)^-c(ommand)?$`),
}

// constantText is a string that is written out.
func constantText(x ast.Expr) (string, bool) {
	s, ok := ast.Unparen(x).(*ast.StringLit)
	if !ok {
		return "", false
	}
	return s.Value, true
}
