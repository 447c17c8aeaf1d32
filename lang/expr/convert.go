package expr

import (
	"fmt"
	"reflect"
	"time"

	celtypes "github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/common/types/traits"

	"github.com/pipelang/pipe/lang/types"
	"github.com/pipelang/pipe/lang/value"
)

// adapter brings values into CEL, list elements and fields only when they are read.
// At run time an optional that has a value is that value; only what is absent is an optional.
type adapter struct{}

// NativeToValue implements CEL's adapter.
func (adapter) NativeToValue(v any) ref.Val { return adapt(v) }

// array is a list in data.
type array []any

func adapt(v any) ref.Val {
	switch v := v.(type) {
	case ref.Val:
		return v
	case value.Value:
		return toCEL(v)
	case nil:
		return celtypes.NullValue
	case bool:
		return celtypes.Bool(v)
	case int64:
		return celtypes.Int(v)
	case float64:
		return celtypes.Double(v)
	case string:
		return celtypes.String(v)
	case []any:
		return celtypes.NewDynamicList(adapter{}, array(v))
	case map[string]any:
		return newObject(value.JSON{Data: v}, v)
	case []ref.Val:
		return celtypes.NewRefValList(adapter{}, v)
	}
	return celtypes.DefaultTypeAdapter.NativeToValue(v)
}

// sorted is a map that CEL made as one of ours. One with other keys than strings stays CEL's.
func sorted(m traits.Mapper) ref.Val {
	if o, ok := m.(*object); ok {
		return o
	}
	out := map[string]ref.Val{}
	for it := m.Iterator(); it.HasNext() == celtypes.True; {
		k := it.Next()
		s, ok := k.(celtypes.String)
		if !ok {
			return m
		}
		out[string(s)] = m.Get(k)
	}
	return newObject(nil, out)
}

func toCEL(v value.Value) ref.Val {
	switch v := v.(type) {
	case Late:
		return unknown(v.Name)
	case value.String:
		return celtypes.String(v)
	case value.Int:
		return celtypes.Int(v)
	case value.Float:
		return celtypes.Double(v)
	case value.Bool:
		return celtypes.Bool(v)
	case value.Duration:
		return celtypes.Duration{Duration: time.Duration(v)}
	case value.Size:
		return size(v)
	case value.Timestamp:
		return celtypes.Timestamp{Time: time.Time(v)}
	case value.Bytes:
		return celtypes.Bytes(v)
	case value.List:
		return celtypes.NewDynamicList(adapter{}, v)
	case value.Map:
		return newObject(v, v)
	case value.Record:
		return newObject(v, v)
	case value.File:
		return fileObject(v)
	case value.Dir:
		return dirObject(v)
	case value.Image:
		return imageObject(v)
	case value.JSON:
		return adapt(v.Data)
	}
	return celtypes.OptionalNone
}

// fromCEL brings a result back. The error is for what is no value of the language, or too large.
func fromCEL(v ref.Val) (value.Value, error) { return new(export).value(v) }

// export counts the parts of what it brings back: a list may hold one part many times over.
type export struct{ parts int }

func (x *export) value(v ref.Val) (value.Value, error) {
	if x.parts++; x.parts > maxValue {
		return nil, fmt.Errorf("the result has more than %d parts", maxValue)
	}
	switch v := v.(type) {
	case celtypes.String:
		return value.String(v), nil
	case celtypes.Int:
		return value.Int(v), nil
	case celtypes.Double:
		if celtypes.IsError(finite(v)) {
			return nil, fmt.Errorf("the result is no finite number")
		}
		return value.Float(v), nil
	case celtypes.Bool:
		return value.Bool(v), nil
	case celtypes.Duration:
		return value.Duration(v.Duration), nil
	case celtypes.Timestamp:
		return value.Timestamp(v.Time.UTC()), nil
	case celtypes.Bytes:
		return value.Bytes(v), nil
	case celtypes.Null:
		return value.JSON{}, nil
	case size:
		return value.Size(v), nil
	case *celtypes.Optional:
		if !v.HasValue() {
			return value.None{}, nil
		}
		return x.value(v.GetValue())
	case *object:
		return x.object(v)
	case traits.Lister:
		return x.list(v)
	case traits.Mapper:
		return nil, fmt.Errorf("a map's keys must be strings")
	}
	return nil, fmt.Errorf("%s is no value", runKind(v))
}

func (x *export) object(o *object) (value.Value, error) {
	if o.whole != nil {
		return o.whole, nil
	}
	out := make(map[string]value.Value, o.members.size())
	for _, k := range o.members.keys() {
		m, _ := o.members.get(k)
		v, err := x.value(adapt(m))
		if err != nil {
			return nil, err
		}
		if _, none := v.(value.None); none && o.record {
			continue
		}
		out[k] = v
	}
	if o.record {
		return value.Record(out), nil
	}
	return value.Map(out), nil
}

func (x *export) list(l traits.Lister) (value.Value, error) {
	switch whole := l.Value().(type) {
	case value.List:
		return whole, nil
	case array:
		return value.JSON{Data: []any(whole)}, nil
	}
	n, _ := l.Size().(celtypes.Int)
	out := make(value.List, 0, min(n, maxList))
	for it := l.Iterator(); it.HasNext() == celtypes.True; {
		v, err := x.value(it.Next())
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, nil
}

// typeHolder carries a record's type to fnRecord. open says that the fields are taken as they are.
type typeHolder struct {
	typ  *types.Type
	open bool
}

var holderRun = celtypes.NewTypeValue("@type")

func (typeHolder) ConvertToNative(reflect.Type) (any, error) {
	return nil, fmt.Errorf("a type is no value")
}
func (h typeHolder) ConvertToType(ref.Type) ref.Val { return h }
func (h typeHolder) Equal(ref.Val) ref.Val          { return celtypes.False }
func (h typeHolder) Type() ref.Type                 { return holderRun }
func (h typeHolder) Value() any                     { return h.typ }

// makeRecord makes a map that the lowering built fit a record's type.
func makeRecord(holder, m ref.Val) ref.Val {
	h, ok := holder.(typeHolder)
	o, isMap := m.(*object)
	if !ok || !isMap {
		return celtypes.NewErr("%s is no record", runKind(m))
	}
	out := &object{members: o.members, record: true}
	if h.open {
		return out
	}
	v, err := new(export).object(out)
	if err != nil {
		return celtypes.WrapErr(err)
	}
	fitted, err := value.Coerce(v, h.typ)
	if err != nil {
		return celtypes.WrapErr(err)
	}
	return toCEL(fitted)
}
