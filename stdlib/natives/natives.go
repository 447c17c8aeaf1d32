// Package natives is the register of what implements the standard library's native ops. It
// gathers what packages of single modules give, and knows nothing of what any of them does.
package natives

import (
	"maps"

	"github.com/pipelang/pipe/runtime/native"
	"github.com/pipelang/pipe/stdlib/image"
)

// Register has every native op of the standard library, by its ID in a plan.
func Register() native.Register {
	out := native.Register{}
	maps.Copy(out, image.New().Register())
	return out
}
