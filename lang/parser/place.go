package parser

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/alecthomas/participle/v2/lexer"

	"github.com/pipelang/pipe/lang/diag"
	"github.com/pipelang/pipe/lang/source"
	"github.com/pipelang/pipe/lang/token"
)

// words are the keywords that may start an item of a body, and what each is read by.
type words map[string]production

func (w words) sorted() []string { return slices.Sorted(maps.Keys(w)) }

func merge(all ...words) words {
	out := words{}
	for _, w := range all {
		maps.Copy(out, w)
	}
	return out
}

var (
	attr = read[attrNode]

	// attributes say what an op does.
	attributes = words{
		"image": attr, "exec": attr, "inherit": attr, "inputs": attr, "workdir": attr, "keep": attr,
		"network": attr, "user": attr, "capabilities": attr, "cpu": attr, "memory": attr, "pids": attr, "grace": attr,
		"success_codes": attr, "timeout": timeout, "target": target, "retry": retry, "return": returns,
		"pool": pool, "idempotent": read[flagNode], "run": read[runNode], "in": read[inPlaceNode],
		"env": read[envNode], "mount": read[mountsNode], "cached": read[cachedNode], "service": service,
	}
	// modifiers say when and how a step runs its op.
	modifiers = words{
		"needs": read[needsNode], "after": read[afterNode], "when": when, "for": read[forNode],
		"require": require, "approve": read[approveNode], "lock": lock,
		"allow_failure": read[allowFailureNode], "retry": retry, "timeout": timeout, "target": target, "pool": pool,
	}
	// graphs are what a pipeline has beside steps, its own modifiers first.
	graphs = words{
		"when": when, "require": require, "lock": lock, "timeout": timeout, "target": target,
		"service": service, "let": let, "return": returns,
		"on": read[onFailureNode], "finally": read[finallyNode],
	}
	// aftermaths are what `on failure` and `finally` have beside steps.
	aftermaths = words{"let": let, "timeout": timeout}

	timeout = read[attrNode]
	target  = read[attrNode]
	pool    = read[attrNode]
	retry   = read[retryNode]
	returns = read[returnNode]
	service = read[serviceNode]
	when    = read[whenNode]
	require = read[requireNode]
	lock    = read[lockNode]
	let     = read[letDecl]
	step    = read[stepNode]
	inline  = read[inlineNode]
	call    = read[callNode]
	free    = read[openNode]
	assign  = read[assignNode]
	mount   = read[mountNode]
)

// everywhere holds all keywords, and where each belongs.
var everywhere = sync.OnceValue(func() map[string]string {
	out := map[string]string{}
	for w := range graphs {
		out[w] = "a pipeline"
	}
	for w := range modifiers {
		out[w] = "a step"
	}
	for w := range attributes {
		if _, ok := out[w]; !ok {
			out[w] = "an op"
		}
	}
	return out
})

// keyworded is a body in which every item starts with a keyword.
func keyworded(what, where string, known words) *place {
	return &place{what: what, choose: func(r *reader) (production, *mistake) {
		toks := r.rest()
		t := &toks[0]
		if kindOf(t) != token.Word {
			return nil, expected(what, t, nil, false)
		}
		if text := dashed(toks); text != "" {
			return nil, strangeDashed(t, text, what, where, known.sorted())
		}
		if p, ok := known[t.Value]; ok {
			return p, nil
		}
		return nil, strange(t, what, where, known.sorted())
	}}
}

// dashed is the word that some tokens begin with where dashes join it to others, as other services write their
// keywords; "" where none does.
func dashed(toks []lexer.Token) string {
	n := 0
	for n+2 < len(toks) && kindOf(&toks[n+1]) == token.Minus && kindOf(&toks[n+2]) == token.Word &&
		start(&toks[n+1]) == end(&toks[n]) && start(&toks[n+2]) == end(&toks[n+1]) {
		n += 2
	}
	var text strings.Builder
	for i := 0; n > 0 && i <= n; i++ {
		text.WriteString(toks[i].Value)
	}
	return text.String()
}

