package engine_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pipelang/pipe/compiler/plan"
	"github.com/pipelang/pipe/lang/value"
	"github.com/pipelang/pipe/runtime/engine"
	"github.com/pipelang/pipe/runtime/event"
	"github.com/pipelang/pipe/runtime/secret"
	"github.com/pipelang/pipe/runtime/store"
	"github.com/pipelang/pipe/runtime/target"
	"github.com/pipelang/pipe/runtime/target/fake"
)

// cachedOp is an op with all that can be part of a key.
func cachedOp() plan.Op {
	return plan.Op{Name: "kept", Module: "ci.pipe", At: "ci.pipe:1:1", Result: "{ n: int, f: file }",
		Params:  []plan.Param{{Name: "n", Type: "int"}, {Name: "token", Type: "secret string?"}},
		Runs:    []plan.Run{{Interpreter: "sh", Script: "make", At: "ci.pipe:2:1"}},
		Inputs:  litp([]string{"src/*"}),
		Env:     []plan.NamedExpr{{Name: "MODE", Type: "string", Value: cel("git.branch")}, {Name: "KEY", Type: "secret string?", Value: cel("token")}},
		Inherit: []string{"HUE"}, Keep: litp([]string{}),
		Mounts: []plan.Mount{{Path: lit("cfg"), Value: celp(`settings.cfg`), Type: "file"}, {Path: lit("deps"), Cache: "deps"}},
		Cached: &plan.Cached{Vary: celp("[settings.token]"), Secret: true},
		Return: celp(`{ "n": int(outputs.n), "f": file("out") }`)}
}

// cacheBench is one pipeline that runs over and over on one store.
type cacheBench struct {
	t      *testing.T
	dir    string
	store  *store.Store
	sealer *secret.Sealer
	op     plan.Op
	tree   map[string]string
	n      int
	hue    string
	branch string
	commit string
	token  string
	config value.File
	opts   func(*bench)
}

func newCacheBench(t *testing.T) *cacheBench {
	t.Helper()
	dir := t.TempDir()
	c := &cacheBench{t: t, dir: dir, op: cachedOp(), tree: map[string]string{"src/a": "1", "doc/b": "2"}, n: 1, hue: "red",
		branch: "main", commit: "c1", token: "hunter2-token", config: value.File{Name: "cfg", Digest: "sha256:" + strings.Repeat("a", 64), Mode: 0o644, Size: 3}}
	c.sealer = secret.NewSealer(func(name string) string {
		if name == secret.IdentityVariable {
			return filepath.Join(dir, "identity")
		}
		return ""
	})
	var err error
	if c.store, err = store.Open(filepath.Join(dir, "store"), c.sealer); err != nil {
		t.Fatal(err)
	}
	return c
}

// bench is a run of the pipeline as it stands.
func (c *cacheBench) bench(opts ...option) *bench {
	c.t.Helper()
	opts = append([]option{calls("kept"), result("{ n: int, f: file }"), typ("{ n: int, f: file }"), arg("n", "int", lit(c.n)), arg("token", "secret string?", cel("settings.token"))}, opts...)
	b := newBench(c.t, pipeline(step("s", opts...)))
	p := b.opts.Plan
	p.Ops["ci.pipe.kept"] = c.op
	config, err := value.Marshal(c.config)
	if err != nil {
		c.t.Fatal(err)
	}
	p.Settings = []plan.Setting{{Name: "token", Type: "secret string", Secret: true}, {Name: "cfg", Type: "file", Value: config}}
	b.fake.Tree = c.tree
	b.fake.Default = fake.Act{Outputs: map[string]string{"n": "7"}, Files: map[string]string{"out": "content"}, Stdout: "log\n"}
	b.opts.Cache, b.opts.Run.Artifacts, b.opts.Fingerprint = c.store, c.store, c.sealer.Fingerprint
	b.opts.Setting = func(string) (value.Value, bool) { return value.String(c.token), true }
	b.opts.Environ = []string{"HUE=" + c.hue, "NOISE=x"}
	b.opts.Context["git"] = value.Record{"branch": value.String(c.branch), "commit": value.String(c.commit)}
	if c.opts != nil {
		c.opts(b)
	}
	return b
}

// ran runs the pipeline and reports whether the step ran.
func (c *cacheBench) ran(opts ...option) bool {
	c.t.Helper()
	b := c.bench(opts...)
	res := b.run(c.t.Context())
	if res.Outcome != engine.Succeeded {
		c.t.Fatalf("%v: %s", table(res), res.Error)
	}
	return len(b.fake.Started()) > 0
}

