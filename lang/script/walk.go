package script

import (
	"cmp"
	"slices"
	"strings"
	"sync"

	"mvdan.cc/sh/v3/syntax"

	"github.com/pipelang/pipe/lang/source"
)

// walker goes once through a script's tree and gathers what Script tells. What depends on the
// whole script waits in it until finish.
type walker struct {
	text    string
	dialect Dialect
	started Options
	script  *Script
	depth   int
	level   int // how many scripts around this one hand it over

	sure       bool // sureOf the command that is looked at
	off        bool // -e is not in force here
	fresh      bool // since bash does not take it into the $(…) around, in which nothing has set it
	on         bool // set -e stands before here, in this function
	offAt      source.Span
	pipefail   bool // set -o pipefail stands before here
	nounsetOff bool // set +u stands somewhere
	inherits   bool // bash was told that -e goes into $(…)
	inputMoved bool // exec gives the script an input
	looked     bool // isProvided was asked
	provided   bool // signs that somebody answers stand in the script
	lastPipe   bool // bash was told that the last part of a pipe is no shell of its own
	waits      bool // wait or $! stands somewhere
	given      bool // set gives positional parameters, or the script asks with $# whether there are any
	dir        string
	dirLost    bool // where the script stands is not known
	out        capture

	shell     int32       // the process of its own that is walked
	shells    []shell     // all of them
	loop      source.Span // the outermost loop of it
	functions int         // how many functions around it
	assigning lives       // what is known of the next assignments

	within string            // the function around what is walked
	moves  []move            // of functions
	called map[string]caller // commands that are called where no failure ends the script

	commands      map[string][]source.Span // where the script's functions hide a program of their name
	runs          map[string]bool          // functions that run the command which they are given
	leaves        map[string]errexitSwitch // what a call leaves of -e
	restores      bool                     // the function around gives the options back at its end
	known         bool                     // all functions were found ahead
	functionMoves bool                     // one of them changes the folder

	tests      []Name // names whose presence is tested
	background []source.Span
	splits     []split
	arrays     []array // so far
	filled     int32   // where a command that fills one ends
	positional []positional
	args       []Arg // room for the words of commands

	feeding []*syntax.Stmt // what stands before it in its pipe

	sheet sheet // of a plain script
}

var walkers = sync.Pool{New: func() any { return &walker{} }}

// release gives a walker back, without what belongs to the script that it read.
func (w *walker) release() {
	w.text, w.script, w.args = "", nil, nil
	w.sheet.leave()
	walkers.Put(w)
}

// begin forgets the last script and keeps the room that it took.
func (w *walker) begin() {
	w.depth, w.off, w.offAt, w.pipefail, w.nounsetOff, w.inherits, w.lastPipe = 0, !w.started.Errexit, source.Span{}, false, false, false, false
	w.waits, w.given, w.dir, w.dirLost = false, false, "", false
	w.out.reset()
	w.within, w.moves, w.called, w.commands, w.fresh, w.on, w.functionMoves = "", w.moves[:0], nil, nil, false, false, false
	w.runs, w.leaves, w.restores, w.inputMoved, w.feeding, w.looked, w.provided = nil, nil, false, false, nil, false, false
	w.shell, w.shells, w.loop, w.functions, w.assigning = 0, w.shells[:0], source.Span{}, 0, lives{}
	w.tests, w.background, w.splits, w.arrays, w.positional = w.tests[:0], w.background[:0], w.splits[:0], w.arrays[:0], w.positional[:0]
}

// context is what holds around a statement.
type context struct {
	errexit  bool // a command that fails here ends the script, or the $(…) around it
	ignored  bool // nothing looks at the status of the $(…) around it
	branch   bool // it may not run though the script does
	choice   bool // and that is for the script to choose
	function bool
	piped    bool // it is a part of a pipe that others follow, or stands in the background
	leads    bool // what stands behind its && is skipped when it fails, and nothing else follows from that
	fed      bool // something gives it an input
}

func (c context) tested() context { c.errexit = false; return c }
func (c context) within() context { c.branch, c.choice = true, true; return c }
func (c context) loop() context   { c.branch = true; return c }
func (c context) lost() context   { c.ignored = true; return c }

// spanAt is a span of a length.
func spanAt(start, length int32) source.Span { return source.Span{Start: start, End: start + length} }

