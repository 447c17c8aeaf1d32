package settings

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/pipelang/pipe/compiler/plan"
	"github.com/pipelang/pipe/lang/types"
)

// The cases of the differential test: each is a point in five dimensions. Leaf, shape and
// validity are combined fully; place and company are added so that every pair of values of any
// two dimensions occurs.

// shape is what a leaf stands in.
type shape string

const (
	plainly     shape = "plain"
	optional    shape = "optional"
	secretly    shape = "secret"
	defaulted   shape = "with a default"
	listJSON    shape = "list as JSON"
	listCommas  shape = "list with commas"
	optionalSet shape = "optional list as JSON"
	mapJSON     shape = "map as JSON"
	mapFields   shape = "map by __"
	recordJSON  shape = "record as JSON"
	recordParts shape = "record by __"
	recordBoth  shape = "record as JSON and by __"
	recordMore  shape = "record with an unknown field"
	recordOver  shape = "record by __ over a default"
)

var shapes = []shape{plainly, optional, secretly, defaulted, listJSON, listCommas, optionalSet, mapJSON, mapFields, recordJSON, recordParts, recordBoth, recordMore, recordOver}

func (s shape) isRecord() bool { return strings.HasPrefix(string(s), "record") }
func (s shape) scalar() bool   { return slices.Contains(shapes[:4], s) }

// places are where the text stands. Those in a .env file are named after its quoting.
var places = slices.Concat([]string{"flag", "environment", "secrets directory", "default", "named file"}, envPlaces(".env"), envPlaces(".env.prod"))

var quotings = []string{"none", "single", "double", "export", "comment", "lines", "escapes", "expand", "fallback", "crlf", "cr", "bom", "utf-16", "twice", "broken line"}

func envPlaces(file string) []string {
	var out []string
	for _, q := range quotings {
		out = append(out, file+" "+q)
	}
	return out
}

// companies are what stands beside the text.
var companies = []string{"alone", "weaker", "weaker and broken", "stronger", "stronger in part", "weaker in part", "foreign name", "name in lower case", "default of the same"}

// matrixCase is a point of the matrix.
type matrixCase struct {
	leaf     leaf
	shape    shape
	validity string
	place    string
	company  string
}

func (c matrixCase) String() string {
	return fmt.Sprintf("%s %s, %s, in %s, %s", c.leaf.kind, c.shape, c.validity, c.place, c.company)
}

func (c matrixCase) levels() []string {
	return []string{c.leaf.kind, string(c.shape), c.validity, c.place, c.company}
}

// matrix is all combinations of the first three dimensions, each with the place and then the
// company that adds most pairs.
func matrix() []matrixCase {
	var out []matrixCase
	for _, l := range leaves {
		for _, s := range shapes {
			for _, v := range validities {
				out = append(out, matrixCase{leaf: l, shape: s, validity: v})
			}
		}
	}
	spread(out, places, func(c *matrixCase, p string) { c.place = p })
	spread(out, companies, func(c *matrixCase, p string) { c.company = p })
	text := leaves[0]
	return append(out, // what pairs need not meet
		matrixCase{text, plainly, "spaces around", "secrets directory", "alone"},
		matrixCase{text, mapFields, "as a number", "environment", "alone"},
		matrixCase{text, recordBoth, "valid", ".env cr", "alone"},
	)
}

// loud values differ between the two whatever else a case has: they are used for pairs only, so
// that they hide nothing.
var loud = []string{"named file", ".env utf-16", ".env.prod utf-16", ".env broken line", ".env.prod broken line", "foreign name", "name in lower case", "weaker and broken"}

// spread gives each case the value that adds most pairs with the dimensions so far; of equal
// ones the least used.
func spread(cases []matrixCase, values []string, assign func(*matrixCase, string)) {
	seen, used := map[string]bool{}, map[string]int{}
	for i := range cases {
		best, score := "", -1
		for _, v := range values {
			n := 0
			for d, level := range cases[i].levels() {
				if level != "" && !seen[fmt.Sprint(d, level, v)] {
					n++
				}
			}
			if n == 0 && slices.Contains(loud, v) {
				continue
			}
			if n > score || n == score && used[v] < used[best] {
				best, score = v, n
			}
		}
		for d, level := range cases[i].levels() {
			seen[fmt.Sprint(d, level, best)] = true
		}
		used[best]++
		assign(&cases[i], best)
	}
}

