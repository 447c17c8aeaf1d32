package session_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pipelang/pipe/compiler/check"
	"github.com/pipelang/pipe/compiler/load"
	"github.com/pipelang/pipe/compiler/session"
	"github.com/pipelang/pipe/lang/diag"
	"github.com/pipelang/pipe/stdlib"
)

// forms are texts of the files of a repository, one after the other; the first file is the entry.
type forms struct {
	name  string
	files []string
	texts [][]string
}

// TestStale has forms of programs checked one after the other, in which something that a step or a guard depends on is
// another thing though all that is written of it stays.
func TestStale(t *testing.T) {
	for _, c := range []forms{
		twoModules(), toldOfOne(), tailGuards(), letsOfOtherSteps(), crowdedGuards(), farGuards(), guardsAround(), conditionsElsewhere(),
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			overlay := map[string]string{filepath.Join(dir, ".git"): ""}
			for _, f := range append(c.files, ".git") {
				write(t, filepath.Join(dir, f), "")
			}
			var s session.Session
			for i, texts := range c.texts {
				for j, text := range texts {
					overlay[filepath.Join(dir, c.files[j])] = text
					write(t, filepath.Join(dir, c.files[j]), text)
				}
				sameAsCold(t, &s, filepath.Join(dir, c.files[0]), overlay, fmt.Sprintf("form %d", i))
			}
		})
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}

// sameAsCold compares what a session says and knows of a program with a check that knows nothing.
func sameAsCold(t *testing.T, s *session.Session, entry string, overlay map[string]string, what string) {
	t.Helper()
	again, err := s.Check(entry, session.Options{Std: stdlib.FS, Overlay: overlay, Lint: surroundings})
	if err != nil {
		t.Fatal(err)
	}
	if warm, cold := written(t, again.Found), coldSays(t, entry, overlay); warm != cold {
		t.Errorf("%s: the session said (-cold +session)\n%s", what, cmp.Diff(cold, warm))
	}
	var diags diag.List
	p, err := load.Load(entry, load.Options{Std: stdlib.FS, Overlay: overlay}, &diags)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(stepsOf(check.Check(p, &diags)), stepsOf(again.Program)); d != "" {
		t.Errorf("%s: the session knows of the steps (-cold +session)\n%s", what, d)
	}
}

// stepsOf is what a check has found out about every step of a program, a line each.
func stepsOf(p *check.Program) (out []string) {
	for _, m := range p.Load.Modules {
		for name, l := range p.Modules[m].Pipelines {
			for _, list := range [...][]*check.Step{l.Steps, l.OnFailure, l.Finally} {
				for _, s := range list {
					line := fmt.Sprintln(m.ID, name, s.Name, s.ValueEdges, s.OrderEdges, s.Needs, s.Narrow, s.Services, s.Result, s.Type, len(s.Args), len(s.Bindings), len(s.Loops))
					if s.Why != nil {
						line += fmt.Sprintln(s.Why.Text, s.Why.Span)
					}
					if s.Op != nil {
						line += fmt.Sprint(s.Op.Name, s.Op.Captures, s.Op.Result, len(s.Op.Items))
					}
					out = append(out, line)
				}
			}
		}
	}
	slices.Sort(out)
	return out
}

// A file that is a module and part of one means other things in each.
func twoModules() forms {
	const entry = "use \"./ci\" as whole\nuse \"./ci/b.pipe\" as part\n\npipeline main() {\n  one = whole.all(n: 1)\n  two = part.all(n: 2)\n}\n"
	const first = "op take(n: string) {\n  run `echo \"$n\"`\n}\n"
	const second = "op take(n: int) {\n  run `echo \"$n\"`\n}\n\npipeline all(n: int) {\n  taken = take(n: n)\n  again = take(n: n) {\n    needs taken\n  }\n}\n"
	texts := []string{entry, first, second}
	other := []string{entry, first, second + "// a remark\n"}
	return forms{"two modules", []string{"main.pipe", "ci/a.pipe", "ci/b.pipe"}, [][]string{texts, texts, other, texts}}
}

// A file that is a module and part of one is looked through for each, and what is found in it told once.
func toldOfOne() forms {
	const entry = "use \"./ci\" as whole\nuse \"./ci/b.pipe\" as part\n\npipeline main() {\n  one = whole.all()\n  two = part.all()\n}\n"
	const file = "pipeline all() {\n  sent = op {\n    env { TOKEN = \"ghp_16C7e42F292c6912E7710c838347Ae178B4a\" }\n    run `make`\n  }\n}\n"
	forms := forms{name: "told of one", files: []string{"main.pipe", "ci/b.pipe"}}
	for i := range 8 {
		forms.texts = append(forms.texts, []string{entry + strings.Repeat("// a remark\n", i), file})
	}
	return forms
}

// A guard that stands among the steps, where it is wrong, and in finally, where it is not.
func tailGuards() forms {
	const text = "op act() {\n  run `true`\n}\n\npipeline main() {\n  a = act() {\n    GUARD\n  }\n  finally {\n    b = act() {\n      GUARD\n    }\n  }\n}\n"
	both := strings.ReplaceAll(text, "GUARD", `when run.status == "failed" && run.status == "succeeded"`)
	one := strings.Replace(both, `when run.status == "failed" && run.status == "succeeded"`, "timeout 1m", 1)
	return forms{"guards of tails", []string{"main.pipe"}, [][]string{{both}, {one}, {both}, {one}}}
}

