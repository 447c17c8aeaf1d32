package lint

import "slices"

// groups are all rules, in the order in which they look. Those of a group share what they have
// found out. The longest come first, so that the others fill up what is left of the processors.
var groups = [][]rule{{
	scriptSyntax,
	misspeltInterpreters,
	scriptRisks,
	execScripts,
	execWords,
	listsAsWords,
	singleQuotes,
	inheritedSecrets,
	unsoundContains,
	pythonSyntax,
	unknownVariables,
	outputNames,
	forgedOutputs,
	endlessWaits,
	plainSecrets,
	passwordWords,
	credentials,
}, {
	cachedEffects,
	effects,
	workspaces,
	emptyInputs,
	missingPaths,
	missingTexts,
	missingScripts,
	unstableKeys,
}, {
	constantGuards,
	strangeFailures,
	unreachableSteps,
	lockRules,
	timeouts,
}, {
	unusedNames,
	unusedResults,
	shadowedNames,
}}

var rules = slices.Concat(groups...)

// failing are those whose findings may be errors by nature, in the same order.
var failing = []rule{scriptSyntax, scriptRisks, execScripts, pythonSyntax, unknownVariables, outputNames}
