package script

import (
	"fmt"
	"strings"

	"mvdan.cc/sh/v3/syntax"

	"github.com/pipelang/pipe/lang/source"
)

// outputVariable names the file that a step's outputs are written to, as lines of name=value or
// as blocks name<<END.
const outputVariable = "PIPE_OUTPUT"

// Outputs is what a script writes to $PIPE_OUTPUT.
type Outputs struct {
	// Names are those written, in the order of the text; one may stand twice.
	Names []Output
	// Anew are the redirections that begin the file anew, whatever the script does.
	Anew []source.Span
	// Unknown says that the script writes names there that the text does not tell.
	Unknown bool
	// Elsewhere says that the script runs a program that may write there itself: anything but the
	// shell's own commands and the tools that every system has.
	Elsewhere bool
}

// Output is one name that a script writes to $PIPE_OUTPUT.
type Output struct {
	Name string
	// At is the name where the text shows it, else what writes it.
	At source.Span
	// Branch says that it may not be written though the script runs to its end.
	Branch bool
}

// hole stands for text that is known at run time only; no script can hold it, since no
// environment and no command line can.
const hole = '\x00'

// maxPiped is how long a pipe may be for its outputs to be modelled.
const maxPiped = 32

// maxCapture is how many bytes of outputs are modelled; what is more is unknown.
const maxCapture = 1 << 16

// capture is the text that a script writes to $PIPE_OUTPUT, as far as it is known.
type capture struct {
	text    []byte
	marks   []mark
	uses    int // readings of the variable that are accounted for
	unknown bool
}

// mark is where a byte of captured text comes from.
type mark struct {
	at     source.Span
	branch bool
}

func (o *capture) reset() { o.text, o.marks, o.uses, o.unknown = o.text[:0], o.marks[:0], 0, false }

// isOutput says that a word is the file of outputs and nothing else.
func isOutput(word *syntax.Word) bool {
	if word == nil || len(word.Parts) != 1 {
		return false
	}
	part := word.Parts[0]
	if q, ok := part.(*syntax.DblQuoted); ok && len(q.Parts) == 1 {
		part = q.Parts[0]
	}
	p, ok := part.(*syntax.ParamExp)
	return ok && p.Param != nil && p.Param.Value == outputVariable && (p.Exp == nil || guards(p.Exp))
}

// toStdout says that a redirection moves what a command prints.
func toStdout(r *syntax.Redirect) bool {
	switch r.Op {
	case syntax.RdrOut, syntax.AppOut, syntax.RdrClob, syntax.DplOut, syntax.RdrAll, syntax.AppAll:
		return r.N == nil || r.N.Value == "1"
	}
	return false
}

// capture adds what a statement writes to $PIPE_OUTPUT by its own redirection, or through tee.
func (w *walker) capture(s *syntax.Stmt, c context) {
	for _, r := range s.Redirs {
		if toStdout(r) && isOutput(r.Word) {
			w.out.uses++
			w.truncates(r.Op == syntax.RdrOut || r.Op == syntax.RdrClob, spanOf(r), c)
			w.out.command(w, s, nil, c.branch)
		}
	}
	b, ok := s.Cmd.(*syntax.BinaryCmd)
	if !ok || !isPipe(b.Op) {
		return
	}
	operands, _ := chain(b, true)
	if len(operands) > maxPiped {
		w.out.unknown = true
		return
	}
	for i := 1; i < len(operands); i++ {
		target, appends := teeTarget(operands[i])
		if target == nil {
			continue
		}
		w.out.uses++
		w.truncates(!appends, spanOf(target), c)
		w.out.piped(w, operands[:i], c.branch)
	}
}

// teeTarget is the word of a tee command that names the file of outputs.
func teeTarget(s *syntax.Stmt) (target *syntax.Word, appends bool) {
	call, ok := s.Cmd.(*syntax.CallExpr)
	if !ok || len(call.Args) < 2 {
		return nil, false
	}
	if name, _ := literal(call.Args[0].Parts); name != "tee" {
		return nil, false
	}
	for _, a := range call.Args[1:] {
		if flag, _ := literal(a.Parts); flag == "-a" || flag == "--append" {
			appends = true
		} else if isOutput(a) {
			target = a
		}
	}
	return target, appends
}

// truncates tells that an earlier output is thrown away.
func (w *walker) truncates(does bool, at source.Span, c context) {
	switch {
	case !does || c.branch:
	case len(w.out.text) > 0:
		w.risk(LostOutputs(w.text, at, "the script"))
	default:
		w.script.Outputs.Anew = append(w.script.Outputs.Anew, at)
	}
}

