package expr

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode"

	celast "github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/operators"

	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/diag"
	"github.com/pipelang/pipe/lang/source"
	"github.com/pipelang/pipe/lang/token"
	"github.com/pipelang/pipe/lang/types"
)

// unknownName is said once for a name, however often it stands there.
func (l *lowerer) unknownName(x *ast.Ident) celast.Expr {
	if slices.Contains(l.unknown, x.Name) {
		return l.nothing(x.Range)
	}
	l.unknown = append(l.unknown, x.Name)
	help := didYouMean(x.Name, append(l.scope.names(), l.locals...))
	if help == "" && l.lang.functions[x.Name].global {
		help = x.Name + " is a function: write " + x.Name + "(…)"
	}
	if settings, ok := l.scope.Lookup("settings"); ok {
		if _, ok := settings.Type.Plain().Field(x.Name); ok {
			help = didMean("settings." + x.Name)
		}
	}
	if word := strings.ToLower(x.Name); word == "true" || word == "false" {
		help = didMean(word)
	}
	if foreign := foreignNames[x.Name]; foreign != "" && (help == "" || help == didMean("git")) {
		help = foreign
	}
	return l.fail(diag.Diagnostic{Rule: diag.UnknownName, Span: x.Range, Message: "unknown name " + quoted(x.Name), Help: help})
}

func (l *lowerer) unknownRecord(x *ast.RecordLit) celast.Expr {
	name := x.Type.String()
	if l.running() {
		return l.fail(diag.Diagnostic{Rule: diag.UnknownType, Span: x.Type.Range, Message: "unknown type " + quoted(name)})
	}
	return l.fail(diag.Diagnostic{Rule: diag.UnknownType, Span: x.Type.Range, Message: "unknown type " + quoted(name), Help: didYouMean(name, l.scope.recordNames())})
}

const (
	fromOutside = "a value from outside is a setting: settings { name: string }, which settings.name reads"
	noNullHelp  = "there is no null: what may be missing has a type T?, and hasValue() asks for it"
	jsonHelp    = "data is read from a file: json(\"path\")"
	ofAFor      = "a variable of for is read by its name: for x in list"
)

// foreignNames are what other services and languages have values under.
var foreignNames = map[string]string{
	"secrets": "a secret is a setting: settings { name: secret string }, which settings.name reads",
	"vars":    fromOutside, "env": fromOutside, "var": fromOutside, "environ": fromOutside,
	"exponential": "backoff takes a factor: retry 5 every 1s backoff 2.0",
	"matrix":      ofAFor, "each": ofAFor,
	"github": "git has branch, tag and commit, and ci has event, actor and pull_request",
	"None":   noNullHelp, "nil": noNullHelp, "undefined": noNullHelp,
	"manual": "a person is asked by approve: approve \"Deploy?\"", "always": "what always runs stands in finally { … }",
	"local": "a let is read by its name", "locals": "a let is read by its name",
	"inputs": "a parameter is read by its name", "params": "a parameter is read by its name", "parameters": "a parameter is read by its name",
	"steps": "a step is read by its name", "jobs": "a step is read by its name", "needs": "a step is read by its name",
}

// foreignFunctions are those of other languages, and how it is written here.
var foreignFunctions = map[string]string{
	"len": "write x.size()", "length": "write x.size()", "count": "write x.size(), or x.filter(…).size()",
	"env": "a value from outside is a setting: settings { name: string }", "getenv": "a value from outside is a setting: settings { name: string }",
	"str": "write string(x)", "toString": "write string(x)", "boolean": "write bool(x)", "number": "write int(x) or float(x)",
	"upper": "write x.upperAscii()", "toUpper": "write x.upperAscii()", "lower": "write x.lowerAscii()", "toLower": "write x.lowerAscii()",
	"strip": "write x.trim()", "trimspace": "write x.trim()", "concat": "write a + b", "includes": "write x.contains(y), or y in list",
	"now": "the start of the run is run.started", "print": "a value is shown by a script: run `echo …`",
	"some": "write x.exists(e, …)", "any": "write x.exists(e, …)", "every": "write x.all(e, …)", "match": "write x.matches(r\"…\")",
	"secrets": "a secret is a setting: settings { name: secret string }", "always": "what always runs stands in finally { … }",
	"success": "write succeeded(step)", "failure": "write failed(step)", "fromJSON": "write json(path) for a file", "hashFiles": "inputs and mounts are in a cache's key by themselves",
	"url": "a string fits where a url is expected, and is checked there", "path": "a string fits where a path is expected",
	"json.load": jsonHelp, "json.loads": jsonHelp, "json.decode": jsonHelp, "json.parse": jsonHelp, "yaml.load": "data is read from a file: yaml(\"path\")",
	"read": "the content of a file is text(\"path\")", "open": "the content of a file is text(\"path\")",
	"lookup": "write map[key], or map[?key].orValue(…)", "coalesce": "write x.orValue(…)", "default": "write x.orValue(…)", "merge": "maps are not merged: write the whole map",
}