// Every pair of values of any two dimensions is in the matrix.
func TestMatrixHasAllPairs(t *testing.T) {
	var kinds, forms []string
	for _, l := range leaves {
		kinds = append(kinds, l.kind)
	}
	for _, s := range shapes {
		forms = append(forms, string(s))
	}
	dims := [][]string{kinds, forms, validities, places, companies}
	seen := map[string]bool{}
	for _, c := range matrix() {
		levels := c.levels()
		for i := range levels {
			for j := range i {
				seen[fmt.Sprint(j, levels[j], i, levels[i])] = true
			}
		}
	}
	for i := range dims {
		for j := range i {
			for _, a := range dims[j] {
				for _, b := range dims[i] {
					if !seen[fmt.Sprint(j, a, i, b)] {
						t.Errorf("no case has %s and %s", a, b)
					}
				}
			}
		}
	}
}

// name of the setting of every case.
const matrixName = "the_value"

// typed is the type of a case, and the records in it.
func (c matrixCase) typed() (*types.Type, map[string]*types.Type) {
	t := c.leaf.typ
	switch c.shape {
	case optional:
		return types.OptionalOf(t), nil
	case secretly:
		return t.WithLabels(types.Secret), nil
	case listJSON, listCommas:
		return types.ListOf(t), nil
	case optionalSet:
		return types.OptionalOf(types.ListOf(t)), nil
	case mapJSON, mapFields:
		return types.MapOf(t), nil
	}
	if !c.shape.isRecord() {
		return t, nil
	}
	inner := types.NewRecord("Inner", "m.Inner")
	inner.SetFields([]types.Field{{Name: "leaf", Type: t}, {Name: "note", Type: types.StringType, HasDefault: true, Default: `"kept"`}})
	outer := types.NewRecord("Outer", "m.Outer")
	outer.SetFields([]types.Field{{Name: "inner", Type: inner}, {Name: "count", Type: types.IntType, HasDefault: true, Default: "3"}, {Name: "more", Type: types.OptionalOf(types.ListOf(types.IntType))}})
	return outer, map[string]*types.Type{"m.Inner": inner, "m.Outer": outer}
}

var oracleKinds = map[types.Kind]string{
	types.String: "string", types.Int: "int", types.Float: "float", types.Bool: "bool", types.Duration: "duration", types.Size: "size", types.Timestamp: "timestamp",
	types.URL: "url", types.Path: "path", types.Literals: "literals", types.List: "list", types.Map: "map", types.Record: "record", types.Optional: "optional",
}

// pythonType is the same for the oracle.
func pythonType(t *types.Type) *oracleType {
	out := &oracleType{Kind: oracleKinds[t.Kind], Literals: t.Literals}
	if t.Elem != nil {
		out.Elem = pythonType(t.Elem)
	}
	if t.Record != nil {
		for _, f := range t.Record.Fields {
			one := oracleField{Name: f.Name, Type: pythonType(f.Type)}
			if f.HasDefault {
				one.Default = json.RawMessage(f.Default)
			}
			out.Fields = append(out.Fields, one)
		}
	}
	return out
}

// assigned is what a source says: the whole as a text, or parts by their fields ("inner.leaf").
type assigned []Assignment

// write is how a text of the case's leaf is given in its shape.
func (c matrixCase) write(text, other, validity string) assigned {
	j, o := c.leaf.inJSON(text, validity), c.leaf.inJSON(other, "valid")
	if validity == "broken" {
		j = "[" + j // JSON cut short
	}
	switch c.shape {
	case listJSON, optionalSet:
		return assigned{{"", "[" + o + ", " + j + "]"}}
	case listCommas:
		return assigned{{"", text + "," + other}}
	case mapJSON:
		return assigned{{"", `{"key": ` + j + `, "Other": ` + o + `}`}}
	case mapFields:
		return assigned{{"key", text}, {"other", other}}
	case recordJSON:
		return assigned{{"", `{"inner": {"leaf": ` + j + `}, "count": 5}`}}
	case recordMore:
		return assigned{{"", `{"inner": {"leaf": ` + j + `, "laef": 1}}`}}
	case recordParts:
		return assigned{{"inner.leaf", text}, {"more", "[1, 2]"}}
	case recordOver:
		return assigned{{"inner.leaf", text}}
	case recordBoth:
		return assigned{{"", `{"inner": {"leaf": ` + o + `, "note": "from JSON"}, "count": 4}`}, {"inner.leaf", text}}
	}
	return assigned{{"", text}}
}