func spanOf(n syntax.Node) source.Span {
	return source.Span{Start: int32(n.Pos().Offset()), End: int32(n.End().Offset())}
}

// finish decides what needed the whole script.
func (w *walker) finish() *Script {
	s := w.script
	if s.Unread {
		return &Script{Unread: true}
	}
	slices.SortStableFunc(s.Reads, func(a, b Variable) int { return cmp.Compare(a.At.Start, b.At.Start) })
	w.guard()
	w.unreached()
	w.drifts()
	w.outputs()
	w.late()
	slices.SortStableFunc(s.Risks, func(a, b Risk) int {
		return cmp.Or(cmp.Compare(a.At.Start, b.At.Start), cmp.Compare(a.Kind, b.Kind))
	})
	s.Risks = s.Risks[:min(len(s.Risks), maxRisks)]
	return s
}

// guard marks the readings of names that an earlier one, or a test, knows may be unset.
func (w *walker) guard() {
	reads := w.script.Reads
	if w.nounsetOff {
		for i := range reads {
			reads[i].Guarded = true
		}
	}
	if len(w.tests) == 0 && !slices.ContainsFunc(reads, func(v Variable) bool { return v.Guarded }) {
		return
	}
	known := map[string]int32{}
	for _, t := range w.tests {
		if at, found := known[t.Text]; !found || t.At.Start < at {
			known[t.Text] = t.At.Start
		}
	}
	for i := range reads {
		at, found := known[reads[i].Name]
		switch {
		case found && at < reads[i].At.Start:
			reads[i].Guarded = true
		case reads[i].Guarded && !found:
			known[reads[i].Name] = reads[i].At.Start
		}
	}
}

func (w *walker) list(stmts []*syntax.Stmt, c context) {
	for i, s := range stmts {
		w.unreachedStatus(stmts, i, c)
		if i+1 < len(stmts) {
			w.uncheckedCd(s, c)
		}
		if w.lenient() && i+1 < len(stmts) {
			w.stmt(s, c.lost())
		} else {
			w.stmt(s, c)
		}
	}
}

func (w *walker) stmt(s *syntax.Stmt, c context) {
	if w.depth == maxDepth {
		w.script.Unread = true
		return
	}
	w.depth++
	defer func() { w.depth-- }()
	if s.Negated {
		c = c.tested()
	}
	if s.Background || s.Coprocess {
		dir, lost, outer := w.dir, w.dirLost, w.shell
		w.begins(background)
		defer func() { w.dir, w.dirLost, w.shell = dir, lost, outer }()
		c.piped = true
		w.background = append(w.background, source.Span{Start: spanOf(s).Start, End: int32(s.Semicolon.Offset()) + 1})
	}
	w.capture(s, c)
	c.fed = c.fed || len(s.Redirs) > 0 && isFed(s)
	if len(s.Redirs) > 0 {
		w.emptiesInput(s)
	}
	w.command(s, c)
	for _, r := range s.Redirs {
		w.redirect(r, c)
	}
}

func (w *walker) command(s *syntax.Stmt, c context) {
	switch cmd := s.Cmd.(type) {
	case *syntax.CallExpr:
		w.simple(s, cmd, c)
	case *syntax.BinaryCmd:
		w.binary(s, cmd, c)
	case *syntax.IfClause:
		w.conditional(cmd, c)
	case *syntax.WhileClause:
		w.endlessLoop(s, cmd)
		w.again(cmd, func() {
			w.branch(func() {
				w.list(cmd.Cond, c.tested())
				w.list(cmd.Do, c.within())
			})
		})
	case *syntax.ForClause:
		w.endlessFor(s, cmd)
		w.again(cmd, func() { w.forLoop(cmd, c) })
	case *syntax.CaseClause:
		w.word(cmd.Word, c.lost(), whole)
		for _, item := range cmd.Items {
			for _, p := range item.Patterns {
				w.word(p, c.lost(), whole)
			}
			w.branch(func() { w.list(item.Stmts, c.within()) })
		}
	case *syntax.Block:
		w.list(cmd.Stmts, c)
	case *syntax.Subshell:
		if w.shArithmetic(cmd) {
			return
		}
		w.own(subshell, func() { w.list(cmd.Stmts, c) })
	case *syntax.FuncDecl:
		w.function(cmd)
	case *syntax.ArithmCmd:
		w.arith(cmd.X, c)
	case *syntax.LetClause:
		for _, x := range cmd.Exprs {
			w.arith(x, c)
			w.letQuoted(x)
		}
	case *syntax.TestClause:
		w.test(cmd.X, c)
	case *syntax.DeclClause:
		w.declaration(s, cmd, c)
	case *syntax.TimeClause:
		if cmd.Stmt != nil {
			w.stmt(cmd.Stmt, c)
		}
	case *syntax.CoprocClause:
		w.script.Opaque = true
		w.stmt(cmd.Stmt, c.within())
	}
}

