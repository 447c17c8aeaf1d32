package report

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/pipelang/pipe/lang/value"
)

// counts is passed, failed, errors, skipped, flaky.
type counts [5]int

func countsOf(r value.Record) counts {
	var c counts
	for i, name := range []string{"passed", "failed", "errors", "skipped", "flaky"} {
		c[i] = int(r[name].(value.Int))
	}
	return c
}

func fail(name, file string, line int, message string) value.Record {
	return value.Record{"name": value.String(name), "file": value.String(file), "line": value.Int(line), "message": value.String(message)}
}

func TestJUnitDialects(t *testing.T) {
	tests := map[string]struct {
		want     counts
		duration time.Duration
		failures value.List
	}{
		"pytest": {counts{1, 1, 1, 1, 0}, 120 * time.Millisecond, value.List{
			fail("tests.test_a.TestC.test_bad[a-1]", "tests/test_a.py", 12, "assert 1 == 2"),
			fail("tests.test_b.test_db", "tests/helpers.py", 9, `failed on setup with "RuntimeError: down"`),
		}},
		"jest": {counts{1, 1, 0, 0, 0}, 802 * time.Millisecond, value.List{
			fail("sum carries", "/src/sum.test.js", 5, "Error: expect(received).toBe(expected)\n\nExpected: 3\nReceived: 4\n    at Object.run (/src/node_modules/jest-circus/build/run.js:10:2)\n    at Object.<anonymous> (/src/sum.test.js:5:10)\n    at node:internal/process/task_queues:95:5"),
		}},
		"surefire": {counts{2, 1, 0, 0, 1}, 1234500 * time.Millisecond, value.List{
			fail("com.example.AppTest.bad", "", 0, "expected: <1> but was: <2>"),
		}},
		"phpunit": {counts{0, 1, 1, 1, 0}, 500 * time.Millisecond, value.List{
			fail("UnitTest.testA", "/app/tests/UnitTest.php", 11, "UnitTest::testA\nFailed asserting that false is true."),
			fail("testB", "/app/tests/UnitTest.php", 17, "E"),
		}},
		"gotestsum": {counts{1, 1, 0, 0, 0}, 311 * time.Millisecond, value.List{
			fail("example.com/demo/bad.TestB", "a_test.go", 4, "=== RUN   TestB\n    a_test.go:4: b <&> \uFFFD[31mred\n--- FAIL: TestB (0.00s)"),
		}},
		"googletest": {counts{0, 1, 0, 1, 0}, 10 * time.Millisecond, value.List{
			fail("Math.Adds", "math_test.cc", 8, "math_test.cc:8\nExpected equality"),
		}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got := readFile(t, filepath.Join("testdata/junit", name+".xml"))
			if diff := cmp.Diff(tt.want, countsOf(got)); diff != "" {
				t.Error(diff)
			}
			if got["duration"] != value.Duration(tt.duration) {
				t.Errorf("duration %v", got["duration"])
			}
			if diff := cmp.Diff(tt.failures, got["failures"]); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func readFile(t *testing.T, path string) value.Record {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	got, err := JUnit(data)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestJUnitForms(t *testing.T) {
	utf16le := append([]byte("\xff\xfe"), toUTF16("<?xml version=\"1.0\" encoding=\"utf-16\"?><testsuite><testcase name=\"é\"><failure message=\"m\"/></testcase></testsuite>")...)
	tests := map[string]struct {
		in   string
		want counts
		name string // of the first failure
	}{
		"no tests":            {`<testsuites/>`, counts{}, ""},
		"suite without tests": {`<testsuite tests="0" failures="0"></testsuite>`, counts{}, ""},
		"suite error":         {`<testsuite name="s"><error message="import failed"/></testsuite>`, counts{0, 0, 1, 0, 0}, "s"},
		"declared only":       {`<testsuite name="s" tests="5" failures="2" skipped="1"/>`, counts{2, 2, 0, 1, 0}, "s"},
		"error and failure":   {`<testsuite><testcase name="a"><error/><failure message="f"/></testcase></testsuite>`, counts{0, 1, 0, 0, 0}, "a"},
		"skipped result":      {`<testsuite><testcase name="a" result="skipped"/></testsuite>`, counts{0, 0, 0, 1, 0}, ""},
		"byte order mark":     {"\xef\xbb\xbf<testsuite><testcase name=\"a\"/></testsuite>\n", counts{1, 0, 0, 0, 0}, ""},
		"doctype":             {`<!DOCTYPE testsuite [<!ENTITY a "b">]><testsuite><testcase name="a"/></testsuite>`, counts{1, 0, 0, 0, 0}, ""},
		"latin-1":             {"<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><testsuite><testcase name=\"caf\xe9\"><failure/></testcase></testsuite>", counts{0, 1, 0, 0, 0}, "café"},
		"windows-1252":        {"<?xml version='1.0' encoding='windows-1252'?><testsuite><testcase name=\"\x80\x1b\"><failure/></testcase></testsuite>", counts{0, 1, 0, 0, 0}, "€?"},
		"utf-16":              {string(utf16le), counts{0, 1, 0, 0, 0}, "é"},
		"control characters":  {"<testsuite><testcase name=\"a\x1b[0m\"><failure>&#x1b;&#0;</failure></testcase></testsuite>", counts{0, 1, 0, 0, 0}, "a\uFFFD[0m"},
		"invalid utf-8":       {"<testsuite><testcase name=\"a\xff\"><failure/></testcase></testsuite>", counts{0, 1, 0, 0, 0}, "a\uFFFD"},
		"unknown elements":    {`<testsuites><x><testcase/></x><testsuite><testcase name="a"><properties><property/></properties></testcase></testsuite></testsuites>`, counts{1, 0, 0, 0, 0}, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := JUnit([]byte(tt.in))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, countsOf(got)); diff != "" {
				t.Error(diff)
			}
			first := ""
			if l := got["failures"].(value.List); len(l) > 0 {
				first = string(l[0].(value.Record)["name"].(value.String))
			}
			if first != tt.name {
				t.Errorf("first failure %q, want %q", first, tt.name)
			}
		})
	}
}

func toUTF16(s string) []byte {
	var out []byte
	for _, u := range utf16.Encode([]rune(s)) {
		out = append(out, byte(u), byte(u>>8))
	}
	return out
}

func TestJUnitErrors(t *testing.T) {
	tests := map[string]struct{ in, want string }{
		"empty":         {"", "holds no element"},
		"html":          {"<html></html>", "found <html>"},
		"json":          {"{}", "holds no element"},
		"cut off":       {`<testsuite><testcase name="a">`, "cut off"},
		"cut in a tag":  {`<testsuite><testcase na`, "cut off"},
		"two roots":     {"<testsuite/>\n<testsuite/>", "line 2: <testsuite> after the end"},
		"text after":    {"<testsuite/>x", "text after the end"},
		"mismatch":      {"<testsuite></testcase>", "not well-formed"},
		"entity":        {`<!DOCTYPE t [<!ENTITY a "b">]><testsuite name="&a;"/>`, "not well-formed"},
		"deep":          {strings.Repeat("<testsuite>", 1000), "nest deeper than 100"},
		"deep unknown":  {"<testsuite>" + strings.Repeat("<x>", 100000), "nest deeper than 100"},
		"encoding":      {`<?xml version="1.0" encoding="shift_jis"?><testsuite/>`, `encoding "shift_jis" is not supported`},
		"half a char":   {"\xff\xfe<", "UTF-16"},
		"cut in CDATA":  {`<testsuite><testcase><failure><![CDATA[abc`, "cut off"},
		"only comments": {`<!-- x -->`, "holds no element"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := JUnit([]byte(tt.in))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want %q", err, tt.want)
			}
		})
	}
}