// LostOutputs is the finding that what begins the file anew at a place of a script loses what who
// wrote before.
func LostOutputs(text string, at source.Span, who string) Risk {
	r := Risk{
		Kind: LostOutput, At: at,
		Message: fmt.Sprintf("this throws away the outputs that %s wrote before", who), Help: "append: >> instead of >, tee -a instead of tee",
	}
	if here := text[at.Start:at.End]; strings.HasPrefix(here, ">") && !strings.HasPrefix(here, ">|") {
		r.FixMessage, r.Edits = "append", []Edit{{spanAt(at.Start, 1), ">>"}}
	}
	return r
}

// piped adds what the last command of a pipe prints.
func (o *capture) piped(w *walker, operands []*syntax.Stmt, branch bool) {
	if len(operands) > maxPiped {
		o.unknown = true
		return
	}
	last := operands[len(operands)-1]
	o.command(w, last, operands[:len(operands)-1], branch)
}

// stmt adds what a statement prints, unless that goes elsewhere.
func (o *capture) stmt(w *walker, s *syntax.Stmt, branch bool) {
	for _, r := range s.Redirs {
		if toStdout(r) {
			return
		}
	}
	o.command(w, s, nil, branch)
}

func (o *capture) list(w *walker, stmts []*syntax.Stmt, branch bool) {
	for _, s := range stmts {
		o.stmt(w, s, branch)
	}
}

// command adds what a command prints; before are the commands whose output it reads.
func (o *capture) command(w *walker, s *syntax.Stmt, before []*syntax.Stmt, branch bool) {
	if len(o.text) > maxCapture {
		o.unknown = true
		return
	}
	switch cmd := s.Cmd.(type) {
	case *syntax.CallExpr:
		o.call(w, s, cmd, before, branch)
	case *syntax.Block:
		o.list(w, cmd.Stmts, branch)
	case *syntax.Subshell:
		o.list(w, cmd.Stmts, branch)
	case *syntax.IfClause:
		for clause := cmd; clause != nil; clause = clause.Else {
			o.list(w, clause.Cond, branch)
			o.list(w, clause.Then, true)
		}
	case *syntax.WhileClause:
		o.list(w, cmd.Cond, true)
		o.list(w, cmd.Do, true)
	case *syntax.ForClause:
		o.list(w, cmd.Do, true)
	case *syntax.CaseClause:
		for _, item := range cmd.Items {
			o.list(w, item.Stmts, true)
		}
	case *syntax.BinaryCmd:
		if operands, _ := chain(cmd, isPipe(cmd.Op)); isPipe(cmd.Op) {
			o.piped(w, operands, branch)
		} else {
			for i, x := range operands {
				o.stmt(w, x, branch || i > 0)
			}
		}
	case *syntax.FuncDecl, *syntax.TestClause, *syntax.ArithmCmd, *syntax.DeclClause, *syntax.LetClause, nil:
	default:
		o.hidden(s, branch)
	}
}

// quiet commands print nothing.
var quiet = map[string]bool{
	":": true, "true": true, "false": true, "[": true, "test": true, "cd": true, "set": true, "shift": true, "export": true, "local": true,
	"read": true, "sleep": true, "exit": true, "return": true, "mkdir": true, "rm": true, "unset": true, "break": true, "continue": true,
}

func (o *capture) call(w *walker, s *syntax.Stmt, call *syntax.CallExpr, before []*syntax.Stmt, branch bool) {
	if len(call.Args) == 0 {
		return
	}
	name, static := literal(call.Args[0].Parts)
	switch {
	case !static, w.defines(name, spanOf(call).Start):
		o.hidden(s, branch)
	case quiet[name]:
	case name == "echo":
		o.echo(w, call.Args[1:], branch)
	case name == "printf":
		o.printf(w, s, call.Args[1:], branch)
	case name == "cat" && len(call.Args) == 1, name == "tee":
		o.input(w, s, before, branch)
	default:
		o.hidden(s, branch)
	}
}

// input adds what a command reads: a here-document, or what is piped into it.
func (o *capture) input(w *walker, s *syntax.Stmt, before []*syntax.Stmt, branch bool) {
	for _, r := range s.Redirs {
		switch r.Op {
		case syntax.Hdoc, syntax.DashHdoc:
			if r.Hdoc != nil {
				o.parts(w, r.Hdoc.Parts, true, branch)
			}
			return
		case syntax.WordHdoc:
			o.parts(w, r.Word.Parts, false, branch)
			o.add("\n", source.Span{}, branch)
			return
		case syntax.RdrIn:
			o.hidden(s, branch)
			return
		}
	}
	if len(before) == 0 {
		o.hidden(s, branch)
		return
	}
	o.piped(w, before, branch)
}

