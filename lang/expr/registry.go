package expr

import (
	"strconv"
	"sync"

	"github.com/google/cel-go/checker"
	"github.com/google/cel-go/common/containers"
	celtypes "github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"

	"github.com/pipelang/pipe/lang/types"
)

// The types of the language that CEL knows by name only.
var (
	sizeCEL = celtypes.NewOpaqueType("size")
	hostCEL = celtypes.NewOpaqueType("host")
)

// The fields of the values that carry a digest.
var (
	fileRecord = types.RecordOf(
		types.Field{Name: "name", Type: types.StringType},
		types.Field{Name: "digest", Type: types.StringType},
		types.Field{Name: "size", Type: types.SizeType})
	dirRecord = types.RecordOf(
		types.Field{Name: "name", Type: types.StringType},
		types.Field{Name: "digest", Type: types.StringType},
		types.Field{Name: "size", Type: types.SizeType},
		types.Field{Name: "files", Type: types.IntType})
	imageRecord = types.RecordOf(
		types.Field{Name: "ref", Type: types.StringType},
		types.Field{Name: "digest", Type: types.StringType})
)

// fieldsOf is the record that says which fields a type has; nil for a type without fields.
func fieldsOf(t *types.Type) *types.Type {
	switch t.Kind {
	case types.Record:
		return t
	case types.File:
		return fileRecord
	case types.Dir:
		return dirRecord
	case types.Image:
		return imageRecord
	}
	return nil
}

// builtinObjects are those types by the names that CEL's checker knows them by.
var builtinObjects = map[string]*types.Type{
	"@file": types.FileType, "@dir": types.DirType, "@image": types.ImageType, "@nothing": types.NoneType,
	recordName(TestReport): TestReport, recordName(Service): Service,
}

// recordName is a named record to CEL's checker; the mark keeps it apart from every name in a file.
func recordName(t *types.Type) string { return "@" + t.Record.ID }

// registry maps records to the object types of CEL's checker and back. It is safe for concurrent use.
type registry struct {
	mu      sync.RWMutex
	byName  map[string]*types.Type
	objects map[*types.RecordInfo]*celtypes.Type
}

func newRegistry() *registry {
	return &registry{byName: map[string]*types.Type{}, objects: map[*types.RecordInfo]*celtypes.Type{}}
}

var (
	fileCEL    = celtypes.NewObjectType("@file")
	dirCEL     = celtypes.NewObjectType("@dir")
	imageCEL   = celtypes.NewObjectType("@image")
	nothingCEL = celtypes.NewObjectType("@nothing")
)

// cel is a type as CEL's checker sees it: labels and closed sets are gone, data is dynamic.
func (r *registry) cel(t *types.Type) *celtypes.Type {
	switch t.Kind {
	case types.String, types.URL, types.Path, types.Literals:
		return celtypes.StringType
	case types.Int:
		return celtypes.IntType
	case types.Float:
		return celtypes.DoubleType
	case types.Bool:
		return celtypes.BoolType
	case types.Duration:
		return celtypes.DurationType
	case types.Timestamp:
		return celtypes.TimestampType
	case types.Bytes:
		return celtypes.BytesType
	case types.Size:
		return sizeCEL
	case types.File:
		return fileCEL
	case types.Dir:
		return dirCEL
	case types.Image:
		return imageCEL
	case types.None:
		return nothingCEL
	case types.List:
		return celtypes.NewListType(r.cel(t.Elem))
	case types.Map:
		return celtypes.NewMapType(celtypes.StringType, r.cel(t.Elem))
	case types.Optional:
		return celtypes.NewOptionalType(r.cel(t.Elem))
	case types.Record:
		return r.object(t)
	}
	return celtypes.DynType
}

func (r *registry) object(t *types.Type) *celtypes.Type {
	r.mu.RLock()
	o := r.objects[t.Record]
	r.mu.RUnlock()
	if o != nil {
		return o
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if o := r.objects[t.Record]; o != nil {
		return o
	}
	name := "@" + strconv.Itoa(len(r.objects))
	if t.Record.ID != "" {
		name = recordName(t)
	}
	o = celtypes.NewObjectType(name)
	r.objects[t.Record] = o
	r.byName[name] = t.WithoutLabels(types.Labels)
	return o
}

func (r *registry) find(name string) *types.Type {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if t := r.byName[name]; t != nil {
		return t
	}
	return builtinObjects[name]
}

// typ reads a type of CEL's checker back.
func (r *registry) typ(t *celtypes.Type) *types.Type {
	switch t.Kind() {
	case celtypes.StringKind:
		return types.StringType
	case celtypes.IntKind:
		return types.IntType
	case celtypes.DoubleKind:
		return types.FloatType
	case celtypes.BoolKind:
		return types.BoolType
	case celtypes.DurationKind:
		return types.DurationType
	case celtypes.TimestampKind:
		return types.TimestampType
	case celtypes.BytesKind:
		return types.BytesType
	case celtypes.ListKind:
		return types.ListOf(r.typ(t.Parameters()[0]))
	case celtypes.MapKind:
		return types.MapOf(r.typ(t.Parameters()[1]))
	case celtypes.StructKind:
		if rec := r.find(t.TypeName()); rec != nil {
			return rec
		}
	case celtypes.OpaqueKind:
		switch {
		case t.TypeName() == sizeCEL.TypeName():
			return types.SizeType
		case t.TypeName() == hostCEL.TypeName():
			return types.NoneType
		case t.TypeName() == celtypes.OptionalType.TypeName():
			return types.OptionalOf(r.typ(t.Parameters()[0]))
		}
	case celtypes.DynKind, celtypes.TypeParamKind:
		return types.JSONType
	}
	return types.InvalidType
}

// provider answers CEL's checker what records there are. Its other names are unknown: the
// language has neither enums nor types as values.
type provider struct{ *registry }

var errNoEnum = celtypes.NewErr("no enums")

func (p provider) EnumValue(string) ref.Val                    { return errNoEnum }
func (p provider) FindIdent(string) (ref.Val, bool)            { return nil, false }
func (p provider) NewValue(string, map[string]ref.Val) ref.Val { return errNoEnum }

func (p provider) FindStructType(name string) (*celtypes.Type, bool) {
	if t := p.find(name); t != nil {
		return celtypes.NewTypeTypeWithParam(p.cel(t)), true
	}
	return nil, false
}

func (p provider) FindStructFieldNames(name string) ([]string, bool) {
	t := p.find(name)
	if t == nil || fieldsOf(t) == nil {
		return nil, false
	}
	return fieldsOf(t).FieldNames(), true
}

// FindStructFieldType gives a T? field as T, because CEL's optionals would nest; the refining walk asks for .? there.
func (p provider) FindStructFieldType(name, field string) (*celtypes.FieldType, bool) {
	t := p.find(name)
	if t == nil || fieldsOf(t) == nil {
		return nil, false
	}
	f, ok := fieldsOf(t).Field(field)
	if !ok {
		return nil, false
	}
	return &celtypes.FieldType{Type: p.cel(f.Type.Plain())}, true
}

// newCheckerEnv is an empty environment on top of another.
func newCheckerEnv(below *checker.Env, r *registry) *checker.Env {
	env, err := checker.NewEnv(containers.DefaultContainer, provider{r}, checker.ValidatedDeclarations(below))
	if err != nil {
		panic("checker environment: " + err.Error())
	}
	return env
}
