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
	TrustsAnything  = "trusts-anything"  // trusted() with a pattern that keeps nothing out
	UnusedParam     = "unused-param"     // a parameter that nothing reads
	UnusedIgnore    = "unused-ignore"    // an ignore that silences nothing
	ConstantGuard   = "constant-guard"   // a condition that is always true or always false
	UnreachableStep = "unreachable-step" // a step that no profile, setting or event lets run
	Deadlock        = "deadlock"         // locks that wait for each other, or for themselves
	ApprovalInLock  = "approval-in-lock" // a person is waited for while a lock is held
	ShortTimeout    = "short-timeout"    // a pipeline that ends before its steps may
	UnusedSetting   = "unused-setting"   // a setting that nothing reads
	UnusedLet       = "unused-let"       // a let that nothing reads
	UnusedImport    = "unused-import"    // a module that nothing is called from
	UnusedType      = "unused-type"      // a type that nothing uses
	UnusedProfile   = "unused-profile"   // a profile that sets nothing
	ShadowedName    = "shadowed-name"    // a name that hides another
	EmptyInputs     = "empty-inputs"     // a glob that matches no file
	UnstableKey     = "unstable-key"     // a cached step whose key is another in every run
	WrittenSecret   = "written-secret"   // a password or key that is written out
	ScriptSyntax    = "script-syntax"    // a script that the shell would not run
	UnknownVariable = "unknown-variable" // a variable that a script reads and nothing sets
	MissingOutput   = "missing-output"   // an output that return reads and no script writes
	UnreadOutput    = "unread-output"    // an output that a script writes and nothing reads
	Unquoted        = "unquoted"         // an expansion that the shell splits
	UncheckedCd     = "unchecked-cd"     // a cd whose failure nothing sees
	LostPipe        = "lost-pipe"        // a command before | whose failure is lost
	MaskedStatus    = "masked-status"    // a declaration that hides a failure
	UnreachedStatus = "unreached-status" // a look at $? that a failure never gets to
	ErrexitOff      = "errexit-off"      // a set +e that stays in force
	Background      = "background"       // a command behind & that nothing waits for
	RunsDownload    = "runs-download"    // text from the network that is run as it comes
	RemovesRoot     = "removes-root"     // an rm that reaches the root when a variable is empty
	NoArguments     = "no-arguments"     // a $1 in a script, which gets no arguments
	BashOnly        = "bash-only"        // a command of bash in an sh script
	TestRedirect    = "test-redirect"    // a < or > in [ ], which opens a file
	ConstantTest    = "constant-test"    // a [ ] that is always true
	NotAssignment   = "not-assignment"   // a command that looks like an assignment
	MissingSpace    = "missing-space"    // a [ that is glued to the next word
	OutputLost      = "output-lost"      // a > to $PIPE_OUTPUT that throws outputs away
	OutputForm      = "output-form"      // a line for $PIPE_OUTPUT that is no output
	EarlyEffect     = "early-effect"     // a push, apply or deploy that waits for no test
	LateApproval    = "late-approval"    // an approval after the effect that it guards
	CachedEffect    = "cached-effect"    // an effect that a cache would leave out
	UndeclaredInput = "undeclared-input" // a file that a script reads and inputs leaves out
	UnnamedPath     = "unnamed-path"     // a result read from where no script writes
	InPlaceRace     = "in-place-race"    // two unordered steps that write one file in place
	NewerLanguage   = "newer-language"   // pipe.toml asks for a version that this binary does not know
)

// milder holds the rules that are no errors; all others are.
var milder = map[string]Severity{UnusedParam: Warning, UnusedIgnore: Warning, ConstantGuard: Warning, UnreachableStep: Warning, Deadlock: Warning, ApprovalInLock: Warning, ShortTimeout: Warning, InPlaceRace: Warning, UnnamedPath: Hint, UndeclaredInput: Warning, CachedEffect: Warning, LateApproval: Warning, EarlyEffect: Warning, OutputForm: Warning, OutputLost: Warning, MissingSpace: Warning, NotAssignment: Warning, ConstantTest: Warning, TestRedirect: Warning, BashOnly: Warning, RemovesRoot: Warning, RunsDownload: Warning, Background: Warning, ErrexitOff: Warning, UnreachedStatus: Warning, MaskedStatus: Warning, LostPipe: Warning, UncheckedCd: Warning, Unquoted: Warning, UnreadOutput: Warning, WrittenSecret: Warning, UnstableKey: Warning, EmptyInputs: Warning, ShadowedName: Hint, UnusedProfile: Warning, UnusedType: Hint, UnusedImport: Warning, UnusedLet: Warning, UnusedSetting: Warning}

// Natural is a rule's severity before pipe.toml has a say, and whether there is such a rule.
// What is an error by nature stays one, since the program would have no meaning.
func Natural(rule string) (Severity, bool) {
	return milder[rule], Describe(rule) != ""
}