// apart walks what changes neither the folder nor the options of what follows.
func (w *walker) apart(walk func()) {
	dir, lost, off, offAt, fresh, on := w.dir, w.dirLost, w.off, w.offAt, w.fresh, w.on
	walk()
	w.dir, w.dirLost, w.off, w.offAt, w.fresh, w.on = dir, lost, off, offAt, fresh, on
}

// branch walks what may not run: where the script stands afterwards is only known if it did not move.
func (w *walker) branch(walk func()) {
	dir := w.dir
	walk()
	w.dirLost = w.dirLost || w.dir != dir
}

// chain takes a left-leaning row of operators apart, which may be as long as the script: the
// operands in order, and the operator before each but the first.
func chain(b *syntax.BinaryCmd, pipe bool) (operands []*syntax.Stmt, ops []syntax.BinCmdOperator) {
	for {
		operands, ops = append(operands, b.Y), append(ops, b.Op)
		left, ok := b.X.Cmd.(*syntax.BinaryCmd)
		if !ok || isPipe(left.Op) != pipe || b.X.Negated || len(b.X.Redirs) > 0 {
			operands = append(operands, b.X)
			break
		}
		b = left
	}
	slices.Reverse(operands)
	slices.Reverse(ops)
	return operands, ops
}

func isPipe(op syntax.BinCmdOperator) bool { return op == syntax.Pipe || op == syntax.PipeAll }

func (w *walker) binary(s *syntax.Stmt, b *syntax.BinaryCmd, c context) {
	if isPipe(b.Op) {
		operands, _ := chain(b, true)
		w.pipeline(s, operands, c)
		outer := w.feeding
		for i, x := range operands {
			c.fed = c.fed || i > 0
			w.feeding = operands[max(0, i-maxFeeding):i]
			if w.lastPipe && i == len(operands)-1 {
				w.apart(func() { w.stmt(x, c) })
			} else {
				inner := c
				inner.piped = c.piped || i < len(operands)-1
				w.own(pipePart, func() { w.stmt(x, inner) })
			}
		}
		w.feeding = outer
		return
	}
	operands, ops := chain(b, false)
	for i, x := range operands {
		inner := c
		c.choice = c.choice || w.decides(x) || i < len(ops) && ops[i] == syntax.OrStmt
		if i < len(operands)-1 {
			inner = c.tested()
			inner.leads = i == 0 && c.errexit && plainCall(x) != nil && !slices.Contains(ops, syntax.OrStmt)
		}
		inner.branch = c.branch || i > 0
		w.stmt(x, inner)
	}
}

// decides says that a command is run to know whether what follows it should be.
func (w *walker) decides(s *syntax.Stmt) bool {
	call := plainCall(s)
	if call == nil {
		return true
	}
	switch name := w.tool(call); name {
	case "", "test", "[", "command", "which", "type", "true", "false", "expr", "pgrep", "grep", "egrep", "fgrep", "diff", "cmp":
		return true
	case "git", "docker", "podman", "kubectl", "helm", "gh":
		return onlyReads(reading[name], w.arguments(call.Args)[1:])
	}
	return false
}

func (w *walker) conditional(clause *syntax.IfClause, c context) {
	for ; clause != nil; clause = clause.Else {
		w.list(clause.Cond, c.tested())
		w.branch(func() { w.list(clause.Then, c.within()) })
		c = c.within()
	}
}

// again walks a loop.
func (w *walker) again(loop syntax.Node, walk func()) {
	outer := w.loop
	if outer.End == 0 {
		w.loop = spanOf(loop)
	}
	walk()
	w.loop = outer
}

