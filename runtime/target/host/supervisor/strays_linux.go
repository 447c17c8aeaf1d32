package supervisor

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// marker is the variable by which a process is known to be of an attempt, whatever session or
// group it went to: no other attempt has the same.
func marker(base string) string { return "PIPE_OUTPUT=" + base + ".outputs" }

const (
	// settling is how long what a step leaves behind may take to go by itself.
	settling = 100 * time.Millisecond
	// leaving is how long it has after it was told to.
	leaving = time.Second
	// dying is how long what was killed is waited for.
	dying = 2 * time.Second
)

// strays are the living processes of the job that are in no group of its programs any more:
// orphans that went to a session of their own, and what they started.
func (j *job) strays() []kin {
	if !j.server.own {
		return nil
	}
	roots := j.server.orphans()
	if len(roots) == 0 {
		return nil
	}
	all := table()
	alone := j.server.active.Load() == 1
	roots = slices.DeleteFunc(roots, func(root int) bool { return !alone && !j.owns(below(all, []int{root})) })
	found := below(all, roots)
	if len(found) == 0 {
		j.server.collect(roots)
	}
	return found
}

// collect waits until orphans that have died are collected, here and in the user namespace.
func (s *server) collect(dead []int) {
	for deadline := time.Now().Add(settling); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		left := s.orphans()
		if !slices.ContainsFunc(dead, func(pid int) bool { return slices.Contains(left, pid) }) {
			return
		}
	}
}

// owns reports whether one of the processes says that it is the job's, or said so before: one
// that is dying says nothing any more.
func (j *job) owns(family []kin) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	ours := slices.ContainsFunc(family, func(k kin) bool {
		return slices.Contains(j.groups, k.group) || slices.Contains(j.known, k.pid) || hasMarker(k.pid, marker(j.work.Base))
	})
	for _, k := range family {
		if ours && !slices.Contains(j.known, k.pid) {
			j.known = append(j.known, k.pid)
		}
	}
	return ours
}

// orphans are processes of attempts whose parents have died.
func (s *server) orphans() []int {
	out := reap()
	s.mu.Lock()
	space := s.space
	var current []int
	if space != nil {
		for _, j := range s.jobs {
			current = append(current, int(j.leader.Load()))
		}
	}
	s.mu.Unlock()
	if space == nil {
		return out
	}
	for _, pid := range childrenOf(space.cmd.Process.Pid) {
		if !slices.Contains(current, pid) {
			out = append(out, pid)
		}
	}
	return out
}

// tell signals what is not in the group of the program that runs.
func (j *job) tell(sig syscall.Signal) {
	leader := int(j.leader.Load())
	if !j.server.own || leader == 0 {
		return
	}
	for _, k := range below(table(), []int{leader}) {
		if k.group != leader {
			syscall.Kill(k.pid, sig)
		}
	}
	for _, k := range j.strays() {
		syscall.Kill(k.pid, sig)
	}
}

// endStrays ends what the programs left. It gives the names of those that were told to go,
// where the attempt itself was not, and of those that even SIGKILL did not end.
func (j *job) endStrays() (left, stuck string) {
	found := j.strays()
	if len(found) == 0 {
		return "", ""
	}
	if told, _ := j.cancel.cancelled(); told {
		found = j.awaitStrays(j.cancel.patience())
	} else if found = j.awaitStrays(settling); len(found) > 0 {
		left = named(found)
		signalAll(found, syscall.SIGTERM)
		found = j.awaitStrays(leaving)
	}
	for deadline := time.Now().Add(dying); len(found) > 0 && time.Now().Before(deadline); {
		signalAll(found, syscall.SIGKILL)
		found = j.awaitStrays(10 * time.Millisecond)
	}
	return left, named(found)
}

// awaitStrays waits until there are none, for some time, and gives those that there are.
func (j *job) awaitStrays(patience time.Duration) []kin {
	deadline := time.Now().Add(patience)
	for {
		found := j.strays()
		if len(found) == 0 || !time.Now().Before(deadline) {
			return found
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func signalAll(all []kin, sig syscall.Signal) {
	for _, k := range all {
		syscall.Kill(k.pid, sig)
	}
}

// named gives names to show; there may be many.
func named(all []kin) string {
	const most = 5
	var out []string
	for _, k := range all[:min(most, len(all))] {
		out = append(out, k.String())
	}
	if more := len(all) - most; more > 0 {
		out = append(out, fmt.Sprintf("%d more", more))
	}
	return strings.Join(out, ", ")
}

// endAll kills what is left of all attempts.
func (s *server) endAll() {
	if !s.own {
		return
	}
	for deadline := time.Now().Add(dying); time.Now().Before(deadline); {
		roots := s.orphans()
		if len(roots) == 0 {
			return
		}
		found := below(table(), roots)
		if len(found) == 0 {
			return
		}
		signalAll(found, syscall.SIGKILL)
		time.Sleep(5 * time.Millisecond)
	}
}

// EndLost kills what still runs of attempts whose supervisor is no more: nobody will know how
// they end.
func EndLost(state string) error {
	open, _, err := readTraces(filepath.Join(state, tracesName))
	if err != nil || len(open) == 0 {
		return err
	}
	all := table()
	var roots []int
	for pid := range all {
		for _, t := range open {
			if hasMarker(pid, marker(t.Base)) {
				roots = append(roots, pid)
			}
		}
	}
	signalAll(below(all, roots), syscall.SIGKILL)
	return nil
}
