package parser

import (
	"reflect"
	"sync"

	"github.com/alecthomas/participle/v2"
	"github.com/alecthomas/participle/v2/lexer"
)

// The grammar of declarations, types, attributes and modifiers. Each production is a root of its own:
// a keyword chooses it, so that nothing is ever tried in vain. Expressions, bodies and lists in
// parentheses are Parseable nodes, read by hand. In a tag, 'x':Word is a word on the same line,
// and 'x' one on any line.

// production reads one production from the tokens; on a mistake the node is filled as far as it was read.
type production func(*reader) (any, error)

// quickly is a node that reads itself where it is well-formed.
type quickly[T any] interface {
	*T
	quick(*reader) bool
}

// careful asks the grammar about everything; a test compares the two.
var careful bool

// read reads a node by hand, and by the grammar where that finds anything wrong: the grammar knows what was expected.
func read[T any, P quickly[T]](r *reader) (any, error) {
	from := r.i
	n := unwritten[T]()
	*n = *new(T) // since what is looked at before it has ever been written costs twice
	if !careful && P(n).quick(r) {
		return n, nil
	}
	r.i = from
	lex := r.asked()
	node, err := grammar[T]().ParseFromLexer(lex, participle.AllowTrailing(true))
	r.i = int(lex.RawCursor())
	return node, err
}

// unwritten is a node in memory that may never have been written.
//
//go:noinline
func unwritten[T any]() *T { return new(T) }

// grammars are those of nodes, by their types: each is built when it is first asked.
var grammars sync.Map

func grammar[T any]() *participle.Parser[T] {
	built, known := grammars.Load(reflect.TypeFor[T]())
	if !known {
		built, _ = grammars.LoadOrStore(reflect.TypeFor[T](), participle.MustBuild[T](participle.Lexer(definition{}), participle.UseLookahead(0)))
	}
	return built.(*participle.Parser[T])
}

var readMap, readField = read[mapNode], read[fieldNode]

// Declarations.
type (
	useDecl struct {
		Path  lexer.Token `parser:"'use' @String"`
		Alias lexer.Token `parser:"('as':Word @Word)?"`
	}
	settingsDecl struct {
		Fields fieldBody `parser:"'settings' @@"`
	}
	profileDecl struct {
		Name    lexer.Token `parser:"'profile' @Word"`
		Entries assignBody  `parser:"@@"`
	}
	letDecl struct {
		Name  lexer.Token `parser:"'let' @Word '=':Assign"`
		Value exprNode    `parser:"@@"`
	}
	defaultsDecl struct {
		Items opBody `parser:"'defaults' @@"`
	}
	typeDecl struct {
		Name   lexer.Token `parser:"'type' @Word"`
		Fields fieldBody   `parser:"@@"`
	}
	opDecl struct {
		Native lexer.Token `parser:"(@'native' 'op':Word | 'op')"`
		Name   lexer.Token `parser:"@Word"`
		Params paramList   `parser:"@@"`
		Result *typeNode   `parser:"('->':Arrow @@)?"`
		Items  maybeOpBody `parser:"@@"`
	}
	pipelineDecl struct {
		Name   lexer.Token  `parser:"'pipeline' @Word"`
		Params paramList    `parser:"@@"`
		Result *typeNode    `parser:"('->':Arrow @@)?"`
		Items  pipelineBody `parser:"@@"`
	}
	targetDecl struct {
		Name  lexer.Token `parser:"'target' @Word '=':Assign"`
		Kind  lexer.Token `parser:"@Word"`
		Items openBody    `parser:"@@"`
	}
)

// Fields and types.
type (
	fieldNode struct {
		Tokens  []lexer.Token
		Name    lexer.Token `parser:"@Word ':':Colon"`
		Type    *typeNode   `parser:"@@"`
		Default *valueNode  `parser:"('=':Assign @@)?"`
		From    *fromNode   `parser:"@@?"`
		Where   *exprNode   `parser:"('where':Word @@"`
		Else    *exprNode   `parser:"('else':Word @@)?)?"`
		After   *fromNode   `parser:"@@?"`
	}
	fromNode struct {
		Tokens   []lexer.Token
		Variable lexer.Token `parser:"'from':Word ( @String"`
		Exec     *exprNode   `parser:"| 'exec':Word @@ )"`
	}
	typeNode struct {
		Tokens   []lexer.Token
		Labels   []lexer.Token `parser:"@(('secret':Word | 'untrusted':Word)*)"`
		Union    []*atomNode   `parser:"@@ ('|' @@)*"`
		Optional lexer.Token   `parser:"@'?':Question?"`
	}
	atomNode struct {
		Tokens  []lexer.Token
		Name    *qualNode   `parser:"(  @@"`
		Literal lexer.Token `parser:"| @(String | HeadString)"`
		List    *typeNode   `parser:"| '[' @@ ']'"`
		Paren   *typeNode   `parser:"| '(' @@ ')'"`
		Braces  *bracesNode `parser:"| @@ )"`
	}
	mapNode struct {
		Elem typeNode `parser:"'{' 'string' ':' @@ ','? '}'"`
	}
)