// hidden adds lines that nobody knows.
func (o *capture) hidden(s *syntax.Stmt, branch bool) {
	o.add("\x00\n", spanOf(s), branch)
}

// add adds text that a span of the script stands for.
func (o *capture) add(text string, at source.Span, branch bool) {
	for i := range len(text) {
		o.text = append(o.text, text[i])
		o.marks = append(o.marks, mark{at, branch})
	}
}

// verbatim adds text that stands in the script as it is, so that each byte has its own place.
func (o *capture) verbatim(w *walker, text string, at source.Span, branch bool) {
	if at.Start < 0 || int(at.Start) > len(w.text) || !strings.HasPrefix(w.text[at.Start:], text) {
		o.add(text, at, branch)
		return
	}
	for i := range len(text) {
		o.text = append(o.text, text[i])
		o.marks = append(o.marks, mark{source.Span{Start: at.Start + int32(i), End: at.Start + int32(i) + 1}, branch})
	}
}

// parts adds a word's text, with a hole for each expansion.
func (o *capture) parts(w *walker, parts []syntax.WordPart, quoted, branch bool) {
	for _, part := range parts {
		at := spanOf(part)
		switch p := part.(type) {
		case *syntax.Lit:
			if strings.IndexByte(p.Value, '\\') < 0 {
				o.verbatim(w, p.Value, at, branch)
				continue
			}
			var b strings.Builder
			unescape(&b, p.Value, quoted)
			o.verbatim(w, b.String(), at, branch)
		case *syntax.SglQuoted:
			if p.Dollar && strings.IndexByte(p.Value, '\\') >= 0 {
				o.escapes(w, p.Value, source.Span{Start: at.Start + 2, End: at.End}, nil, branch)
				continue
			}
			o.verbatim(w, p.Value, source.Span{Start: at.Start + 1, End: at.End}, branch)
		case *syntax.DblQuoted:
			o.parts(w, p.Parts, true, branch)
		default:
			o.add("\x00", at, branch)
		}
	}
}

func (o *capture) echo(w *walker, args []*syntax.Word, branch bool) {
	newline := true
	escapes := false
	for len(args) > 0 {
		flag, ok := literal(args[0].Parts)
		if !ok || flag != "-n" && flag != "-e" && flag != "-en" && flag != "-ne" {
			break
		}
		newline = newline && !strings.Contains(flag, "n")
		escapes = escapes || strings.Contains(flag, "e")
		args = args[1:]
	}
	for i, a := range args {
		if i > 0 {
			o.add(" ", spanOf(a), branch)
		}
		if text, ok := literal(a.Parts); ok && strings.IndexByte(text, '\\') >= 0 && (escapes || w.dialect == Sh) {
			at := spanOf(a)
			if _, plain := a.Parts[0].(*syntax.Lit); !plain {
				at.Start++
			}
			o.escapes(w, text, at, nil, branch)
			continue
		}
		o.parts(w, a.Parts, false, branch)
	}
	if newline {
		o.add("\n", source.Span{}, branch)
	}
}

// printf adds what a format comes to; arguments that are known are put in, others are holes.
func (o *capture) printf(w *walker, s *syntax.Stmt, args []*syntax.Word, branch bool) {
	if len(args) > 0 {
		if flag, _ := literal(args[0].Parts); flag == "-v" {
			return
		} else if flag == "--" {
			args = args[1:]
		}
	}
	if len(args) == 0 {
		return
	}
	format, ok := literal(args[0].Parts)
	if !ok {
		o.hidden(s, branch)
		return
	}
	at := spanOf(args[0])
	if _, plain := args[0].Parts[0].(*syntax.Lit); !plain {
		at.Start++
	}
	rest := args[1:]
	for {
		taken := o.escapes(w, format, at, &rest, branch)
		if len(rest) == 0 || taken == 0 || len(o.text) > maxCapture {
			return
		}
	}
}

// escapes adds a text with \n and its like, and where there are arguments with % verbs too. It
// gives how many arguments it took.
func (o *capture) escapes(w *walker, text string, at source.Span, args *[]*syntax.Word, branch bool) (taken int) {
	exact := strings.HasPrefix(w.text[at.Start:], text)
	for i := 0; i < len(text); i++ {
		here := at
		if exact {
			here = source.Span{Start: at.Start + int32(i), End: at.Start + int32(i) + 1}
		}
		switch c := text[i]; {
		case c == '\\' && i+1 < len(text):
			i++
			o.add(escaped(text[i]), here, branch)
		case c == '%' && args != nil && strings.HasPrefix(text[i:], "%%"):
			i++
			o.add("%", here, branch)
		case c == '%' && args != nil:
			verb := i + 1
			for verb < len(text) && strings.IndexByte("-+ #0123456789.'*", text[verb]) >= 0 {
				verb++
			}
			plain := verb == i+1 && verb < len(text) && text[verb] == 's'
			i = verb
			taken++
			if len(*args) == 0 {
				continue
			}
			first := (*args)[0]
			*args = (*args)[1:]
			if plain {
				o.parts(w, first.Parts, false, branch)
			} else {
				o.add("\x00", spanOf(first), branch)
			}
		default:
			o.add(text[i:i+1], here, branch)
		}
	}
	return taken
}