// data is what a source says as JSON, as a Python program gives it to the model.
func (c matrixCase) data(a assigned, validity string) json.RawMessage {
	var whole any
	for _, x := range a {
		if x.Name == "" {
			if c.shape.scalar() || json.Unmarshal([]byte(x.Value), &whole) != nil {
				whole = x.Value
			} else {
				whole = json.RawMessage(x.Value)
				if len(a) > 1 {
					_ = json.Unmarshal([]byte(x.Value), &whole)
				}
			}
			continue
		}
		m, ok := whole.(map[string]any)
		if !ok {
			m = map[string]any{}
		}
		whole = m
		path := strings.Split(x.Name, ".")
		for _, name := range path[:len(path)-1] {
			below, ok := m[name].(map[string]any)
			if !ok {
				below = map[string]any{}
			}
			m[name], m = below, below
		}
		last := path[len(path)-1]
		m[last] = x.Value
		if last == "more" {
			m[last] = json.RawMessage(x.Value)
		}
	}
	raw, err := json.Marshal(whole)
	if err != nil {
		panic(err)
	}
	return raw
}

// content is everything that a case puts somewhere, in one side's spelling.
type content struct {
	set      []Assignment
	init     json.RawMessage
	env      map[string]string
	files    map[string]string // below the folder
	fallback json.RawMessage   // the default
	profile  bool
	secrets  bool
}

// side picks ours or theirs.
type side func(spelling) string

func inPipe(s spelling) string   { return s.ours }
func inPython(s spelling) string { return s.theirs }

func (c matrixCase) content(pick side) content {
	out := content{env: map[string]string{"BASE": "unused"}, files: map[string]string{}, profile: strings.Contains(c.place, ".env.prod") || strings.HasPrefix(c.company, "weaker")}
	text, other := pick(c.leaf.text(c.validity)), pick(c.leaf.other)
	valid, good := pick(c.leaf.valid), "valid"
	switch c.shape {
	case defaulted:
		out.fallback = c.data(assigned{{"", other}}, good)
	case recordOver:
		out.fallback = json.RawMessage(`{"inner": {"leaf": ` + c.leaf.inJSON(other, good) + `, "note": "of the default"}, "count": 9}`)
	}
	if c.company == "default of the same" {
		out.fallback = c.asDefault(other, valid, good)
	}
	c.put(&out, c.place, c.write(text, other, c.validity), c.validity)
	c.accompany(&out, other, valid)
	return out
}

func (c matrixCase) asDefault(text, other, validity string) json.RawMessage {
	switch c.shape {
	case listCommas:
		return json.RawMessage("[" + c.leaf.inJSON(text, validity) + ", " + c.leaf.inJSON(other, "valid") + "]")
	case mapFields:
		return json.RawMessage(`{"key": ` + c.leaf.inJSON(text, validity) + `, "third": ` + c.leaf.inJSON(other, "valid") + `}`)
	case recordParts, recordBoth, recordOver:
		return json.RawMessage(`{"inner": {"leaf": ` + c.leaf.inJSON(text, validity) + `, "note": "of the default"}, "more": [8]}`)
	}
	a := c.write(text, other, validity)
	if c.shape.scalar() {
		return json.RawMessage(c.leaf.inJSON(a[0].Value, validity))
	}
	return json.RawMessage(a[0].Value)
}

// variableOf a part, as both sides name it.
func matrixVariable(part string) string {
	return strings.TrimSuffix(strings.ToUpper(matrixName+"__"+strings.ReplaceAll(part, ".", "__")), "__")
}

func (c matrixCase) put(out *content, place string, a assigned, validity string) {
	switch place {
	case "flag":
		for _, x := range a {
			out.set = append(out.set, Assignment{strings.TrimSuffix(matrixName+"."+x.Name, "."), x.Value})
		}
		out.init = c.data(a, validity)
	case "environment":
		for _, x := range a {
			out.env[c.variable(x.Name)] = x.Value
		}
	case "secrets directory":
		out.secrets = true
		for _, x := range a {
			out.files["secrets/"+strings.ToLower(matrixVariable(x.Name))] = x.Value + "\n"
		}
	case "named file":
		for i, x := range a {
			name := fmt.Sprintf("value%d", i)
			out.files[name] = x.Value
			out.env[c.variable(x.Name)+"_FILE"] = name
		}
	case "default":
		text := a[len(a)-1].Value
		if json.Valid([]byte(a[0].Value)) && a[0].Name == "" && !c.shape.scalar() {
			out.fallback = json.RawMessage(a[0].Value)
			return
		}
		out.fallback = c.asDefault(text, text, validity)
		if !json.Valid(out.fallback) {
			out.fallback, _ = json.Marshal(a[0].Value)
		}
	default:
		file, quoting, _ := strings.Cut(place, " ")
		for _, x := range a {
			out.files[file] = envLine(out.files[file], c.variable(x.Name), x.Value, quoting)
		}
		out.files[file] = envFile(out.files[file], quoting)
	}
}

func (c matrixCase) variable(part string) string {
	name := matrixVariable(part)
	if c.company == "name in lower case" {
		return strings.ToLower(name)
	}
	return name
}

