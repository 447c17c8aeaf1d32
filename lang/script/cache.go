package script

import (
	"strings"
	"sync"
)

// Cache keeps what was read of scripts by their text, for checks that meet the same ones again: the files of
// a repository that use one module, a file that is changed under somebody's hands. The zero value is ready, and
// nil keeps nothing. It is safe for concurrent use, and holds no more than two generations of texts.
type Cache struct {
	mu         sync.Mutex
	young, old map[question]*Script
	size       int // bytes of the young texts
}

// question is all that an answer depends on.
type question struct {
	text    string
	dialect Dialect
	options Options
}

// generation is how many bytes of text make the oldest ones forgotten.
const generation = 4 << 20

// Read is the function Read, asked once for a text.
func (c *Cache) Read(text string, d Dialect) *Script { return c.ReadAs(text, d, d.Ours()) }

// ReadAs is the function ReadAs, asked once for a text.
func (c *Cache) ReadAs(text string, d Dialect, o Options) *Script {
	if c == nil {
		return ReadAs(text, d, o)
	}
	if s := c.find(question{text, d, o}); s != nil {
		return s
	}
	text = strings.Clone(text) // a piece of a file would keep all of it
	s := ReadAs(text, d, o)
	c.keep(question{text, d, o}, s)
	return s
}

func (c *Cache) find(q question) *Script {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.young[q]
	if s == nil {
		if s = c.old[q]; s != nil {
			c.add(q, s)
		}
	}
	return s
}

func (c *Cache) keep(q question, s *Script) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.add(q, s)
}

func (c *Cache) add(q question, s *Script) {
	if c.young == nil || c.size > generation {
		c.young, c.old, c.size = map[question]*Script{}, c.young, 0
	}
	c.young[q] = s
	c.size += len(q.text)
}
