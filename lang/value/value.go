// Package value is what expressions give and steps pass on: typed values, their canonical
// JSON, and how each reaches a process. It knows nothing of CEL and of where values come from.
package value

import (
	"time"
)

// Value is one of the types of this file. Values are immutable.
type Value interface{ value() }

type (
	// String holds string, url, path and closed sets alike; the type tells them apart.
	String string
	Int    int64
	Float  float64
	Bool   bool
	// Duration is in nanoseconds.
	Duration time.Duration
	// Size is in bytes.
	Size int64
	// Timestamp is an instant, printed in UTC.
	Timestamp time.Time
	Bytes     string
	List      []Value
	// Map is a {string: T}.
	Map map[string]Value
	// Record holds the fields that have a value; an absent T? field is not in it.
	Record map[string]Value
	// File is content by digest.
	File struct {
		Name   string // base name it had
		Digest string // "sha256:" and hex, of the content
		Size   int64  // bytes
		Mode   uint32 // permission bits
	}
	// Dir is a tree by digest.
	Dir struct {
		Name   string
		Digest string // "sha256:" and hex, of the tree's canonical manifest
		Size   int64  // bytes of all files
		Files  int
	}
	// Image is a container image by reference and digest.
	Image struct {
		Ref    string
		Digest string
	}
	// None is the absent value of a T?, and the result of what returns nothing.
	None struct{}
	// JSON is null, a scalar, []any or map[string]any whose type only the run knows;
	// numbers are int64 or float64.
	JSON struct{ Data any }
)

func (String) value()    {}
func (Int) value()       {}
func (Float) value()     {}
func (Bool) value()      {}
func (Duration) value()  {}
func (Size) value()      {}
func (Timestamp) value() {}
func (Bytes) value()     {}
func (List) value()      {}
func (Map) value()       {}
func (Record) value()    {}
func (File) value()      {}
func (Dir) value()       {}
func (Image) value()     {}
func (None) value()      {}
func (JSON) value()      {}
