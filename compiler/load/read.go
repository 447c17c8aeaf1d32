package load

import (
	"errors"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"unicode/utf8"

	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/diag"
	"github.com/pipelang/pipe/lang/parser"
	"github.com/pipelang/pipe/lang/source"
)

// MaxFile is the largest file that is read, in bytes.
const MaxFile = 16 << 20

// file reads and parses a file once, however many modules hold it. One whose content is no
// text is reported here and comes back empty.
func (l *loader) file(rel string) (*ast.File, *problem) {
	if f := l.files[rel]; f != nil {
		return f, nil
	}
	text, ok := l.overlay(rel)
	if !ok {
		var p *problem
		if text, p = l.read(rel); p != nil {
			return &ast.File{Source: source.NewFile(rel, "")}, p
		}
	}
	f := l.parse(rel, text, l.entered)
	l.files[rel] = f
	return f, nil
}

// parse parses a text once, or takes it from the loads that came before where it may be shared.
func (l *loader) parse(name, text string, shared bool) *ast.File {
	var p *parsed
	var before *ast.File
	if l.opts.Cache.keeps(shared) {
		p, before = l.opts.Cache.entry(l.root, name, text)
	} else {
		p = &parsed{}
	}
	p.once.Do(func() {
		p.file, p.broken = parse(source.NewFile(name, text), before, &p.diags)
		l.opts.Cache.done(l.root, name, p)
	})
	if p.broken {
		if l.broken == nil {
			l.broken = map[string]bool{}
		}
		l.broken[name] = true
	}
	l.diags.Append(&p.diags)
	return p.file
}

// parse reads a text that may be none, which it says, and may be an edited form of another.
func parse(src *source.File, before *ast.File, diags *diag.List) (f *ast.File, broken bool) {
	i := invalidUTF8(src.Text)
	if i < 0 {
		return parser.Again(src, before, diags), false
	}
	diags.Add(diag.Diagnostic{
		Rule: diag.UnreadableFile, File: src, Span: source.Span{Start: int32(i), End: int32(i + 1)},
		Message: "the file is not UTF-8 text: byte " + strconv.Itoa(i) + " starts no character",
		Help:    "save it as UTF-8",
	})
	return &ast.File{Source: src}, true
}

func (l *loader) overlay(rel string) (string, bool) {
	text, ok := l.opts.Overlay[l.abs(rel)]
	return text, ok
}

func (l *loader) read(rel string) (string, *problem) {
	text, err := "", error(nil)
	if info, err := l.disk.stat(l.abs(rel)); err == nil && !info.Mode().IsRegular() {
		return "", notRegular() // a named pipe would be waited for
	}
	if text, err = l.disk.text(l.abs(rel), l.entered, l.opts.Cache.text(l.root, rel)); err != nil {
		return "", l.unreadable(rel, err)
	}
	return text, nil
}

func notRegular() *problem {
	return &problem{rule: diag.UnreadableFile, message: "is no regular file"}
}

func tooLarge(rel string) *problem {
	p := &problem{rule: diag.UnreadableFile, message: "is larger than " + strconv.Itoa(MaxFile>>20) + " MiB"}
	if strings.HasSuffix(rel, ".pipe") {
		p.help = "split it: a folder of .pipe files is one module"
	}
	return p
}

// inside refuses a path that leads out of the repository, by its text or through a link.
func (l *loader) inside(rel string) *problem {
	p := &problem{
		rule: diag.UnknownModule, message: "lies outside the repository",
		help: "modules are files below the folder with pipe.toml or .git",
	}
	if escapes(rel) {
		return p
	}
	if rel == "." || !l.disk.linked(l.root, rel) {
		return nil
	}
	real, err := filepath.EvalSymlinks(l.abs(rel))
	if err != nil {
		return nil // reading it will say why
	}
	if back, err := filepath.Rel(resolve(l.root), real); err != nil || escapes(filepath.ToSlash(back)) {
		return p
	}
	return nil
}

func escapes(rel string) bool { return rel == ".." || strings.HasPrefix(rel, "../") }

func isLoop(err error) bool {
	return errors.Is(err, syscall.ELOOP)
}

func invalidUTF8(s string) int {
	if utf8.ValidString(s) {
		return -1
	}
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && n == 1 {
			return i
		}
		i += n
	}
	return -1
}
