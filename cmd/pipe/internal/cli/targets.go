package cli

import (
	"fmt"
	"os"

	"github.com/pipelang/pipe/compiler/plan"
	"github.com/pipelang/pipe/lang/types"
	"github.com/pipelang/pipe/lang/value"
	"github.com/pipelang/pipe/runtime/target"
	"github.com/pipelang/pipe/runtime/target/docker"
	"github.com/pipelang/pipe/runtime/target/host"
)

// targets are the places that a run may use: those that need no declaration, and those that
// the plan describes.
func (a *app) targets(p *plan.Plan) (map[string]target.Target, error) {
	out := map[string]target.Target{"host": host.New(), "docker": docker.New(docker.Endpoint{Environ: a.Environ})}
	for name, t := range p.Targets {
		made, err := a.declaredTarget(t)
		if err != nil {
			return nil, fmt.Errorf("target %s (%s): %w", name, t.At, err)
		}
		if made != nil {
			out[name] = made
		}
	}
	return out, nil
}

// lateFieldError is a field of a target whose value is not known where it has to be.
type lateFieldError struct{ field, text string }

func (e *lateFieldError) Error() string {
	return fmt.Sprintf("%s: %s is known only when the run has begun: use a setting", e.field, e.text)
}

// declaredTarget is nil for a kind of place that this pipe does not have.
func (a *app) declaredTarget(t plan.Target) (target.Target, error) {
	fields := map[string]string{}
	for _, f := range t.Attrs {
		if f.Value.Value == nil {
			return nil, &lateFieldError{f.Name, f.Value.CEL}
		}
		v, err := value.Unmarshal(types.StringType, f.Value.Value)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.Name, err)
		}
		fields[f.Name], _ = value.Env(v)
	}
	switch t.Kind {
	case "host":
		return host.New(), nil
	case "docker":
		where := docker.Endpoint{Host: fields["host"], Context: fields["context"], Environ: a.Environ}
		if dir := fields["certificates"]; dir != "" {
			if info, err := os.Stat(dir); err != nil || !info.IsDir() {
				return nil, fmt.Errorf("certificates: there is no folder %s, which is to hold ca.pem, cert.pem and key.pem", dir)
			}
			where.TLS = docker.Certificates(dir)
		}
		return docker.Target{Endpoint: where, Pull: docker.Pull(fields["pull"])}, nil
	}
	return nil, nil
}
