package supervisor

import (
	"encoding/binary"
	"errors"
	"time"
)

// codec writes values one after the other, or reads them back in the same order: what a message
// holds is said once for both ways. Numbers are varints, texts have their length before them, and an
// empty list is not the same as none.
type codec struct {
	out     []byte
	in      string // what is left to read; texts that were read are parts of it
	reading bool
	bad     bool // what was read is no message
}

var errMessage = errors.New("supervisor: what came is no message")

type whole interface {
	~int | ~int64 | ~uint64 | ~uint8
}

func number[T whole](c *codec, v *T) {
	if !c.reading {
		c.out = binary.AppendVarint(c.out, int64(*v))
		return
	}
	*v = T(c.varint())
}

// varint reads what binary.AppendVarint wrote.
func (c *codec) varint() int64 {
	var n uint64
	for i := 0; i < len(c.in) && i < binary.MaxVarintLen64; i++ {
		b := c.in[i]
		n |= uint64(b&0x7f) << (7 * i)
		if b < 0x80 {
			c.in = c.in[i+1:]
			return int64(n>>1) ^ -int64(n&1)
		}
	}
	c.fail()
	return 0
}

func (c *codec) fail() { c.bad, c.in = true, "" }

func (c *codec) flag(v *bool) {
	n := 0
	if *v {
		n = 1
	}
	number(c, &n)
	*v = n == 1
}

func text[T ~string](c *codec, v *T) {
	n := len(*v)
	number(c, &n)
	if !c.reading {
		c.out = append(c.out, *v...)
		return
	}
	*v = T(c.part(n))
}

// part reads so many bytes.
func (c *codec) part(n int) string {
	if n < 0 || n > len(c.in) {
		c.fail()
		return ""
	}
	p := c.in[:n]
	c.in = c.in[n:]
	return p
}

func (c *codec) bytes(v *[]byte) {
	n := c.count(*v == nil, len(*v))
	if !c.reading {
		c.out = append(c.out, *v...)
		return
	}
	if n >= 0 {
		*v = []byte(c.part(n))
	}
}

// count writes how long a list is, or reads that; -1 stands for none.
func (c *codec) count(none bool, n int) int {
	if none {
		n = -1
	}
	number(c, &n)
	if n < -1 || c.reading && n > len(c.in) { // each element takes a byte at least
		c.fail()
		return -1
	}
	return n
}

func list[T any](c *codec, v *[]T, each func(*codec, *T)) {
	n := c.count(*v == nil, len(*v))
	if c.reading && n >= 0 {
		*v = make([]T, n)
	}
	for i := range *v {
		each(c, &(*v)[i])
	}
}

func optional[T any](c *codec, v **T, each func(*codec, *T)) {
	there := *v != nil
	c.flag(&there)
	if c.reading && there {
		*v = new(T)
	}
	if there {
		each(c, *v)
	}
}

func pairs[K ~string, V whole](c *codec, v *map[K]V) {
	n := c.count(*v == nil, len(*v))
	if !c.reading {
		for key, value := range *v {
			text(c, &key)
			number(c, &value)
		}
		return
	}
	if n >= 0 {
		*v = make(map[K]V, n)
	}
	for range n {
		var key K
		var value V
		text(c, &key)
		number(c, &value)
		(*v)[key] = value
	}
}

func (c *codec) time(v *time.Time) {
	var raw []byte
	if !c.reading {
		raw, _ = v.MarshalBinary() // it fails for zones that no time here has
	}
	c.bytes(&raw)
	if c.reading && v.UnmarshalBinary(raw) != nil {
		c.fail()
	}
}
