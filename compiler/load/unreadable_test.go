package load

import (
	"io/fs"
	"testing"

	"github.com/pipelang/pipe/lang/diag"
)

// Root may read everything, so a folder without permission is tested by its error.
func TestPermissionDenied(t *testing.T) {
	p := (&loader{root: t.TempDir()}).unreadable("shut", &fs.PathError{Op: "open", Path: "shut", Err: fs.ErrPermission})
	if p.rule != diag.UnreadableFile || p.message != "may not be read: permission denied" || p.help == "" {
		t.Errorf("got %+v", p)
	}
}
