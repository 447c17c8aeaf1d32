package lint_test

import (
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/pipelang/pipe/compiler/check"
	"github.com/pipelang/pipe/compiler/internal/annotated"
	"github.com/pipelang/pipe/compiler/lint"
	"github.com/pipelang/pipe/compiler/load"
	"github.com/pipelang/pipe/lang/diag"
	"github.com/pipelang/pipe/lang/source"
	"github.com/pipelang/pipe/lang/token"
	"github.com/pipelang/pipe/stdlib"
)

// What the invalid mutants have to come to, as shares and counts.
const (
	maxMedian = 3    // findings that one mutation may bring, in the median
	minNear   = 0.90 // first findings that stand within nearLines of the mutation
	nearLines = 2
	// everyMutant is the variable that has all mutants judged; without it, it is one in mutantStep.
	everyMutant = "PIPE_ALL_MUTANTS"
	mutantStep  = 11
)

// library is the standard library, and what stands in for modules that the test files use beside it.
var library = func() fs.FS {
	all := fstest.MapFS{
		"image/image.pipe": {Data: []byte("native op build(context: path, tag: string) -> { image: image, tag: string }\n" +
			"native op push(image: image) -> { ref: string }\n")},
		"deploy/deploy.pipe": {Data: []byte("native op blue_green(service: string, image: string, port: int, health: string = \"/\") -> { url: string }\n" +
			"native op cleanup(service: string, keep: int)\n")},
		"notify/notify.pipe": {Data: []byte("native op webhook(url: secret url, text: string)\n")},
	}
	names, err := fs.Glob(stdlib.FS, "*/*.pipe")
	if err != nil {
		panic(err)
	}
	for _, name := range names {
		text, err := fs.ReadFile(stdlib.FS, name)
		if err != nil {
			panic(err)
		}
		all[name] = &fstest.MapFile{Data: text}
	}
	return all
}()

// mutation is a kind of damage to one token.
type mutation struct {
	name string
	// apply damages the token at i of a text, and says which bytes of the new text it touched.
	apply func(text string, toks []token.Token, i int) (string, source.Span)
}

var mutations = []mutation{
	{"delete", func(text string, toks []token.Token, i int) (string, source.Span) {
		t := toks[i]
		return text[:t.Start] + text[t.End:], source.Span{Start: t.Start, End: t.Start}
	}},
	{"duplicate", func(text string, toks []token.Token, i int) (string, source.Span) {
		t := toks[i]
		gap := " "
		if t.Kind == token.Fence {
			gap = "\n"
		}
		twice := text[t.Start:t.End] + gap + text[t.Start:t.End]
		return text[:t.Start] + twice + text[t.End:], source.Span{Start: t.Start, End: t.Start + int32(len(twice))}
	}},
	{"swap", func(text string, toks []token.Token, i int) (string, source.Span) {
		if i+1 == len(toks) {
			return text, source.Span{}
		}
		a, b := toks[i], toks[i+1]
		return text[:a.Start] + text[b.Start:b.End] + text[a.End:b.Start] + text[a.Start:a.End] + text[b.End:], source.Span{Start: a.Start, End: b.End}
	}},
}

// original is one file to damage, in a repository of its own.
type original struct {
	name, text  string
	entry, path string // absolute: of the module that is checked, and of the file itself
	known       map[string]int
	toks        []token.Token
}

// judged is what is known of the invalid mutants of one kind.
type judged struct {
	mutants, invalid, near int
	counts                 []int
	far, loud              []string
}

// Every token of every example and every test file is deleted, doubled, and swapped with the next one. Whatever
// comes of it, nothing panics and nothing is found outside a text; where it is an error, little is said, and first of
// all where the damage is.
func TestMutants(t *testing.T) {
	files := originals(t)
	step := mutantStep
	if sampled {
		step *= 5
	}
	if os.Getenv(everyMutant) != "" {
		step = 1
	}
	for _, m := range mutations {
		t.Run(m.name, func(t *testing.T) {
			total := judgeAll(t, files, m, step)
			slices.Sort(total.counts)
			if total.invalid == 0 {
				t.Fatal("no mutant is invalid")
			}
			median := total.counts[len(total.counts)/2]
			near := float64(total.near) / float64(total.invalid)
			t.Logf("%s: %d mutants, %d invalid; findings of an invalid one: median %d, 95%% have at most %d, most %d; first one within %d lines: %.1f%%",
				m.name, total.mutants, total.invalid, median, total.counts[len(total.counts)*95/100], total.counts[len(total.counts)-1], nearLines, 100*near)
			if median > maxMedian {
				t.Errorf("the median of findings is %d, at most %d are wanted", median, maxMedian)
			}
			if near < minNear {
				t.Errorf("%.1f%% of first findings are near the damage, %.0f%% are wanted", 100*near, 100*minNear)
			}
			if dir := os.Getenv("PIPE_MUTANTS_OUT"); dir != "" {
				report(t, filepath.Join(dir, m.name), total)
			}
		})
	}
}

