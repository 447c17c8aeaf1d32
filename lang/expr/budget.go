package expr

import (
	"context"

	celtypes "github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/interpreter"
)

// budgetName is the variable that holds an evaluation's budget.
const budgetName = "@budget"

// budget is what an evaluation has left. CEL's own accounting is not used: it takes quadratic
// time over a long list.
type budget struct {
	ctx   context.Context
	spent int
	limit int
	next  int // when the context is looked at again
}

// stopped ends an evaluation from within; err is nil when the budget is spent.
type stopped struct{ err error }

// limit is how much an evaluation may spend.
func (in Input) limit() int {
	if in.Limit > 0 {
		return min(in.Limit, costLimit)
	}
	return costLimit
}

// checkEvery is how much is spent between two looks at the context.
const checkEvery = 256

func (b *budget) spend(n int) {
	b.spent += n
	if b.spent < b.next {
		return
	}
	b.next = b.spent + checkEvery
	if err := b.ctx.Err(); err != nil {
		panic(stopped{err})
	}
	if b.spent > b.limit {
		panic(stopped{})
	}
}

// charged is a call that is paid for: by itself, and by the text that it makes.
type charged struct{ interpreter.InterpretableV2 }

// charge makes every call of an expression with loops be paid for. It goes last, as it hides what a node is.
func charge(i interpreter.InterpretableV2) (interpreter.InterpretableV2, error) {
	switch i.(type) {
	case interpreter.InterpretableAttribute, interpreter.InterpretableConst:
		return i, nil
	case interpreter.InterpretableCall, *fallback:
		return &charged{i}, nil
	}
	return i, nil
}

func (c *charged) Exec(frame *interpreter.ExecutionFrame) ref.Val {
	out := c.InterpretableV2.Exec(frame)
	cost := 1
	switch v := out.(type) {
	case celtypes.String:
		cost += len(v) / 10
	case celtypes.Bytes:
		cost += len(v) / 10
	}
	if found, ok := frame.ResolveName(budgetName); ok {
		if b, ok := found.(*budget); ok {
			b.spend(cost)
		}
	}
	return out
}

func (c *charged) Eval(vars interpreter.Activation) ref.Val {
	return c.Exec(interpreter.AsFrame(vars))
}
