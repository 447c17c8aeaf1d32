package lint

import (
	"path"
	"slices"
	"strings"
	"sync"
	"unicode"

	"github.com/pipelang/pipe/compiler/check"
	"github.com/pipelang/pipe/lang/ast"
	shell "github.com/pipelang/pipe/lang/script"
)

// testing gives the words with which a command tests or judges what is there, each after a comma; "" is any. It is
// false for a command that does neither.
func testing(name string) (verbs string, does bool) {
	switch name {
	case "go":
		return "test, vet", true
	case "gotestsum", "ginkgo", "staticcheck", "govulncheck", "golangci-lint", "revive", "pytest", "py.test", "unittest", "tox", "nox", "trial", "behave",
		"ruff", "mypy", "pyright", "basedpyright", "ty", "pylint", "flake8", "pyflakes", "bandit", "pip-audit", "vulture", "jest", "vitest", "mocha", "ava",
		"tap", "karma", "cypress", "playwright", "eslint", "oxlint", "standard", "xo", "tsc", "vue-tsc", "svelte-check", "stylelint", "rspec", "rubocop",
		"minitest", "cucumber", "brakeman", "reek", "standardrb", "phpunit", "pest", "phpstan", "psalm", "phpcs", "ctest", "bats", "shellcheck", "hadolint",
		"actionlint", "yamllint", "markdownlint", "ansible-lint", "tflint", "tfsec", "checkov", "conftest", "kubeconform", "kubeval", "kube-linter",
		"semgrep", "trivy", "grype", "snyk", "gitleaks", "trufflehog", "zizmor", "pre-commit", "prek", "k6", "newman", "locust", "terratest", "molecule":
		return "", true
	case "coverage":
		return "run", true
	case "black", "isort":
		return "--check, --check-only", true
	case "biome":
		return "check, ci, lint", true
	case "prettier":
		return "--check, -c, --list-different, -l", true
	case "node":
		return "--test", true
	case "deno":
		return "test, lint, check, task test", true
	case "bun", "sbt", "lein", "dotnet", "swift", "xcodebuild", "dart", "flutter", "stack", "cabal", "dune":
		return "test", true
	case "cargo":
		return "test, nextest, clippy, check, audit, deny", true
	case "mvn", "mvnw":
		return "test, verify, integration-test, package, install", true
	case "gradle", "gradlew":
		return "test, check, build", true
	case "mix":
		return "test, credo, dialyzer", true
	case "bazel", "bazelisk", "buck2":
		return "test, coverage", true
	case "meson", "zig":
		return "test, build test", true
	case "terraform", "tofu":
		return "validate, test, fmt -check", true
	case "helm":
		return "lint, test, unittest", true
	case "pipe":
		return "check", true
	}
	return "", false
}

// runners run what their words name: a task of the project, or a program that they find.
var runners = sync.OnceValue(func() map[string][]string {
	return map[string][]string{
		"make": {""}, "gmake": {""}, "just": {""}, "task": {""}, "rake": {""}, "invoke": {""}, "inv": {""}, "mage": {""}, "composer": {"", "run"}, "ant": {""},
		"npm": {"run", "run-script", "exec", "t", ""}, "yarn": {"run", "exec", "dlx", ""}, "pnpm": {"run", "exec", "dlx", ""}, "bun": {"run", "x"}, "npx": {""}, "bunx": {""},
		"turbo": {"run", ""}, "nx": {"run", "run-many", "affected", ""}, "lerna": {"run"}, "moon": {"run", ""},
		"uv": {"run", "tool run"}, "uvx": {""}, "pipx": {"run"}, "poetry": {"run"}, "pdm": {"run"}, "pipenv": {"run"}, "hatch": {"run", ""}, "rye": {"run", ""},
		"python": {"-m", "manage.py"}, "python3": {"-m", "manage.py"}, "php": {"artisan", ""}, "ruby": {""}, "bundle": {"exec"}, "go": {"run", "tool"}, "mise": {"run", "exec"}, "bin/rails": {""}, "rails": {""},
		"sh": {""}, "bash": {""}, "docker": {"run", "compose run", "exec"}, "nix": {"develop", "run", "flake"}, "tox": {""}, "sbt": {""},
	}
})

// commands are those of an op's scripts, and its `exec` where that is written out, with those of the script that it
// gives to a shell.
func (p *pass) commands(o *check.Op) (out []shell.Command) {
	for i, s := range p.scripts(o) {
		if i == 0 {
			out = slices.Clip(s.read.Commands) // most have no more, which are not copied
		} else {
			out = append(out, s.read.Commands...)
		}
	}
	if c, ok := execOf(o); ok {
		out = append(out, c)
	}
	if s, ok := p.execScript(o); ok {
		out = append(out, s.read.Commands...)
	}
	return out
}

// execOf is an op's `exec` as a command, where that is written out.
func execOf(o *check.Op) (c shell.Command, ok bool) {
	if a := attr(o.Items, "exec"); a != nil {
		if l, ok := ast.Unparen(a.Value).(*ast.ListLit); ok && len(l.Elems) > 0 {
			return argv(l), true
		}
	}
	return c, false
}