func escaped(c byte) string {
	switch c {
	case 'n':
		return "\n"
	case 't':
		return "\t"
	case 'r':
		return "\r"
	case '\\', '"', '\'':
		return string(c)
	}
	return "\x00"
}

// outputs reads the captured text as the file of outputs is read.
func (w *walker) outputs() {
	out := &w.script.Outputs
	uses := 0
	for _, r := range w.script.Reads {
		if r.Name == outputVariable {
			uses++
		}
	}
	out.Unknown = w.out.unknown || uses > w.out.uses
	out.Elsewhere = w.runsPrograms()
	text := w.out.text
	for at := 0; at < len(text); {
		end := lineEnd(text, at)
		at = w.outputLine(text, at, end)
	}
}

func lineEnd(text []byte, at int) int {
	for at < len(text) && text[at] != '\n' {
		at++
	}
	return at
}

// outputLine reads one line or block, and gives where the next starts.
func (w *walker) outputLine(text []byte, at, end int) (next int) {
	line := string(text[at:end])
	i := strings.IndexAny(line, "=<\x00")
	switch {
	case strings.TrimRight(line, "\r") == "":
		return end + 1
	case i >= 0 && line[i] == hole && !beginsName(line[:i]):
		w.badOutput(at, at+i, fmt.Sprintf("$PIPE_OUTPUT takes lines of name=value or name<<END, and %q begins none", shorten(line[:i])))
		return end + 1
	case i >= 0 && line[i] == hole:
		w.script.Outputs.Unknown = true
		return end + 1
	case i < 0 || line[i] == '<' && !strings.HasPrefix(line[i:], "<<"):
		w.badOutput(at, end, fmt.Sprintf("$PIPE_OUTPUT takes lines of name=value or name<<END, not %q", shorten(line)))
		return end + 1
	}
	name := line[:i]
	if !syntax.ValidName(name) {
		w.badOutput(at, at+i, fmt.Sprintf("%q is no name for an output: expected letters, digits and _", shorten(name)))
		return end + 1
	}
	w.script.Outputs.Names = append(w.script.Outputs.Names, Output{Name: name, At: w.captured(at, at+i), Branch: w.out.marks[at].branch})
	if line[i] == '=' {
		return end + 1
	}
	return w.outputBlock(text, at, end, strings.TrimRight(line[i+2:], "\r"), name)
}

// beginsName says that a text may be the start of an output's name.
func beginsName(s string) bool { return s == "" || syntax.ValidName(s) }

// outputBlock skips to the end of a block.
func (w *walker) outputBlock(text []byte, head, headEnd int, word, name string) int {
	if strings.IndexByte(word, hole) >= 0 {
		// the word is made at run time, as against text that holds it; the first line that is
		// nothing but the same hole ends the block
		w.script.Outputs.Unknown = true
		return len(text)
	}
	holes := false
	for at := headEnd + 1; at < len(text); {
		end := lineEnd(text, at)
		line := strings.TrimRight(string(text[at:end]), "\r")
		if line == word {
			return end + 1
		}
		holes = holes || strings.IndexByte(line, hole) >= 0
		at = end + 1
	}
	if !holes && !w.script.Outputs.Unknown {
		w.badOutput(head, headEnd, fmt.Sprintf("the block of output %s is never closed: expected a line %q", name, shorten(word)))
	}
	return len(text)
}

func (w *walker) badOutput(start, end int, message string) {
	w.risk(Risk{
		Kind: MalformedOutput, At: w.captured(start, end), Message: message,
		Help: `echo "name=$value" >> "$PIPE_OUTPUT" writes one output`,
	})
}

// captured is the place in the script of a range of captured text.
func (w *walker) captured(start, end int) source.Span {
	if end <= start {
		end = start + 1
	}
	first, last := w.out.marks[start].at, w.out.marks[min(end, len(w.out.marks))-1].at
	if last.End <= first.Start {
		return first
	}
	return first.Join(last)
}

func shorten(s string) string {
	if len(s) > 40 {
		return strings.ToValidUTF8(s[:40], "") + "…"
	}
	return s
}
