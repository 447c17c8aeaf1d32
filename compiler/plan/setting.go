package plan

// SettingDecl is a setting as it is declared, for whoever finds its value. It is not part of a plan.
type SettingDecl struct {
	Name string
	Type Type
	Doc  string
	At   string // file:line:column
	// Secret says that the value may be printed nowhere.
	Secret bool
	// Variable is the environment variable: the name in upper case unless `from` says otherwise.
	Variable string
	// Exec is the `from exec` argv; nil when absent.
	Exec *Expr
	// Default is nil when absent. Where sees the value as `self`.
	Default, Where, Else *Expr
	// Profiles holds the overrides by profile.
	Profiles map[string]Expr
}
