// Package lower makes a plan of a checked program: first without values, with the
// declarations of the settings and parameters that it needs, then bound to them.
// What is known then is folded to values; what is late stays an expression.
// It reads no file, no environment and no repository, knows no secret, and runs nothing.
package lower

import (
	"fmt"
	"maps"
	"slices"

	"github.com/pipelang/pipe/compiler/check"
	"github.com/pipelang/pipe/compiler/plan"
	"github.com/pipelang/pipe/lang/diag"
	"github.com/pipelang/pipe/lang/types"
	"github.com/pipelang/pipe/lang/value"
)

// Draft is a pipeline before its values are known. It is safe for concurrent use.
type Draft struct {
	program  *check.Program
	pipeline *check.Pipeline
	records  map[string]*types.Type
	// declared are the records whose fields have conditions, by ID.
	declared map[string]declaredRecord
	conditions
}

// New drafts a pipeline of the entry module. The program must be free of errors.
func New(p *check.Program, pipeline string) (*Draft, error) {
	found, ok := p.Entry.Pipelines[pipeline]
	if !ok {
		names := slices.Sorted(maps.Keys(p.Entry.Pipelines))
		err := fmt.Errorf("%s has no pipeline %q", p.Entry.Load.ID, pipeline)
		if help := diag.DidYouMean(pipeline, names); help != "" {
			err = fmt.Errorf("%w; %s", err, help)
		}
		return nil, err
	}
	d := &Draft{program: p, pipeline: found, records: map[string]*types.Type{}, declared: map[string]declaredRecord{}}
	d.findRecords()
	return d, nil
}

// ForSettings drafts no pipeline: only Settings and Types of what it returns may be used.
func ForSettings(p *check.Program) *Draft {
	d := &Draft{program: p, pipeline: &check.Pipeline{}, records: map[string]*types.Type{}, declared: map[string]declaredRecord{}}
	d.findRecords()
	return d
}

// Values is what a draft is bound to.
type Values struct {
	Profile string
	// Args are the pipeline's arguments; one that is absent and has no default stays late.
	Args map[string]value.Value
	// Setting gives a setting's value; known is false for one that is missing, invalid or secret.
	// An unset optional is value.None and known. A nil Setting knows none.
	Setting func(name string) (v value.Value, known bool)
}

// Bind makes the plan and names the settings that it reaches, sorted: those read by a step
// whose guard is not already false, by such a guard itself, and by what is evaluated for the
// whole pipeline. The error joins an *EvalError for every expression that fails now; the
// names are complete even then.
func (d *Draft) Bind(v Values) (p *plan.Plan, reached []string, err error) {
	p, _, reached, err = d.BindSealed(v)
	return p, reached, err
}

// BindSealed is Bind, and gives the plan's canonical form, which its digest is of.
func (d *Draft) BindSealed(v Values) (p *plan.Plan, text []byte, reached []string, err error) {
	b := newBinder(d, v)
	p = b.bind()
	reached = slices.Sorted(maps.Keys(b.reached))
	if err := b.failed(); err != nil {
		return nil, nil, reached, err
	}
	text, err = plan.Seal(p)
	if err != nil {
		return nil, nil, reached, fmt.Errorf("seal plan: %w", err)
	}
	return p, text, reached, nil
}