// Each part of a key, changed alone, is a miss; what is no part of it is a hit.
func TestCacheKey(t *testing.T) {
	for name, tt := range map[string]struct {
		change func(*cacheBench)
		miss   bool
	}{
		"nothing":          {func(*cacheBench) {}, false},
		"script":           {func(c *cacheBench) { c.op.Runs[0].Script = "make all" }, true},
		"interpreter":      {func(c *cacheBench) { c.op.Runs[0].Interpreter = "bash" }, true},
		"a further script": {func(c *cacheBench) { c.op.Runs = append(c.op.Runs, c.op.Runs[0]) }, true},
		"a skipped script": {func(c *cacheBench) {
			c.op.Runs = append(c.op.Runs, plan.Run{Interpreter: "sh", Script: "x", At: "ci.pipe:9:1", When: litp(false)})
		}, false},
		"exec":              {func(c *cacheBench) { c.op.Runs, c.op.Exec = nil, litp([]string{"make"}) }, true},
		"parameter":         {func(c *cacheBench) { c.n = 2 }, true},
		"inputs' content":   {func(c *cacheBench) { c.tree["src/a"] = "9" }, true},
		"another input":     {func(c *cacheBench) { c.tree["src/z"] = "" }, true},
		"a file beside":     {func(c *cacheBench) { c.tree["doc/b"] = "9" }, false},
		"inputs' globs":     {func(c *cacheBench) { c.op.Inputs = litp([]string{"src/a", "doc/b"}) }, true},
		"globs of the same": {func(c *cacheBench) { c.op.Inputs = litp([]string{"src/a"}) }, false},
		"mount's content":   {func(c *cacheBench) { c.config.Digest = "sha256:" + strings.Repeat("b", 64) }, true},
		"mount's mode":      {func(c *cacheBench) { c.config.Mode = 0o755 }, true},
		"mount's path":      {func(c *cacheBench) { c.op.Mounts[0].Path = lit("cfg2") }, true},
		"cache folder":      {func(c *cacheBench) { c.op.Mounts[1].Cache = "other" }, true},
		"env":               {func(c *cacheBench) { c.branch = "dev" }, true},
		"what env lacks":    {func(c *cacheBench) { c.commit = "c2" }, false},
		"inherited value":   {func(c *cacheBench) { c.hue = "blue" }, true},
		"inherited name":    {func(c *cacheBench) { c.op.Inherit = nil }, true},
		"vary":              {func(c *cacheBench) { c.token = "hunter3-token" }, true},
		"secret, no vary":   {func(c *cacheBench) { c.op.Cached = &plan.Cached{} }, true},
		"workdir":           {func(c *cacheBench) { c.op.Workdir = litp("src") }, true},
		"folder":            {func(c *cacheBench) { c.op.Folder = "sub" }, true},
		"keep":              {func(c *cacheBench) { c.op.Keep = litp([]string{"none"}) }, true},
		"success codes":     {func(c *cacheBench) { c.op.SuccessCodes = litp([]int{0, 3}) }, true},
		"return":            {func(c *cacheBench) { c.op.Return = celp(`{ "n": int(outputs.n) + 1, "f": file("out") }`) }, true},
		"result type":       {func(c *cacheBench) { c.op.Result = "{ n: int, f: file? }" }, true},
		"limit of memory":   {func(c *cacheBench) { c.op.Timeout, c.op.Grace = litp("1h"), litp("1s") }, false},
		"retry":             {func(c *cacheBench) { c.op.Retry = &plan.Retry{Count: lit(3)} }, false},
		"place in the file": {func(c *cacheBench) { c.op.At, c.op.Runs[0].At, c.op.Doc = "ci.pipe:40:1", "ci.pipe:41:1", "New." }, false},
		"no cache":          {func(c *cacheBench) { c.opts = func(b *bench) { b.opts.NoCache = true } }, true},
		"no store":          {func(c *cacheBench) { c.opts = func(b *bench) { b.opts.Cache = nil } }, true},
		"another identity": {func(c *cacheBench) {
			c.opts = func(b *bench) { b.opts.Fingerprint = func([]byte) (string, error) { return "hmac-sha256:other", nil } }
		}, true},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCacheBench(t)
			if !c.ran() {
				t.Fatal("the first run found something")
			}
			tt.change(c)
			if got := c.ran(); got != tt.miss {
				t.Errorf("the step ran: %v", got)
			}
		})
	}
}

