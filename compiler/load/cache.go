package load

import (
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/diag"
)

// Cache keeps the parsed files of modules that are used, the standard library's included, so that
// several loads parse each of them once, and get the same Module where nothing was said of it. Every
// load looks whether a file has changed: it is read again when its stamp is another one, and parsed
// again, in place of the old one, when its content is. The zero value is ready. It is safe for
// concurrent use; so are the trees and modules, which nobody changes.
type Cache struct {
	// Edited says that the same entry is loaded again after each of its changes, one load at a time: its own files
	// and folders are kept, too, of a changed file what can be is taken over, and what the last few loads did not
	// use goes. Modules are not kept then.
	Edited bool

	mu      sync.Mutex
	files   map[place]*parsed
	modules map[place]*Module   // the last one of each ID of which nothing was said; none for an entry that is edited
	clean   map[place]*ast.File // the last form of each edited file of which nothing was reported
	kept    map[string]kept     // what was read of files that several loads may share, and of all that are edited, by absolute path
	std     map[builtIn]string  // texts
	load    int                 // how many there were
	clock   func() time.Time    // nil is the system's

	config last[Config] // of pipe.toml
	lock   last[map[string]Pin]
}

// place is a file of a repository, by its names in it.
type place struct{ root, name string }

// parsed is a file's tree and what was said about it.
type parsed struct {
	text   string
	once   sync.Once
	file   *ast.File
	broken bool
	diags  diag.List
	used   int // by which load
}

// keeps says whether a file is kept; an entry's own are for one that is edited.
func (c *Cache) keeps(shared bool) bool { return c != nil && (shared || c.Edited) }

// entry is what is known of a file with this content, or where to put it, and the form that it was edited from.
func (c *Cache) entry(root, name, text string) (p *parsed, before *ast.File) {
	c.mu.Lock()
	defer c.mu.Unlock()
	at := place{root, name}
	p = c.files[at]
	if p == nil || p.text != text {
		if c.files == nil {
			c.files = map[place]*parsed{}
		}
		p = &parsed{text: text}
		c.files[at] = p
	}
	p.used = c.load
	return p, c.clean[at]
}

// text is that of a file when it was last read; "" where it is not known.
func (c *Cache) text(root, name string) string {
	if c == nil {
		return ""
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if p := c.files[place{root, name}]; p != nil {
		return p.text
	}
	return ""
}

// done takes in a file that has been parsed.
func (c *Cache) done(root, name string, p *parsed) {
	if c == nil || !c.Edited || p.diags.Len() > 0 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.clean == nil {
		c.clean = map[place]*ast.File{}
	}
	c.clean[place{root, name}] = p.file
}

// module is the module that earlier loads made of the same files with the same imports; else m is it from now on.
func (c *Cache) module(root string, m *Module) *Module {
	if c == nil || c.Edited {
		return m
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	at := place{root, m.ID}
	if one := c.modules[at]; one != nil && one.equal(m) {
		return one
	}
	if c.modules == nil {
		c.modules = map[place]*Module{}
	}
	m.Shared = true
	c.modules[at] = m
	return m
}

// equal says that two modules, both without a mistake, are made of the same.
func (m *Module) equal(o *Module) bool {
	return m.ID == o.ID && m.Folder == o.Folder && m.Std == o.Std && m.Copy == o.Copy && slices.Equal(m.Files, o.Files) &&
		maps.EqualFunc(m.Uses, o.Uses, func(a, b map[string]*Import) bool {
			return maps.EqualFunc(a, b, func(a, b *Import) bool { return *a == *b })
		})
}

// remembered is for how many loads a file stays that none of them uses.
const remembered = 8

// begin counts a load, and lets go of what the last ones did not use.
func (c *Cache) begin() {
	if c == nil || !c.Edited {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.load++
	for at, p := range c.files {
		if p.used+remembered < c.load {
			delete(c.files, at)
			delete(c.clean, at)
		}
	}
	for path, k := range c.kept {
		if k.used+remembered < c.load {
			delete(c.kept, path)
		}
	}
}

func (c *Cache) now() time.Time {
	if c != nil && c.clock != nil {
		return c.clock()
	}
	return time.Now()
}
