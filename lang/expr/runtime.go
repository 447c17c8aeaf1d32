package expr

import (
	"strings"
	"sync"
	"time"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/containers"
	"github.com/google/cel-go/common/functions"
	"github.com/google/cel-go/common/operators"
	celtypes "github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/common/types/traits"
	"github.com/google/cel-go/interpreter"

	"github.com/pipelang/pipe/lang/types"
	"github.com/pipelang/pipe/lang/value"
)

// running is what every program shares, the planner and the functions' code; it is built once a process, on first use.
var running = sync.OnceValue(func() interpreter.Interpreter { return newRuntime(library()) })

func newRuntime(env *cel.Env) interpreter.Interpreter {
	dispatcher := interpreter.NewDispatcher()
	own := ownBindings()
	replaced := map[string]bool{}
	for _, o := range own {
		replaced[o.Operator] = true
	}
	for name, fn := range env.Functions() {
		if dropped[name] || replaced[name] {
			continue
		}
		bindings, err := fn.Bindings()
		if err != nil {
			panic("function " + name + ": " + err.Error())
		}
		for _, b := range bindings {
			if b.Operator != name { // calls are planned by name, never by overload
				continue
			}
			if b.Binary != nil && strings.HasPrefix(name, "_") {
				b = saying(name, b)
			}
			mustAdd(dispatcher, limited(name, b))
		}
	}
	for _, o := range own {
		mustAdd(dispatcher, o)
	}
	// These errors are shared by all of CEL, which writes the place of the first failure into them:
	// marked, they keep no place, and nobody writes to them again.
	celtypes.LabelErrNode(nowhere, celtypes.NoSuchOverloadErr())
	celtypes.LabelErrNode(nowhere, celtypes.Timestamp{Time: time.Unix(1<<40, 0)}.Add(celtypes.Duration{Duration: 1}))

	attributes := interpreter.NewAttributeFactory(containers.DefaultContainer, adapter{}, noTypes)
	return interpreter.NewInterpreter(dispatcher, containers.DefaultContainer, noTypes, adapter{}, attributes)
}

// nowhere is the id of a node for errors that have no place.
const nowhere = -1

var noTypes = provider{newRegistry()}

func mustAdd(d interpreter.Dispatcher, o *functions.Overload) {
	if err := d.Add(o); err != nil {
		panic("function " + o.Operator + ": " + err.Error())
	}
}

// ownBindings are the code of the language's own functions, and of those of CEL that work otherwise here.
func ownBindings() []*functions.Overload {
	all := []*functions.Overload{
		{Operator: operators.Multiply, Binary: multiply},
		{Operator: operators.Divide, Binary: divide},
		{Operator: fnText, Unary: runText},
		{Operator: fnIndex, Binary: runIndex},
		{Operator: "string", Unary: runText},
		{Operator: "int", Unary: conversion(celtypes.IntType, types.IntType)},
		{Operator: "double", Unary: conversion(celtypes.DoubleType, types.FloatType)},
		{Operator: "bool", Unary: conversion(celtypes.BoolType, types.BoolType)},
		{Operator: "duration", Unary: conversion(celtypes.DurationType, types.DurationType)},
		{Operator: "timestamp", Unary: conversion(celtypes.TimestampType, types.TimestampType)},
		{Operator: fnConcat, Unary: runConcat},
		{Operator: "json.encode", Unary: runEncode},
		{Operator: fnOptional, Unary: runOptional},
		{Operator: fnRecord, Binary: makeRecord},
		{Operator: fnTrusted, Binary: runTrusted},
		{Operator: "present", Unary: runPresent},
		{Operator: "sum", Unary: runSum},
		{Operator: "port", Binary: runPort},
		{Operator: "hasValue", Unary: func(v ref.Val) ref.Val { return celtypes.Bool(!isAbsent(v)) }},
		{Operator: "value", Unary: runValue},
		{Operator: "or", Binary: func(a, b ref.Val) ref.Val { return firstOf(a, b) }},
		{Operator: "orValue", Binary: func(a, b ref.Val) ref.Val { return firstOf(a, b) }},
		{Operator: "semver.valid", Unary: semverValid},
		{Operator: "semver.compare", Binary: semverCompare},
		{Operator: "semver.major", Unary: semverPart(0)},
		{Operator: "semver.minor", Unary: semverPart(1)},
		{Operator: "semver.patch", Unary: semverPart(2)},
		{Operator: "semver.prerelease", Unary: semverPrerelease},
	}
	for name := range hostFunctions {
		all = append(all, &functions.Overload{Operator: hostCall(name), Function: hostBinding(name)})
	}
	return all
}

// isAbsent reports whether v is an optional without a value.
func isAbsent(v ref.Val) bool {
	o, ok := v.(*celtypes.Optional)
	return ok && !o.HasValue()
}

// runValue takes the value out of an optional, which may be the value itself.
func runValue(v ref.Val) ref.Val {
	o, ok := v.(*celtypes.Optional)
	if !ok {
		return v
	}
	if !o.HasValue() {
		return celtypes.NewErr("there is no value")
	}
	return o.GetValue()
}

func firstOf(a, b ref.Val) ref.Val {
	if isAbsent(a) {
		return b
	}
	return runValue(a)
}

func runOptional(v ref.Val) ref.Val {
	if _, ok := v.(*celtypes.Optional); ok {
		return v
	}
	if v == celtypes.NullValue {
		return celtypes.OptionalNone
	}
	return celtypes.OptionalOf(v)
}

func runPresent(v ref.Val) ref.Val {
	l, ok := v.(traits.Lister)
	if !ok {
		return celtypes.NewErr("expected a list, found %s", runKind(v))
	}
	var out []ref.Val
	for it := l.Iterator(); it.HasNext() == celtypes.True; {
		if x := it.Next(); !isAbsent(x) {
			out = append(out, runValue(x))
		}
	}
	return celtypes.NewRefValList(adapter{}, out)
}

// runText is a value as it stands in a string, the same as in an environment variable.
func runText(v ref.Val) ref.Val {
	if s, ok := v.(celtypes.String); ok {
		return s
	}
	x, err := fromCEL(v)
	if err != nil {
		return celtypes.WrapErr(err)
	}
	switch x := x.(type) {
	case value.List, value.Map, value.Record:
		return celtypes.NewErr("%s cannot be put into a string", runKind(v))
	case value.JSON:
		switch x.Data.(type) {
		case []any, map[string]any:
			return celtypes.NewErr("%s cannot be put into a string", runKind(v))
		}
	}
	s, ok := value.Env(x)
	if !ok {
		return celtypes.NewErr("%s cannot be put into a string", runKind(v))
	}
	return celtypes.String(s)
}

func runConcat(v ref.Val) ref.Val {
	var b strings.Builder
	for it := v.(traits.Lister).Iterator(); it.HasNext() == celtypes.True; {
		s, ok := it.Next().(celtypes.String)
		if !ok {
			return celtypes.NewErr("a part of a string is no text")
		}
		if b.Len()+len(s) > maxText {
			return celtypes.NewErr("the text is longer than an expression may make: at most %d bytes", maxText)
		}
		b.WriteString(string(s))
	}
	return celtypes.String(b.String())
}
