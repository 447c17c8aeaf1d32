package engine

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pipelang/pipe/compiler/plan"
	"github.com/pipelang/pipe/lang/value"
	"github.com/pipelang/pipe/runtime/secret"
)

// varied gives the parts for a token, as a process with an identity makes them.
func varied(t *testing.T, identity, token, cel string, isSecret bool) []string {
	t.Helper()
	sealer := secret.NewSealer(func(string) string { return identity })
	r := &run{Options: Options{Plan: &plan.Plan{}, Fingerprint: sealer.Fingerprint}, settings: value.Record{"token": value.String(token)}}
	parts, err := r.vary(t.Context(), &plan.Cached{Vary: &plan.Expr{CEL: cel}, Secret: isSecret}, &scope{run: r, module: r.newModule(plan.Module{})})
	if err != nil {
		t.Fatal(err)
	}
	return parts
}

func TestVary(t *testing.T) {
	const list = `[settings.token, "linux"]`
	id := filepath.Join(t.TempDir(), "identity")
	one := varied(t, id, "hunter2", list, true)
	if diff := cmp.Diff(one, varied(t, id, "hunter2", list, true)); diff != "" || len(one) != 2 {
		t.Errorf("the same secret gives other parts: %s", diff)
	}
	two := varied(t, id, "hunter3", list, true)
	if one[0] == two[0] || one[1] != two[1] {
		t.Errorf("%v and %v should differ in the first part alone", one, two)
	}
	if other := varied(t, filepath.Join(t.TempDir(), "identity"), "hunter2", list, true); other[0] == one[0] {
		t.Error("another identity gives the same part")
	}
	for _, plain := range []string{"hunter2", `"hunter2"`} {
		sum := sha256.Sum256([]byte(plain))
		for _, forbidden := range []string{plain, hex.EncodeToString(sum[:])} {
			if strings.Contains(strings.Join(one, " "), forbidden) {
				t.Errorf("%v holds %s", one, forbidden)
			}
		}
	}
	if diff := cmp.Diff([]string{`"hunter2"`, `"linux"`}, varied(t, id, "hunter2", list, false)); diff != "" {
		t.Error(diff)
	}
}

func TestVaryWithoutAnIdentity(t *testing.T) {
	r := &run{Options: Options{Plan: &plan.Plan{}}, settings: value.Record{"token": value.String("hunter2")}}
	c := &plan.Cached{Vary: &plan.Expr{CEL: `[settings.token]`}, Secret: true}
	if _, err := r.vary(t.Context(), c, &scope{run: r, module: r.newModule(plan.Module{})}); err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("got %v", err)
	}
	r.Fingerprint = func([]byte) (string, error) { return "", errors.New("no") }
	if _, err := r.vary(t.Context(), c, &scope{run: r, module: r.newModule(plan.Module{})}); err == nil {
		t.Error("an identity that cannot be read gives a part")
	}
}