// A hit gives what the attempt gave, says where it is from, and shows no log.
func TestCacheHit(t *testing.T) {
	c := newCacheBench(t)
	first := c.bench()
	res := first.run(t.Context())
	second := c.bench(require("true", ""), approve(`"sure?"`), lock("l", ""))
	asked := 0
	second.opts.Approve = func(context.Context, engine.Approval) (engine.Answer, error) {
		asked++
		return engine.Answer{Outcome: engine.Granted}, nil
	}
	second.opts.Run.ID = "r2"
	again := second.run(t.Context())
	r := row(t, again, "s")
	if len(second.fake.Started()) != 0 || r.Attempts != 0 || r.Cached == nil || r.Cached.Run != "r1" || asked != 1 {
		t.Fatalf("%+v, asked %d times", r, asked)
	}
	var finished []event.Event
	for i, b := range []*bench{first, second} {
		for _, e := range b.events {
			if e.Type == event.StepFinished {
				finished = append(finished, e)
			}
			if i == 1 && (e.Type == event.StepOutput || e.Type == event.StepStarted) {
				t.Errorf("a hit has the event %+v", e)
			}
		}
	}
	if diff := cmp.Diff(string(finished[0].Value), string(finished[1].Value)); diff != "" || len(finished[0].Value) == 0 {
		t.Error(diff)
	}
	if finished[0].Cached != nil || finished[1].Cached == nil || *finished[1].ExitCode != 0 || res.Steps[0].Cached != nil {
		t.Errorf("%+v and %+v", finished[0], finished[1])
	}
}

// What is before an attempt comes before the cache too.
func TestGuardsComeBeforeTheCache(t *testing.T) {
	for name, tt := range map[string]struct {
		opt  option
		want []string
	}{
		"when":     {when(cel("1 == 2")), []string{"= succeeded", "s skipped guard-false"}},
		"require":  {require("1 == 2", "no"), []string{"= failed", "s failed require"}},
		"approval": {approve(`"sure?"`), []string{"= waiting", "s waiting approval"}},
	} {
		c := newCacheBench(t)
		c.ran()
		if diff := cmp.Diff(tt.want, table(c.bench(tt.opt).run(t.Context()))); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// Only what succeeded is kept, and of several attempts the one that did.
func TestOnlySuccessIsCached(t *testing.T) {
	good := fake.Act{Outputs: map[string]string{"n": "7"}, Files: map[string]string{"out": "content"}}
	leak := good
	leak.Files = map[string]string{"out": "hunter2-token"}
	unsteady := good
	unsteady.Unsteady = true
	for name, tt := range map[string]struct {
		acts []fake.Act
		want bool // the second run runs it
	}{
		"failed":          {[]fake.Act{{Exit: 1}}, true},
		"killed":          {[]fake.Act{{Exit: 137, Signal: "SIGKILL"}}, true},
		"timed out":       {[]fake.Act{{Takes: time.Hour}}, true},
		"lost":            {[]fake.Act{{Err: fake.ErrLost}}, true},
		"bad result":      {[]fake.Act{{Outputs: map[string]string{"n": "x"}}}, true},
		"secret":          {[]fake.Act{leak}, true},
		"changed inputs":  {[]fake.Act{unsteady}, true},
		"at second try":   {[]fake.Act{{Exit: 1}, good}, false},
		"at the first go": {[]fake.Act{good}, false},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCacheBench(t)
			b := c.bench(timeout("200ms"), retries(len(tt.acts)-1, "1ms"))
			known := secret.NewMasker()
			known.Add(c.token)
			b.opts.Find = func() target.Finder { return known.Finder() }
			b.fake.On("s", tt.acts...)
			b.run(t.Context())
			if got := c.ran(); got != tt.want {
				t.Errorf("the second run ran it: %v", got)
			}
		})
	}
}

func TestCancelledIsNotCached(t *testing.T) {
	c := newCacheBench(t)
	b := c.bench()
	ctx, stop := context.WithCancel(t.Context())
	b.fake.Default.Takes = time.Hour
	time.AfterFunc(10*time.Millisecond, stop)
	wantTable(t, b.run(ctx), "= cancelled", "s cancelled cancelled")
	if !c.ran() {
		t.Error("a cancelled attempt was cached")
	}
}

func TestCacheExpires(t *testing.T) {
	c := newCacheBench(t)
	c.op.Cached.For = litp("1h")
	synctest.Test(t, func(t *testing.T) {
		c.t = t
		c.ran()
		time.Sleep(59 * time.Minute)
		if c.ran() {
			t.Error("it expired too early")
		}
		time.Sleep(2 * time.Minute) // its use did not make it younger
		if !c.ran() {
			t.Error("it did not expire")
		}
		if c.ran() {
			t.Error("what ran anew was not kept")
		}
	})
}

