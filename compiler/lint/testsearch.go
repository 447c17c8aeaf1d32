package lint

import (
	"path"
	"slices"
	"strings"

	shell "github.com/pipelang/pipe/lang/script"
)

// tests says that a command tests, or runs another one that does.
func tests(c shell.Command) bool {
	if strings.Contains(c.Name, "/") && isTask(c.Name) {
		return true
	}
	name := program(c.Name)
	_, does := testing(name)
	if _, runs := runner(name); !does && !runs {
		return isTestFile(name) // whatever its words are
	}
	words, options := make([]string, 0, len(c.Args)), globalOptions(name)
	for i, a := range c.Args {
		if i+1 < len(c.Args) && !c.Args[i+1].Static && takesWord(options, a.Text) {
			continue // its value is left out, too
		}
		if a.Static {
			words = append(words, a.Text)
		}
	}
	t := testSearch{left: maxPrograms}
	return t.program(name, words[:min(len(words), maxWords)], 0)
}

// testSearch looks in a command for a program that tests.
type testSearch struct {
	left int // how many programs it still looks at
}

// maxWords is how many words of a command are looked at, and maxPrograms how many programs among them: runners of
// runners could be many.
const (
	maxWords    = 256
	maxPrograms = 1024
)

// program looks at a program and its words, and through what only runs another one.
func (t *testSearch) program(name string, words []string, depth int) bool {
	if t.left--; t.left < 0 {
		return false
	}
	plain := plainOf(name, words)
	verbs, does := testing(name)
	if does && !slices.ContainsFunc(words, skipsTests) && slices.ContainsFunc(strings.Split(verbs, ", "), func(verb string) bool {
		return verb == "" || begins(plain, verb) || goals(name) && slices.Contains(plain, verb) || strings.HasPrefix(verb, "-") && slices.Contains(words, verb)
	}) {
		return true
	}
	if isTestFile(name) || name == "rake" && len(plain) == 0 { // whose task by default is that of the tests
		return true
	}
	ways, runs := runner(name)
	if !runs {
		return false
	}
	for verb := range strings.SplitSeq(ways, ", ") {
		rest, ok := argsAfter(words, plain, verb)
		if !ok || depth > 3 {
			continue
		}
		if name == "ssh" && len(rest) > 0 {
			rest = rest[1:] // behind the host, whose name may be that of one for tests
		}
		for i, w := range rest {
			if isTask(w) && name != "ssh" || t.program(program(w), rest[i+1:], depth+1) || t.within(w, depth+1) {
				return true
			}
		}
	}
	return false
}

// skipsTests says that a word has Maven leave out the tests.
func skipsTests(word string) bool {
	switch word {
	case "-DskipTests", "-DskipTests=true", "-Dmaven.test.skip", "-Dmaven.test.skip=true":
		return true
	}
	return false
}

// within says that a word is a script that tests: sh -c "make test".
func (t *testSearch) within(word string, depth int) bool {
	words := strings.Fields(word)
	if len(words) < 2 {
		return false
	}
	words = words[:min(len(words), maxWords)]
	for i, w := range words {
		if t.program(program(w), words[i+1:], depth) {
			return true
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
		i := slices.IndexFunc(words, func(w string) bool { return w == verb || strings.HasPrefix(w, verb+"=") })
		if i < 0 {
			return nil, false
		}
		if _, value, glued := strings.Cut(words[i], "="); glued {
			return []string{value}, true
		}
		return words[i+1:], true
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
