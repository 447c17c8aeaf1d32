package lint

// rules are all of them, in the order in which they look.
var rules = []rule{
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
	constantGuards,
	unreachableSteps,
	effects,
	lockRules,
	timeouts,
	endlessWaits,
	unusedNames,
	shadowedNames,
	emptyInputs,
	workspaces,
	unstableKeys,
	credentials,
	plainSecrets,
	passwordWords,
}
