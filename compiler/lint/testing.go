package lint

import (
	"slices"
	"strings"
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
		"semgrep", "trivy", "grype", "snyk", "gitleaks", "trufflehog", "zizmor", "pre-commit", "prek", "k6", "newman", "locust", "terratest", "molecule",
		"prove", "busted", "sonar-scanner":
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
	case "bun", "sbt", "lein", "swift", "xcodebuild", "dart", "flutter", "stack", "cabal", "dune", "forge", "pio":
		return "test", true
	case "dotnet":
		return "test, --verify-no-changes", true
	case "npm", "yarn", "pnpm":
		return "t, tst", true
	case "rebar3":
		return "eunit, ct, proper, dialyzer, xref", true
	case "clojure", "clj":
		return "-M:test, -X:test", true
	case "R":
		return "CMD check", true
	case "cargo":
		return "test, nextest, clippy, check, audit, deny, llvm-cov, tarpaulin, miri, --check", true
	case "mvn", "mvnw":
		return "test, verify, integration-test, package, install, deploy", true
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
	case "terragrunt":
		return "validate, run-all validate, run-all test", true
	case "helm":
		return "lint, test, unittest", true
	case "pipe":
		return "check", true
	}
	return "", false
}

// goals says that the words of a program are goals, each of which stands anywhere among them: mvn clean verify.
func goals(name string) bool {
	switch name {
	case "mvn", "mvnw", "gradle", "gradlew", "cargo", "dotnet", "xcodebuild", "sbt", "lein", "mix", "swift", "flutter", "bazel", "bazelisk", "buck2", "rebar3":
		return true
	}
	return false
}

// runner gives the words behind which a program runs what follows, a task of the project or a program that it finds or
// starts in a container, each after a comma; "" is right behind its name. It is false for a program that runs no other.
func runner(name string) (verbs string, does bool) {
	switch name {
	case "make", "gmake", "just", "task", "rake", "invoke", "inv", "mage", "ant", "npx", "bunx", "uvx", "ruby", "bin/rails", "rails", "sh", "bash",
		"zsh", "ssh", "xvfb-run", "docker-compose", "podman-compose", "earthly", "act", "tox", "sbt", "mvn", "mvnw", "gradle", "gradlew", "ninja",
		"scons", "fastlane", "pants", "hardhat", "anchor":
		return "", true
	case "composer":
		return ", run", true
	case "npm":
		return "run, run-script, exec, t, ", true
	case "yarn", "pnpm":
		return "run, exec, dlx, ", true
	case "bun":
		return "run, x", true
	case "turbo", "moon", "hatch", "rye", "melos":
		return "run, ", true
	case "nx":
		return "run, run-many, affected, ", true
	case "lerna", "pipx", "poetry", "pdm", "pipenv", "devbox":
		return "run", true
	case "uv":
		return "run, tool run", true
	case "python", "python3":
		return "-m, manage.py, setup.py", true
	case "php":
		return "artisan, ", true
	case "bundle", "gem":
		return "exec", true
	case "go":
		return "run, tool", true
	case "mise":
		return "run, exec", true
	case "kubectl", "oc":
		return "--", true
	case "nix":
		return "develop, run, flake", true
	case "nix-shell":
		return "--run", true
	case "docker", "podman", "nerdctl":
		return "run, exec, container run, container exec, compose, buildx bake, --target", true
	case "dagger":
		return "call", true
	case "cmake":
		return "--target, -t", true
	}
	return "", false
}

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
		if inner := shell.Unwrapped(c); inner.At != c.At {
			out = append(out, inner)
		}
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
