package report

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pipelang/pipe/lang/value"
)

func goTest(t *testing.T, data string) value.Record {
	t.Helper()
	got, err := GoTest([]byte(data))
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func names(r value.Record) []string {
	var out []string
	for _, f := range r["failures"].(value.List) {
		out = append(out, string(f.(value.Record)["name"].(value.String)))
	}
	return out
}

// The file is what go 1.26 wrote for a module with packages that pass, fail, do not build,
// panic, hold no tests and end with a code of their own.
func TestGoTestReal(t *testing.T) {
	data, err := os.ReadFile("testdata/gotest/mixed.json")
	if err != nil {
		t.Fatal(err)
	}
	got := goTest(t, string(data))
	if diff := cmp.Diff(counts{3, 4, 2, 1, 0}, countsOf(got)); diff != "" {
		t.Error(diff)
	}
	want := value.List{
		fail("example.com/demo/bad.TestA/x", "a_test.go", 3, "a_test.go:3: want 1"),
		fail("example.com/demo/bad.TestB", "a_test.go", 4, "a_test.go:4: b <&> \x1b[31mred"),
		fail("example.com/demo/build", "build/a_test.go", 3, "build/a_test.go:3:27: undefined: undefined"),
	}
	list := got["failures"].(value.List)
	if len(list) != 5 {
		t.Fatalf("failures %v", names(got))
	}
	if diff := cmp.Diff(want, list[:3]); diff != "" {
		t.Error(diff)
	}
	panicked := list[3].(value.Record)
	if panicked["file"] != value.String("/src/demo/panics/a_test.go") || panicked["line"] != value.Int(3) ||
		!strings.Contains(string(panicked["message"].(value.String)), "panic: oh") {
		t.Errorf("panic is reported as %v", panicked)
	}
	if diff := cmp.Diff(fail("example.com/demo/timeout", "", 0, "main"), list[4]); diff != "" {
		t.Error(diff)
	}
}

func TestGoTestForms(t *testing.T) {
	const start, end = `{"Action":"start","Package":"p"}` + "\n", `{"Action":"fail","Package":"p","Elapsed":1}` + "\n"
	run := func(name, action string) string {
		return `{"Action":"run","Package":"p","Test":"` + name + `"}` + "\n" + `{"Action":"` + action + `","Package":"p","Test":"` + name + `"}` + "\n"
	}
	tests := map[string]struct {
		in   string
		want counts
		fail []string
	}{
		"nothing":       {"", counts{}, nil},
		"no test files": {start + `{"Action":"skip","Package":"p"}` + "\n", counts{}, nil},
		"noise between": {"go: downloading x v1\n" + start + "warning: odd\r\n" + run("T", "pass") + `{"Action":"pass","Package":"p"}`, counts{1, 0, 0, 0, 0}, nil},
		"never ended":   {start + `{"Action":"run","Package":"p","Test":"T"}` + "\n" + end, counts{0, 1, 0, 0, 0}, []string{"p.T"}},
		"count runs":    {start + run("T", "pass") + run("T", "fail") + end, counts{1, 1, 0, 0, 0}, []string{"p.T"}},
		"same again":    {start + run("T", "fail") + run("T", "pass") + end, counts{1, 1, 0, 0, 0}, []string{"p.T"}},
		"flaky":         {start + run("T", "fail") + run("U", "pass") + end + start + run("T", "pass") + `{"Action":"pass","Package":"p"}`, counts{2, 0, 0, 0, 1}, nil},
		"old build":     {"# p\np/x.go:1:2: undefined: y\n" + `{"Action":"output","Package":"p","Output":"FAIL\tp [build failed]\n"}` + "\n" + end, counts{0, 0, 1, 0, 0}, []string{"p"}},
		"orphan build":  {`{"Action":"build-output","ImportPath":"q","Output":"q/x.go:1:1: no\n"}` + "\n" + `{"Action":"build-fail","ImportPath":"q"}`, counts{0, 0, 1, 0, 0}, []string{"q"}},
		"long line":     {start + `{"Action":"run","Package":"p","Test":"T"}` + "\n" + `{"Action":"output","Package":"p","Test":"T","Output":"` + strings.Repeat("x", 200_000) + `"}` + "\n" + `{"Action":"fail","Package":"p","Test":"T"}` + "\n" + end, counts{0, 1, 0, 0, 0}, []string{"p.T"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got := goTest(t, tt.in)
			if diff := cmp.Diff(tt.want, countsOf(got)); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(tt.fail, names(got)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestGoTestOldBuildSaysWhy(t *testing.T) {
	got := goTest(t, "# p\np/x.go:1:2: undefined: y\n"+`{"Action":"output","Package":"p","Output":"FAIL\tp [build failed]\n"}`+"\n"+`{"Action":"fail","Package":"p"}`)
	want := value.List{fail("p", "p/x.go", 1, "p/x.go:1:2: undefined: y")}
	if diff := cmp.Diff(want, got["failures"]); diff != "" {
		t.Error(diff)
	}
}

func TestGoTestErrors(t *testing.T) {
	tests := map[string]struct{ in, want string }{
		"not json":     {"ok  \tp\t0.1s\n", "no line is an event"},
		"cut in line":  {`{"Action":"start","Package":"p"}` + "\n" + `{"Action":"ru`, "cut off in the middle"},
		"cut at line":  {`{"Action":"start","Package":"p"}` + "\n", "package p never ended"},
		"second run":   {`{"Action":"start","Package":"p"}` + "\n" + `{"Action":"fail","Package":"p"}` + "\n" + `{"Action":"start","Package":"p"}` + "\n", "package p never ended"},
		"too large":    {strings.Repeat(" ", MaxBytes+1), "larger than 64 MiB"},
		"other events": {`{"Time":"x"}` + "\n", "no line is an event"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := GoTest([]byte(tt.in))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want %q", err, tt.want)
			}
		})
	}
}
