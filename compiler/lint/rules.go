package lint

import "slices"

// groups are all rules, in the order in which they look. Those of a group share what they have
// found out, and the groups take about as long as each other.
var groups = [][]rule{{
	constantGuards,
	unreachableSteps,
	lockRules,
	timeouts,
}, {
	scriptSyntax,
	scriptRisks,
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
	effects,
	workspaces,
	emptyInputs,
	unstableKeys,
	unusedNames,
	unusedResults,
	shadowedNames,
}}

var rules = slices.Concat(groups...)
