package session_test

import (
	"math/rand/v2"
	"strings"

	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/diag"
	"github.com/pipelang/pipe/lang/parser"
	"github.com/pipelang/pipe/lang/source"
	"github.com/pipelang/pipe/lang/token"
)

// kind is a sort of edit; what it gives is the text as it was where there is nothing for it to do.
type kind struct {
	name string
	// breaks says that the text is often no pipeline any more.
	breaks bool
	make   func(text string, random *rand.Rand) string
}

var kinds = []kind{
	{"delete a token", true, deleted},
	{"double a token", true, doubled},
	{"swap two tokens", true, swapped},
	{"type half a word", true, halved},
	{"change a script", false, scripted},
	{"rename a parameter", false, renamed},
	{"change a type", false, otherType},
	{"change a default", false, otherDefault},
	{"move a declaration", false, moved},
	{"add an import", false, imported},
	{"remove an import", false, unimported},
	{"add a remark", false, remarked},
	{"put another name of the file", false, misnamed},
	{"change a value", false, otherValue},
	{"add an item to a step", false, itemAdded},
	{"name a value", false, letAdded},
	{"add a line to a script", false, lineAdded},
}

// next is another form of the file: often an edit of the last one, and the first one when that is too far away.
func (o *original) next(random *rand.Rand) (name, text string) {
	if o.since > 12 || o.damage > 1 {
		o.since, o.damage = 0, 0
		return "as it was", o.first
	}
	k := kinds[random.IntN(len(kinds))]
	o.since++
	if k.breaks {
		o.damage++
	}
	return k.name, k.make(o.text, random)
}

func pick[T any](random *rand.Rand, list []T) (x T) {
	if len(list) > 0 {
		x = list[random.IntN(len(list))]
	}
	return x
}

// tokens are those of a text that are neither remarks nor its end.
func tokens(text string, kinds ...token.Kind) (out []token.Token) {
	for _, t := range token.Lex(text) {
		wanted := len(kinds) == 0 && t.Kind != token.Comment && t.Kind != token.Doc && t.Kind != token.EOF
		for _, k := range kinds {
			wanted = wanted || t.Kind == k
		}
		if wanted {
			out = append(out, t)
		}
	}
	return out
}

func replaced(text string, t token.Token, by string) string {
	return text[:t.Start] + by + text[t.End:]
}

func deleted(text string, random *rand.Rand) string {
	return replaced(text, pick(random, tokens(text)), "")
}

func doubled(text string, random *rand.Rand) string {
	t := pick(random, tokens(text))
	return replaced(text, t, text[t.Start:t.End]+" "+text[t.Start:t.End])
}

func swapped(text string, random *rand.Rand) string {
	toks := tokens(text)
	if len(toks) < 2 {
		return text
	}
	i := random.IntN(len(toks) - 1)
	a, b := toks[i], toks[i+1]
	return text[:a.Start] + text[b.Start:b.End] + text[a.End:b.Start] + text[a.Start:a.End] + text[b.End:]
}

func halved(text string, random *rand.Rand) string {
	t := pick(random, tokens(text, token.Word))
	return replaced(text, t, text[t.Start:t.Start+(t.End-t.Start+1)/2])
}

// scripted puts a word into a script, takes one out, or has it read a variable that may not be there.
func scripted(text string, random *rand.Rand) string {
	t := pick(random, tokens(text, token.Fence, token.CodeSpan))
	body := text[t.Start:t.End]
	at := strings.IndexByte(body, ' ')
	if at < 0 {
		return text
	}
	more := pick(random, []string{" --more", ` "$name"`, " $nothing", " || true", " | cat", "", " >> \"$PIPE_OUTPUT\"", "; cd x"})
	end := at + 1
	if more == "" {
		end = min(len(body), at+2)
	}
	return replaced(text, t, body[:at]+more+" "+body[end:])
}

// declarations are those of a text, as far as it can be read.
func declarations(text string) []ast.Decl {
	return parser.Parse(source.NewFile("x.pipe", text), new(diag.List)).Decls
}

func fieldsOf(text string) (out []*ast.Field) {
	for _, d := range declarations(text) {
		switch d := d.(type) {
		case *ast.Op:
			out = append(out, d.Params...)
		case *ast.Pipeline:
			out = append(out, d.Params...)
		case *ast.Settings:
			out = append(out, d.Fields...)
		case *ast.TypeDecl:
			out = append(out, d.Fields...)
		}
	}
	return out
}

func at(text string, s source.Span, by string) string { return text[:s.Start] + by + text[s.End:] }

// renamed renames a parameter, a setting or a field where it is declared, so that what reads it does so in vain.
func renamed(text string, random *rand.Rand) string {
	f := pick(random, fieldsOf(text))
	if f == nil || f.Name.Text == "" {
		return text
	}
	return at(text, f.Name.Range, pick(random, []string{f.Name.Text + "_2", "other", f.Name.Text[:1]}))
}

func otherType(text string, random *rand.Rand) string {
	f := pick(random, fieldsOf(text))
	if f == nil || f.Type == nil {
		return text
	}
	return at(text, f.Type.Span(), pick(random, []string{"int", "string", "[string]", `"a" | "b"`, "secret string", "untrusted string", "bool?", "{ n: int }", "path"}))
}

