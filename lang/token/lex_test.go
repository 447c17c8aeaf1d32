package token_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pipelang/pipe/lang/token"
)

// kinds lexes a text and writes each token as kind(text).
func kinds(src string) string {
	var out []string
	for _, t := range token.Lex(src) {
		if t.Kind != token.EOF {
			out = append(out, t.Kind.String()+"("+src[t.Start:t.End]+")")
		}
	}
	return strings.Join(out, " ")
}

func TestLex(t *testing.T) {
	for src, want := range map[string]string{
		"":                              "",
		"a _b1 when":                    "Word(a) Word(_b1) Word(when)",
		"( ) [ ] { } , ; : . ?":         "LParen(() RParen()) LBrack([) RBrack(]) LBrace({) RBrace(}) Comma(,) Semicolon(;) Colon(:) Dot(.) Question(?)",
		"+ - * / % ! < > |":             "Plus(+) Minus(-) Star(*) Slash(/) Percent(%) Not(!) Lt(<) Gt(>) Bar(|)",
		"= == != <= >= && || ->":        "Assign(=) Eq(==) Ne(!=) Le(<=) Ge(>=) And(&&) Or(||) Arrow(->)",
		"a->b===c":                      "Word(a) Arrow(->) Word(b) Eq(==) Assign(=) Word(c)",
		"1 0x1F 1u 0xFu":                "Int(1) Int(0x1F) Uint(1u) Uint(0xFu)",
		"1.5 .5 1e3 1.5e-3 1E+9":        "Float(1.5) Float(.5) Float(1e3) Float(1.5e-3) Float(1E+9)",
		"1.a 1..b":                      "Int(1) Dot(.) Word(a) Int(1) Dot(.) Dot(.) Word(b)",
		"10m 1h30m 1.5s 2d 3us":         "Duration(10m) Duration(1h30m) Duration(1.5s) Duration(2d) Duration(3us)",
		"10m.x 1d12h":                   "Duration(10m) Dot(.) Word(x) Duration(1d12h)",
		"512MiB 1GB 7B 1.5kB":           "Size(512MiB) Size(1GB) Size(7B) Size(1.5kB)",
		"10mx 1h30 5x 1GBx 0xg":         "Illegal(10mx) Illegal(1h30) Illegal(5x) Illegal(1GBx) Illegal(0xg)",
		`"a" 'b' r"\" b"c" br'd'`:       `String("a") String('b') String(r"\") Bytes(b"c") Bytes(br'd')`,
		`R"a" B"b" bR"c" x"d"`:          `String(R"a") Bytes(B"b") Bytes(bR"c") Word(x) String("d")`,
		`"a\"b" 'a"b' "\\"`:             `String("a\"b") String('a"b') String("\\")`,
		`"${a}" "$${" "a ${b["c"]} d"`:  `String("${a}") String("$${") String("a ${b["c"]} d")`,
		`"${ {"k": "}"}["k"] }" x`:      `String("${ {"k": "}"}["k"] }") Word(x)`,
		`r"${" b"${" x`:                 `String(r"${") Bytes(b"${") Word(x)`,
		"\"\"\"a\n\"b\" ${x}\n\"\"\" y": "String(\"\"\"a\n\"b\" ${x}\n\"\"\") Word(y)",
		"'''a\n''' y":                   "String('''a\n''') Word(y)",
		"\"open\nnext":                  "Illegal(\"open) Word(next)",
		"\"${open\nnext":                "Illegal(\"${open) Word(next)",
		"\"${a + \"b}\nnext":            "Illegal(\"${a + \"b}) Word(next)",
		"\"\"\"open\nlet a":             "Illegal(\"\"\"open) Word(let) Word(a)",
		"`a b` x.`y-z`":                 "CodeSpan(`a b`) Word(x) Dot(.) CodeSpan(`y-z`)",
		"`open\nnext ``":                "Illegal(`) Word(open) Word(next) Illegal(``)",
		"```\na\n```\nb":                "Fence(```\na\n```) Word(b)",
		"```python\na\n ````  \nb":      "Fence(```python\na\n ````) Word(b)",
		"````\n```\n````":               "Fence(````\n```\n````)",
		"```\na\n``` x\n```":            "Fence(```\na\n``` x\n```)",
		"```\na\nop b":                  "Illegal(```\na) Word(op) Word(b)",
		"```sh -e\na":                   "Illegal(```) Word(sh) Minus(-) Word(e) Word(a)",
		"a // b\n/// c\n//// d\n///":    "Word(a) Comment(// b) Doc(/// c) Comment(//// d) Doc(///)",
		"// a\r\nb":                     "Comment(// a) Word(b)",
		"a & b @# $ ~\\^ é":             "Word(a) Illegal(&) Word(b) Illegal(@#) Illegal($) Illegal(~\\^) Illegal(é)",
		"\x01\x02\xff\xfe§ a":           "Illegal(\x01\x02\xff\xfe§) Word(a)",
	} {
		if d := cmp.Diff(want, kinds(src)); d != "" {
			t.Errorf("Lex(%q) (-want +got):\n%s", src, d)
		}
	}
}

