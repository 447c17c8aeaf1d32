package conformance

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pipelang/pipe/lang/value"
	"github.com/pipelang/pipe/runtime/secret"
	"github.com/pipelang/pipe/runtime/target"
)

const hunter = "hunter2-prod-key"

// findHunter starts searches for one secret.
func findHunter() func() target.Finder {
	m := secret.NewMasker(hunter)
	return func() target.Finder { return m.Finder() }
}

// holders are the files below root that hold a text.
func holders(t testing.TB, root, text string) []string {
	t.Helper()
	var out []string
	must(t, filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return nil
		}
		if raw, err := os.ReadFile(p); err == nil && bytes.Contains(raw, []byte(text)) {
			out = append(out, p)
		}
		return nil
	}))
	return out
}

// A secret that a step returns is in the plain only in workspaces of steps, while they last.
func (p Place) secretContentIsInThePlainOnlyInSteps(t *testing.T) {
	b := p.newBench(t, nil)
	var err error
	b.Session, err = p.session(b.Context(), b.Run)
	must(t, err)
	base := filepath.Dir(b.Root)
	made := b.Shell(whole(), "echo "+hunter+" > key; mkdir d; cp key d/key; chmod 755 d/key")
	in := take(b, true)
	f, err := made.File(t.Context(), "key", in)
	must(t, err)
	d, err := made.Dir(t.Context(), "d", in)
	must(t, errors.Join(err, in.Commit(f.Digest, d.Digest), made.Close()))
	for _, v := range []value.Value{f, d} {
		for _, job := range []target.Job{
			{Mounts: []target.Mount{{Path: "x", Files: []value.Value{v}, Secret: true}}, Env: []target.EnvVar{{Name: "at", Value: "x"}}},
			{Params: []target.Param{{Name: "at", Value: v, Secret: true}}},
		} {
			job.AllTree, job.Step = true, "s"
			a := b.Shell(job, `find "$at" -type f -exec stat -c %a {} + -exec cat {} +`)
			if got := a.Stdout(); got != "400\n"+hunter {
				t.Errorf("%T: got %q", v, got)
			}
			must(t, a.Close())
		}
	}
	text := hunter
	job := whole()
	job.Mounts = []target.Mount{{Path: "x/token", Text: &text}}
	a := b.Shell(job, `cat x/token; stat -c %a x/token; cat /proc/$$/environ | grep -c hunter2 || true`)
	if got := a.Stdout(); got != hunter+"400\n0" {
		t.Errorf("got %q", got)
	}
	for _, p := range holders(t, base, hunter) {
		if private := strings.TrimPrefix(p, b.Run.State+"/"); private == p {
			t.Errorf("while the step's workspace is there, it also stands in %s", p)
		} else if info, err := os.Stat(filepath.Join(b.Run.State, strings.Split(private, "/")[0])); err != nil || info.Mode().Perm() != 0o700 {
			t.Errorf("%s can be entered: %v, %v", private, info.Mode(), err)
		}
	}
	must(t, a.Close())
	for _, p := range holders(t, base, hunter) {
		if strings.HasSuffix(p, "x/token") {
			t.Errorf("after the step it stands in %s", p)
		}
	}
	must(t, b.Session.Close())
	if got := holders(t, base, hunter); len(got) > 0 {
		t.Errorf("after the run it stands in %v", got)
	}
}

func (p Place) keptFilesAreSearched(t *testing.T) {
	b := p.open(t, nil)
	for name, c := range map[string]struct {
		script, want string
	}{
		"content":       {"printf 'a\\nb " + hunter + "\\n' > report.xml", `keep "report.xml": report.xml holds a secret in line 2`},
		"deep":          {"mkdir -p logs/a; echo fine > report.xml; echo " + hunter + " > logs/a/l.txt", `keep "logs/a/l.txt": logs/a/l.txt holds a secret in line 1`},
		"a name":        {"mkdir logs; touch logs/" + hunter, `keep "logs/` + hunter + `": logs/` + hunter + ` holds a secret in its name`},
		"across pieces": {"head -c 65530 /dev/zero > report.xml; printf " + hunter + " >> report.xml", `keep "report.xml": report.xml holds a secret in line 1`},
		"in hex":        {"printf " + hunter + " | od -An -v -tx1 | tr -d ' \\n' > report.xml", `keep "report.xml": report.xml holds a secret in line 1`},
		"nothing":       {"echo fine > report.xml", ""},
	} {
		t.Run(name, func(t *testing.T) {
			job := empty()
			job.Step, job.Keep = "s", []string{"report.xml", "logs"}
			a := b.Shell(job, c.script)
			got, err := a.Kept(t.Context(), findHunter())
			if c.want == "" {
				if err != nil || len(got) != 1 || read(t, got[0]) != "fine\n" {
					t.Errorf("got %v, %v", got, err)
				}
				return
			}
			var leak *target.LeakError
			if err == nil || err.Error() != c.want || !errors.As(err, &leak) {
				t.Errorf("got %v, want %s", err, c.want)
			}
			if left, _ := os.ReadDir(b.Run.Keep); len(left) > 0 {
				t.Errorf("kept %v", left)
			}
		})
	}
}
