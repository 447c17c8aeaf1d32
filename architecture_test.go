package pipe_test

import (
	"encoding/json"
	"go/parser"
	"go/token"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/pipelang/pipe/"

// allowed is the house: which package may import which others of ours. Five floors, and no
// arrow runs back up. An edge beyond the design carries its reason.
var allowed = map[string]string{
	"lang/source": "",
	"lang/types":  "",
	"lang/diag":   "lang/source",
	"lang/token":  "lang/source",
	"lang/ast":    "lang/source lang/token",
	"lang/parser": "lang/source lang/token lang/ast lang/diag",
	"lang/format": "lang/source lang/token lang/ast",
	"lang/script": "lang/diag lang/source",
	// token: one reader of durations and sizes for files, settings and data
	"lang/value": "lang/types lang/token",
	// parser: a plan holds expressions as text, and whoever evaluates them must read them
	"lang/expr": "lang/source lang/diag lang/ast lang/types lang/value lang/parser lang/token",

	// what the tests of several compiler packages share
	"compiler/internal/annotated": "lang/diag",
	"compiler/internal/beside":    "", // for check, lint and plan, so that what panics beside them can be recovered from

	// script: a comment in a script holds for the statement below it
	"compiler/load":  "lang/source lang/diag lang/ast lang/parser lang/token lang/script",
	"compiler/check": "lang/source lang/diag lang/ast lang/types lang/value lang/expr lang/token lang/format compiler/load compiler/internal/beside",
	"compiler/lint":  "lang/source lang/diag lang/ast lang/types lang/value lang/expr lang/script lang/format compiler/load compiler/check compiler/internal/beside",
	// script: a session keeps what scripts mean from one check to the next, and hands it to lint
	"compiler/session": "lang/diag lang/script compiler/load compiler/check compiler/lint",

	"compiler/plan":  "lang/types lang/value compiler/internal/beside",
	"compiler/lower": "lang/source lang/diag lang/ast lang/types lang/value lang/expr lang/format compiler/load compiler/check compiler/plan",

	"runtime/event":  "",
	"runtime/secret": "",
	// value and expr: facts of a repository enter expressions, and glob, text, json and yaml are answered from it
	"runtime/repo":     "lang/types lang/value lang/expr",
	"runtime/report":   "lang/value",
	"runtime/settings": "lang/types lang/value lang/expr lang/ast lang/diag compiler/plan",
	// value: results of a step are files and folders by digest
	"runtime/target":      "lang/value runtime/event",
	"runtime/target/fake": "lang/value runtime/event runtime/target",
	"runtime/target/host": "lang/value runtime/event runtime/target runtime/target/host/supervisor",
	// of its own: what starts processes and outlives pipe knows nothing of the workspaces it shows them
	"runtime/target/host/supervisor": "runtime/event runtime/target",
	// host: workspaces are made on this machine, whatever runs in them
	"runtime/target/docker":        "lang/value runtime/event runtime/target runtime/target/host",
	"runtime/target/docker/build":  "runtime/target/docker",
	"runtime/target/docker/images": "runtime/target/docker",
	// of its own, so that what pins images by digest needs no engine
	"runtime/registry": "",
	// what every place does alike, run by each place's tests; store and secret: content by digest is real
	"runtime/target/conformance": "lang/value runtime/event runtime/secret runtime/target runtime/target/targettest",
	// a repository, a store and a session for the tests of places; what is said there again and again
	"runtime/target/targettest": "runtime/event runtime/secret runtime/store runtime/target",
	// an engine and images for the tests of whoever runs containers
	"runtime/target/docker/dockertest": "runtime/target/docker",
	// secret: content that is a secret is sealed before it touches the disk
	"runtime/store": "lang/value runtime/event compiler/plan runtime/target runtime/secret",
	// a sink of events that reads them back; of its own, so that the store need not know SQLite
	"runtime/journal": "runtime/event",
	// the log of decisions needs nothing of what they are about; where it ends is remembered by whoever it is handed
	"runtime/audit": "",
	// report: junit() and gotest() of a step's workspace are read by the engine; diag: did-you-mean;
	// store: the cache, whose keys are the engine's
	"runtime/engine": "lang/diag lang/types lang/value lang/expr compiler/plan runtime/event runtime/native runtime/report runtime/store runtime/target",
	"runtime/native": "lang/value runtime/event runtime/target",

	"stdlib":         "",
	"stdlib/natives": "runtime/native stdlib/image",
	// docker and what is below it: ops on images are what the engine and registries do
	"stdlib/image":          "lang/value runtime/native runtime/registry runtime/target/docker runtime/target/docker/build runtime/target/docker/images",
	"cmd/pipe":              "*",
	"cmd/pipe/internal/cli": "*",
	"cmd/pipe/internal/ui":  "runtime/event runtime/engine",
	// a run as one picture, for views that are no terminal
	"cmd/pipe/internal/summary": "cmd/pipe/internal/ui runtime/event runtime/journal",
	// looks at everything that runs work with, and at what pipelines need of it
	"cmd/pipe/internal/doctor": "lang/source lang/ast lang/script compiler/check runtime/registry runtime/repo runtime/store runtime/target runtime/target/host runtime/target/docker",
}

// soleImporters are libraries, with everything below their path, that one package alone may
// import, and packages below that one.
var soleImporters = map[string]string{
	"github.com/alecthomas/participle/v2": "lang/parser",
	"github.com/google/cel-go":            "lang/expr",
	"mvdan.cc/sh/v3":                      "lang/script",
	// the one library of runtime/secret: sealing is no place for code of our own
	"filippo.io/age": "runtime/secret",
	// runs are read through package journal alone
	"modernc.org/sqlite": "runtime/journal",
	// the SDK is frozen upstream: one importing package makes the move to its successor cheap
	"github.com/docker/docker": "runtime/target/docker",
	// images are built by the engine's own BuildKit, over the connection of the engine's room
	"github.com/moby/buildkit": "runtime/target/docker",
	// one place says which registries are believed, and how
	"github.com/google/go-containerregistry": "runtime/registry",
}

type goPackage struct {
	ImportPath string
	Dir        string
	GoFiles    []string
	Imports    []string
}

func packages(t *testing.T) []goPackage {
	t.Helper()
	out, err := exec.Command("go", "list", "-json=ImportPath,Dir,GoFiles,Imports", "./...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var all []goPackage
	for dec := json.NewDecoder(strings.NewReader(string(out))); dec.More(); {
		var p goPackage
		if err := dec.Decode(&p); err != nil {
			t.Fatal(err)
		}
		if len(p.GoFiles) > 0 {
			all = append(all, p)
		}
	}
	return all
}

func TestImports(t *testing.T) {
	for _, p := range packages(t) {
		name := strings.TrimPrefix(p.ImportPath, module)
		edges, known := allowed[name]
		if !known {
			t.Errorf("%s is in no room of the house: add it to the table with what it may import", name)
			continue
		}
		for _, imp := range p.Imports {
			for library, owner := range soleImporters {
				if (imp == library || strings.HasPrefix(imp, library+"/")) && name != owner && !strings.HasPrefix(name, owner+"/") {
					t.Errorf("%s imports %s, which only %s may", name, imp, owner)
				}
			}
			ours, is := strings.CutPrefix(imp, module)
			if is && edges != "*" && !slices.Contains(strings.Fields(edges), ours) {
				t.Errorf("%s may not import %s", name, ours)
			}
		}
	}
}

func TestEveryPackageSaysWhatItIs(t *testing.T) {
	for _, p := range packages(t) {
		doc := packageDoc(t, p)
		words := strings.Fields(doc)
		if len(words) < 12 {
			t.Errorf("%s: the package comment says too little: %q", p.ImportPath, doc)
		}
		refuses := []string{"knows no", "knows nothing", "know nothing", "knows neither", "decides nothing", "refuses", "nothing of how", "reads no", "never sees", "nothing else", "knows only"}
		if !slices.ContainsFunc(refuses, func(s string) bool { return strings.Contains(strings.Join(words, " "), s) }) {
			t.Errorf("%s: the package comment does not say what it refuses to know", p.ImportPath)
		}
	}
}

func packageDoc(t *testing.T, p goPackage) string {
	t.Helper()
	var docs []string
	for _, f := range p.GoFiles {
		file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(p.Dir, f), nil, parser.PackageClauseOnly|parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		if file.Doc != nil {
			docs = append(docs, file.Doc.Text())
		}
	}
	if len(docs) > 1 {
		t.Errorf("%s: %d files carry a package comment", p.ImportPath, len(docs))
	}
	return strings.Join(docs, "\n")
}
