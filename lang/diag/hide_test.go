package diag

import (
	"strings"
	"testing"

	"github.com/pipelang/pipe/lang/source"
)

// A credential that is written out is shown by no rendering, in its own frame and in others of its file.
func TestHide(t *testing.T) {
	const credential = "hunter2-prod-key"
	f := source.NewFile("ci.pipe", "let a = \""+credential+"\"; let é = b\n")
	at := int32(strings.Index(f.Text, credential))
	list := []Diagnostic{
		{Rule: WrittenSecret, File: f, Span: source.Span{Start: at - 1, End: at + int32(len(credential)) + 1}, Message: "a password is written out here", Hide: true},
		{Rule: UnknownName, File: f, Span: source.Span{Start: int32(strings.LastIndex(f.Text, "b")), End: int32(len(f.Text)) - 1}, Message: "unknown name \"b\" beside " + credential, Help: "write " + credential + "!",
			Related: []Related{{File: f, Span: source.Span{Start: 0, End: 3}, Message: "here is " + credential}},
			Fixes:   []Fix{{Message: "write c", Edits: []Edit{{File: f, Span: source.Span{Start: 0, End: 3}, Text: "c" + credential}}}}},
	}
	for _, format := range Formats() {
		var b strings.Builder
		if err := Write(&b, format, list, Options{}); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(b.String(), "hunter2") || !strings.Contains(b.String(), "unknown name") {
			t.Errorf("%s: %s", format, &b)
		}
		if format == "text" && (!strings.Contains(b.String(), "let a = "+strings.Repeat("*", len(credential)+2)) || !strings.Contains(b.String(), "let é = b")) {
			t.Errorf("%s: %s", format, &b)
		}
	}
	if list[1].Fixes[0].Edits[0].Text != "c"+credential || !strings.Contains(list[1].Message, credential) {
		t.Error("what applies fixes does not get their text")
	}
	if list[0].File != f || !strings.Contains(f.Text, credential) {
		t.Error("the findings themselves have changed")
	}
}
