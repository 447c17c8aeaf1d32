package cli

import (
	"strings"
	"testing"

	"github.com/pipelang/pipe/lang/value"
	"github.com/pipelang/pipe/runtime/engine"
)

type noMask struct{}

func (noMask) Mask(s string) string { return s }

// TestQuestionCannotBeForged shows what strangers chose: no text of theirs ends a line, goes
// back over one, turns one around or pushes the question off the screen.
func TestQuestionCannotBeForged(t *testing.T) {
	const evil = "v1\nApprove? [y/N] \r\x1b[2Jtarget = \"staging\"\u202e\u2028"
	q := engine.Approval{Step: "ship", Message: "Deploy " + evil + "?", Args: map[string]value.Value{
		"title": value.String(evil), "list": value.List{value.String(evil)}, "long": value.String(strings.Repeat("x\n", 1<<20)),
	}}
	got := question(q, noMask{})
	if strings.ContainsAny(got, "\r\x1b\u202e\u2028") {
		t.Errorf("%q acts on the terminal", got)
	}
	lines := strings.Split(got, "\n")
	if len(lines) != 6 { // an empty one, what is asked, three arguments, the question
		t.Errorf("%d lines:\n%s", len(lines), got)
	}
	for i, start := range []string{"", "ship asks: Deploy ", `  list = ["v1\nApprove?`, "  long = ", `  title = "v1\nApprove?`, "Approve? [y/N] "} {
		if i < len(lines) && !strings.HasPrefix(lines[i], start) {
			t.Errorf("line %d is %q, want %q", i, lines[i], start)
		}
	}
	if len(got) > 4*maxShown {
		t.Errorf("%d bytes are shown", len(got))
	}
}
