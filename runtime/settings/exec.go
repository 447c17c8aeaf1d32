package settings

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"sync"
	"time"

	"github.com/pipelang/pipe/lang/types"
	"github.com/pipelang/pipe/lang/value"
)

const (
	// execTimeout is how long a program may take to give a secret.
	execTimeout = 30 * time.Second
	// execOutput is the most that it may write.
	execOutput = 1 << 20
)

// Fetch runs the programs of the settings named whose values come from one (`from exec`), at
// the same time and each once. Afterwards Value gives what they wrote, and Problems says which
// failed. The error is the context's.
func (s *Set) Fetch(ctx context.Context, names []string) error {
	var wg sync.WaitGroup
	for _, name := range names {
		if one := s.find(name); one != nil && one.pending {
			wg.Go(func() { s.fetch(ctx, one) })
		}
	}
	wg.Wait()
	return ctx.Err()
}

func (s *Set) fetch(ctx context.Context, one *setting) {
	one.fetch.Do(func() {
		text, err := s.output(ctx, one)
		s.mu.Lock()
		defer s.mu.Unlock()
		if err != nil {
			one.problem(Problem{
				Setting: one.decl.Name, Variable: one.decl.Variable, Origin: one.program, Expected: one.expected(),
				Message: fmt.Sprintf("the program that gives %s failed: %v", one.decl.Name, err),
				Help:    fmt.Sprintf("run it by hand to see what it says, or set %s", one.decl.Variable),
			})
			return
		}
		one.raw = append(one.raw, text)
		r := &resolver{ctx: ctx, sources: s.sources}
		one.found = merge(merge(one.found, one.read(one.typ, text, one.program, "")), one.above)
		r.settle(one)
	})
}

// output is what a setting's program writes, without the last line break. Errors say nothing
// of what it wrote: that may be the secret, or hold it. Settings with the same program share
// one run of it.
func (s *Set) output(ctx context.Context, one *setting) (string, error) {
	v, err := evaluate(ctx, one.decl.Exec, evaluation{want: types.ListOf(types.StringType), types: s.sources.Types, host: s.sources.Host})
	if err != nil {
		return "", errors.New("its arguments cannot be evaluated")
	}
	var argv []string
	for _, arg := range v.(value.List) {
		argv = append(argv, string(arg.(value.String)))
	}
	if len(argv) == 0 {
		return "", errors.New("it has no name")
	}
	return s.running(argv).wait(func() (string, error) { return s.run(ctx, argv) })
}

// program is one run of a program, for whoever asks for it.
type program struct {
	once sync.Once
	text string
	err  error
}

func (p *program) wait(run func() (string, error)) (string, error) {
	p.once.Do(func() { p.text, p.err = run() })
	return p.text, p.err
}

func (s *Set) running(argv []string) *program {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := strings.Join(argv, "\x00")
	if s.programs == nil {
		s.programs = map[string]*program{}
	}
	if s.programs[key] == nil {
		s.programs[key] = &program{}
	}
	return s.programs[key]
}

// run gives a program no input. When its time is over, or nobody waits any more, it is ended
// with all that it started.
func (s *Set) run(ctx context.Context, argv []string) (string, error) {
	limit := s.timeout
	if limit == 0 {
		limit = execTimeout
	}
	ctx, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("%s took longer than %v", argv[0], limit))
	defer cancel()
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Dir, cmd.Env, cmd.WaitDelay = s.sources.Dir, s.sources.Environ, time.Second
	inGroup(cmd)
	var out capped
	cmd.Stdout = &out
	err := cmd.Run()
	if ctx.Err() != nil {
		return "", context.Cause(ctx)
	}
	return outcome(argv[0], &out, err)
}

func outcome(program string, out *capped, err error) (string, error) {
	if out.over {
		return "", fmt.Errorf("%s wrote more than %d MiB", program, execOutput>>20)
	}
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return "", fmt.Errorf("%s ended with %s", program, exit.ProcessState)
	}
	if err != nil {
		return "", fmt.Errorf("%s cannot be run: %w", program, errors.Unwrap(err))
	}
	text := withoutBreak(out.buf.String())
	if strings.TrimSpace(text) == "" {
		return "", fmt.Errorf("%s wrote nothing", program)
	}
	return text, nil
}

// capped keeps what fits execOutput and refuses the rest.
type capped struct {
	buf  bytes.Buffer
	over bool
}

var errOver = errors.New("too much output")

func (c *capped) Write(p []byte) (int, error) {
	if c.buf.Len()+len(p) > execOutput {
		c.over = true
		return 0, errOver
	}
	return c.buf.Write(p)
}
