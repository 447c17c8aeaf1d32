package expr

import (
	"fmt"
	"strings"

	celast "github.com/google/cel-go/common/ast"

	"github.com/pipelang/pipe/lang/diag"
	"github.com/pipelang/pipe/lang/source"
	"github.com/pipelang/pipe/lang/types"
)

// mismatch says why a value of type got cannot stand where want is expected.
func (c *checking) mismatch(at source.Span, what string, want, got *types.Type, node celast.Expr) diag.Diagnostic {
	if got.Kind == types.Optional && want.Kind != types.Optional {
		return c.absent(at, node, got, "")
	}
	if lost := lostLabels(got, want); lost != 0 {
		return labelLost(at, what, lost, want)
	}
	if got.Kind == types.Literals && want.Plain().Kind == types.Literals {
		return unknownLiteral(at, got, want.Plain())
	}
	if why := recordGap(got.Plain(), want.Plain()); why != "" {
		return diag.Diagnostic{Rule: diag.TypeMismatch, Span: at, Message: placed(what, fmt.Sprintf("expected %s, found %s, %s", plainly(want), plainly(got), why))}
	}
	d := diag.Diagnostic{Rule: diag.TypeMismatch, Span: at, Message: placed(what, fmt.Sprintf("expected %s, found %s", plainly(want), plainly(got)))}
	if n := c.number(node, got); n != "" {
		d.Message = placed(what, fmt.Sprintf("expected %s, found %s %s", plainly(want), plainly(got), n))
		switch want.Plain().Kind {
		case types.Duration:
			d.Help = fmt.Sprintf("a duration has a unit: %ss, %sm or %sh", n, n, n)
		case types.Size:
			d.Help = fmt.Sprintf("a size has a unit: %sMiB or %sMB", n, n)
		}
	}
	switch {
	case d.Help != "":
	case want.Plain().Kind == types.Literals && got.IsText():
		d.Help = "any string may be found there: compare it first, as in x == " + fmt.Sprintf("%q ? %q : …", want.Plain().Literals[0], want.Plain().Literals[0])
	case want.Plain().Kind == types.Record && got.Kind == types.Map:
		d.Help = "a record is written { field: value }, without quotes"
	case what == "the message of approve" && got.Kind == types.Bool:
		d.Help = `the question stands there: approve "Deploy?"`
	case want.Plain().Kind == types.String && (got.Kind <= types.Timestamp || got.Kind == types.Image) && got.Kind != types.File && got.Kind != types.Dir:
		d.Help = fmt.Sprintf(`put it into a string: "${%s}"`, c.textOr(node, "…"))
		if n := c.number(node, got); n != "" {
			d.Help = fmt.Sprintf(`write it as a string: "%s"`, n)
		}
	case strings.HasSuffix(what, "exec") && len(got.Literals) == 1 && strings.Contains(got.Literals[0], " "):
		d.Help = "write a list of words, [\"program\", \"word\"], or a script in place of exec: run `…`"
		if !strings.ContainsAny(got.Literals[0], "\"'\\$`|&;<>") {
			d.Help = fmt.Sprintf(`write a list of words: ["%s"]`, strings.Join(strings.Fields(got.Literals[0]), `", "`))
		}
	case want.Plain().Kind == types.Float && got.Kind == types.Int:
		d.Help = "write it with a point, or float(…)"
	case want.Plain().Kind == types.Int && got.Kind == types.Float:
		d.Help = "write int(…), which cuts the fraction off"
	default:
		d.Help = c.conversion(node, want.Plain(), got.Plain())
	}
	return d
}