func (l *lowerer) unknownFunction(x *ast.Call, name string, member bool) celast.Expr {
	d := diag.Diagnostic{Rule: diag.UnknownFunction, Span: x.Name.Range, Message: "unknown function " + quoted(name)}
	shape := l.lang.functions[name]
	switch {
	case foreignFunctions[name] != "" && !shape.member && !shape.global:
		d.Help = foreignFunctions[name]
	case hidden[name]:
		d.Help = "say what stands in when there is no value: .orValue(…)"
	case member && shape.global || l.lang.macro(name, len(x.Args), false) != nil && member:
		d.Message = quoted(name) + " is no method"
		d.Help = "write " + name + "(x)"
	case !member && shape.member:
		d.Message = quoted(name) + " is a method"
		d.Help = "write x." + name + "(…)"
	case l.lang.macroNames[name]:
		d.Message = fmt.Sprintf("%s does not take %d arguments", name, len(x.Args))
		d.Help = ""
	case strings.Contains(name, "."):
		ns, last, _ := strings.Cut(name, ".")
		d.Help = didYouMean(last, l.lang.within(ns))
	default:
		d.Help = didYouMean(name, l.lang.callable(member))
		if full := l.lang.inNamespace(name); d.Help == "" && full != "" && !member {
			d.Help = didMean(full)
		}
		if d.Help == "" && len(name) > 2 {
			d.Help = foreignFunctions[diag.Suggest(name, slices.Sorted(maps.Keys(foreignFunctions)))]
		}
	}
	return l.fail(d)
}

// didYouMean has nothing to say about a single letter: any other is as near.
func didYouMean(name string, among []string) string {
	if len(name) < 2 {
		return ""
	}
	return diag.DidYouMean(name, among)
}

func didMean(s string) string { return "did you mean " + quoted(s) + "?" }

func quoted(s string) string { return `"` + s + `"` }

func unknownField(at source.Span, in *types.Type, name string) diag.Diagnostic {
	d := diag.Diagnostic{Rule: diag.UnknownField, Span: at}
	record := fieldsOf(in)
	if record == nil {
		d.Rule, d.Message = diag.TypeMismatch, fmt.Sprintf("%s has no fields, found .%s", plainly(in), name)
		if in.Kind == types.None {
			d.Message = "there is no result to read ." + name + " of"
		}
		switch lang := declarations(); {
		case in.Kind == types.None && endings[name] != "":
			d.Help = endings[name]
		case foreignFunctions[name] != "":
			d.Help = foreignFunctions[name]
		case parts[name] != "" && (in.Kind == types.Duration || in.Kind == types.Timestamp):
			d.Help = fmt.Sprintf("write x.%s()", parts[name])
		case lang.functions[name].member && !hidden[name]:
			d.Help = fmt.Sprintf("it is called with parentheses: x.%s(…)", name)
		case in.Kind == types.List && in.Elem.Kind == types.Optional && slices.Contains(fieldNames(in.Elem.Elem), name):
			d.Help = fmt.Sprintf("it is a list with gaps: x.present() is what is there, and map reads .%s of all", name)
		case in.Kind == types.List && slices.Contains(fieldNames(in.Elem), name):
			d.Help = fmt.Sprintf("it is a list: x[0].%s reads the field of one element, and map that of all", name)
		}
		return d
	}
	d.Message = fmt.Sprintf("%s has no field %s", plainly(in), quoted(name))
	if d.Help = didYouMean(name, record.FieldNames()); foreignFields[name] != "" && slices.Contains(record.FieldNames(), foreignFields[name]) {
		d.Help = didMean(foreignFields[name])
	} else if record.Record.Name == Service.Record.Name && strings.HasPrefix(name, "port") {
		d.Help = "write port(5432): what that port of the service is called where the step runs"
	} else if d.Help == "" && record.Record.Name == "" && endings[name] != "" {
		d.Help = "it has " + strings.Join(record.FieldNames(), ", ") + "; of a step, " + endings[name]
	} else if d.Help == "" && len(record.Record.Fields) > 0 && len(record.Record.Fields) <= 12 {
		d.Help = "it has " + strings.Join(record.FieldNames(), ", ")
	}
	return d
}

