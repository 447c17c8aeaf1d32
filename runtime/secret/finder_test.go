package secret

import (
	"bytes"
	"encoding/base64"
	"math/rand/v2"
	"strings"
	"testing"
)

// strong are the texts that a Finder of secrets must find.
func strong(secrets ...string) []string {
	var out []string
	for _, s := range secrets {
		for _, form := range forms(s) {
			if !Short(form) && len(form) >= shortest {
				out = append(out, form)
			}
		}
	}
	return out
}

func hold(all []string, text string) bool {
	for _, s := range all {
		if strings.Contains(text, s) {
			return true
		}
	}
	return false
}

func TestFinderAtEveryBoundary(t *testing.T) {
	for _, s := range ten {
		m := NewMasker(s)
		for _, form := range strong(s) {
			text := "a line\nand " + form + " after\n"
			last := 2 + strings.Count(form, "\n") // a line of it may be one too, and end first
			for at := range len(text) {
				f := m.Finder()
				f.Write([]byte(text[:at]))
				f.Write([]byte(text[at:]))
				if line, ok := f.Found(); !ok || line < 2 || line > last {
					t.Fatalf("%q cut at %d: line %d, %v", text, at, line, ok)
				}
			}
			f := m.Finder()
			for i := range len(text) {
				f.Write([]byte{text[i]})
			}
			if line, ok := f.Found(); !ok || line < 2 || line > last {
				t.Fatalf("%q byte by byte: line %d, %v", text, line, ok)
			}
		}
	}
}

func TestFinder(t *testing.T) {
	m := NewMasker("hunter2-prod-key", "ab1", "pin12", "line one\nline two")
	big := strings.Repeat("x\n", pieceSize)
	for name, tt := range map[string]struct {
		text string
		line int // 0 for not found
	}{
		"nothing":             {"hunter2 and prod-key\n", 0},
		"empty":               {"", 0},
		"first line":          {"hunter2-prod-key", 1},
		"after much":          {big + "hunter2-prod-key" + big, pieceSize + 1},
		"begun and not ended": {big + "hunter2-prod-ke", 0},
		"begun twice":         {"hunter2-hunter2-prod-key", 1},
		"a line of it":        {"\n\nline two", 3},
		"short ones":          {"pin12 ab1 pin12", 0},
		"short, then strong":  {"pin12 ab1\nhunter2-prod-key", 2},
	} {
		t.Run(name, func(t *testing.T) {
			f := m.Finder()
			f.Write([]byte(tt.text))
			if line, ok := f.Found(); line != tt.line || ok != (tt.line > 0) {
				t.Errorf("line %d, %v, want %d", line, ok, tt.line)
			}
		})
	}
}

func FuzzFinder(f *testing.F) {
	f.Add("hunter2-prod-key", "x hunter2-prod-key y", uint64(1))
	f.Add("s3cr%40tpw\nsecond line", "czNjciU0MHRwdw", uint64(7))
	f.Add("aaaaaaaa", "aaaaaaabaaaaaaaa", uint64(3))
	f.Add("pin1", "pin1", uint64(0))
	f.Fuzz(func(t *testing.T, secret, text string, seed uint64) {
		if len(secret) > 4<<10 || strings.TrimSpace(secret) == "" {
			return
		}
		m := NewMasker(secret, "hunter2")
		all := strong(secret, "hunter2")
		r := rand.New(rand.NewPCG(seed, 1))
		if len(all) > 0 && seed%2 == 1 {
			at := r.IntN(len(text) + 1)
			text = text[:at] + all[r.IntN(len(all))] + text[at:]
		}
		find := m.Finder()
		for rest := []byte(text); len(rest) > 0; {
			n := 1 + r.IntN(min(len(rest), 9))
			find.Write(rest[:n])
			rest = rest[n:]
		}
		line, ok := find.Found()
		if ok != hold(all, text) {
			t.Fatalf("%q in %q: found %v", secret, text, ok)
		}
		if ok && line > 1+strings.Count(text, "\n") {
			t.Fatalf("line %d of %q", line, text)
		}
	})
}

func BenchmarkFinder(b *testing.B) {
	m := &Masker{}
	random := rand.New(rand.NewPCG(3, 4))
	for range 20 {
		key := make([]byte, 20)
		for i := range key {
			key[i] = byte(random.Uint32())
		}
		m.Add(base64.StdEncoding.EncodeToString(key))
	}
	text := bytes.Repeat([]byte("2026-01-02T03:04:05Z INFO request served path=/api/v1/items status=200 bytes=5120\n"), 1<<16)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		f := m.Finder()
		for rest := text; len(rest) > 0; rest = rest[min(len(rest), 32<<10):] {
			f.Write(rest[:min(len(rest), 32<<10)])
		}
		if _, ok := f.Found(); ok {
			b.Fatal("found")
		}
	}
}
