package diag

// The rules. A name is part of the contract with users: it is never reused for another meaning.
const (
	Syntax          = "syntax"           // the text is not pipe
	NotYet          = "not-supported"    // reserved for a later version: policy, test, stack, remote modules
	TooDeep         = "too-deep"         // nested over the limit
	TooManySteps    = "too-many-steps"   // a pipeline that comes to more steps than a plan may have
	ReservedName    = "reserved-name"    // a name that cannot be given
	DuplicateName   = "duplicate-name"   // a name declared twice in one scope
	UnknownName     = "unknown-name"     // a name that nothing declares
	UnknownField    = "unknown-field"    // a field that a type lacks
	UnknownType     = "unknown-type"     // a type that nothing declares
	UnknownFunction = "unknown-function" // a function that does not exist
	UnknownOp       = "unknown-op"       // a call of what is no op or pipeline
	UnknownSetting  = "unknown-setting"  // a profile's entry that is no setting
	UnknownKeyword  = "unknown-keyword"  // an attribute, modifier or declaration that does not exist
	UnknownLiteral  = "unknown-literal"  // a comparison with a string outside a closed set
	UnknownArgument = "unknown-argument" // an argument that an op has no parameter for
	MissingArgument = "missing-argument" // a required parameter without an argument
	MissingField    = "missing-field"    // a record that lacks a field
	TypeMismatch    = "type-mismatch"    // a value of another type than expected
	MaybeSkipped    = "maybe-skipped"    // a step's result used as if it always had one
	MaybeMissing    = "maybe-missing"    // an optional used as if it always had a value
	NoNull          = "no-null"          // null, uint or dyn, which the language lacks
	Cycle           = "cycle"            // steps, lets, types or pipelines that wait for each other
	ImportCycle     = "import-cycle"     // modules that import each other
	UnknownModule   = "unknown-module"   // a module that cannot be found
	UnreadableFile  = "unreadable-file"  // a file or folder that cannot be read
	Misplaced       = "misplaced"        // legal elsewhere, not here
	InvalidValue    = "invalid-value"    // a constant outside what is allowed
	MissingBody     = "missing-body"     // an op that runs nothing
	SecretLeak      = "secret-leak"      // a secret where it may not go
	UntrustedFlow   = "untrusted-flow"   // a stranger's value where it may not go
	UnusedParam     = "unused-param"     // a parameter that nothing reads
	UnusedIgnore    = "unused-ignore"    // an ignore that silences nothing
	NewerLanguage   = "newer-language"   // pipe.toml asks for a version that this binary does not know
)

// milder holds the rules that are no errors; all others are.
var milder = map[string]Severity{UnusedParam: Warning, UnusedIgnore: Warning}

// Natural is a rule's severity before pipe.toml has a say, and whether there is such a rule.
// What is an error by nature stays one, since the program would have no meaning.
func Natural(rule string) (Severity, bool) {
	return milder[rule], Describe(rule) != ""
}