// argv is a list of words as a command; a word that is computed is not static.
func argv(l *ast.ListLit) (c shell.Command) {
	for i, e := range l.Elems {
		s, static := ast.Unparen(e.Value).(*ast.StringLit)
		a := shell.Arg{Static: static, At: e.Value.Span()}
		if static {
			a.Text = s.Value
		}
		if i == 0 {
			c.Name, c.At = a.Text, a.At
		} else {
			c.Args = append(c.Args, a)
		}
	}
	return c
}

// read says that all that an op runs can be looked at.
func (p *pass) readable(o *check.Op) bool {
	if o.Native {
		_, known := check.NativeEffect(o)
		return known
	}
	for _, it := range o.Items {
		if r, ok := it.(*ast.Run); ok && r.Script != nil {
			if _, ours := shell.DialectOf(r.Script.Lang); !ours {
				return false
			}
		}
	}
	return len(p.commands(o)) > 0
}

// tests says that an op tests: it reads a report of tests, or runs what does.
func (p *pass) tests(o *check.Op) bool {
	if isTestName(o.Name) || o.Module != nil && strings.HasPrefix(o.Module.Load.ID, "std/test") {
		return true
	}
	return slices.ContainsFunc(p.commands(o), tests) || readsReport(o)
}

func tests(c shell.Command) bool {
	words := make([]string, 0, len(c.Args))
	for _, a := range c.Args {
		if a.Static {
			words = append(words, a.Text)
		}
	}
	return testsWith(program(c.Name), words, 0)
}

// testsWith looks at a program and its words, and through what only runs another one.
func testsWith(name string, words []string, depth int) bool {
	plain := slices.DeleteFunc(slices.Clone(words), func(s string) bool { return strings.HasPrefix(s, "-") })
	verbs, does := testing(name)
	if does && slices.ContainsFunc(strings.Split(verbs, ", "), func(verb string) bool {
		return verb == "" || begins(plain, verb) || strings.HasPrefix(verb, "-") && slices.Contains(words, verb)
	}) {
		return true
	}
	if isTestFile(name) {
		return true
	}
	for _, verb := range runners()[name] {
		rest, ok := argsAfter(words, plain, verb)
		if !ok || depth > 3 {
			continue
		}
		for i, w := range rest {
			if isTask(w) || testsWith(program(w), rest[i+1:], depth+1) {
				return true
			}
		}
	}
	return false
}

// begins says that words begin with those of verb; test:unit begins with test.
func begins(words []string, verb string) bool {
	want := strings.Fields(verb)
	return len(words) >= len(want) && !slices.ContainsFunc(want, func(s string) bool {
		have := words[slices.Index(want, s)]
		return have != s && !strings.HasPrefix(have, s+":")
	})
}

// argsAfter are the words after a runner's verb.
func argsAfter(words, plain []string, verb string) ([]string, bool) {
	if strings.HasPrefix(verb, "-") {
		i := slices.Index(words, verb)
		return words[i+1:], i >= 0
	}
	want := strings.Fields(verb)
	if len(plain) < len(want) || !slices.Equal(plain[:len(want)], want) {
		return nil, false
	}
	return plain[len(want):], true
}

// program is the name of a program without its folder, version and ending.
func program(word string) string {
	name, _, _ := strings.Cut(path.Base(word), "@")
	return strings.TrimSuffix(strings.TrimSuffix(name, ".bat"), ".cmd")
}

// isTask says that the name of a task, or of a program, speaks of testing: unit-test, test:e2e, ./cmd/lint.
func isTask(word string) bool {
	return !strings.ContainsAny(word, "= ") && isTestName(path.Base(word))
}

// isTestFile says that a program of the project speaks of testing: ./scripts/run-tests.sh.
func isTestFile(name string) bool {
	base, _, script := strings.Cut(name, ".")
	return (script || strings.ContainsAny(name, "-_")) && isTestName(base)
}

func readsReport(o *check.Op) (found bool) {
	for _, it := range o.Items {
		if r, ok := it.(*ast.Return); ok {
			ast.Inspect(r, func(n ast.Node) bool {
				c, ok := n.(*ast.Call)
				found = found || ok && c.Target == nil && (c.Name.Text == "junit" || c.Name.Text == "gotest")
				return !found
			})
		}
	}
	return found
}

// isTestWord says that a part of a name speaks of testing.
func isTestWord(word string) bool {
	switch word {
	case "test", "tests", "tested", "testing", "unit", "unittest", "integration", "e2e", "check", "checks", "checked", "verify", "verified", "smoke", "spec",
		"specs", "qa", "lint", "lints", "linted", "linter", "vet", "vetted", "typecheck", "types", "validate", "validated", "audit", "audited", "scan",
		"scanned", "coverage", "quality", "ci", "acceptance", "regression":
		return true
	}
	return false
}

// isTestName says that a name has a word for testing in it.
func isTestName(name string) bool {
	for w := range strings.FieldsFuncSeq(name, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		if isTestWord(strings.ToLower(w)) {
			return true
		}
	}
	return false
}