// parts are the functions that give a part of a duration or a timestamp, by its name.
var parts = map[string]string{
	"milliseconds": "getMilliseconds", "millis": "getMilliseconds", "ms": "getMilliseconds", "seconds": "getSeconds", "second": "getSeconds", "secs": "getSeconds",
	"minutes": "getMinutes", "minute": "getMinutes", "hours": "getHours", "hour": "getHours", "year": "getFullYear", "month": "getMonth", "day": "getDate",
}

// endings say how it is asked how a step ended, by the names that other services have for it.
var endings = func() map[string]string {
	all := "succeeded(x), failed(x) and skipped(x) say how a step ended"
	return map[string]string{
		"failed": "failed(x) says whether a step failed", "failure": "failed(x) says whether a step failed", "error": "failed(x) says whether a step failed",
		"succeeded": "succeeded(x) says whether a step succeeded", "success": "succeeded(x) says whether a step succeeded",
		"ok": "succeeded(x) says whether a step succeeded", "passed": "succeeded(x) says whether a step succeeded",
		"skipped": "skipped(x) says whether a step was skipped",
		"status":  all, "outcome": all, "result": all, "conclusion": all, "state": all,
	}
}()

func fieldNames(t *types.Type) []string {
	if r := fieldsOf(t); r != nil {
		return r.FieldNames()
	}
	return nil
}

// foreignFields are the names that other services have for fields of ours.
var foreignFields = map[string]string{
	"sha": "commit", "hash": "commit", "revision": "commit", "ref": "branch", "ref_name": "branch", "repository": "repo",
	"event_name": "event", "user": "actor", "author": "actor", "pr": "pull_request", "run_id": "id",
}

func missingFields(at source.Span, t *types.Type, missing []types.Field) diag.Diagnostic {
	names := make([]string, len(missing))
	for i, f := range missing {
		names[i] = f.Name + ": " + f.Type.String()
	}
	what := "the record"
	if t.Record.Name != "" {
		what = t.Record.Name
	}
	return diag.Diagnostic{Rule: diag.MissingField, Span: at, Message: what + " lacks " + strings.Join(names, ", "),
		Help: "add " + missing[0].Name + ": …"}
}

func notARecord(x *ast.RecordBody, what string, want *types.Type) diag.Diagnostic {
	d := diag.Diagnostic{Rule: diag.TypeMismatch, Span: x.Range, Message: placed(what, fmt.Sprintf("expected %s, found a record", plainly(want)))}
	if want.Kind == types.Map {
		d.Help = `the keys of a map are strings: {"key": value}`
	}
	return d
}

// placed puts the place in front of a message.
func placed(what, message string) string {
	if what == "" {
		return message
	}
	return what + ": " + message
}

// plainly is a type as people say it in a message, without its labels.
func plainly(t *types.Type) string {
	t = t.WithoutLabels(types.Labels)
	switch {
	case t.Kind == types.List && t.Elem.Kind == types.Invalid:
		return "an empty list"
	case t.Kind == types.Map && t.Elem.Kind == types.Invalid:
		return "an empty map"
	case t.Kind == types.None:
		return "nothing"
	case t.Kind == types.List:
		return types.ListOf(t.Elem.WithoutLabels(types.Labels)).String()
	}
	return t.String()
}

// kindly is plainly, where a string that is written out stands beside another type.
func kindly(t *types.Type) string {
	if t.Kind == types.Literals && len(t.Literals) == 1 {
		return types.StringType.String()
	}
	return plainly(t)
}

func mixed(at source.Span, what string, a, b *types.Type) diag.Diagnostic {
	return diag.Diagnostic{Rule: diag.TypeMismatch, Span: at, Message: fmt.Sprintf("%s must have one type, found %s and %s", what, kindly(a), kindly(b))}
}