// accompany adds what the company says.
func (c matrixCase) accompany(out *content, other, valid string) {
	add := func(file, line string) {
		if out.files[file] != "" && !strings.HasPrefix(out.files[file], "\xff\xfe") {
			out.files[file] += "\n" + line + "\n"
		} else if out.files[file] == "" {
			out.files[file] = line + "\n"
		}
	}
	weaker := ".env"
	if strings.HasPrefix(c.place, ".env ") || c.place == "secrets directory" || c.place == "default" {
		weaker = "secrets"
	}
	switch c.company {
	case "weaker", "weaker and broken":
		good := c.write(other, valid, "valid")
		if c.company == "weaker and broken" {
			good = assigned{{"", "{broken"}}
		}
		if weaker == "secrets" {
			out.secrets = true
			if _, taken := out.files["secrets/"+matrixName]; !taken {
				out.files["secrets/"+matrixName] = good[0].Value
			}
			return
		}
		for _, x := range good {
			add(".env", matrixVariable(x.Name)+"='"+x.Value+"'")
		}
	case "stronger":
		for _, x := range c.write(other, valid, "valid") {
			out.env[matrixVariable(x.Name)] = x.Value
		}
	case "stronger in part":
		if c.shape.isRecord() {
			out.env[matrixVariable("inner.note")] = "in part"
		} else if strings.HasPrefix(string(c.shape), "map") {
			out.env[matrixVariable("third")] = other
		}
	case "weaker in part":
		if c.shape.isRecord() {
			add(".env", matrixVariable("inner.note")+"=in part")
		}
	case "foreign name":
		add(".env", "COMPOSE_PROJECT_NAME=demo")
	}
}

// envLine adds a binding to a .env file.
func envLine(before, name, text, quoting string) string {
	double := `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text) + `"`
	single := "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(text) + "'"
	line := name + "=" + text
	switch quoting {
	case "single", "broken line":
		line = name + "=" + single
	case "double", "crlf", "cr", "utf-16":
		line = name + " = " + double
	case "export":
		line = "export " + name + "=" + text
	case "comment":
		line = name + "=" + text + " # a 'comment' # of two"
	case "lines":
		line = name + "=" + strings.TrimSuffix(double, `"`) + "\n\""
	case "escapes":
		line = name + "=" + strings.TrimSuffix(double, `"`) + `\t"`
		if strings.HasPrefix(text, "plain") {
			line = name + `="tab\tnewline\nquote\" apostrophe\' backslash\\ bell\a other\q end\\"`
		}
	case "expand":
		line = "PART_" + name + "=" + single + "\n" + name + "=${PART_" + name + "}"
	case "fallback":
		line = name + "=${NOWHERE_" + name + ":-" + text + "}"
	case "twice":
		line = name + "=earlier\n" + name + "=" + single
	}
	return before + line + "\n"
}

// envFile is the whole file in its encoding.
func envFile(text, quoting string) string {
	switch quoting {
	case "crlf":
		return "# windows\r\n" + strings.ReplaceAll(text, "\n", "\r\n")
	case "cr":
		return strings.ReplaceAll(text, "\n", "\r")
	case "bom":
		return "\ufeff" + text
	case "utf-16":
		out := []byte{0xff, 0xfe}
		for _, u := range utf16.Encode([]rune(text)) {
			out = append(out, byte(u), byte(u>>8))
		}
		return string(out)
	case "broken line":
		return "this is no binding\n" + text
	}
	return text
}

// decl is the case's declaration.
func (c matrixCase) decl(fallback json.RawMessage) plan.SettingDecl {
	t, _ := c.typed()
	d := plan.SettingDecl{Name: matrixName, Type: t.Text(), Variable: strings.ToUpper(matrixName), Secret: c.shape == secretly}
	if fallback != nil {
		d.Default = &plan.Expr{Value: fallback}
	}
	if c.constrained() {
		d.Where = &plan.Expr{CEL: c.leaf.where}
	}
	return d
}

func (c matrixCase) constrained() bool {
	return c.validity == "out of range" && c.leaf.where != "" && (c.shape == plainly || c.shape == optional || c.shape == defaulted)
}

// question is the case for the oracle.
func (c matrixCase) question(dir string) question {
	content := c.content(inPython)
	t, _ := c.typed()
	q := question{Name: matrixName, Type: pythonType(t), Secret: c.shape == secretly, Default: content.fallback, Env: maps.Clone(content.env), Init: content.init, Dir: dir, Profile: content.profile, Strict: c.company == "foreign name"}
	if content.secrets {
		q.Secrets = dir + "/secrets"
	}
	if c.constrained() {
		q.Where = c.leaf.limit
	}
	return q
}
