package host_test

import (
	"testing"

	"github.com/pipelang/pipe/runtime/target/conformance"
	"github.com/pipelang/pipe/runtime/target/host"
)

func TestConformance(t *testing.T) {
	eachKind(t, func(t *testing.T, kind string) {
		conformance.Run(t, conformance.Place{Open: host.New().Open, Environ: []string{kind}})
	})
}