func neverEqual(at source.Span, a, b *types.Type) diag.Diagnostic {
	d := diag.Diagnostic{Rule: diag.TypeMismatch, Span: at, Message: fmt.Sprintf("%s and %s are never equal", plainly(a), plainly(b))}
	for _, pair := range [][2]*types.Type{{a, b}, {b, a}} {
		if text := literalOf(pair[1]); text != "" && unquotes(text, pair[0].Plain().Kind) {
			d.Help = "write it without quotes: " + text
		}
	}
	if d.Help == "" {
		d.Help = betweenHelp("==", []*types.Type{a, b})
	}
	return d
}

// literalOf is the text of a type of one literal, "" for others.
func literalOf(t *types.Type) string {
	if t = t.Plain(); t.Kind != types.Literals || len(t.Literals) != 1 {
		return ""
	}
	return t.Literals[0]
}

// unquotes says that a text is how values of a kind are written.
func unquotes(text string, kind types.Kind) bool {
	var err error
	switch kind {
	case types.Int:
		_, err = strconv.ParseInt(text, 10, 64)
	case types.Float:
		_, err = strconv.ParseFloat(text, 64)
	case types.Bool:
		return text == "true" || text == "false"
	case types.Duration:
		_, err = token.ParseDuration(text)
	case types.Size:
		_, err = token.ParseSize(text)
	default:
		return false
	}
	return err == nil
}

func unknownLiteral(at source.Span, lit, set *types.Type) diag.Diagnostic {
	d := diag.Diagnostic{Rule: diag.UnknownLiteral, Span: at, Message: fmt.Sprintf("%s is not one of %s", plainly(lit), plainly(set))}
	if len(lit.Literals) == 1 {
		d.Help = didYouMean(lit.Literals[0], set.Literals)
	}
	return d
}

// neverSame is what is said of two strings that are written out and compared.
func neverSame(at source.Span, a, b *types.Type) diag.Diagnostic {
	return diag.Diagnostic{
		Rule: diag.UnknownLiteral, Span: at, Message: fmt.Sprintf("%s and %s are never equal: both are written out", plainly(a), plainly(b)),
		Help: "compare one of them with what may change: a setting, a parameter, a result",
	}
}

func badPattern(at source.Span, err error) diag.Diagnostic {
	_, reason, _ := strings.Cut(err.Error(), "error parsing regexp: ")
	return diag.Diagnostic{Rule: diag.InvalidValue, Span: at, Message: "no regular expression: " + reason}
}

func secretOperand(at source.Span, t *types.Type, fn string) diag.Diagnostic {
	what := "a secret"
	if t.Labels&types.Secret == 0 {
		what = "a value that holds a secret"
	}
	verb := "be used in " + spoken(fn)
	switch fn {
	case operators.Equals, operators.NotEquals, operators.Less, operators.LessEquals, operators.Greater, operators.GreaterEquals, operators.In:
		verb = "be compared"
	}
	help := "it may be put into another string, and handed to env, mount or a parameter declared secret"
	if verb == "be compared" {
		help = "compare a plain value, or ask only whether an optional one is there: x.hasValue()"
	}
	return diag.Diagnostic{Rule: diag.SecretLeak, Span: at, Message: what + " cannot " + verb, Help: help}
}

func tellingFailure(at source.Span) diag.Diagnostic {
	return diag.Diagnostic{Rule: diag.SecretLeak, Span: at, Message: "whether this fails depends on a secret, and what comes of it is none",
		Help: "leave it out of the expression: nothing of its value is used"}
}

// strangersPath refuses to let a stranger choose which file is read.
func strangersPath(at source.Span, host string) diag.Diagnostic {
	return diag.Diagnostic{Rule: diag.UntrustedFlow, Span: at, Message: "a value that a stranger may choose cannot be used in " + host + "()", Help: `admit it first: trusted(x, r"…")`}
}

// spoken is a function as people write it.
func spoken(fn string) string {
	if host, ok := hostFunctionOf(fn); ok {
		return host + "()"
	}
	if strings.HasSuffix(fn, "@sortByAssociatedKeys") {
		return "sortBy()"
	}
	if op := strings.Trim(fn, "_"); op != fn {
		return op
	}
	fn = strings.TrimPrefix(fn, "@")
	return strings.ReplaceAll(fn, ".@", ".") + "()"
}

