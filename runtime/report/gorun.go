package report

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// goPackages are the packages of a test's output by their paths. What they make of events is what gotestsum's
// testjson makes of them, its ways around what go test says wrongly included; a test compares the two. That package
// itself is not linked: each process that has it looks for a go.mod around its working directory when it starts.
type goPackages map[string]*goPackage

// goPackage is what the events of a package have told so far.
type goPackage struct {
	runs           int // how many tests have begun, by which they are numbered
	running        map[string]*goRun
	passed, failed []*goRun
	skipped        int
	elapsed        time.Duration
	// within are the numbers of subtests by that of the test around all of them.
	within map[int][]int
	// output are lines by the number of the run; those of 0 are the package's own.
	output   map[int][]string
	timedOut string // the test whose output tells that the time of all is over
}

// goRun is one run of a test.
type goRun struct {
	number                int
	test                  string
	subFailed, neverEnded bool
}

func (r *goRun) isSub() bool { return strings.Contains(r.test, "/") }

// rootOf is the test around all others of a subtest.
func rootOf(test string) string {
	root, _, _ := strings.Cut(test, "/")
	return root
}

func (all goPackages) add(e goEvent) {
	p := all[e.Package]
	if p == nil {
		p = &goPackage{running: map[string]*goRun{}, within: map[int][]int{}, output: map[int][]string{}}
		all[e.Package] = p
	}
	switch {
	case e.Test != "":
		p.test(e)
	case e.Action == "pass" || e.Action == "fail":
		p.elapsed = time.Duration(e.Elapsed*1000) * time.Millisecond
	case e.Action == "output":
		p.output[0] = append(p.output[0], e.Output)
	}
}

func (p *goPackage) begin(test string) *goRun {
	p.runs++
	r := &goRun{number: p.runs, test: test}
	p.running[test] = r
	return r
}

func (p *goPackage) test(e goEvent) {
	if e.Action == "run" {
		if r := p.begin(e.Test); r.isSub() {
			root := p.numberOf(rootOf(e.Test))
			p.within[root] = append(p.within[root], r.number)
		}
		return
	}
	r := p.running[e.Test]
	if r == nil {
		r = p.begin(e.Test) // go test left its beginning out
	}
	switch e.Action {
	case "output", "bench":
		p.say(r, e.Output)
	case "pass", "fail", "skip":
		delete(p.running, e.Test)
		p.ended(r, e.Action)
	}
}

// numberOf is the number of a running test, 0 for none.
func (p *goPackage) numberOf(test string) int {
	if r := p.running[test]; r != nil {
		return r.number
	}
	return 0
}

// say keeps a line. That the time of all is over is attributed to any test (golang/go#57305).
func (p *goPackage) say(r *goRun, line string) {
	if strings.HasPrefix(line, "panic: test timed out") {
		p.timedOut = r.test
	}
	to := r.number
	if p.timedOut == r.test {
		to = 0
	}
	p.output[to] = append(p.output[to], line)
}

func (p *goPackage) ended(r *goRun, how string) {
	switch how {
	case "skip":
		p.skipped++
	case "fail":
		p.failed = append(p.failed, r)
		if root := p.running[rootOf(r.test)]; root != nil && r.isSub() {
			root.subFailed = true
		}
	case "pass":
		p.passed = append(p.passed, r)
		if !r.isSub() {
			p.forget(r)
		}
	}
}

// forget drops what a test that passed has said. Until then, a subtest's lines may be those of another one.
func (p *goPackage) forget(r *goRun) {
	delete(p.output, r.number)
	for _, sub := range p.within[r.number] {
		delete(p.output, sub)
	}
}

// end counts what never ended as failed, but subtests of a test that passed (golang/go#40771).
func (all goPackages) end() {
	for _, p := range all {
		for _, r := range p.running {
			if r.isSub() && p.passedAround(r) {
				continue
			}
			r.neverEnded = true
			p.failed = append(p.failed, r)
		}
		slices.SortStableFunc(p.failed, func(a, b *goRun) int { return cmp.Compare(a.number, b.number) })
	}
}

func (p *goPackage) passedAround(sub *goRun) bool {
	return slices.ContainsFunc(p.passed, func(r *goRun) bool {
		return r.test == rootOf(sub.test) && slices.Contains(p.within[r.number], sub.number)
	})
}

// lines are what a run has said. Lines of a subtest may be attributed to another one (golang/go#29755): where none
// failed by itself, those of all are given.
func (p *goPackage) lines(r *goRun) []string {
	if r.isSub() || r.subFailed {
		return p.output[r.number]
	}
	out := slices.Clone(p.output[r.number])
	for _, sub := range p.within[r.number] {
		out = append(out, p.output[sub]...)
	}
	return out
}

// withoutParents leaves out tests that failed because one within them did.
func withoutParents(failed []*goRun) []*goRun {
	parents := map[string]bool{}
	for _, r := range failed {
		for i := range len(r.test) {
			if r.test[i] == '/' {
				parents[r.test[:i]] = true
			}
		}
	}
	return slices.DeleteFunc(slices.Clone(failed), func(r *goRun) bool { return parents[r.test] })
}
