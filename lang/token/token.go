// Package token cuts the text of a pipe file into tokens. The lexer is written by hand and
// never fails: what it cannot read is an Illegal token, and white space is the gaps between
// tokens, so that tokens and gaps together are the text again.
// It knows no grammar: which words are keywords, and what a brace opens, is not decided here. Only
// where nothing closes a block or a string does it look for the words that start a declaration.
package token

// Kind says what a token is.
type Kind uint8

// The kinds. Keywords are Words: only the parser knows where a word is one.
const (
	EOF Kind = iota
	Word
	CodeSpan // `text` on one line: an escaped name after a dot, a script elsewhere
	Int
	Uint
	Float
	Duration // 10m, 1h30m
	Size     // 512MiB
	String   // with its prefix, quotes and interpolations
	Bytes
	Fence   // ```lang … ``` over several lines
	Comment // // to the end of the line
	Doc     // /// to the end of the line
	Illegal
	LParen
	RParen
	LBrack
	RBrack
	LBrace
	RBrace
	Comma
	Semicolon
	Colon
	Dot
	Question
	Assign
	Arrow
	Bar
	Plus
	Minus
	Star
	Slash
	Percent
	Not
	Eq
	Ne
	Lt
	Le
	Gt
	Ge
	And
	Or
	// Kinds is how many there are.
	Kinds
)

var kindNames = [Kinds]string{
	EOF: "EOF", Word: "Word", CodeSpan: "CodeSpan", Int: "Int", Uint: "Uint", Float: "Float",
	Duration: "Duration", Size: "Size", String: "String", Bytes: "Bytes", Fence: "Fence",
	Comment: "Comment", Doc: "Doc", Illegal: "Illegal",
	LParen: "LParen", RParen: "RParen", LBrack: "LBrack", RBrack: "RBrack", LBrace: "LBrace", RBrace: "RBrace",
	Comma: "Comma", Semicolon: "Semicolon", Colon: "Colon", Dot: "Dot", Question: "Question",
	Assign: "Assign", Arrow: "Arrow", Bar: "Bar",
	Plus: "Plus", Minus: "Minus", Star: "Star", Slash: "Slash", Percent: "Percent", Not: "Not",
	Eq: "Eq", Ne: "Ne", Lt: "Lt", Le: "Le", Gt: "Gt", Ge: "Ge", And: "And", Or: "Or",
}

// String is the kind's name in this package.
func (k Kind) String() string { return kindNames[k] }

// Flags are facts about a token that its kind does not tell.
type Flags uint8

const (
	// NewlineBefore says that a line break stands between the last token that is no comment and this one.
	NewlineBefore Flags = 1 << iota
	// Interpolated marks a String with ${…} in it.
	Interpolated
	// Raw marks a String or Bytes with the prefix r.
	Raw
	// Triple marks a String or Bytes in triple quotes.
	Triple
	// Deep marks an Illegal string whose interpolations are nested over the limit.
	Deep
)

// Token is a range of bytes and what it is. The text of a token is the file's text from Start to End.
type Token struct {
	Kind       Kind
	Flags      Flags
	Start, End int32
}
