package load

import (
	"embed"
	"io/fs"
	"path"
	"strings"

	"github.com/pipelang/pipe/lang/ast"
)

// ofStd says that a file is the text of a module of the standard library.
func (l *loader) ofStd(f *ast.File) bool {
	text, ok := l.readStd(strings.TrimSuffix(path.Base(f.Source.Name), ".pipe"))
	return ok && text == f.Source.Text
}

// readStd reads a module of the standard library.
func (l *loader) readStd(name string) (string, bool) {
	if l.opts.Std == nil {
		return "", false
	}
	binary, constant := l.opts.Std.(embed.FS)
	if text, ok := l.opts.Cache.builtIn(binary, name); ok && constant {
		return text, true
	}
	var b []byte
	var err error
	if file := name + "/" + name + ".pipe"; constant {
		b, err = binary.ReadFile(file)
	} else {
		b, err = fs.ReadFile(l.opts.Std, file)
	}
	text := string(b)
	if err == nil && constant {
		l.opts.Cache.keepBuiltIn(binary, name, text)
	}
	return text, err == nil
}

// builtIn is a module of a standard library that is part of a binary, and so stays as it is.
type builtIn struct {
	binary embed.FS
	name   string
}

func (c *Cache) builtIn(binary embed.FS, name string) (string, bool) {
	if c == nil {
		return "", false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	text, ok := c.std[builtIn{binary, name}]
	return text, ok
}

func (c *Cache) keepBuiltIn(binary embed.FS, name, text string) {
	if c == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.std == nil {
		c.std = map[builtIn]string{}
	}
	c.std[builtIn{binary, name}] = text
}
