package expr

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/checker"
	"github.com/google/cel-go/common/containers"
	"github.com/google/cel-go/common/decls"
	"github.com/google/cel-go/common/operators"
	"github.com/google/cel-go/common/overloads"
	celtypes "github.com/google/cel-go/common/types"
	"github.com/google/cel-go/ext"
	celparser "github.com/google/cel-go/parser"
)

// library is CEL with its extensions, once a process.
var library = sync.OnceValue(newLibrary)

func newLibrary() *cel.Env {
	env, err := cel.NewEnv(cel.OptionalTypes(), ext.Strings(), ext.Lists(), ext.Math(), ext.Sets(), ext.Encoders(), ext.Regex(), ext.TwoVarComprehensions(), ext.Bindings())
	if err != nil {
		panic("CEL environment: " + err.Error())
	}
	return env
}

// language is what every check shares: functions and macros.
type language struct {
	base   *checker.Env
	macros map[string]celparser.Macro // by "name:arguments:member"
	// macroNames are the names of macros, with how their arguments bind variables.
	macroNames map[string]bool
	functions  map[string]shape
	overloads  map[string][]*decls.OverloadDecl
	namespaces map[string]bool // "math" of math.abs
}

// shape says how a function may be called.
type shape struct{ global, member bool }

// dropped are functions of CEL that the language lacks: they would defeat the checker or the labels.
var dropped = map[string]bool{"type": true, "dyn": true, "uint": true, "optional.unwrap": true, "unwrapOpt": true}

// hidden are functions that macros need and no file may call.
var hidden = map[string]bool{"value": true, "cel.block": true, "cel.index": true}

// mixedNumbers are comparisons between numbers of two types, which CEL's checker lets through inside macros.
var mixedNumbers = decls.ExcludeOverloads(
	overloads.LessDoubleInt64, overloads.LessDoubleUint64, overloads.LessEqualsDoubleInt64, overloads.LessEqualsDoubleUint64,
	overloads.GreaterDoubleInt64, overloads.GreaterDoubleUint64, overloads.GreaterEqualsDoubleInt64, overloads.GreaterEqualsDoubleUint64,
	overloads.LessInt64Double, overloads.LessInt64Uint64, overloads.LessEqualsInt64Double, overloads.LessEqualsInt64Uint64,
	overloads.GreaterInt64Double, overloads.GreaterInt64Uint64, overloads.GreaterEqualsInt64Double, overloads.GreaterEqualsInt64Uint64,
	overloads.LessUint64Double, overloads.LessUint64Int64, overloads.LessEqualsUint64Double, overloads.LessEqualsUint64Int64,
	overloads.GreaterUint64Double, overloads.GreaterUint64Int64, overloads.GreaterEqualsUint64Double, overloads.GreaterEqualsUint64Int64)

// declarations is built once a process, on first use.
var declarations = sync.OnceValue(func() *language { return newLanguage(library()) })

func newLanguage(env *cel.Env) *language {
	l := &language{
		macros:     map[string]celparser.Macro{},
		macroNames: map[string]bool{},
		functions:  map[string]shape{},
		overloads:  map[string][]*decls.OverloadDecl{},
		namespaces: map[string]bool{"git": true},
	}
	for _, m := range env.Macros() {
		l.macros[m.MacroKey()] = m
		l.macroNames[m.Function()] = true
	}
	var err error
	l.base, err = checker.NewEnv(containers.DefaultContainer, provider{newRegistry()})
	if err != nil {
		panic("checker environment: " + err.Error())
	}
	for name, fn := range env.Functions() {
		if fn.IsDeclarationDisabled() || dropped[name] {
			continue
		}
		l.add(fn.Subset(mixedNumbers))
	}
	for _, fn := range ownFunctions() {
		l.add(fn)
	}
	if err := l.base.AddIdents(decls.NewVariable(hostName, hostCEL)); err != nil {
		panic(err.Error())
	}
	return l
}

func (l *language) add(fn *decls.FunctionDecl) {
	if err := l.base.AddFunctions(fn); err != nil {
		panic(fmt.Sprintf("function %s: %v", fn.Name(), err))
	}
	name := fn.Name()
	s := l.functions[name]
	for _, o := range fn.OverloadDecls() {
		s.member = s.member || o.IsMemberFunction()
		s.global = s.global || !o.IsMemberFunction()
	}
	l.functions[name] = s
	l.overloads[name] = fn.OverloadDecls()
	if ns, _, ok := strings.Cut(name, "."); ok {
		l.namespaces[ns] = true
	}
}

// macro finds the macro for a call.
func (l *language) macro(name string, args int, member bool) celparser.Macro {
	if !l.macroNames[name] { // keeps common calls free of string building
		return nil
	}
	if m, ok := l.macros[fmt.Sprintf("%s:%d:%v", name, args, member)]; ok {
		return m
	}
	return l.macros[fmt.Sprintf("%s:*:%v", name, member)]
}