func TestNewlineBefore(t *testing.T) {
	src := "a b\nc // x\n// y\nd ; /// z\n\ne"
	var got []string
	for _, tok := range token.Lex(src) {
		if tok.Flags&token.NewlineBefore != 0 {
			got = append(got, src[tok.Start:tok.End])
		}
	}
	// the comment that stands alone, and what follows a comment
	want := []string{"a", "c", "// y", "d", "e"}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
}

func TestFlags(t *testing.T) {
	for src, want := range map[string]token.Flags{
		`"a"`:                       0,
		`"$${a}"`:                   0,
		`"${a}"`:                    token.Interpolated,
		`r"${a}"`:                   token.Raw,
		`"""a"""`:                   token.Triple,
		`"""${a}"""`:                token.Triple | token.Interpolated,
		strings.Repeat(`"${`, 1000): token.Interpolated | token.Deep,
		`br'''a'''`:                 token.Raw | token.Triple,
	} {
		if got := token.Lex(src)[0].Flags &^ token.NewlineBefore; got != want {
			t.Errorf("flags of %.20s are %b, want %b", src, got, want)
		}
	}
}

func TestPieces(t *testing.T) {
	for src, want := range map[string][]string{
		`"${a}"`:                    {"hole ${a}: a"},
		`"x ${a.b} y$${z} ${"q"}!"`: {"text x ", "hole ${a.b}: a . b", "text  y$${z} ", `hole ${"q"}: "q"`, "text !"},
		// an escaped dollar opens no hole
		`"\${a}${ {"}": 1} }"`: {`text \${a}`, `hole ${ {"}": 1} }: { "}" : 1 }`},
		`"""a"b${x}"c"""`:      {`text a"b`, "hole ${x}: x", `text "c`},
		`"${}"`:                {"hole ${}: "},
	} {
		var got []string
		for _, p := range token.Pieces(src, token.Lex(src)[0]) {
			text := src[p.Start:p.End]
			if p.Tokens == nil {
				got = append(got, "text "+text)
				continue
			}
			var words []string
			for _, tok := range p.Tokens[:len(p.Tokens)-1] {
				words = append(words, src[tok.Start:tok.End])
			}
			got = append(got, "hole "+text+": "+strings.Join(words, " "))
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("Pieces(%s) (-want +got):\n%s", src, d)
		}
	}
}

func TestKindNames(t *testing.T) {
	seen := map[string]bool{}
	for k := range token.Kinds {
		if k.String() == "" || seen[k.String()] {
			t.Errorf("kind %d has no name of its own: %q", k, k.String())
		}
		seen[k.String()] = true
	}
}

func TestIsWord(t *testing.T) {
	for s, want := range map[string]bool{"a": true, "_": true, "a1_B": true, "": false, "1a": false, "a-b": false, "é": false} {
		if token.IsWord(s) != want {
			t.Errorf("IsWord(%q) = %v", s, !want)
		}
	}
}

// checkLossless holds that tokens are in order, that the gaps between them are white space, and that none is empty.
func checkLossless(t *testing.T, src string) {
	t.Helper()
	toks := token.Lex(src)
	at := int32(0)
	for i, tok := range toks {
		if tok.Start < at || tok.End < tok.Start || int(tok.End) > len(src) {
			t.Fatalf("token %d at %d-%d, after %d, of %d bytes", i, tok.Start, tok.End, at, len(src))
		}
		if gap := src[at:tok.Start]; strings.Trim(gap, " \t\r\n\f") != "" {
			t.Fatalf("gap %q before token %d", gap, i)
		}
		if tok.Start == tok.End && tok.Kind != token.EOF {
			t.Fatalf("token %d is empty", i)
		}
		if last := i == len(toks)-1; last != (tok.Kind == token.EOF) || last && int(tok.End) != len(src) {
			t.Fatalf("token %d of %d is %v at %d", i, len(toks), tok.Kind, tok.End)
		}
		checkPieces(t, src, tok)
		at = tok.End
	}
}

// checkPieces holds that the pieces of an interpolated string are all that is between its quotes.
func checkPieces(t *testing.T, src string, tok token.Token) {
	t.Helper()
	if tok.Kind != token.String || tok.Flags&token.Interpolated == 0 {
		return
	}
	quotes := int32(1)
	if tok.Flags&token.Triple != 0 {
		quotes = 3
	}
	at := tok.Start + quotes
	for _, p := range token.Pieces(src, tok) {
		if p.Start != at || p.End <= p.Start {
			t.Fatalf("piece %d-%d after %d of %q", p.Start, p.End, at, src[tok.Start:tok.End])
		}
		at = p.End
	}
	if at != tok.End-quotes {
		t.Fatalf("pieces end at %d of %q", at-tok.Start, src[tok.Start:tok.End])
	}
}

// FuzzLex lexes anything: tokens and gaps together are the text again.
func FuzzLex(f *testing.F) {
	for _, seed := range []string{
		"let a = 1 + 2.5 * 10m", `"a ${b} c" r'd' b"e"`, "```sh\nx\n```", "`x`.`y`", "// c\n/// d", "\"\"\"a\n${b}\"\"\"",
		`"${"${`, "\xff\x00", "0x 1h30 5GBx", "a\r\nb",
	} {
		f.Add(seed)
	}
	f.Fuzz(checkLossless)
}