func otherDefault(text string, random *rand.Rand) string {
	f := pick(random, fieldsOf(text))
	value := pick(random, []string{"1", `"a"`, `"b c"`, "true", "[]", `["x"]`, "10m"})
	switch {
	case f == nil || f.Type == nil:
		return text
	case f.Default != nil:
		return at(text, f.Default.Span(), value)
	}
	end := f.Type.Span().End
	return at(text, source.Span{Start: end, End: end}, " = "+value)
}

// moved takes a declaration to the end of the file or to its head.
func moved(text string, random *rand.Rand) string {
	d := pick(random, declarations(text))
	if d == nil {
		return text
	}
	s := d.Span()
	rest := text[:s.Start] + text[s.End:]
	if random.IntN(2) == 0 {
		return text[s.Start:s.End] + "\n\n" + rest
	}
	return rest + "\n\n" + text[s.Start:s.End] + "\n"
}

func imported(text string, random *rand.Rand) string {
	return "use \"" + pick(random, []string{"std/test", "std/image", "std/release", "./nowhere.pipe", "std/test\" as t2 // \""}) + "\"\n" + text
}

func unimported(text string, random *rand.Rand) string {
	var uses []ast.Decl
	for _, d := range declarations(text) {
		if _, ok := d.(*ast.Use); ok {
			uses = append(uses, d)
		}
	}
	if d := pick(random, uses); d != nil {
		return at(text, d.Span(), "")
	}
	return text
}

// remarked puts a line before that of some token.
func remarked(text string, random *rand.Rand) string {
	t := pick(random, tokens(text))
	line := strings.LastIndexByte(text[:t.Start], '\n') + 1
	remark := pick(random, []string{"// a remark\n", "\n", "/// A word on it.\n", "  // pipe:ignore unquoted it is meant\n", "// pipe:ignore unused-setting\n"})
	return text[:line] + remark + text[line:]
}

// misnamed puts one word of the file in place of another.
func misnamed(text string, random *rand.Rand) string {
	words := tokens(text, token.Word)
	from, to := pick(random, words), pick(random, words)
	return replaced(text, from, text[to.Start:to.End])
}

// otherValue puts another number or another text in place of one.
func otherValue(text string, random *rand.Rand) string {
	t := pick(random, tokens(text, token.Int, token.String))
	if t.Kind == token.Int {
		return replaced(text, t, pick(random, []string{"0", "1", "7", "100"}))
	}
	return replaced(text, t, pick(random, []string{`""`, `"nowhere/x.txt"`, `"here/*.go"`, `"a b"`, `"[a"`, `"${k}/x"`, `"${q}"`}))
}

// items are what rules evaluate, or look for in the repository, or make rules look elsewhere.
var items = []string{
	"for q in [0, 1, 7]", `for q in ["here", "nowhere"] where q != "here"`, "when false", "when off", "when k > 1", "in place",
	`workdir "nowhere"`, "workdir q", `workdir "${k}"`, `inputs ["nowhere/*.go", "${q}/*"]`, `inputs ["[a"]`,
	"env { Q = string([1, 2][k]) }", "env { Q = string([1, 2][q]) }", `env { Q = {"a": "b"}[q] }`, `env { Q = text("nowhere.txt") }`, "cached",
	`exec ["cat", "x", ">", "y"]`, `exec ["sh", "-c", "cd $k; make"]`, "success_codes [0, 1]",
}

// itemAdded puts an item at the head of a step of some pipeline, or of an op.
func itemAdded(text string, random *rand.Rand) string {
	var heads []int32
	add := func(list []ast.Item) {
		if len(list) > 0 {
			heads = append(heads, list[0].Span().Start)
		}
	}
	for _, d := range declarations(text) {
		switch d := d.(type) {
		case *ast.Op:
			add(d.Items)
		case *ast.Pipeline:
			for _, it := range d.Items {
				if s, ok := it.(*ast.Step); ok {
					add(s.Items)
				}
			}
		}
	}
	if len(heads) == 0 {
		return text
	}
	at := pick(random, heads)
	return text[:at] + pick(random, items) + "\n" + text[at:]
}

// letAdded names a value that others may read, or gives it another one.
func letAdded(text string, random *rand.Rand) string {
	let := pick(random, []string{"let k = 1\n", "let k = 5\n", "let off = false\n", "let off = true\n", "let q = [1, 2][2]\n", "let k = q + 1\n"})
	name, _, _ := strings.Cut(let, "=")
	for _, d := range declarations(text) {
		if l, ok := d.(*ast.Let); ok && strings.HasPrefix(text[l.Range.Start:], name) {
			return at(text, l.Range, strings.TrimSpace(let))
		}
	}
	return let + text
}

// lineAdded puts a line at the head of a script: one that hands a script on, changes the shell, asks, or needs a file.
func lineAdded(text string, random *rand.Rand) string {
	t := pick(random, tokens(text, token.Fence))
	line := strings.IndexByte(text[t.Start:t.End], '\n') + 1
	if line == 0 {
		return text
	}
	more := pick(random, []string{
		"ssh host 'cd /srv; make $k'\n", "sh -c \"if x\"\n", "docker run -it app sh -c 'echo $q'\n", "cd web\n", "export A=1\n", "sh nowhere/run.sh\n",
		"cat nowhere.txt\n", "k=(a b); echo $k\n", "read k\n", "sudo cd x\n", "ssh host <<END\ncd $k\nrm -rf \\$k/*\nEND\n", "kind create cluster\n",
	})
	return text[:t.Start+int32(line)] + more + text[t.Start+int32(line):]
}