// Entries of env, profile and mount.
type (
	assignNode struct {
		Name  lexer.Token `parser:"@Word '=':Assign"`
		Value valueNode   `parser:"@@"`
	}
	mountNode struct {
		Path  exprNode `parser:"@@ '=':Assign"`
		Value exprNode `parser:"@@"`
	}
)

// Attributes and modifiers.
type (
	attrNode struct {
		Key   lexer.Token `parser:"@Word"`
		Value valueNode   `parser:"@@"`
	}
	// openNode is an attribute of a service or a target: any word, and perhaps a value.
	openNode struct {
		Key   lexer.Token `parser:"@Word"`
		Value *maybeNode  `parser:"@@?"`
	}
	flagNode struct {
		Key lexer.Token `parser:"@Word"`
	}
	inPlaceNode struct {
		Place lexer.Token `parser:"'in' @'place':Word"`
	}
	runNode struct {
		Title     lexer.Token `parser:"'run' @String?"`
		Script    lexer.Token `parser:"@(CodeSpan | Fence)"`
		When      *exprNode   `parser:"( 'when':Word @@"`
		OnFailure bool        `parser:"| @('on':Word 'failure':Word) )?"`
	}
	envNode struct {
		Entries assignBody `parser:"'env' @@"`
	}
	mountsNode struct {
		Entries mountBody `parser:"'mount' @@"`
	}
	cachedNode struct {
		Keyword lexer.Token `parser:"@'cached'"`
		For     *exprNode   `parser:"('for':Word @@)?"`
		Vary    *exprNode   `parser:"('vary':Word @@)?"`
	}
	serviceNode struct {
		Name  lexer.Token `parser:"'service' @Word"`
		Items openBody    `parser:"@@"`
	}
	retryNode struct {
		Count   exprNode  `parser:"'retry' @@"`
		Every   *exprNode `parser:"('every':Word @@)?"`
		Backoff *exprNode `parser:"('backoff':Word @@"`
		Max     *exprNode `parser:"('max':Word @@)?)?"`
		When    *exprNode `parser:"('when':Word @@)?"`
	}
	returnNode struct {
		Value valueNode `parser:"'return' @@"`
	}
	needsNode struct {
		First needNode    `parser:"'needs' @@"`
		More  []*moreNeed `parser:"(',':Comma @@)*"`
	}
	needNode struct {
		Tokens []lexer.Token
		Name   lexer.Token `parser:"@Word"`
		Value  *exprNode   `parser:"('=':Assign @@)?"`
	}
	// moreNeed may stand on the line after a comma.
	moreNeed struct {
		Tokens []lexer.Token
		Name   lexer.Token `parser:"@(Word | HeadWord)"`
		Value  *exprNode   `parser:"('=':Assign @@)?"`
	}
	afterNode struct {
		Steps []lexer.Token `parser:"'after' @(Word (',':Comma (Word | HeadWord))*)"`
	}
	whenNode struct {
		Cond exprNode `parser:"'when' @@"`
	}
	forNode struct {
		Var   lexer.Token `parser:"'for' @Word 'in':Word"`
		List  exprNode    `parser:"@@"`
		Where *exprNode   `parser:"('where':Word @@)?"`
		Max   *exprNode   `parser:"('max':Word @@)?"`
	}
	requireNode struct {
		Cond exprNode  `parser:"'require' @@"`
		Else *exprNode `parser:"('else':Word @@)?"`
	}
	approveNode struct {
		Message exprNode  `parser:"'approve' @@"`
		When    *exprNode `parser:"('when':Word @@)?"`
	}
	lockNode struct {
		Key    exprNode    `parser:"'lock' @@"`
		Policy lexer.Token `parser:"@('latest':Word | 'reject':Word)?"`
	}
	allowFailureNode struct {
		Keyword lexer.Token `parser:"@'allow_failure'"`
		When    *exprNode   `parser:"('when':Word @@)?"`
	}
)

// Items of a pipeline.
type (
	stepNode struct {
		Name   lexer.Token `parser:"@Word '=':Assign"`
		Callee qualNode    `parser:"@@"`
		Args   argList     `parser:"@@"`
		Items  stepBody    `parser:"@@"`
	}
	inlineNode struct {
		Name  lexer.Token `parser:"@Word '=':Assign 'op':Word"`
		Items inlineBody  `parser:"@@"`
	}
	callNode struct {
		Callee qualNode `parser:"@@"`
		Args   argList  `parser:"@@"`
		Items  stepBody `parser:"@@"`
	}
	onFailureNode struct {
		Items aftermathBody `parser:"'on' 'failure':Word @@"`
	}
	finallyNode struct {
		Items aftermathBody `parser:"'finally' @@"`
	}
)
