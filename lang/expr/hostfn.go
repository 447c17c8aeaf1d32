package expr

import (
	"fmt"
	"slices"
	"strings"

	"github.com/google/cel-go/common/decls"
	celtypes "github.com/google/cel-go/common/types"

	"github.com/pipelang/pipe/lang/types"
)

// hostFunction is a function that looks outside an expression. Its one argument is text, or globs.
type hostFunction struct {
	in     Functions // the scopes that have it
	globs  bool      // takes a list of strings too
	result *types.Type
}

// hostFunctions by name, as Host.Call gets it.
var hostFunctions = map[string]hostFunction{
	"glob":        {Repo, true, types.ListOf(types.PathType)},
	"text":        {Repo | Attempt, false, types.StringType},
	"json":        {Repo | Attempt, false, types.JSONType},
	"yaml":        {Repo | Attempt, false, types.JSONType},
	"git.changed": {Repo, true, types.ListOf(types.PathType.WithLabels(types.Untrusted))}, // a stranger names the files of a pull request
	"file":        {Attempt, false, types.FileType},
	"dir":         {Attempt, false, types.DirType},
	"files":       {Attempt, true, types.ListOf(types.FileType)},
	"junit":       {Attempt, false, TestReport},
	"gotest":      {Attempt, false, TestReport},
}

// labelled is the result where what the function reads has labels. The counts of a report are
// plain: whoever chose the names in it chose no text with them.
func (h hostFunction) labelled(l types.Label) *types.Type {
	if h.result != TestReport || l == 0 {
		return h.result.WithLabels(l)
	}
	fields := slices.Clone(TestReport.Record.Fields)
	for i, f := range fields {
		if f.Type.Kind == types.List {
			fields[i].Type = types.ListOf(f.Type.Elem.WithLabels(l))
		}
	}
	return types.RecordOf(fields...)
}

// hostCall is what a host function is called in trees: its host comes first.
func hostCall(name string) string { return hostName + "." + name }

// hostFunctionOf is the function that a call in a tree stands for.
func hostFunctionOf(call string) (string, bool) { return strings.CutPrefix(call, hostName+".") }

func hostDeclarations(r *registry) []*decls.FunctionDecl {
	var all []*decls.FunctionDecl
	for name, h := range hostFunctions {
		id := "host_" + strings.ReplaceAll(name, ".", "_")
		opts := []decls.FunctionOpt{decls.Overload(id, []*celtypes.Type{hostCEL, celtypes.StringType}, r.cel(h.result))}
		if h.globs {
			list := celtypes.NewListType(celtypes.StringType)
			opts = append(opts, decls.Overload(id+"_list", []*celtypes.Type{hostCEL, list}, r.cel(h.result)))
		}
		f, err := decls.NewFunction(hostCall(name), opts...)
		if err != nil {
			panic(fmt.Sprintf("function %s: %v", name, err))
		}
		all = append(all, f)
	}
	return all
}

// place says where a host function may be used.
func (h hostFunction) place() string {
	switch h.in {
	case Repo:
		return "in a let, a setting or a guard"
	case Attempt:
		return "in the return of an op"
	}
	return "in a let, a setting, a guard or the return of an op"
}
