package load

import (
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/BurntSushi/toml"

	"github.com/pipelang/pipe/lang/diag"
	"github.com/pipelang/pipe/lang/source"
)

// LockFile is the lock's name, at the repository's root.
const LockFile = "pipe.lock"

// LockVersion is the version of the lock's form that this package reads and writes.
const LockVersion = 1

// Lock is pipe.lock: which image each name stands for.
type Lock struct {
	// Path is the file's absolute path, "" when there is none.
	Path string
	// Images are the pins, by the name as pipelines write it.
	Images map[string]Pin
}

// Pin is the image that a name stands for.
type Pin struct {
	// Digest is "sha256:…", of the index where there are images for several platforms.
	Digest string
	// Platforms that there are images for, such as "linux/amd64", sorted.
	Platforms []string
	// Created is when the image was made, zero where that is not known.
	Created time.Time
}

// Pinned is a name with the digest that the lock has for it, or as it is. A name that has a
// digest already stands for itself.
func (l Lock) Pinned(name string) string {
	if pin, ok := l.Images[name]; ok && !strings.Contains(name, "@") {
		return name + "@" + pin.Digest
	}
	return name
}

// Text is the file: sorted, an entry a paragraph, so that two branches that add images merge,
// and a change is one that can be read.
func (l Lock) Text() string {
	var b strings.Builder
	b.WriteString("# Made by `pipe lock`: the image that each name in the pipelines stands for.\n")
	b.WriteString("# Commit it; `pipe lock --update` moves the pins. After a merge, `pipe lock` puts it right.\n")
	fmt.Fprintf(&b, "version = %d\n", LockVersion)
	for _, name := range slices.Sorted(maps.Keys(l.Images)) {
		pin := l.Images[name]
		fmt.Fprintf(&b, "\n[image.%s]\ndigest = %s\n", tomlText(name), tomlText(pin.Digest))
		if len(pin.Platforms) > 0 {
			var words []string
			for _, p := range pin.Platforms {
				words = append(words, tomlText(p))
			}
			fmt.Fprintf(&b, "platforms = [%s]\n", strings.Join(words, ", "))
		}
		if !pin.Created.IsZero() {
			fmt.Fprintf(&b, "created = %s\n", pin.Created.UTC().Format(time.RFC3339))
		}
	}
	return b.String()
}

// tomlText is a string of TOML; names of images hold nothing that it would have to escape but
// for what no registry takes.
func tomlText(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(s) + `"`
}

// lock reads pipe.lock; what is wrong in it is reported and left out.
func (l *loader) lock() Lock {
	path := filepath.Join(l.root, LockFile)
	text, ok := l.opts.Overlay[path]
	if !ok {
		var err error
		if text, err = l.disk.text(path, true, l.opts.Cache.lastLock().before()); isAbsent(err) {
			return Lock{}
		} else if err != nil {
			p := l.unreadable(LockFile, err)
			l.diags.Add(diag.Diagnostic{Rule: p.rule, File: source.NewFile(LockFile, ""), Message: LockFile + " " + p.message, Help: p.help})
			return Lock{Path: path}
		}
	}
	images := l.opts.Cache.lastLock().of(text, l.diags, func() map[string]Pin {
		r := lockReader{file: source.NewFile(LockFile, text), diags: l.diags}
		return r.read()
	})
	return Lock{Path: path, Images: images}
}

// LockedNames are the images that a lock's text pins, sorted, as far as it can be read.
func LockedNames(text string) []string {
	r := lockReader{file: source.NewFile(LockFile, text), diags: &diag.List{}}
	return slices.Sorted(maps.Keys(r.read()))
}

// lockReader turns pipe.lock into pins.
type lockReader struct {
	file  *source.File
	diags *diag.List
}

func (r *lockReader) add(rule string, at source.Span, help, format string, args ...any) {
	r.diags.Add(diag.Diagnostic{Rule: rule, File: r.file, Span: at, Message: fmt.Sprintf(format, args...), Help: help})
}

const lockHelp = "run pipe lock, which writes it anew"