// conversion is how a value is made into what is expected, where there is one way.
func (c *checking) conversion(node celast.Expr, want, got *types.Type) string {
	x := c.textOr(node, "…")
	switch {
	case want.Kind == types.List && types.Assignable(got, want.Elem):
		return fmt.Sprintf("write a list: [%s]", x)
	case got.IsText() && len(got.Literals) == 1 && unquotes(got.Literals[0], want.Kind):
		return "write it without quotes: " + got.Literals[0]
	case want.Kind == types.File && got.IsText():
		return fmt.Sprintf("a file is what an op returns: return { out: file(%s) }", x)
	case want.Kind == types.Dir && got.IsText():
		return fmt.Sprintf("a folder is what an op returns: return { out: dir(%s) }", x)
	case want.Kind == types.Record && want.Record.Name == TestReport.Record.Name && got.IsText():
		return fmt.Sprintf("a report is what an op reads when it returns: return { report: junit(%s) }", x)
	case want.Kind == types.Bool && len(got.Literals) == 1 && truths[strings.ToLower(got.Literals[0])] != "":
		return "write " + truths[strings.ToLower(got.Literals[0])]
	case want.Kind == types.Bool && got.IsText():
		return fmt.Sprintf(`a condition compares: %s != ""`, x)
	case want.Kind == types.Bool && got.Kind == types.Int:
		return fmt.Sprintf("a condition compares: %s > 0", x)
	case want.Kind == types.Bool && (got.Kind == types.List || got.Kind == types.Map):
		return fmt.Sprintf("a condition asks whether it holds anything: %s.size() > 0", x)
	case want.Kind == types.Duration && got.IsText():
		return "a duration is a number with a unit, without quotes: 90s, 5m or 1h30m"
	case want.Kind == types.Size && got.IsText():
		return "a size is a number with a unit, without quotes: 512MiB or 1GB"
	case got.IsText() && want.Kind == types.Int:
		return fmt.Sprintf("read the number in it: int(%s)", x)
	case got.IsText() && want.Kind == types.Float:
		return fmt.Sprintf("read the number in it: float(%s)", x)
	case want.Kind == types.String && got.Kind == types.List && strings.HasPrefix(x, "[") && !strings.Contains(x, ","):
		return "write it without brackets: " + strings.Trim(x, "[]")
	case want.Kind == types.Int && got.Kind == types.Duration && x[0] >= '0' && x[0] <= '9':
		return "a number has no unit"
	case want.Kind == types.Int && got.Kind == types.Duration:
		return fmt.Sprintf("its seconds are %s.getSeconds(), its milliseconds %s.getMilliseconds()", x, x)
	case want.Kind == types.Int && got.Kind == types.Size:
		return fmt.Sprintf("its bytes are int(%s)", x)
	case want.Kind == types.Size && got.Kind == types.Int:
		return fmt.Sprintf("a number of bytes becomes a size: %s * 1B", x)
	case want.Kind == types.Duration && got.Kind == types.Int:
		return fmt.Sprintf("a number of seconds becomes a duration: %s * 1s", x)
	case want.Kind == types.String && got.Kind == types.List:
		return fmt.Sprintf(`go over it, { for x in %s }, or make it one string: %s.join(",")`, x, x)
	case want.Kind == types.Record && len(want.Record.Fields) == 1 && types.Assignable(got, want.Record.Fields[0].Type):
		return fmt.Sprintf("write a record: { %s: %s }", want.Record.Fields[0].Name, x)
	case got.Kind == types.Record:
		for _, f := range got.Record.Fields {
			if types.Assignable(f.Type, want) {
				return fmt.Sprintf("read a field of it: %s.%s", x, f.Name)
			}
		}
	}
	return ""
}

// truths are words for true and false.
var truths = map[string]string{
	"yes": "true", "y": "true", "on": "true", "1": "true", "t": "true", "enabled": "true",
	"no": "false", "n": "false", "off": "false", "0": "false", "f": "false", "disabled": "false",
}

// textOr is a short node as it is written, or what stands for a long one.
func (c *checking) textOr(node celast.Expr, other string) string {
	if s := c.text(node); s != "" {
		return s
	}
	return other
}

// number is a number that is written out, as it is written.
func (c *checking) number(node celast.Expr, t *types.Type) string {
	if node == nil || node.Kind() != celast.LiteralKind || t.Kind != types.Int && t.Kind != types.Float {
		return ""
	}
	return c.text(node)
}

// recordGap says which field keeps one record from being another.
func recordGap(got, want *types.Type) string {
	if got.Kind != types.Record || want.Kind != types.Record {
		return ""
	}
	for _, f := range want.Record.Fields {
		g, ok := got.Field(f.Name)
		switch {
		case !ok && f.Type.Kind != types.Optional && !f.HasDefault:
			return "which lacks " + f.Name
		case ok && !types.Assignable(g.Type, f.Type):
			return fmt.Sprintf("whose %s is %s, not %s", f.Name, g.Type, f.Type)
		}
	}
	return ""
}

// declarable says that a place has a type that its author wrote, and could have labelled.
func declarable(what string) bool {
	word, _, _ := strings.Cut(what, " ")
	return word == "argument" || word == "field" || word == "return" || word == "default" || word == "setting"
}

func labelLost(at source.Span, what string, lost types.Label, want *types.Type) diag.Diagnostic {
	place := "here"
	if what != "" {
		place = "as " + what
	}
	if lost == types.Concealed {
		return diag.Diagnostic{Rule: diag.SecretLeak, Span: at, Message: "whether there is a value depends on a secret, and cannot be told " + place,
			Help: "say what stands in: .orValue(…)"}
	}
	if lost&types.Secret != 0 {
		if declarable(what) {
			place += ", which is not declared secret"
		}
		return diag.Diagnostic{Rule: diag.SecretLeak, Span: at, Message: "a secret cannot be used " + place,
			Help: "it may go to env, mount, or a parameter declared secret"}
	}
	help := `admit it first: trusted(x, r"…")`
	if strings.HasPrefix(what, "argument ") {
		help += ", or declare the parameter untrusted"
	}
	return diag.Diagnostic{Rule: diag.UntrustedFlow, Span: at, Message: "a value that a stranger may choose cannot be used " + place, Help: help}
}
