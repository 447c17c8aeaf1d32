package cli

import (
	"bytes"
	"io"
	"os"
	"runtime"
	"sync"

	"github.com/pipelang/pipe/cmd/pipe/internal/ui"
	"github.com/pipelang/pipe/compiler/check"
	"github.com/pipelang/pipe/compiler/lint"
	"github.com/pipelang/pipe/compiler/load"
	"github.com/pipelang/pipe/compiler/lower"
	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/diag"
	"github.com/pipelang/pipe/lang/script"
	"github.com/pipelang/pipe/runtime/event"
	"github.com/pipelang/pipe/stdlib"
)

// checked is a program and what was found about it.
type checked struct {
	program *check.Program
	found   []diag.Diagnostic
}

func (c checked) errors() bool {
	for _, d := range c.found {
		if d.Severity == diag.Error {
			return true
		}
	}
	return false
}

// check loads and checks the module at a path.
func (a *app) check(path string) (checked, error) { return a.checkWith(path, nil) }

// checkToGoOn is check for what only goes on where there is no error: unless there is one, what else could be
// found is not all looked for.
func (a *app) checkToGoOn(path string) (checked, error) {
	s := newSession()
	s.errors = true
	if c, err := a.checkIn(path, nil, s); err != nil || !c.errors() {
		return c, err
	}
	return a.check(path)
}

// checkWith is check where the content of some files, by absolute path, is another.
func (a *app) checkWith(path string, overlay map[string]string) (checked, error) {
	return a.checkIn(path, overlay, newSession())
}

// session is what checks of several entries share. It is safe for concurrent use.
type session struct {
	cache *load.Cache // nil when there is one entry
	mu    sync.Mutex
	roots map[string]lint.Options // by the root's absolute path
	// scripts are read once for all entries, and modules that several of them use are looked at once where no
	// processor is free.
	scripts script.Cache
	checked check.Shared
	linted  lint.Shared
	// ahead says that a processor is free to read an entry's scripts while the entry is checked, and to lint a part of it.
	ahead bool
	// errors says that what is no error needs not be found.
	errors bool
}

// newSession is for one entry.
func newSession() *session {
	return &session{roots: map[string]lint.Options{}, ahead: runtime.GOMAXPROCS(0) > 1}
}

// surroundings are those of a root.
func (s *session) surroundings(a *app, root string) lint.Options {
	s.mu.Lock()
	defer s.mu.Unlock()
	o, known := s.roots[root]
	if !known {
		o = a.surroundings(root)
		o.Scripts, o.Beside, o.Shared = &s.scripts, s.ahead, &s.linted
		s.roots[root] = o
	}
	return o
}

func (a *app) checkIn(path string, overlay map[string]string, s *session) (checked, error) {
	var diags diag.List
	if info, err := os.Stat(path); err == nil && info.IsDir() && len(pipeFiles(path)) == 0 {
		return checked{}, usagef("`pipe init` writes a first pipeline", "%s holds no .pipe file", a.display(path))
	}
	loaded, err := load.Load(path, load.Options{Std: stdlib.FS, Overlay: overlay, Cache: s.cache}, &diags)
	if err != nil {
		return checked{}, err
	}
	var program *check.Program
	if s.ahead {
		defer lint.ReadAhead(loaded, &s.scripts)()
		program = check.Check(loaded, &diags)
	} else {
		program = check.Alone(loaded, &s.checked, &diags)
	}
	o := s.surroundings(a, loaded.Root)
	o.Errors = s.errors && !loaded.Config.Hardens()
	lint.Lint(program, o, &diags)
	return checked{program, loaded.Report(diags.Sorted())}, nil
}

// draft checks a module and drafts one of its pipelines. What is wrong is shown on Err.
func (a *app) draft(inv invocation) (*lower.Draft, checked, error) {
	c, err := a.checkToGoOn(inv.path)
	if err != nil {
		return nil, c, err
	}
	if c.errors() {
		a.showDiagnostics(a.Err, c.found)
		return nil, c, exit(ExitFailed)
	}
	name, err := choosePipeline(c.program, inv.pipeline)
	if err != nil {
		return nil, c, err
	}
	d, err := lower.New(c.program, name)
	return d, c, err
}

// choosePipeline finds the pipeline that is meant: the one named, the only one, or main.
func choosePipeline(p *check.Program, name string) (string, error) {
	names := pipelineNames(p)
	if name != "" {
		if _, ok := p.Entry.Pipelines[name]; ok {
			return name, nil
		}
		return "", usagef(didYouMean(name, names, "there are: "+list(names)), "%s has no pipeline %q", p.Entry.Load.ID, name)
	}
	if _, ok := p.Entry.Pipelines["main"]; ok {
		return "main", nil
	}
	switch len(names) {
	case 0:
		return "", usagef("write: pipeline main() { … }", "%s declares no pipeline", p.Entry.Load.ID)
	case 1:
		return names[0], nil
	}
	return "", usagef("name one of: "+list(names), "%s has %d pipelines and none is called main", p.Entry.Load.ID, len(names))
}

// showDiagnostics prints findings for people.
func (a *app) showDiagnostics(w io.Writer, found []diag.Diagnostic) {
	_ = a.writeFindings(w, "text", found)
}

// writeFindings renders findings so that no source or value in them is a CI service's command.
func (a *app) writeFindings(w io.Writer, format string, found []diag.Diagnostic) error {
	var b bytes.Buffer
	o := a.diagOptions()
	if format == "sarif" {
		o.Version = version()
	}
	switch w {
	case a.Out:
		o.Width = a.Width
	case a.Err:
		o.Width = a.ErrWidth
	}
	if err := diag.Write(&b, format, found, o); err != nil {
		return err
	}
	text := b.Bytes()
	switch format {
	case "text":
		text = []byte(ui.Disarm(b.String()))
	case "json", "sarif":
		text = event.EscapeJSON(text)
	}
	_, err := w.Write(text)
	return err
}

func (a *app) diagOptions() diag.Options {
	return diag.Options{Color: a.colored(), ASCII: a.asciiOnly()}
}

// asciiOnly reports that the locale says that the terminal shows nothing but ASCII. Where it says
// nothing, as in many CI services, everything may be shown.
func (a *app) asciiOnly() bool {
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if locale := a.getenv(name); locale != "" {
			return locale == "C" || locale == "POSIX"
		}
	}
	return false
}

// pipelineNames are the entry's pipelines in the order of the text.
func pipelineNames(p *check.Program) []string {
	var names []string
	for _, f := range p.Entry.Load.Files {
		for _, d := range f.Decls {
			if d, ok := d.(*ast.Pipeline); ok {
				names = append(names, d.Name.Text)
			}
		}
	}
	return names
}