// strangeDashed says that a keyword has no dashes, and which one it may have been.
func strangeDashed(t *lexer.Token, text, what, where string, known []string) *mistake {
	joined := *t
	joined.Value = strings.ReplaceAll(text, "-", "_")
	var m *mistake
	if slices.Contains(known, joined.Value) {
		m = unknownKeyword(&joined, noun(what), known)
		m.help = fmt.Sprintf("did you mean %q?", joined.Value)
	} else {
		m = strange(&joined, what, where, known)
	}
	m.span.End = m.span.Start + int32(len(text))
	m.message = strings.Replace(m.message, joined.Value, text, 1)
	return m
}

// strange says why a word cannot start an item here.
func strange(t *lexer.Token, what, where string, known []string) *mistake {
	if home, ok := everywhere()[t.Value]; ok {
		m := &mistake{rule: diag.Misplaced, span: spanOf(t)}
		m.message = fmt.Sprintf("%q cannot stand in %s", t.Value, where)
		m.help = fmt.Sprintf("%q belongs to %s", t.Value, home)
		if home == "an op" && what == "a step" {
			m.help += fmt.Sprintf(", declared or written in place: name = op { %s … }", t.Value)
		}
		return m
	}
	m := unknownKeyword(t, noun(what), known)
	ours := foreign()[t.Value]
	if how := instead()[t.Value]; how != "" && (!slices.Contains(clauses, t.Value) || what == "a step or keyword") && (what == "a step or keyword" || !slices.Contains(known, ours)) {
		m.help = how
	}
	if m.help == "" && slices.Contains(clauses, t.Value) {
		m.help = fmt.Sprintf("%q stands on the line of what it belongs to", t.Value)
		if owner := clauseOwners[t.Value]; owner != "" {
			m.help += ": " + owner
		}
	}
	if m.help == "" && slices.Contains(known, ours) {
		m.help = fmt.Sprintf("did you mean %q?", ours)
	}
	return m
}

// clauseOwners show what a clause belongs to.
var clauseOwners = map[string]string{
	"where": "for x in list where condition", "max": "for x in list max 4", "every": "retry 3 every 10s", "backoff": "retry 3 every 10s backoff 2",
	"vary": "cached vary [value]", "else": `require condition else "message"`, "latest": `lock "name" latest`, "reject": `lock "name" reject`,
}

// foreign are the words by which other languages say such things.
var foreign = sync.OnceValue(func() map[string]string {
	return map[string]string{
		"timeout_minutes": "timeout", "timeout_in_minutes": "timeout", "working_directory": "workdir", "continue_on_failure": "allow_failure",
		"before_script": "run", "after_script": "run", "variables": "env", "vars": "env", "resource_group": "lock", "rules": "when", "except": "when",
		"var": "let", "const": "let", "local": "let", "val": "let", "define": "let",
		"dependencies": "needs", "output": "return", "result": "return", "deps": "needs", "strategy": "for", "outputs": "return",
		"if": "when", "unless": "when", "only": "when", "condition": "when", "depends_on": "needs", "requires": "needs",
		"matrix": "for", "foreach": "for", "for_each": "for", "retries": "retry", "script": "run", "sh": "run", "bash": "run", "command": "exec",
		"environment": "env", "continue_on_error": "allow_failure", "concurrency": "lock", "artifacts": "keep",
		"assert": "require", "ensure": "finally", "always": "finally", "cleanup": "finally", "container": "image",
		"entrypoint": "exec", "cpus": "cpu", "cap_add": "capabilities", "mem_limit": "memory",
	}
})