// An artifact that is missing or damaged makes a miss, and is stored again.
func TestDamagedArtifactsAreAMiss(t *testing.T) {
	for name, harm := range map[string]func(path string) error{
		"missing": os.Remove,
		"damaged": func(path string) error {
			return errors.Join(os.Chmod(path, 0o600), os.WriteFile(path, []byte("CONTENT"), 0o600))
		},
		"cut": func(path string) error { return errors.Join(os.Chmod(path, 0o600), os.Truncate(path, 3)) },
	} {
		c := newCacheBench(t)
		c.ran()
		found, _ := filepath.Glob(filepath.Join(c.dir, "store/objects/sha256/*/*"))
		if len(found) != 1 {
			t.Fatal(found)
		}
		if err := harm(found[0]); err != nil {
			t.Fatal(err)
		}
		if !c.ran() {
			t.Errorf("%s: found all the same", name)
		}
		if c.ran() {
			t.Errorf("%s: not mended by the second run", name)
		}
	}
}

// Results that may hold a secret are never cached, whatever a plan says.
func TestSecretResultIsNotCached(t *testing.T) {
	c := newCacheBench(t)
	c.op.Result, c.op.Return = "{ n: int, f: secret file }", celp(`{ "n": 1, "f": file("out") }`)
	as := []option{result("{ n: int, f: secret file }"), typ("{ n: int, f: secret file }")}
	if !c.ran(as...) || !c.ran(as...) {
		t.Error("a secret result was found")
	}
}

// The secret is in no file of the store, and neither is a hash that somebody could try values on.
func TestCacheHoldsNoSecret(t *testing.T) {
	c := newCacheBench(t)
	c.hue = "hunter2-token"
	c.branch = "hunter2-token"
	c.ran()
	if c.ran() {
		t.Error("nothing was kept")
	}
	for _, file := range files(t, filepath.Join(c.dir, "store")) {
		for _, bad := range []string{"hunter2-token", sum("hunter2-token"), sum(`"hunter2-token"`)} {
			if strings.Contains(file, bad) {
				t.Errorf("the store holds %s:\n%s", bad, file)
			}
		}
	}
}

func TestInstancesHaveTheirOwnKeys(t *testing.T) {
	c := newCacheBench(t)
	run := func(list ...int) []string {
		b := newBench(t, pipeline(step("s", calls("echo"), loop("x", "int", lit(list)), typ("[int]"), arg("n", "int", cel("x")))))
		op := b.opts.Plan.Ops["ci.pipe.echo"]
		op.Cached, op.Inputs = &plan.Cached{}, litp([]string{})
		b.opts.Plan.Ops["ci.pipe.echo"] = op
		b.opts.Cache = c.store
		res := b.run(t.Context())
		if whole := row(t, res, "s"); (whole.Cached != nil) != (len(b.fake.Started()) == 0) {
			t.Errorf("the whole is cached: %v", whole.Cached)
		}
		return b.fake.Started()
	}
	if got := run(1, 2); len(got) != 2 {
		t.Error(got)
	}
	if diff := cmp.Diff([]string{"s[1]"}, run(2, 3, 1)); diff != "" {
		t.Error(diff)
	}
	if got := run(1, 2, 3); len(got) != 0 {
		t.Error(got)
	}
}

// What nothing can make a key of runs, and says why.
func TestUncached(t *testing.T) {
	for want, change := range map[string]func(*cacheBench){
		"it has no inputs": func(c *cacheBench) { c.op.Inputs = nil },
		"return calls glob, and nothing says what that depends on": func(c *cacheBench) {
			c.op.Return = celp(`{ "n": size(glob("*")) * 0, "f": file("out") }`)
			c.opts = func(b *bench) { b.opts.Repo = noFiles{} }
		},
		"inputs: no": func(c *cacheBench) { c.opts = func(b *bench) { b.fake.SurveyErr = errors.New("no") } },
		"inherit HUE: a secret cannot enter a key here": func(c *cacheBench) {
			c.op.Cached = &plan.Cached{}
			c.opts = func(b *bench) { b.opts.Fingerprint = nil }
		},
	} {
		c := newCacheBench(t)
		change(c)
		for range 2 {
			b := c.bench()
			res := b.run(t.Context())
			said := ""
			for _, e := range b.events {
				if e.Type == event.Notice {
					said += e.Text
				}
			}
			if res.Outcome != engine.Succeeded || len(b.fake.Started()) != 1 || !strings.HasPrefix(said, "is not cached: "+want) {
				t.Errorf("%s: %v, ran %v, %q", want, table(res), b.fake.Started(), said)
			}
		}
	}
}

// What `return` reads beside the attempt is part of the key, field by field.
func TestCacheKeyOfReturn(t *testing.T) {
	c := newCacheBench(t)
	c.op.Return = celp(`{ "n": size(git.commit), "f": file("out") }`)
	c.op.Env = nil
	c.ran()
	c.branch = "dev"
	if c.ran() {
		t.Error("a field that is not read makes a miss")
	}
	c.commit = "c22"
	if !c.ran() {
		t.Error("a field that is read makes no miss")
	}
}
