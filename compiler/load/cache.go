package load

import (
	"sync"

	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/diag"
)

// Cache keeps the parsed files of modules that are used, the standard library's included, so that
// several loads parse each of them once. It never keeps an entry's own files. Every load reads the
// files anew, and one whose content has changed is parsed again, in place of the old one. The
// zero value is ready. It is safe for concurrent use; so are the trees, which nobody changes.
type Cache struct {
	mu    sync.Mutex
	files map[place]*parsed
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
}

// entry is what is known of a file with this content, or where to put it.
func (c *Cache) entry(root, name, text string) *parsed {
	c.mu.Lock()
	defer c.mu.Unlock()
	at := place{root, name}
	p := c.files[at]
	if p == nil || p.text != text {
		if c.files == nil {
			c.files = map[place]*parsed{}
		}
		p = &parsed{text: text}
		c.files[at] = p
	}
	return p
}
