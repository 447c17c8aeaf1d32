package plan

import "github.com/pipelang/pipe/lang/types"

// Of is what a field of a record type asks of its value; nil is nothing.
func (c *Conditions) Of(record *types.Type, field string) *Condition {
	if c == nil || record.Record == nil {
		return nil
	}
	return c.fields[record.Record.ID][field]
}