func (r *lockReader) read() map[string]Pin {
	var raw map[string]any
	if r.merging() {
		return nil
	}
	if _, err := toml.Decode(r.file.Text, &raw); err != nil {
		r.syntax(err)
		return nil
	}
	if !r.version(raw["version"]) {
		return nil
	}
	delete(raw, "version")
	images, _ := raw["image"].(map[string]any)
	delete(raw, "image")
	for _, key := range slices.Sorted(maps.Keys(raw)) {
		r.add(diag.UnknownKeyword, r.line(key), lockHelp, "%s has no key %q", LockFile, key)
	}
	out := map[string]Pin{}
	for _, name := range slices.Sorted(maps.Keys(images)) {
		if pin, ok := r.pin(name, images[name]); ok {
			out[name] = pin
		}
	}
	return out
}

var mergeMark = lazily(`(?m)^(<{7}|={7}|>{7}|\|{7})( .*)?$`)

// merging reports a file that a merge left for a person to finish, once.
func (r *lockReader) merging() bool {
	at := mergeMark().FindStringIndex(r.file.Text)
	if at != nil {
		r.add(diag.Syntax, span(at), "take either side, remove the marks, then run pipe lock", "%s holds the marks of a merge that is not finished", LockFile)
	}
	return at != nil
}

func (r *lockReader) syntax(err error) {
	var pe toml.ParseError
	if !errors.As(err, &pe) {
		r.add(diag.Syntax, source.Span{}, lockHelp, "%s is no TOML: %v", LockFile, err)
		return
	}
	start := min(max(pe.Position.Start, 0), len(r.file.Text))
	end := min(start+max(pe.Position.Len, 1), len(r.file.Text))
	r.add(diag.Syntax, span([]int{start, end}), lockHelp, "%s is no TOML: %s", LockFile, strings.TrimSuffix(pe.Message, "."))
}

func (r *lockReader) version(v any) bool {
	n, ok := v.(int64)
	switch {
	case !ok || n < 1:
		r.add(diag.InvalidValue, r.line("version"), lockHelp, "%s: expected version = %d", LockFile, LockVersion)
	case n > LockVersion:
		r.add(diag.InvalidValue, r.line("version"), "install a newer pipe", "%s is of version %d, and this pipe reads %d", LockFile, n, LockVersion)
	default:
		return true
	}
	return false
}

var digestForm = lazily(`^sha256:[0-9a-f]{64}$`)

func (r *lockReader) pin(name string, v any) (pin Pin, ok bool) {
	at := r.line(`[image.` + tomlText(name) + `]`)
	table, is := v.(map[string]any)
	if !is {
		r.add(diag.TypeMismatch, at, lockHelp, "%s: expected a table, found %s", name, tomlKind(v))
		return pin, false
	}
	for _, key := range slices.Sorted(maps.Keys(table)) {
		switch x := table[key].(type) {
		case string:
			pin.Digest = x
			is = key == "digest"
		case time.Time:
			pin.Created = x.UTC()
			is = key == "created"
		case []any:
			pin.Platforms = textsOf(x)
			is = key == "platforms"
		default:
			is = false
		}
		if !is {
			r.add(diag.UnknownKeyword, at, lockHelp, "%s: expected digest, platforms and created, found %s, which is %s", name, key, tomlKind(table[key]))
			return pin, false
		}
	}
	if !digestForm().MatchString(pin.Digest) {
		r.add(diag.InvalidValue, at, lockHelp, "%s: expected digest = \"sha256:…\" with 64 digits, found %q", name, pin.Digest)
		return pin, false
	}
	return pin, true
}

func textsOf(list []any) (out []string) {
	for _, x := range list {
		if s, ok := x.(string); ok {
			out = append(out, s)
		}
	}
	return out
}

// line is the first line that begins with a text, or the file's start.
func (r *lockReader) line(begin string) source.Span {
	for n := 1; n <= r.file.Lines(); n++ {
		if line := r.file.Line(n); strings.HasPrefix(line, begin) {
			start := r.file.LineStart(n)
			return source.Span{Start: start, End: start + int32(len(begin))}
		}
	}
	return source.Span{}
}

func span(at []int) source.Span { return source.Span{Start: int32(at[0]), End: int32(at[1])} }