func (w *walker) forLoop(f *syntax.ForClause, c context) {
	switch l := f.Loop.(type) {
	case *syntax.WordIter:
		if l.Name != nil {
			w.assigned(l.Name.Value, spanOf(l.Name), false, shapeOfItems(l.Items))
			w.isOne(l.Name.Value)
		}
		if f.Select {
			w.assigned("REPLY", spanOf(l.Name), false, anything)
		}
		for _, item := range l.Items {
			where := whole // a list of words is meant to be split
			if isPattern(item) {
				where = single
			}
			w.word(item, c.lost(), where)
			w.splitItem(item)
		}
	case *syntax.CStyleLoop:
		w.arith(l.Init, c)
		w.arith(l.Cond, c)
		w.arith(l.Post, c)
	}
	w.branch(func() { w.list(f.Do, c.loop()) })
}

// isPattern says that a loop goes through the files of a folder that a variable names: $dir/*.go. White
// space in its value would make two patterns.
func isPattern(item *syntax.Word) bool {
	last, ok := item.Parts[len(item.Parts)-1].(*syntax.Lit)
	return ok && strings.HasPrefix(last.Value, "/") && strings.ContainsAny(last.Value, "*?[")
}

// splitItem keeps a variable that a loop goes through the words of, which is what is meant.
func (w *walker) splitItem(item *syntax.Word) {
	if len(item.Parts) != 1 {
		return
	}
	if p, ok := item.Parts[0].(*syntax.ParamExp); ok && p.Param != nil && !p.Length && syntax.ValidName(p.Param.Value) {
		w.script.Splits = append(w.script.Splits, Name{p.Param.Value, spanOf(p)})
	}
}

func (w *walker) redirect(r *syntax.Redirect, c context) {
	if r.N != nil && strings.HasPrefix(r.N.Value, "{") {
		w.assigned(strings.Trim(r.N.Value, "{}"), spanOf(r.N), false, oneWord)
	}
	switch r.Op {
	case syntax.Hdoc, syntax.DashHdoc:
		if r.Hdoc != nil {
			w.word(r.Hdoc, c.lost(), whole)
		}
		return
	case syntax.WordHdoc:
		w.word(r.Word, c.lost(), whole)
		return
	}
	to, static := literal(r.Word.Parts)
	if !static && isOut(r.Op) && w.script.Writes == 0 && !isOutput(r.Word) {
		w.script.Writes = spanOf(r.Word).End
	}
	if static && to == outputVariable && isOut(r.Op) {
		w.risk(Risk{
			Kind: MalformedOutput, At: spanOf(r.Word), Message: "this writes a file that is called PIPE_OUTPUT: the $ is missing",
			Help: `outputs are written to "$PIPE_OUTPUT"`, FixMessage: "write to the file of outputs", Edits: []Edit{{spanOf(r.Word), `"$` + outputVariable + `"`}},
		})
	}
	where := whole
	if w.dialect == Bash && !isOutput(r.Word) {
		where = single // bash refuses a target that comes to several words, sh does not split it
	}
	w.word(r.Word, c.lost(), where)
	switch {
	case r.Op == syntax.RdrIn:
		w.path(w.arg(r.Word), false)
	case isOut(r.Op):
		w.path(w.arg(r.Word), true)
	case r.Op == syntax.RdrInOut:
		w.path(w.arg(r.Word), false)
		w.path(w.arg(r.Word), true)
	}
}

// isOut says that a redirection writes a file.
func isOut(op syntax.RedirOperator) bool {
	switch op {
	case syntax.RdrOut, syntax.AppOut, syntax.RdrClob, syntax.RdrAll, syntax.AppAll:
		return true
	}
	return false
}

func (w *walker) test(x syntax.TestExpr, c context) {
	for {
		switch t := x.(type) {
		case *syntax.BinaryTest:
			w.test(t.Y, c)
			x = t.X
			continue
		case *syntax.UnaryTest:
			if word, ok := t.X.(*syntax.Word); ok && t.Op == syntax.TsVarSet {
				if a := w.arg(word); a.Static {
					w.tests = append(w.tests, Name{a.Text, a.At})
				}
			}
			x = t.X
			continue
		case *syntax.ParenTest:
			x = t.X
			continue
		case *syntax.Word:
			w.word(t, c.lost(), whole)
		}
		return
	}
}