func report(t *testing.T, path string, j judged) {
	for name, lines := range map[string][]string{".far": j.far, ".loud": j.loud} {
		slices.Sort(lines)
		if err := os.WriteFile(path+name, []byte(strings.Join(lines, "\n")), 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

func judgeAll(t *testing.T, files []*original, m mutation, step int) judged {
	var all sync.WaitGroup
	var mu sync.Mutex
	var total judged
	work := make(chan *original)
	for range 2 {
		all.Go(func() {
			for f := range work {
				j := f.judge(t, m, step)
				mu.Lock()
				total.mutants += j.mutants
				total.invalid += j.invalid
				total.near += j.near
				total.counts = append(total.counts, j.counts...)
				total.far = append(total.far, j.far...)
				total.loud = append(total.loud, j.loud...)
				mu.Unlock()
			}
		})
	}
	for _, f := range files {
		work <- f
	}
	close(work)
	all.Wait()
	return total
}

// judge damages one file at every step-th token.
func (o *original) judge(t *testing.T, m mutation, step int) judged {
	var j judged
	for i := len(o.name) % step; i < len(o.toks); i += step {
		text, at := m.apply(o.text, o.toks, i)
		if text == o.text {
			continue
		}
		j.mutants++
		fresh := o.fresh(o.find(t, text))
		if !slices.ContainsFunc(fresh, func(d diag.Diagnostic) bool { return d.Severity == diag.Error }) {
			continue
		}
		j.invalid++
		j.counts = append(j.counts, len(fresh))
		line := o.line(o.toks[i])
		if o.isNear(fresh[0], text, at) {
			j.near++
		} else {
			j.far = append(j.far, fmt.Sprintf("%s:%d %q: %s", o.name, line, o.text[o.toks[i].Start:o.toks[i].End], annotated.Describe(fresh[0])))
		}
		if len(fresh) > maxMedian {
			said := ""
			for _, d := range fresh {
				said += "\n    " + annotated.Describe(d)
			}
			j.loud = append(j.loud, fmt.Sprintf("%s:%d %q: %d%s", o.name, line, o.text[o.toks[i].Start:o.toks[i].End], len(fresh), said))
		}
	}
	return j
}

func (o *original) line(t token.Token) int { return 1 + strings.Count(o.text[:t.Start], "\n") }

func (o *original) isNear(d diag.Diagnostic, text string, at source.Span) bool {
	if d.File == nil || d.File.Text != text {
		return false
	}
	line := d.File.Position(d.Span.Start).Line
	return line >= d.File.Position(at.Start).Line-nearLines && line <= d.File.Position(at.End).Line+nearLines
}

// find is all that is said of a text in the place of the file.
func (o *original) find(t *testing.T, text string) (found []diag.Diagnostic) {
	defer func() {
		if r := recover(); r != nil {
			t.Errorf("%s: panic: %v\n%s", o.name, r, text)
		}
	}()
	found = everything(t, o.entry, map[string]string{o.path: text})
	for _, d := range found {
		within(t, d, text)
	}
	return found
}

// everything is what the command line would say of an entry.
func everything(t testing.TB, entry string, overlay map[string]string) []diag.Diagnostic {
	var diags diag.List
	p, err := load.Load(entry, load.Options{Std: library, Overlay: overlay}, &diags)
	if err != nil {
		t.Errorf("load: %v", err)
		return nil
	}
	program := check.Check(p, &diags)
	return linted(t, program, lint.Options{Matches: func(string) bool { return true }}, &diags)
}

// within holds a finding to its file's text.
func within(t testing.TB, d diag.Diagnostic, text string) {
	if d.Message == "" || d.File == nil {
		t.Errorf("a finding without a message or a file: %+v\n%s", d, text)
		return
	}
	if !lies(d.File, d.Span) {
		t.Errorf("%s: %v lies outside the file\n%s", d.Message, d.Span, text)
	}
	for _, r := range d.Related {
		if !lies(r.File, r.Span) {
			t.Errorf("%s: the related place %v lies outside its file\n%s", d.Message, r.Span, text)
		}
	}
	for _, f := range d.Fixes {
		for _, e := range f.Edits {
			if !lies(e.File, e.Span) {
				t.Errorf("%s: the edit %v lies outside its file\n%s", d.Message, e.Span, text)
			}
		}
	}
}

func lies(f *source.File, s source.Span) bool {
	return f != nil && s.Start >= 0 && s.Start <= s.End && int(s.End) <= len(f.Text)
}

// kindOf tells findings apart, but not by the numbers that they count up to.
func kindOf(d diag.Diagnostic) string { return d.Rule + " " + digits.ReplaceAllString(d.Message, "0") }

var digits = regexp.MustCompile(`[0-9]+`)

// fresh are the findings that the undamaged file does not have.
func (o *original) fresh(found []diag.Diagnostic) []diag.Diagnostic {
	known := maps.Clone(o.known)
	var out []diag.Diagnostic
	for _, d := range found {
		if k := kindOf(d); known[k] > 0 {
			known[k]--
		} else {
			out = append(out, d)
		}
	}
	return out
}

// originals are the examples and the files that check and lint are tested with.
func originals(t *testing.T) []*original {
	var out []*original
	err := filepath.WalkDir("../../examples", func(path string, e fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".pipe") {
			return err
		}
		out = append(out, damageable(t, path)...)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{"check", "check/whole", "lint"} {
		for _, path := range annotated.Files(t, "../../testdata/"+dir) {
			out = append(out, damageable(t, path)...)
		}
	}
	return out
}

// damageable are the .pipe files of a test file, in one repository.
func damageable(t *testing.T, path string) []*original {
	p := annotated.Write(t, path)
	var out []*original
	err := filepath.WalkDir(p.Dir, func(file string, e fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(file, ".pipe") || e.IsDir() {
			return err
		}
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		o := &original{name: filepath.Base(path), text: string(text), entry: p.Entry, path: file, known: map[string]int{}}
		if rel, _ := filepath.Rel(p.Dir, file); strings.HasSuffix(path, ".txtar") {
			o.name += "/" + rel
		}
		for _, d := range o.find(t, o.text) {
			o.known[kindOf(d)]++
		}
		for _, tok := range token.Lex(o.text) {
			if tok.Kind != token.EOF && tok.Kind != token.Comment && tok.Kind != token.Doc {
				o.toks = append(o.toks, tok)
			}
		}
		out = append(out, o)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}
