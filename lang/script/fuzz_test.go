package script_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/pipelang/pipe/lang/script"
	"github.com/pipelang/pipe/lang/source"
)

// places are all those that a script tells.
func places(s *script.Script) (out []source.Span) {
	for _, m := range slices.Concat(s.Mistakes, s.Within) {
		out = append(out, m.At)
	}
	for _, v := range s.Reads {
		out = append(out, v.At)
	}
	for _, a := range s.Assigns {
		out = append(out, a.At)
	}
	for _, f := range s.Functions {
		out = append(out, f.At)
	}
	for _, o := range s.Outputs.Names {
		out = append(out, o.At)
	}
	for _, p := range s.Paths {
		out = append(out, p.At)
	}
	for _, c := range s.Commands {
		out = append(out, c.At)
		for _, a := range c.Args {
			out = append(out, a.At)
		}
	}
	out = append(append(out, s.Ends.At), s.Endless...)
	for _, r := range s.Risks {
		out = append(out, r.At)
		for _, e := range r.Edits {
			out = append(out, e.At)
		}
	}
	return out
}

// FuzzRead reads anything in both dialects: no panic, every place within the text, and a name
// that is told stands where it is said to.
func FuzzRead(f *testing.F) {
	for _, text := range clean {
		f.Add(text)
	}
	for _, tt := range risky {
		f.Add(tt.text)
	}
	for _, tt := range mistaken {
		f.Add(tt.text)
	}
	for _, tt := range handed {
		f.Add(tt.text)
	}
	for _, piece := range hostile {
		f.Add(strings.Repeat(piece, 3))
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, d := range []script.Dialect{script.Sh, script.Bash} {
			s := script.Read(text, d)
			inside(t, text, s)
			if strings.ContainsAny(text, "\\\x00\r") {
				continue // a name may be split by what the shell drops
			}
			for _, v := range s.Reads {
				if got := text[v.At.Start:v.At.End]; got != v.Name {
					t.Errorf("%s is read at %q", v.Name, got)
				}
			}
		}
	})
}
