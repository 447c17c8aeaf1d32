package supervisor

import "github.com/pipelang/pipe/runtime/target"

// encode adds a message to a text; its data is not part of it.
func (m *message) encode(to []byte) []byte {
	c := codec{out: to}
	m.fields(&c)
	return c.out
}

// decode reads a message, into an empty one.
func (m *message) decode(text string) error {
	c := codec{in: text, reading: true}
	m.fields(&c)
	if c.bad || c.in != "" {
		return errMessage
	}
	return nil
}

func (m *message) fields(c *codec) {
	number(c, &m.Kind)
	number(c, &m.Call)
	number(c, &m.ID)
	number(c, &m.Files)
	number(c, &m.Size)
	number(c, &m.N)
	number(c, &m.Attempt)
	text(c, &m.Err)
	c.flag(&m.Missing)
	text(c, &m.Path)
	text(c, &m.Step)
	text(c, &m.Stream)
	text(c, &m.Section)
	text(c, &m.State)
	list(c, &m.Closed, number)
	pairs(c, &m.Written)
	optional(c, &m.Hello, greetingFields)
	optional(c, &m.View, viewFields)
	optional(c, &m.Work, workFields)
	optional(c, &m.End, endingFields)
	list(c, &m.Traces, traceFields)
}

func greetingFields(c *codec, g *greeting) {
	number(c, &g.Protocol)
	text(c, &g.State)
	text(c, &g.Folder)
	number(c, &g.Turn)
	number(c, &g.Last)
}

func viewFields(c *codec, v *View) {
	text(c, &v.At)
	list(c, &v.Lower, text)
	text(c, &v.Upper)
	text(c, &v.Work)
	text(c, &v.Options)
	list(c, &v.Binds, func(c *codec, b *Bind) {
		text(c, &b.Source)
		text(c, &b.Path)
	})
	c.flag(&v.User)
}

func workFields(c *codec, w *Work) {
	text(c, &w.Step)
	number(c, &w.Attempt)
	list(c, &w.Programs, programFields)
	list(c, &w.Env, text)
	text(c, &w.Dir)
	text(c, &w.Base)
	list(c, &w.SuccessCodes, number)
	number(c, &w.Grace)
	number(c, &w.Limit)
	number(c, &w.Place)
	number(c, &w.Holds)
	number(c, &w.After)
	c.flag(&w.Bare)
	c.bytes(&w.Rest)
}

func programFields(c *codec, p *Program) {
	list(c, &p.Argv, text)
	text(c, &p.Section)
	text(c, &p.Name)
	c.flag(&p.Interpreter)
	c.flag(&p.OnFailure)
}

func endingFields(c *codec, e *ending) {
	exitFields(c, &e.Exit)
	capturedFields(c, &e.Stdout)
	capturedFields(c, &e.Stderr)
}

func exitFields(c *codec, e *target.Exit) {
	number(c, &e.Code)
	text(c, &e.Signal)
	text(c, &e.Script)
	c.flag(&e.Cancelled)
	c.flag(&e.TimedOut)
	text(c, &e.Left)
	text(c, &e.Stuck)
	text(c, &e.Reason)
}

func capturedFields(c *codec, s *captured) {
	c.bytes(&s.Memory)
	c.bytes(&s.Key)
	number(c, &s.Size)
	c.flag(&s.Cut)
}

func traceFields(c *codec, t *target.Trace) {
	text(c, &t.Step)
	number(c, &t.Attempt)
	c.time(&t.Started)
	text(c, &t.State)
	c.time(&t.Ended)
}