// A let of the same text and type reads another step, since the one that it read has become a let of the file.
func letsOfOtherSteps() forms {
	const text = "let a = 1\nlet b = 2\n\nop act(n: int) {\n  run `echo \"$n\"`\n}\n\npipeline main() {\n  let both = a + b\n  NAME = op {\n    run `make`\n    return exit_code\n  }\n  last = act(n: both)\n  in_place = op {\n    env { N = string(both) }\n    run `echo \"$N\"`\n  }\n}\n"
	a, b := strings.Replace(text, "NAME", "a", 1), strings.Replace(text, "NAME", "b", 1)
	return forms{"lets of other steps", []string{"main.pipe"}, [][]string{{a}, {b}, {a}}}
}

// Two guards that exclude each other, where they stand alone and where there are so many others with them that nobody
// could try everything.
func crowdedGuards() forms {
	settings := "settings {\n"
	var names []string
	for _, n := range []string{"a", "b", "c", "d", "e"} {
		settings += "  " + n + ": string = \"x\"\n"
		names = append(names, "settings."+n)
	}
	guard := func(op, value, with string) string {
		var parts []string
		for _, n := range names {
			parts = append(parts, n+" "+op+" \""+value+"\"")
		}
		return "when " + strings.Join(parts, " "+with+" ")
	}
	text := func(needs ...string) string {
		out := settings + "}\n\nop act() {\n  run `true`\n}\n\npipeline main() {\n"
		for i := range 20 {
			out += fmt.Sprintf("  g%d = act() {\n    %s\n  }\n", i, guard("!=", fmt.Sprint("v", i), "&&"))
		}
		out += "  last = act() {\n    " + guard("==", "v19", "&&") + "\n    needs " + strings.Join(needs, ", ") + "\n  }\n}\n"
		return out
	}
	var all, most []string
	for i := range 20 {
		all = append(all, fmt.Sprint("g", i))
	}
	most = all[:19]
	return forms{"crowded guards", []string{"main.pipe"}, [][]string{{text(most...)}, {text(all...)}, {text("g19")}, {text(most...)}, {text("g19", "g1")}, {text(all...)}}}
}

// Two steps whose guards exclude each other, one of them behind so many others that nobody looks there, and then near.
func farGuards() forms {
	text := func(last int) string {
		out := "settings {\n  go: bool = false\n}\n\nop act() {\n  run `true`\n}\n\npipeline main() {\n  near = act() {\n    when settings.go\n  }\n  s0 = act() {\n    when !settings.go\n  }\n"
		for i := range 300 {
			out += fmt.Sprintf("  s%d = act() {\n    needs s%d\n  }\n", i+1, i)
		}
		return out + fmt.Sprintf("  last = act() {\n    needs near, s%d\n  }\n}\n", last)
	}
	return forms{"far guards", []string{"main.pipe"}, [][]string{{text(300)}, {text(3)}, {text(300)}, {text(3)}}}
}

// Conditions of a step that stay as they are, and are decided by what stands around it: the guard of the pipeline, the
// condition of a setting, a let, and where the step itself stands.
func guardsAround() forms {
	text := func(where, value, head, before, behind string) []string {
		return []string{"settings {\n  n: int = 3" + where + "\n}\n\nlet least = " + value + "\n\nop act() {\n  run `true`\n}\n\npipeline main(full: bool) {\n" + head +
			"  first = act()\n" + before + "  s = act() {\n    require full else \"no\"\n    approve \"go?\" when settings.n > least\n  }\n  t = act() {\n    when settings.n > 2\n    require settings.n >= 3 else \"no\"\n  }\n" + behind + "}\n"}
	}
	plain := text("", "1", "", "", "")
	guarded := text("", "1", "  when full\n", "", "")
	return forms{"guards around", []string{"main.pipe"}, [][]string{
		plain, guarded, plain, text(" where self > 2", "1", "", "", ""), plain, text(" where self > 2", "5", "", "", ""), guarded,
		text("", "1", "", "  finally {\n", "  }\n"), plain,
	}}
}

// Arguments that stay as they are, and break the condition of a parameter in another file, which does not.
func conditionsElsewhere() forms {
	const entry = "use \"./ci\" as ci\n\npipeline main() {\n  a = ci.act(n: 3)\n  b = ci.all(n: 4)\n}\n"
	text := func(op, pipeline string) []string {
		return []string{entry, "op act(n: int where self < " + op + ") {\n  run `echo \"$n\"`\n}\n\npipeline all(n: int where self < " + pipeline + ") {\n  one = act(n: n)\n}\n"}
	}
	return forms{"conditions elsewhere", []string{"main.pipe", "ci/a.pipe"}, [][]string{text("9", "9"), text("3", "9"), text("9", "4"), text("9", "9"), text("3", "4")}}
}
