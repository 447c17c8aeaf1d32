package check

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/diag"
	"github.com/pipelang/pipe/lang/expr"
	"github.com/pipelang/pipe/lang/types"
)

// typeDecl is a named record.
type typeDecl struct {
	file *file
	decl *ast.TypeDecl
	typ  *types.Type
}

func (f *file) collectType(d *ast.TypeDecl) {
	if builtin(d.Name.Text) != nil {
		f.refuseName(d.Name, "type", "is built in", nil)
		return
	}
	if !f.declare(f.names.of("type"), d.Name, "type") {
		return
	}
	f.checker.asks = f.checker.asks || slices.ContainsFunc(d.Fields, func(x *ast.Field) bool { return x.Where != nil })
	t := types.NewRecord(d.Name.Text, f.load.ID+"."+d.Name.Text)
	f.types[d.Name.Text] = &typeDecl{file: f, decl: d, typ: t}
	f.out.Types[d.Name.Text] = t
}

// sorted gives a module's declarations in a fixed order.
func sorted[T any](m map[string]T) []T {
	if len(m) == 0 {
		return nil
	}
	out := make([]T, 0, len(m))
	for _, name := range slices.Sorted(maps.Keys(m)) {
		out = append(out, m[name])
	}
	return out
}

func (m *module) resolveTypes() {
	for _, d := range sorted(m.types) {
		d.typ.SetFields(d.file.fields(d.decl.Fields, "field"))
	}
	m.impossibleTypes()
}

// fields resolves the fields of a record and checks their names.
func (f *file) fields(fields []*ast.Field, what string) []types.Field {
	names := scope{}
	var out []types.Field
	for _, x := range fields {
		if !f.declare(names, x.Name, what) {
			continue
		}
		f.reservedName(x.Name, what, nil)
		field := types.Field{Name: x.Name.Text, Type: types.InvalidType, HasDefault: x.Default != nil}
		if x.Type != nil {
			field.Type = f.typ(x.Type)
		}
		if x.Doc != nil {
			field.Doc = x.Doc.Text
		}
		out = append(out, field)
	}
	return out
}

// plainFields refuses what fields have in declared types only: the type of a record without
// a name is its fields' names and types.
func (f *file) plainFields(fields []*ast.Field) {
	for _, x := range fields {
		refuse := func(part ast.Expr, word string) {
			if part != nil {
				f.report(finding{
					rule: diag.Misplaced, at: part.Span(), message: fmt.Sprintf("field %q of a record without a name cannot have a %s", x.Name.Text, word),
					help: "declare the record: type NAME { … }",
				})
			}
		}
		refuse(x.Default, "default")
		refuse(x.Where, "condition")
	}
}

// typ resolves a type as written.
func (f *file) typ(x ast.TypeExpr) *types.Type {
	switch x := x.(type) {
	case *ast.NamedType:
		return f.namedType(x)
	case *ast.LiteralType:
		return types.LiteralsOf(x.Value)
	case *ast.UnionType:
		return f.unionType(x)
	case *ast.ListType:
		return wrap(types.ListOf, f.typ(x.Elem))
	case *ast.MapType:
		return wrap(types.MapOf, f.typ(x.Elem))
	case *ast.OptionalType:
		return types.OptionalOf(f.typ(x.Elem))
	case *ast.ParenType:
		return f.typ(x.Elem)
	case *ast.RecordType:
		f.plainFields(x.Fields)
		return types.RecordOf(f.fields(x.Fields, "field")...)
	case *ast.LabelType:
		return f.labelType(x)
	}
	return types.InvalidType
}

// wrap keeps what is broken broken, so that [unknown] fits everywhere too.
func wrap(of func(*types.Type) *types.Type, elem *types.Type) *types.Type {
	if elem.Kind == types.Invalid {
		return elem
	}
	return of(elem)
}

func (f *file) labelType(x *ast.LabelType) *types.Type {
	t := f.typ(x.Elem)
	switch {
	case t.Kind == types.Invalid:
		return t
	case x.Label.Text == "secret":
		return t.WithLabels(types.Secret)
	case x.Label.Text == "untrusted":
		return t.WithLabels(types.Untrusted)
	}
	return t
}

func (f *file) unionType(x *ast.UnionType) *types.Type {
	var set []string
	for _, m := range x.Members {
		lit, ok := m.(*ast.LiteralType)
		if !ok {
			if _, bad := m.(*ast.BadType); !bad {
				f.report(finding{
					rule: diag.TypeMismatch, at: m.Span(), message: "a union holds strings only, found another type",
					help: `write "a" | "b"`,
				})
			}
			return types.InvalidType
		}
		set = append(set, lit.Value)
	}
	return types.LiteralsOf(set...)
}

