package repo

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// A file that was merely touched has changed where its content was not read; one that became
// another before it was read is no witness of what it was.
func TestSnapshotReadLater(t *testing.T) {
	w := newWork(t)
	for _, name := range []string{"edited", "late", "still", "touched"} {
		w.write(name, name)
	}
	r := w.open()
	defer r.Close()
	s, err := r.Snapshot(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	w.write("late", "other")
	w.age("late")
	if !r.Read(t.Context(), s) || s["touched"].Digest == "" || s["late"].Digest != "" {
		t.Errorf("%+v", s)
	}
	if r.Read(t.Context(), s) {
		t.Error("there was nothing more to read")
	}
	w.write("edited", "EDITED")
	w.age("edited")
	w.age("touched")
	drifted, err := r.Drifted(t.Context(), s, "")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"edited", "late"}, drifted); diff != "" {
		t.Error(diff)
	}
}

// age makes a file look as if it had been written long ago.
func (w *work) age(name string) {
	w.t.Helper()
	then := time.Now().Add(-time.Hour)
	if err := os.Chtimes(filepath.Join(w.dir, name), then, then); err != nil {
		w.t.Fatal(err)
	}
}
