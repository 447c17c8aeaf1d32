package cli

import (
	"bytes"
	"io"
	"strings"
	"sync"

	"github.com/pipelang/pipe/compiler/plan"
	"github.com/pipelang/pipe/runtime/secret"
	"github.com/pipelang/pipe/runtime/settings"
)

// maskedErr is standard error without any secret that the masker knows, whoever writes: a
// message, an error of some library, a fault. What may be the beginning of a secret is held
// back to the end of the line at most. It is safe for concurrent use.
type maskedErr struct {
	mu sync.Mutex
	w  *secret.Writer
}

func newMaskedErr(m *secret.Masker, w io.Writer) *maskedErr { return &maskedErr{w: m.Writer(w)} }

// Write masks p and writes it.
func (e *maskedErr) Write(p []byte) (int, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	n, err := e.w.Write(p)
	if err == nil && bytes.HasSuffix(p, []byte("\n")) {
		err = e.w.Close() // what is held back; the writer goes on
	}
	return n, err
}

// flush writes what is held back.
func (e *maskedErr) flush() {
	e.mu.Lock()
	defer e.mu.Unlock()
	_ = e.w.Close() // nobody is left to tell
}

// expectSecrets makes known what flags and the environment may give for secrets, before
// anything reads it: looking it up is where something may go wrong.
func (a *app) expectSecrets(decls []plan.SettingDecl, set []settings.Assignment) {
	for _, d := range decls {
		if !d.Secret {
			continue
		}
		for _, s := range set {
			if s.Name == d.Name || strings.HasPrefix(s.Name, d.Name+".") {
				a.masker.Add(s.Value)
			}
		}
		for _, kv := range a.Environ {
			name, text, _ := strings.Cut(kv, "=")
			if name == d.Variable || strings.HasPrefix(name, d.Variable+"__") {
				a.masker.Add(text)
			}
		}
	}
}

// learnSecrets makes known what was found.
func (a *app) learnSecrets(set *settings.Set) {
	for _, s := range set.Secrets() {
		a.masker.Add(s)
	}
}