// instead says how it is done, for words that no single one of ours translates.
var instead = sync.OnceValue(func() map[string]string {
	return map[string]string{
		"steps": "steps stand in the pipeline itself", "stages": "there are no stages: a step that reads another's result runs after it",
		"stage": "there are no stages: a step that reads another's result runs after it", "jobs": "steps stand in the pipeline itself",
		"if": "a condition stands in the step: name = op() { when condition }", "else": "a second step has the opposite condition: { when !… }",
		"foreach": "a loop stands in the step: { for x in list }", "for": "a loop stands in the step: { for x in list }",
		"while": "a step is tried again by retry", "parallel": "steps that read nothing of each other run at the same time",
		"needs": "it stands in a step's braces: name = op() { needs other }", "depends_on": "it stands in a step's braces: { needs other }",
		"triggers": startedHelp, "shell": "a command stands in an op: run `command`",
		"volumes": "files and folders that are kept stand in mount: mount { \"path\" = cache(\"name\") }", "privileged": "no container is privileged: name what it needs in capabilities",
		"ports": "ports stand in a service", "healthcheck": "ready stands in a service", "services": "each service has a name: service db { image \"…\" }",
		"cache":       `a folder that is kept is mounted: mount { ".npm" = cache("npm") }; a step whose result is kept is "cached"`,
		"environment": "the values of an environment stand in a profile: pipe run --profile production",
		"fail_fast":   "a run ends with its first failure by pipe run --fail-fast", "max_parallel": "how many run at a time is said by max: for x in list max 4",
		"runs_on": "an op runs on this machine, in an image, or on a target: image \"node:20\"", "extends": "what the ops of a file share stands in defaults",
		"uses": "an op is called by its name: name = op()", "with": "arguments stand in parentheses: name = op(argument: value)",
		"op":       "a step has a name: name = op { … }",
		"schedule": startedHelp, "cron": startedHelp, "trigger": startedHelp, "trigger_rule": "after waits for any end of a step: { after other }",
		"on_failure": onFailureHelp, "onfailure": onFailureHelp, "on_error": onFailureHelp, "catch": onFailureHelp, "rescue": onFailureHelp,
		"try":  "a step's failure is taken by allow_failure in its braces, and that of a run by on failure { … }",
		"call": "an op is called by its name: name()",
	}
})

const startedHelp = `a pipeline is started by whoever calls pipe run; a guard asks for the reason: when ci.event == "schedule"`

const onFailureHelp = "what runs when a run has failed stands in: on failure { … }"

// noun drops the article.
func noun(what string) string {
	for i := range len(what) {
		if what[i] == ' ' {
			return what[i+1:]
		}
	}
	return what
}

// graph is a body of steps.
func graph(where string, known words) *place {
	return &place{what: "a step", graph: true, choose: func(r *reader) (production, *mistake) {
		toks := r.rest()
		t := &toks[0]
		if kindOf(t) != token.Word {
			return nil, expected("a step", t, nil, false)
		}
		next := &toks[1]
		nextKind := kindOf(next)
		if startsLine(next) {
			nextKind = token.EOF
		}
		if text := dashed(toks); text != "" && nextKind == token.Minus {
			m := syntax(source.Span{Start: start(t), End: start(t) + int32(len(text))}, "%q is no name", text)
			m.help = noDashes
			return nil, m
		}
		switch p, ok := known[t.Value]; {
		case nextKind == token.Assign && isWord(&toks[min(2, len(toks)-1)], "op") && kindOf(&toks[min(3, len(toks)-1)]) == token.LBrace:
			return inline, nil
		case nextKind == token.Assign:
			return step, nil
		case nextKind == token.Dot && start(next) == end(t):
			return call, nil
		case ok:
			return p, nil
		case nextKind == token.LParen:
			return call, nil
		case everywhere()[t.Value] != "":
			return nil, strange(t, "a step", where, known.sorted())
		case instead()[t.Value] != "" && nextKind != token.EOF:
			return nil, strange(t, "a step or keyword", where, known.sorted())
		case nextKind == token.Colon && foreign()[t.Value] == "" && instead()[t.Value] == "" && everywhere()[t.Value] == "":
			return nil, expected(`"="`, next, t, false)
		case nextKind == token.Word && isCallLike(toks):
			m := expected(`"="`, next, nil, false)
			m.help = fmt.Sprintf("write %s = %s(…)", t.Value, next.Value)
			return nil, m
		}
		m := strange(t, "a step or keyword", where, known.sorted())
		if m.help == "" && endsItem(next) {
			m.help = fmt.Sprintf("an op is called by %s(…)", t.Value)
		}
		return nil, m
	}}
}

