package script

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// TestCache gives what Read gives, once for a text and a dialect, and forgets what was long ago.
func TestCache(t *testing.T) {
	var c Cache
	text := "x=$(date)\necho \"$x\" > out"
	first := c.Read(text, Sh)
	if diff := cmp.Diff(Read(text, Sh), first, cmpopts.IgnoreUnexported(Assign{}, Variable{})); diff != "" {
		t.Error(diff)
	}
	if c.Read(text, Sh) != first {
		t.Error("the same text is read twice")
	}
	if c.Read(text, Bash) == first {
		t.Error("one dialect is taken for the other")
	}
	long := strings.Repeat("#", generation/4)
	for i := range 20 {
		c.Read(fmt.Sprintf("%s%d", long, i), Sh)
	}
	if kept := len(c.young) + len(c.old); kept > 14 {
		t.Errorf("%d texts are kept", kept)
	}
	if c.Read(text, Sh) == first {
		t.Error("a text is kept for ever")
	}
	var none *Cache
	if diff := cmp.Diff(first, none.Read(text, Sh), cmpopts.IgnoreUnexported(Assign{}, Variable{})); diff != "" {
		t.Error(diff)
	}
}
