package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pipelang/pipe/compiler/load"
)

func (a *app) initCommand() *cobra.Command {
	var ci string
	cmd := &cobra.Command{
		Use:   "init",
		Short: "Write a first pipeline for this repository",
		Long: "Looks at the repository's root for Go, Node, Python and Rust projects and writes ci.pipe, a pipeline\n" +
			"that runs their tests. With --ci it writes the few lines that run it there, too. It overwrites nothing.",
		Args: noArgs,
		RunE: func(*cobra.Command, []string) error {
			if err := oneOf("--ci", ci, "", "github", "gitlab"); err != nil {
				return err
			}
			return a.initRepository(ci)
		},
	}
	cmd.Flags().StringVar(&ci, "ci", "", "also write the configuration of github or gitlab")
	return cmd
}

func (a *app) initRepository(ci string) error {
	root, err := load.Root(a.Dir)
	if err != nil {
		return err
	}
	found := detect(root)
	path := filepath.Join(root, "ci.pipe")
	if _, err := os.Lstat(path); err == nil && ci != "" {
		fmt.Fprintf(a.Out, "kept %s, which is there already\n", a.display(path))
		return a.writeCI(root, ci)
	}
	if err := a.writeNew(path, pipelineFor(found)); err != nil {
		return err
	}
	for _, p := range found {
		fmt.Fprintf(a.Out, "found %s (%s)\n", p.name, p.evidence)
	}
	if len(found) == 0 {
		fmt.Fprintln(a.Out, "found no Go, Node, Python or Rust project: the pipeline only says hello")
	}
	fmt.Fprintf(a.Out, "wrote %s\n", a.display(path))
	if ci != "" {
		if err := a.writeCI(root, ci); err != nil {
			return err
		}
	}
	fmt.Fprintln(a.Out, "\nnext: pipe check, then pipe run")
	return nil
}

// writeNew writes a file that is not there yet.
func (a *app) writeNew(path, text string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if os.IsExist(err) {
		return usagef("move it away, or edit it", "%s is there already", a.display(path))
	}
	if err != nil {
		return err
	}
	if _, err := f.WriteString(text); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}

func (a *app) writeCI(root, ci string) error {
	path, text := filepath.Join(root, ".gitlab-ci.yml"), gitlabCI
	if ci == "github" {
		path, text = filepath.Join(root, ".github", "workflows", "pipe.yml"), githubCI
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	if err := a.writeNew(path, text); err != nil {
		return err
	}
	fmt.Fprintf(a.Out, "wrote %s\n", a.display(path))
	return nil
}

const githubCI = `name: pipe
on:
  push:
    branches: [main, master]
  pull_request:
jobs:
  pipe:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
        with:
          fetch-depth: 0 # git.changed compares with the merge base
      - uses: actions/setup-go@v5
        with:
          go-version: stable
      - run: go install github.com/pipelang/pipe/cmd/pipe@latest # name a version here
      - run: pipe check --format github
      - run: pipe run ci.pipe
`

const gitlabCI = `pipe:
  image: golang:latest
  variables:
    GIT_DEPTH: "0" # git.changed compares with the merge base
  script:
    - go install github.com/pipelang/pipe/cmd/pipe@latest # name a version here
    - pipe check
    - pipe run ci.pipe
`

// project is a kind of project that init knows how to test.
type project struct {
	name     string // as people say it
	evidence string // the file that gave it away
	step     string // the step's name
	op       string // the op's declaration
}

// detect looks for projects at a root, in a fixed order.
func detect(root string) []project {
	has := func(names ...string) string {
		for _, n := range names {
			if _, err := os.Stat(filepath.Join(root, n)); err == nil {
				return n
			}
		}
		return ""
	}
	var out []project
	if f := has("go.mod", "go.work"); f != "" {
		out = append(out, project{"Go", f, "go_tests", goOp})
	}
	if f := has("package.json"); f != "" {
		out = append(out, project{"Node", f, "node_tests", nodeOp(has)})
	}
	if f := has("pyproject.toml", "setup.py", "setup.cfg", "requirements.txt", "pytest.ini"); f != "" {
		out = append(out, project{"Python", f, "python_tests", pythonOp})
	}
	if f := has("Cargo.toml"); f != "" {
		out = append(out, project{"Rust", f, "rust_tests", rustOp})
	}
	return out
}

const goOp = `/// Vets and tests every Go package.
op go_tests() {
  inherit ["GOFLAGS", "GOPROXY", "GOPRIVATE", "GOTOOLCHAIN", "GOCACHE", "GOMODCACHE"]
  timeout 30m
  run "vet" ` + "`go vet ./...`" + `
  run "test" ` + "`go test ./...`" + `
}
`

const pythonOp = `/// Runs the Python tests with pytest; no tests at all is no failure yet.
op python_tests() {
  inherit ["VIRTUAL_ENV", "PYTHONPATH"]
  timeout 30m
  success_codes [0, 5]
  run "pytest" ` + "`python3 -m pytest`" + `
}
`

const rustOp = `/// Tests the Rust workspace, with the lock file as it is.
op rust_tests() {
  inherit ["CARGO_HOME", "CARGO_TARGET_DIR", "RUSTUP_HOME", "RUSTFLAGS"]
  timeout 30m
  mount { "target" = cache("rust-target") }
  run "test" ` + "`cargo test --workspace`" + `
}
`

// nodeOp installs exactly what the lock file says, when there is one, and runs the tests.
func nodeOp(has func(...string) string) string {
	install := ""
	switch has("pnpm-lock.yaml", "yarn.lock", "package-lock.json") {
	case "pnpm-lock.yaml":
		install = "  run \"install\" `pnpm install --frozen-lockfile`\n"
	case "yarn.lock":
		install = "  run \"install\" `yarn install --frozen-lockfile`\n"
	case "package-lock.json":
		install = "  run \"install\" `npm ci`\n"
	}
	return `/// Installs what the lock file says and runs the tests, if there are any.
op node_tests() {
  inherit ["NODE_OPTIONS", "NPM_CONFIG_REGISTRY"]
  timeout 30m
` + install + "  run \"test\" `npm test --if-present`\n}\n"
}

// pipelineFor is the text of ci.pipe.
func pipelineFor(found []project) string {
	var b strings.Builder
	b.WriteString("/// What must pass before a change lands.\n\n")
	if len(found) == 0 {
		b.WriteString("/// Replace this by what your repository needs.\nop hello(name: string) {\n  run `echo \"hello, $name\"`\n}\n\npipeline main(name: string = \"world\") {\n  hello(name: name)\n}\n")
		return b.String()
	}
	for _, p := range found {
		b.WriteString(p.op + "\n")
	}
	b.WriteString("pipeline main() {\n")
	for _, p := range found {
		b.WriteString("  " + p.step + "()\n")
	}
	b.WriteString("}\n")
	return b.String()
}