// isCallLike reports whether `name op(` stands here: a step without its equals sign.
func isCallLike(toks []lexer.Token) bool {
	return len(toks) > 2 && (kindOf(&toks[2]) == token.LParen || kindOf(&toks[2]) == token.Dot)
}

// uniform is a body in which every item has the same form.
func uniform(what string, commas bool, starts func(token.Kind) bool, p production) *place {
	return &place{what: what, commas: commas, choose: func(r *reader) (production, *mistake) {
		if t := r.peek(); !starts(kindOf(t)) {
			return nil, expected(what, t, nil, false)
		}
		return p, nil
	}}
}

func isWordKind(k token.Kind) bool { return k == token.Word }

// freeform is the body of a service or a target: any word is an attribute.
func freeform() *place {
	known := words{}
	for _, w := range []string{"env", "mount", "run", "in", "retry"} {
		known[w] = attributes[w]
	}
	return &place{what: "an attribute", choose: func(r *reader) (production, *mistake) {
		t := r.peek()
		if kindOf(t) != token.Word {
			return nil, expected("an attribute", t, nil, false)
		}
		if p, ok := known[t.Value]; ok {
			return p, nil
		}
		return free, nil
	}}
}

var (
	opPlace        = keyworded("an attribute", "an op", attributes)
	stepPlace      = keyworded("a modifier", "a step", modifiers)
	inlinePlace    = keyworded("an attribute or modifier", "an op", merge(attributes, modifiers))
	pipelinePlace  = graph("a pipeline", graphs)
	aftermathPlace = graph("this block", aftermaths)
	openPlace      = freeform()
	fieldPlace     = uniform("a field's name", true, isWordKind, readField)
	assignPlace    = uniform("a name", false, isWordKind, assign)
	mountPlace     = uniform("a path", false, func(k token.Kind) bool { return k != token.Assign }, mount)
)

// The bodies of the grammar.
type (
	opBody        struct{ body }
	maybeOpBody   struct{ body }
	stepBody      struct{ body }
	inlineBody    struct{ body }
	pipelineBody  struct{ body }
	aftermathBody struct{ body }
	openBody      struct{ body }
	fieldBody     struct{ body }
	assignBody    struct{ body }
	mountBody     struct{ body }
)

// read reads the attributes of an op, as those below read what is theirs.
func (b *opBody) read(r *reader) error        { return b.body.read(r, opPlace) }
func (b *maybeOpBody) read(r *reader) error   { return b.readMaybe(r, opPlace) }
func (b *stepBody) read(r *reader) error      { return b.readMaybe(r, stepPlace) }
func (b *inlineBody) read(r *reader) error    { return b.body.read(r, inlinePlace) }
func (b *pipelineBody) read(r *reader) error  { return b.body.read(r, pipelinePlace) }
func (b *aftermathBody) read(r *reader) error { return b.body.read(r, aftermathPlace) }
func (b *openBody) read(r *reader) error      { return b.body.read(r, openPlace) }
func (b *fieldBody) read(r *reader) error     { return b.body.read(r, fieldPlace) }
func (b *assignBody) read(r *reader) error    { return b.body.read(r, assignPlace) }
func (b *mountBody) read(r *reader) error     { return b.body.read(r, mountPlace) }