func (f *file) namedType(x *ast.NamedType) *types.Type {
	parts := x.Name.Parts
	if len(parts) == 1 {
		name := parts[0].Text
		if t := builtin(name); t != nil {
			return t
		}
		if d := f.types[name]; d != nil {
			return d.typ
		}
		switch ours, known := foreignTypes[name]; {
		case f.quiet(name):
		case known:
			f.report(finding{rule: diag.UnknownType, at: parts[0].Range, message: fmt.Sprintf("unknown type %q", name), help: meant(ours)})
		default:
			f.unknown(diag.UnknownType, parts[0], "type", append(slices.Collect(maps.Keys(f.types)), builtinNames()...))
		}
		return types.InvalidType
	}
	return f.importedType(x.Name)
}

// meant is the way out to a type, which may stand with a word on it.
func meant(ours string) string {
	if strings.Contains(ours, " ") {
		return "did you mean " + ours + "?"
	}
	return fmt.Sprintf("did you mean %q?", ours)
}

// foreignTypes are the words of other languages for types that are called otherwise here.
var foreignTypes = map[string]string{
	"str": "string", "text": "string", "integer": "int", "long": "int", "number": "int or float", "double": "float",
	"boolean": "bool", "uri": "url", "directory": "dir", "folder": "dir", "time": "timestamp", "datetime": "timestamp", "bytes": "size",
	"list": "[T], a list of T", "array": "[T], a list of T", "map": "{string: T}, a map of T", "dict": "{string: T}, a map of T",
	"enum": `"a" | "b", a closed set`, "any": "the type itself: every value has one", "object": "{ name: type }, a record",
}

// builtin is the type that a name means everywhere, or nil.
func builtin(name string) *types.Type {
	if name == expr.TestReport.Record.Name {
		return expr.TestReport
	}
	return types.Builtins[name]
}

// builtinNames are the types that need no declaration.
func builtinNames() []string {
	return append(slices.Collect(maps.Keys(types.Builtins)), expr.TestReport.Record.Name)
}

func (f *file) importedType(q ast.QualName) *types.Type {
	if len(q.Parts) > 2 {
		f.errorf(diag.UnknownType, q.Range, "unknown type %q", q)
		return types.InvalidType
	}
	from, ok := f.namespace(q.Parts[0])
	if !ok {
		return types.InvalidType
	}
	name := q.Parts[1]
	if d := from.types[name.Text]; d != nil {
		return qualified(d.typ, q.Parts[0].Text)
	}
	if !from.quiet(name.Text) {
		f.unknown(diag.UnknownType, name, "type of "+q.Parts[0].Text, slices.Collect(maps.Keys(from.types)))
	}
	return types.InvalidType
}

// qualified is a type of another module, which messages call by its namespace.
func qualified(t *types.Type, namespace string) *types.Type {
	r := *t.Record
	r.Name = namespace + "." + r.Name
	return &types.Type{Kind: types.Record, Record: &r}
}

// namespace finds the module behind a name of this file; what is missing has been reported.
func (f *file) namespace(n ast.Name) (*module, bool) {
	imp := f.uses[n.Text]
	if imp == nil {
		var names []string
		for ns, imp := range f.uses {
			if imp.Module == nil && diag.Suggest(n.Text, []string{ns}) != "" {
				return nil, false // use has its name wrong, which has been reported
			}
			names = append(names, ns)
		}
		f.unknown(diag.UnknownName, n, "namespace", names)
		return nil, false
	}
	m := f.modules[imp.Module]
	return m, m != nil
}

// impossibleTypes finds records that hold themselves with nothing between to end it.
func (m *module) impossibleTypes() {
	done := map[*types.RecordInfo]bool{}
	for _, d := range sorted(m.types) {
		if !done[d.typ.Record] {
			w := typeWalk{file: d.file, decl: d, done: done}
			w.visit(d.typ, nil)
		}
	}
}

type typeWalk struct {
	file *file
	decl *typeDecl
	done map[*types.RecordInfo]bool
	path []*types.RecordInfo
}

func (w *typeWalk) visit(t *types.Type, names []string) {
	w.path = append(w.path, t.Record)
	for i, field := range t.Record.Fields {
		if field.Type.Kind != types.Record || w.done[field.Type.Record] {
			continue
		}
		way := append(names[:len(names):len(names)], label(t)+"."+field.Name)
		at := slices.Index(w.path, field.Type.Record)
		if at < 0 {
			w.visit(field.Type, way)
			continue
		}
		w.file.report(finding{
			rule: diag.Cycle, at: w.decl.decl.Name.Range,
			message: "a value of this type would never end: " + strings.Join(way[at:], " → "),
			help:    "make a field on the way optional, or a list",
		})
		t.Record.Fields[i].Type = types.InvalidType // so that whoever walks the type comes to an end
	}
	w.path = w.path[:len(w.path)-1]
	w.done[t.Record] = true
}

func label(t *types.Type) string {
	if t.Record.Name == "" {
		return "{ … }"
	}
	return t.Record.Name
}

// checkTypes checks the defaults and conditions of fields.
func (m *module) checkTypes() {
	for _, d := range sorted(m.types) {
		for _, x := range d.decl.Fields {
			if field, ok := d.typ.Field(x.Name.Text); ok {
				d.file.field(x, field.Type, "field")
			}
		}
	}
	m.fieldDefaults()
}
