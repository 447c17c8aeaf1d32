package diag

import (
	"maps"
	"slices"
)

// descriptions say in one sentence what each rule finds.
var descriptions = map[string]string{
	Syntax:          "The text is not pipe.",
	NotYet:          "The language keeps this for a later version.",
	TooDeep:         "Something is nested deeper than the limit.",
	TooManySteps:    "A pipeline, with those that it calls, comes to more steps than a plan may have.",
	ReservedName:    "A name that cannot be given.",
	DuplicateName:   "A name is declared twice in one scope.",
	UnknownName:     "A name that nothing declares.",
	UnknownField:    "A field that the type lacks.",
	UnknownType:     "A type that nothing declares.",
	UnknownFunction: "A function that does not exist here.",
	UnknownOp:       "A call of what is no op and no pipeline.",
	UnknownSetting:  "A profile sets what is no setting.",
	UnknownKeyword:  "An attribute, modifier or declaration that does not exist.",
	UnknownLiteral:  "A comparison with a string outside a closed set.",
	UnknownArgument: "An argument that there is no parameter for.",
	MissingArgument: "A required parameter has no argument.",
	MissingField:    "A record lacks a field.",
	TypeMismatch:    "A value of another type than its place expects.",
	MaybeSkipped:    "A step's result is used as if the step always ran.",
	MaybeMissing:    "An optional is used as if it always had a value.",
	NoNull:          "null, uint and dyn do not exist in the language.",
	Cycle:           "Things wait for each other.",
	ImportCycle:     "Modules import each other.",
	UnknownModule:   "A module that cannot be found.",
	UnreadableFile:  "A file or folder that cannot be read.",
	Misplaced:       "Something is legal elsewhere, but not here.",
	InvalidValue:    "A constant outside what is allowed.",
	MissingBody:     "An op that runs nothing.",
	SecretLeak:      "A secret goes where it may not.",
	UntrustedFlow:   "A stranger's value goes where it may not.",
	UnusedParam:     "A parameter that nothing reads.",
	UnusedIgnore:    "An ignore comment that silences nothing.",
	NewerLanguage:   "The project asks for a newer version of the language.",
}

// Rules are the names of all rules, sorted.
func Rules() []string { return slices.Sorted(maps.Keys(descriptions)) }

// Describe says in one sentence what a rule finds, "" for a name that is no rule.
func Describe(rule string) string { return descriptions[rule] }