func maybeMissing(at source.Span, in *types.Type, name, owner string) diag.Diagnostic {
	d := diag.Diagnostic{Rule: diag.MaybeMissing, Span: at, Message: fmt.Sprintf("%s may have no %s", plainly(in), name),
		Help: fmt.Sprintf("write .?%s.orValue(…)", name)}
	if owner != "" {
		d.Help = fmt.Sprintf("write %s.?%s.orValue(…), or bind it with `needs %s = %s.%s`", owner, name, name, owner, name)
	}
	return d
}

// ofWhole lets the way out of an optional that has fields go to the field that is read of it.
func (c *checking) ofWhole(e celast.Expr, d diag.Diagnostic) diag.Diagnostic {
	if c.File == nil || !strings.HasPrefix(d.Help, "write ") {
		return d
	}
	rest, reads := strings.CutPrefix(c.File.Text[min(int(d.Span.End), len(c.File.Text)):], ".")
	end := strings.IndexFunc(rest, func(r rune) bool { return r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	if end < 0 {
		end = len(rest)
	}
	if reads && end > 0 && !strings.HasPrefix(rest[end:], "(") {
		d.Help = strings.Replace(d.Help, ".orValue(", ".?"+rest[:end]+".orValue(", 1)
	}
	return d
}

// absent says that an optional was used as if it always had a value. field is what was read of it, if anything.
func (c *checking) absent(at source.Span, node celast.Expr, t *types.Type, field string) diag.Diagnostic {
	if node != nil && node.Kind() == celast.SelectKind && field == "" && !viral(node) {
		s := node.AsSelect()
		if in := c.celType(s.Operand()); in.Kind == types.Optional {
			return c.absent(at, s.Operand(), in, s.FieldName())
		}
	}
	name, named := rootName(node)
	if named && !viral(node) {
		if v, ok := c.scope.Lookup(name); ok && v.Why != nil && v.Type.Kind == types.Optional {
			return c.maybeSkipped(at, name, v.Why, v.Type, field)
		}
	}
	use := ".orValue(…)"
	if field != "" {
		use = ".?" + field + ".orValue(…)"
	}
	what := "a value of type " + plainly(t)
	if text := c.text(node); text != "" {
		what, use = text, text+use
	}
	if _, declared := c.scope.Lookup(name); named && !declared {
		return diag.Diagnostic{Rule: diag.MaybeMissing, Span: at, Message: what + " may be missing",
			Help: "write " + use + ", or leave the gaps of the list out before, with .present()"}
	}
	return diag.Diagnostic{Rule: diag.MaybeMissing, Span: at, Message: what + " may be missing", Help: "write " + use + ", or bind it with `needs x = …`"}
}

// text is a short node as it is written.
func (c *checking) text(node celast.Expr) string {
	if node == nil || c.File == nil {
		return ""
	}
	s := c.File.Slice(c.low.span(node.ID()))
	if len(s) > 40 || strings.ContainsAny(s, "\n?:") && !viral(node) {
		return ""
	}
	return s
}

func (c *checking) maybeSkipped(at source.Span, name string, why *Why, t *types.Type, field string) diag.Diagnostic {
	use := name + ".?" + field + ".orValue(…)"
	switch {
	case field != "":
	case fieldsOf(t.Plain()) != nil:
		use = name + ".?field.orValue(…)"
	default:
		use = name + ".orValue(…)"
	}
	d := diag.Diagnostic{Rule: diag.MaybeSkipped, Span: at,
		Message: fmt.Sprintf("step %s may have no result (%s)", name, why.Text),
		Help:    fmt.Sprintf("write %s, or add `needs %s` or `when succeeded(%s)` to this step", use, name, name)}
	if why.File != nil {
		d.Related = []diag.Related{{File: why.File, Span: why.Span, Message: "because of this"}}
	}
	return d
}

// rootName is the variable that a value was read from.
func rootName(e celast.Expr) (string, bool) {
	for e != nil {
		switch e.Kind() {
		case celast.IdentKind:
			name := strings.TrimPrefix(e.AsIdent(), ".")
			return name, !strings.Contains(name, "@")
		case celast.SelectKind:
			e = e.AsSelect().Operand()
		case celast.CallKind:
			switch c := e.AsCall(); {
			case c.FunctionName() == fnField, c.FunctionName() == operators.OptSelect, c.FunctionName() == operators.Index, c.FunctionName() == operators.OptIndex:
				e = c.Args()[0]
			default:
				return "", false
			}
		default:
			return "", false
		}
	}
	return "", false
}
