// Package stdlib is the standard library's sources: NAME/NAME.pipe for `use "std/NAME"`.
// It embeds them and knows nothing else.
package stdlib

import "embed"

// FS holds NAME/NAME.pipe.
//
//go:embed */*.pipe
var FS embed.FS
