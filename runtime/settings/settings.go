// Package settings finds the values of settings: flags, environment, .env files, secret
// files, programs, profiles and defaults, in that order, and says everything that is wrong at
// once. It never puts a secret's value into a message. It knows no files of pipe and no plan's
// steps.
package settings

import (
	"github.com/pipelang/pipe/compiler/plan"
	"github.com/pipelang/pipe/lang/expr"
	"github.com/pipelang/pipe/lang/types"
	"github.com/pipelang/pipe/lang/value"
)

// Sources is where values may come from.
type Sources struct {
	// Set holds --set name=value, in order; a name twice makes a list where the type is one,
	// and counts with its last value elsewhere. A field of a record is set as name.field.
	Set []Assignment
	// Environ is NAME=value, as os.Environ gives it.
	Environ []string
	// Dir is the folder of the entry file, which holds .env and .env.<profile>. Files that
	// variables name are relative to it, and programs run in it. "" reads no such file.
	Dir string
	// SecretsDir holds one file a setting, by the name of the setting or of its variable; ""
	// for none.
	SecretsDir string
	Profile    string
	// Types resolves named records in type texts.
	Types map[string]*types.Type
	// Conditions are what those records ask of their fields; nil is nothing.
	Conditions *plan.Conditions
	// Host answers functions that defaults and conditions read the repository with; nil is none.
	Host expr.Host
}

// Assignment is one name=value.
type Assignment struct{ Name, Value string }

// The kinds of an Origin, strongest first.
const (
	Flag        = "flag"
	Environment = "environment"
	Dotenv      = "dotenv"
	File        = "file"
	Exec        = "exec"
	Profile     = "profile"
	Default     = "default"
	Unset       = "unset"
)

// Origin is where a value came from.
type Origin struct {
	Kind string // one of the kinds above
	Name string // the variable, the flag, the file, the program, the profile
	At   string // ".env:3", the path of a file; "" where there is no place
}

// Resolved is what was found for a setting.
type Resolved struct {
	Decl plan.SettingDecl
	Type *types.Type
	// Value is nil when it is missing or invalid, or comes from a program that has not been
	// run; value.None for an unset optional.
	Value  value.Value
	Origin Origin
	// Shadows are the sources that the winner hides, strongest first. Those of a record may
	// still give fields that the winner leaves out.
	Shadows []Origin
	Problem *Problem // the first one
}

// Problem is one thing that is wrong. It never holds a secret's value.
type Problem struct {
	Setting  string // with .field for a field of a record; the name given, for one that is unknown
	Variable string // to set
	Origin   Origin
	Expected string // "int, must be a TCP port"
	Found    string // the offending text quoted, "" when it is missing or secret
	Message  string // one line
	Help     string
	// Always says that it counts whether or not the setting is reached: an unknown --set, a near miss in .env.
	Always bool
}
