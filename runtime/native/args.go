package native

import (
	"time"

	"github.com/pipelang/pipe/lang/value"
)

// Text is an argument of any text type, "" where it has no value.
func (c *Call) Text(name string) string {
	s, _ := c.Args[name].(value.String)
	return string(s)
}

// Given reports whether an argument has a value.
func (c *Call) Given(name string) bool {
	v, ok := c.Args[name]
	return ok && v != nil && v != value.Value(value.None{})
}

// Flag is an argument of type bool.
func (c *Call) Flag(name string) bool {
	b, _ := c.Args[name].(value.Bool)
	return bool(b)
}

// Texts is an argument that is a list of texts.
func (c *Call) Texts(name string) []string {
	list, _ := c.Args[name].(value.List)
	out := make([]string, 0, len(list))
	for _, e := range list {
		if s, ok := e.(value.String); ok {
			out = append(out, string(s))
		}
	}
	return out
}

// TextMap is an argument that is a map of texts; it is never nil.
func (c *Call) TextMap(name string) map[string]string {
	m, _ := c.Args[name].(value.Map)
	out := make(map[string]string, len(m))
	for k, e := range m {
		if s, ok := e.(value.String); ok {
			out[k] = string(s)
		}
	}
	return out
}

// Image is an argument of type image.
func (c *Call) Image(name string) value.Image {
	i, _ := c.Args[name].(value.Image)
	return i
}

// Dir is an argument of type dir, and whether there is one.
func (c *Call) Dir(name string) (value.Dir, bool) {
	d, ok := c.Args[name].(value.Dir)
	return d, ok
}

// Time is an argument of type timestamp, and whether there is one.
func (c *Call) Time(name string) (time.Time, bool) {
	t, ok := c.Args[name].(value.Timestamp)
	return time.Time(t), ok
}
