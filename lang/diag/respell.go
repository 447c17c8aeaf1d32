package diag

import (
	"strconv"
	"strings"
	"unicode"

	"github.com/pipelang/pipe/lang/source"
)

// respell makes DidYouMean's help a fix, where the finding's span is the misspelt word and
// nothing else. Nothing could run with the word as it stands, so that no behaviour changes.
func (d *Diagnostic) respell() {
	if d.File == nil || len(d.Fixes) > 0 || d.Span.Start < 0 || d.Span.End <= d.Span.Start || int(d.Span.End) > len(d.File.Text) {
		return
	}
	meant, ok := strings.CutPrefix(d.Help, `did you mean "`)
	meant, whole := strings.CutSuffix(meant, `"?`)
	if !ok || !whole || strings.Contains(meant, `"`) {
		return
	}
	at, found := d.Span, d.File.Slice(d.Span)
	if text, err := strconv.Unquote(found); err == nil && len(text) == len(found)-2 {
		at, found = source.Span{Start: at.Start + 1, End: at.End - 1}, text
		if i := strings.LastIndexByte(text, '/'); i >= 0 && !strings.Contains(meant, "/") {
			at.Start, found = at.Start+int32(i)+1, text[i+1:]
		}
	} else if strings.ContainsFunc(found, func(r rune) bool {
		return r != '_' && r != '-' && r != '.' && !unicode.IsLetter(r) && !unicode.IsDigit(r)
	}) {
		return
	}
	if Suggest(found, []string{meant}) == "" && !strings.HasSuffix(meant, "."+found) {
		return // what another language calls it, which may be written in another way here
	}
	d.Fixes = []Fix{{Message: "write " + meant, Obvious: true, Edits: []Edit{{File: d.File, Span: at, Text: meant}}}}
}