// callable are the names that a call may have, for suggestions.
func (l *language) callable(member bool) []string {
	all := map[string]bool{}
	for n, s := range l.functions {
		if s.member && member || s.global && !member {
			all[n] = true
		}
	}
	for _, m := range l.macros {
		if m.IsReceiverStyle() == member {
			all[m.Function()] = true
		}
	}
	if !member {
		for n := range hostFunctions {
			all[n] = true
		}
		for _, n := range []string{"succeeded", "failed", "skipped", "trusted", "float"} {
			all[n] = true
		}
	}
	maps.DeleteFunc(all, func(n string, _ bool) bool { return hidden[n] || strings.ContainsAny(n, "@_!-") })
	return slices.Sorted(maps.Keys(all))
}

// macrosOf are the macros of namespaces, which do not say whose they are.
var macrosOf = map[string][]string{"math": {"greatest", "least"}, "cel": {"bind"}}

// inNamespace is a function that a namespace has under a name, range of lists; "" when none has.
func (l *language) inNamespace(name string) string {
	for _, full := range l.callable(false) {
		if _, last, ok := strings.Cut(full, "."); ok && last == name {
			return full
		}
	}
	return ""
}

// within are the functions of a namespace, without it.
func (l *language) within(namespace string) []string {
	all := slices.Clone(macrosOf[namespace])
	for _, name := range l.callable(false) {
		if ns, last, ok := strings.Cut(name, "."); ok && ns == namespace {
			all = append(all, last)
		}
	}
	return all
}

// The functions that the lowering calls and no file can: their names are no identifiers.
const (
	fnText     = "@text"     // a part of a string with holes
	fnConcat   = "@concat"   // the parts together
	fnSize     = "@size"     // a size literal
	fnDuration = "@duration" // a duration literal
	fnField    = "@field"    // the value of a record's field, or of a condition, which CEL leaves to us
	fnOptional = "@optional" // a value as an optional
	fnRecord   = "@record"   // a map as a record of a type
	fnIndex    = "@index"    // x[i] while running
	fnTrusted  = "@trusted"
	hostName   = "@host"
)

// ownFunctions are the language's functions beside CEL's, as the checker knows them.
func ownFunctions() []*decls.FunctionDecl {
	str, num, dur := celtypes.StringType, celtypes.IntType, celtypes.DurationType
	boolean, dyn, size := celtypes.BoolType, celtypes.DynType, sizeCEL
	param := celtypes.NewTypeParamType("T")
	optional := celtypes.NewOptionalType(param)
	var all []*decls.FunctionDecl
	fn := func(name string, opts ...decls.FunctionOpt) {
		f, err := decls.NewFunction(name, opts...)
		if err != nil {
			panic(fmt.Sprintf("function %s: %v", name, err))
		}
		all = append(all, f)
	}
	over := func(id string, result *celtypes.Type, args ...*celtypes.Type) decls.FunctionOpt {
		return decls.Overload(id, args, result)
	}
	member := func(id string, result *celtypes.Type, args ...*celtypes.Type) decls.FunctionOpt {
		return decls.MemberOverload(id, args, result)
	}
	var texts []decls.FunctionOpt
	for _, t := range []*celtypes.Type{str, num, celtypes.DoubleType, boolean, dur, celtypes.TimestampType, size, imageCEL} {
		texts = append(texts, over("text_"+strings.TrimPrefix(t.TypeName(), "@"), str, t))
	}
	fn(fnText, texts...)
	fn(fnConcat, over("concat", str, celtypes.NewListType(str)))
	fn(fnSize, over("size_literal", size, num))
	fn(fnDuration, over("duration_literal", dur, num))
	fn(fnField, over("field", dyn, dyn))
	fn(fnTrusted, over("trusted", str, str, str))

	fn(operators.Add, over("add_size_size", size, size, size))
	fn(operators.Subtract, over("subtract_size_size", size, size, size))
	fn(operators.Multiply, over("multiply_size_int", size, size, num), over("multiply_int_size", size, num, size),
		over("multiply_duration_int", dur, dur, num), over("multiply_int_duration", dur, num, dur))
	fn(operators.Divide, over("divide_size_int", size, size, num), over("divide_duration_int", dur, dur, num))
	for op, name := range map[string]string{operators.Less: "less", operators.LessEquals: "less_equals", operators.Greater: "greater", operators.GreaterEquals: "greater_equals"} {
		fn(op, over(name+"_size_size", boolean, size, size))
	}

	fn("int", over("size_to_int", num, size))
	fn("string", over("size_to_string", str, size))
	fn("present", member("list_present", celtypes.NewListType(param), celtypes.NewListType(optional)))
	fn("sum", member("list_int_sum", num, celtypes.NewListType(num)))
	fn("port", member("service_port", num, celtypes.NewObjectType(recordName(Service)), num))
	fn("semver.valid", over("semver_valid", boolean, str))
	fn("semver.compare", over("semver_compare", num, str, str))
	for _, part := range []string{"major", "minor", "patch"} {
		fn("semver."+part, over("semver_"+part, num, str))
	}
	fn("semver.prerelease", over("semver_prerelease", str, str))
	return append(all, hostDeclarations(newRegistry())...)
}