// Every way to cut a real file short is an error: half a report never counts as a whole one.
func TestJUnitCutAnywhere(t *testing.T) {
	data, err := os.ReadFile("testdata/junit/pytest.xml")
	if err != nil {
		t.Fatal(err)
	}
	end := len(strings.TrimRight(string(data), "\n"))
	for i := range end {
		if _, err := JUnit(data[:i]); err == nil {
			t.Fatalf("a report cut at byte %d of %d was read", i, end)
		}
	}
}

func TestJUnitLimits(t *testing.T) {
	if _, err := JUnit(make([]byte, MaxBytes+1)); err == nil || !strings.Contains(err.Error(), "64 MiB") {
		t.Errorf("error %v", err)
	}
	long := `<testcase name="a"><failure>` + strings.Repeat("é", MaxMessage) + `</failure></testcase>`
	short := `<testcase name="b"><failure/></testcase>`
	got, err := JUnit([]byte("<testsuite>" + long + strings.Repeat(short, MaxFailures+4) + "</testsuite>"))
	if err != nil {
		t.Fatal(err)
	}
	list := got["failures"].(value.List)
	if len(list) != MaxFailures || got["failed"] != value.Int(MaxFailures+5) {
		t.Errorf("%d listed, %v counted", len(list), got["failed"])
	}
	msg := string(list[0].(value.Record)["message"].(value.String))
	if len(msg) > MaxMessage+len("…") || !utf8.ValidString(msg) {
		t.Errorf("message of %d bytes, valid: %v", len(msg), utf8.ValidString(msg))
	}
}

func FuzzJUnit(f *testing.F) {
	paths, err := filepath.Glob("testdata/junit/*.xml")
	if err != nil {
		f.Fatal(err)
	}
	for _, p := range paths {
		data, err := os.ReadFile(p)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := JUnit(data)
		if err != nil {
			return
		}
		c := countsOf(got)
		if int(got["total"].(value.Int)) != c[0]+c[1]+c[2]+c[3] || c[4] > c[0] {
			t.Errorf("counts do not add up: %v", got)
		}
		for _, fl := range got["failures"].(value.List) {
			if s := string(fl.(value.Record)["message"].(value.String)); !utf8.ValidString(s) {
				t.Errorf("message is no text: %q", s)
			}
		}
	})
}
