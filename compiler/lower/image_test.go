package lower_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pipelang/pipe/compiler/load"
	"github.com/pipelang/pipe/compiler/plan"
)

var digest = "sha256:" + strings.Repeat("0123456789abcdef", 4)

const imagesText = `settings { base: string = "debian:12" }

defaults { image "alpine:3" }

op build(version: string = "3.11") -> { ref: string } {
  image "python:${version}"
  run ` + "`true`" + `
  return { ref: "x" }
}

op plain() { run ` + "`true`" + ` }

op given(picture: image) {
  image picture
  run ` + "`true`" + `
}

pipeline inner(version: string) {
  service db { image "postgres:16" }
  deep = build(version: version)
  own = op { image "node:${version}"; run ` + "`true`" + ` }
}

pipeline main() {
  a = build()
  many = build(version: v) { for v in ["3.12", "3.13", "2.7"] where v != "2.7" }
  b = inner(version: "20")
  c = plain()
  d = op { image settings.base; service cache { image "redis:7" }; run ` + "`true`" + ` }
  e = op { image a.ref; run ` + "`true`" + ` }
  f = op { image "never:1"; run ` + "`true`" + `; when false }
  g = op { image "fixed@` + "sha256:" + `0000000000000000000000000000000000000000000000000000000000000000"; run ` + "`true`" + ` }
}
`

func lockOf(names ...string) string {
	l := load.Lock{Images: map[string]load.Pin{}}
	for _, n := range names {
		l.Images[n] = load.Pin{Digest: digest}
	}
	return l.Text()
}

func TestImages(t *testing.T) {
	d := one(imagesText).draft(t)
	var got []string
	for _, x := range d.Images(one(imagesText).values(t, d)) {
		name := x.Name
		if name == "" {
			name = "late " + x.Text
		}
		got = append(got, x.User+": "+name+" at "+x.At)
	}
	want := []string{
		`e: late a.ref at main.pipe:30:18`,
		`c: alpine:3 at main.pipe:3:18`,
		`d: debian:12 at main.pipe:29:18`,
		`g: fixed@sha256:0000000000000000000000000000000000000000000000000000000000000000 at main.pipe:32:18`,
		`b/own: node:20 at main.pipe:21:20`,
		`b/inner: postgres:16 at main.pipe:19:22`,
		`b/deep: python:20 at main.pipe:6:9`,
		`a: python:3.11 at main.pipe:6:9`,
		`many: python:3.12 at main.pipe:6:9`,
		`many: python:3.13 at main.pipe:6:9`,
		`d: redis:7 at main.pipe:29:55`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// What is known carries its digest in the plan; for what is late the plan has every pin.
func TestPinned(t *testing.T) {
	s := one(imagesText)
	s.files["pipe.lock"] = lockOf("alpine:3", "python:3.11", "redis:7", "fixed@sha256:"+strings.Repeat("0", 64))
	p, _ := s.bind(t)
	pinned := func(name string) string { return name + "@" + digest }
	if diff := cmp.Diff([]string{pinned("alpine:3"), "debian:12", "fixed@sha256:" + strings.Repeat("0", 64), "postgres:16", pinned("redis:7")}, p.Effects.Images); diff != "" {
		t.Errorf("effects (-want +got):\n%s", diff)
	}
	if got, want := string(p.Ops["main.pipe.plain"].Image.Value), `"`+pinned("alpine:3")+`"`; got != want {
		t.Errorf("op plain has %s, expected %s", got, want)
	}
	for name, want := range map[string]string{
		"python:3.11": pinned("python:3.11"), "python:3.12": "python:3.12", "python:3.11@sha256:1": "python:3.11@sha256:1",
	} {
		if got := p.Pinned(name); got != want {
			t.Errorf("%s is pinned as %s, expected %s", name, got, want)
		}
	}
	if op := p.Ops["main.pipe.build"]; op.Image.CEL != `"python:${version}"` {
		t.Errorf("op build has %+v", op.Image)
	}
}

// The plan is the same without a lock as with an empty one, and another with another digest.
func TestLockInDigest(t *testing.T) {
	const text = "pipeline main() { a = op { image \"alpine:3\"; inputs []; run `true` } }\n"
	with := func(lock string) *plan.Plan {
		s := one(text)
		if lock != "" {
			s.files["pipe.lock"] = lock
		}
		p, _ := s.bind(t)
		return p
	}
	without, empty, locked := with(""), with(lockOf()), with(lockOf("alpine:3"))
	if without.Digest != empty.Digest || locked.Digest == empty.Digest || locked.Pins != nil {
		t.Errorf("digests %s, %s, %s; pins %v", without.Digest, empty.Digest, locked.Digest, locked.Pins)
	}
	moved := with(strings.ReplaceAll(lockOf("alpine:3"), "0123", "3210"))
	if moved.Digest == locked.Digest {
		t.Error("a moved pin gives the same plan")
	}
	if got := plan.Diff(locked, moved); !cmp.Equal(got, []string{"op main.pipe.main/a changed: image", "effects changed: images"}) {
		t.Errorf("the diff says %q", got)
	}
}

// No instance of a loop is left out; where there are more than are looked at, that is said.
func TestImagesOfManyInstances(t *testing.T) {
	for n, want := range map[string]int{"1500": 1500, "100001": 7} {
		s := one(strings.NewReplacer("N", n, "M", strconv.Itoa(want)).Replace("op build(v: int) {\n  image \"python:${v % M}\"\n  run `true`\n}\n" +
			"pipeline main() { many = build(v: v) { for v in lists.range(N) } }\n"))
		d := s.draft(t)
		var names, late int
		for _, x := range d.Images(s.values(t, d)) {
			if x.Name != "" {
				names++
			} else if x.Text == `"python:${v % 7}", of more than 100000 instances` {
				late++
			}
		}
		if names != want || (late == 1) != (n == "100001") {
			t.Errorf("%s: %d names, %d late", n, names, late)
		}
	}
}
