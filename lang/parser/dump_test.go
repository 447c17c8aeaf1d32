package parser_test

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/pipelang/pipe/lang/ast"
)

// dump prints a tree: a line for each declaration, item and entry, and values on one line.
func dump(f *ast.File) string {
	var d dumper
	if f.Doc != nil {
		d.line("doc %q", f.Doc.Text)
	}
	for _, decl := range f.Decls {
		d.node(decl)
	}
	for _, c := range f.Comments {
		d.line("comment %q", c.Text)
	}
	return d.out.String()
}

type dumper struct {
	out    strings.Builder
	indent int
}

func (d *dumper) line(format string, args ...any) {
	d.out.WriteString(strings.Repeat("  ", d.indent))
	fmt.Fprintf(&d.out, format+"\n", args...)
}

// node prints a node that has a line of its own: what fits on it first, then the lists below it.
func (d *dumper) node(n any) {
	if let, ok := n.(ast.LetItem); ok {
		n = let.Let
	}
	v := reflect.ValueOf(n).Elem()
	head := []string{v.Type().Name()}
	var lists []reflect.Value
	for i := range v.NumField() {
		f, name := v.Field(i), v.Type().Field(i).Name
		if name == "At" || name == "OpAt" || f.IsZero() {
			continue
		}
		if isList(f) {
			lists = append(lists, f)
			continue
		}
		text := inline(f)
		if name != "Name" && name != "Key" && name != "Value" && name != "Kind" {
			text = strings.ToLower(name) + "=" + text
		}
		head = append(head, text)
	}
	d.line("%s", strings.Join(head, " "))
	d.indent++
	for _, l := range lists {
		for i := range l.Len() {
			e := l.Index(i)
			if e.Kind() == reflect.Struct {
				e = e.Addr()
			}
			d.node(e.Interface())
		}
	}
	d.indent--
}

// isList reports whether a field holds nodes that have lines of their own.
func isList(f reflect.Value) bool {
	switch f.Interface().(type) {
	case []ast.Item, []*ast.Field, []*ast.Assign, []*ast.MountEntry, []*ast.Arg, []ast.Need:
		return true
	}
	return false
}

// inline prints a value on the line that it belongs to.
func inline(v reflect.Value) string {
	switch x := v.Interface().(type) {
	case ast.Name:
		return x.Text
	case ast.QualName:
		return x.String()
	case *ast.Doc:
		return fmt.Sprintf("%q", x.Text)
	case *ast.Ident:
		return x.Name
	case *ast.StringLit:
		return fmt.Sprintf("%q", x.Value)
	case *ast.IntLit:
		return fmt.Sprint(x.Value)
	case *ast.DurationLit:
		return x.Value.String()
	case *ast.Script:
		return fmt.Sprintf("%s<%q>", x.Lang, x.Text)
	case *ast.NamedType:
		return x.Name.String()
	}
	switch v.Kind() {
	case reflect.Interface, reflect.Pointer:
		return inline(v.Elem())
	case reflect.Slice:
		return "[" + strings.Join(each(v), " ") + "]"
	case reflect.Struct:
		var parts []string
		for i := range v.NumField() {
			f, name := v.Field(i), v.Type().Field(i).Name
			if name == "At" || name == "OpAt" || name == "Text" || f.IsZero() && name != "Value" {
				continue
			}
			part := inline(f)
			if f.Kind() == reflect.Bool && name != "Value" {
				part = strings.ToLower(name)
			}
			parts = append(parts, part)
		}
		if v.Type().Name() == "" || len(parts) == 0 {
			return v.Type().Name()
		}
		return v.Type().Name() + "(" + strings.Join(parts, " ") + ")"
	}
	return fmt.Sprint(v.Interface())
}

func each(v reflect.Value) (out []string) {
	for i := range v.Len() {
		out = append(out, inline(v.Index(i)))
	}
	return out
}
