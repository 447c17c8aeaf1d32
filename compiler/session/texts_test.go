package session_test

import (
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"unsafe"
	"weak"

	"github.com/pipelang/pipe/compiler/session"
	"github.com/pipelang/pipe/stdlib"
)

// TestKeepsNoTexts edits one step after the other, so that each is what it is since another form of the file: what is
// known of the steps holds none of those forms but the last ones.
func TestKeepsNoTexts(t *testing.T) {
	for _, c := range []struct {
		name, head, step string
		stays            bool // all but the step, so that it alone is read again
	}{
		{"items", "", "s%d = act(n: q + %d) { timeout 1m }", true},
		{"results", "", "s%d = op {\n    run `make`\n    return { name: q + %d }\n  }", false},
		{"literals", "", "s%d = op {\n    run `make`\n    return { name: q > %d ? true : false }\n  }", false},
		{"guards", "settings {\n  go: string = \"x\"\n}\n", "s%d = act(n: q) { when settings.go != \"%d\" }", false},
		{"lets", "let go = \"x\"\n", "s%d = op {\n    env { X = go + \"%d\" }\n    run `make`\n  }", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			entry := filepath.Join(t.TempDir(), "a.pipe")
			var s session.Session
			values := make([]int, 40)
			var texts []weak.Pointer[byte]
			for i := range values {
				values[i] = i + 1
				var b strings.Builder
				if !c.stays {
					fmt.Fprintf(&b, "// form %d\n", i)
				}
				b.WriteString(c.head + "op act(n: int) {\n  run `make \"$n\"`\n}\n\npipeline main(q: int = 0) {\n")
				for j, v := range values {
					fmt.Fprintf(&b, "  "+c.step+"\n", j, v)
				}
				text := b.String() + "}\n"
				if _, err := s.Check(entry, session.Options{Std: stdlib.FS, Overlay: map[string]string{entry: text}, Lint: surroundings}); err != nil {
					t.Fatal(err)
				}
				texts = append(texts, weak.Make(unsafe.StringData(text)))
			}
			runtime.GC()
			held := 0
			for _, text := range texts {
				if text.Value() != nil {
					held++
				}
			}
			if held > 3 {
				t.Errorf("%d of %d texts are held", held, len(texts))
			}
			runtime.KeepAlive(&s)
		})
	}
}
