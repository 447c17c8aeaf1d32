package parser

import "github.com/pipelang/pipe/lang/token"

func (n *attrNode) quick(r *reader) bool {
	return r.take(token.Word, &n.Key) && r.expr(&n.Value.X, true)
}

func (n *openNode) quick(r *reader) bool {
	if !r.take(token.Word, &n.Key) {
		return false
	}
	if endsItem(r.peek()) {
		return true
	}
	n.Value = &maybeNode{}
	return r.hand(n.Value)
}

func (n *flagNode) quick(r *reader) bool { return r.take(token.Word, &n.Key) }

func (n *inPlaceNode) quick(r *reader) bool {
	return r.lead("in") && isWord(r.peek(), "place") && r.take(token.Word, &n.Place)
}

func (n *runNode) quick(r *reader) bool {
	if !r.lead("run") {
		return false
	}
	r.take(token.String, &n.Title)
	if !r.take(token.CodeSpan, &n.Script) && !r.take(token.Fence, &n.Script) {
		return false
	}
	if r.word("on") {
		n.OnFailure = r.word("failure")
		return n.OnFailure
	}
	return r.clause("when", &n.When)
}

func (n *envNode) quick(r *reader) bool { return r.lead("env") && r.hand(&n.Entries) }

func (n *mountsNode) quick(r *reader) bool { return r.lead("mount") && r.hand(&n.Entries) }

func (n *cachedNode) quick(r *reader) bool {
	n.Keyword = *r.peek()
	return r.lead("cached") && r.clause("for", &n.For) && r.clause("vary", &n.Vary)
}

func (n *serviceNode) quick(r *reader) bool {
	return r.lead("service") && r.take(token.Word, &n.Name) && r.hand(&n.Items)
}

func (n *retryNode) quick(r *reader) bool {
	return r.lead("retry") && r.expr(&n.Count.X, false) && r.clause("every", &n.Every) &&
		r.clause("backoff", &n.Backoff) && (n.Backoff == nil || r.clause("max", &n.Max)) && r.clause("when", &n.When)
}

func (n *returnNode) quick(r *reader) bool { return r.lead("return") && r.expr(&n.Value.X, true) }

func (n *needsNode) quick(r *reader) bool {
	if !r.lead("needs") || !n.First.quick(r) {
		return false
	}
	for r.skip(token.Comma) {
		m := &moreNeed{}
		n.More = append(n.More, m)
		from := r.i
		if kindOf(r.peek()) != token.Word {
			return false
		}
		m.Name = *r.next()
		if !r.assigned(&m.Value) {
			return false
		}
		m.Tokens = r.toks[from:r.i]
	}
	return true
}

func (n *needNode) quick(r *reader) bool {
	from := r.i
	ok := r.take(token.Word, &n.Name) && r.assigned(&n.Value)
	n.Tokens = r.toks[from:r.i]
	return ok
}

func (n *afterNode) quick(r *reader) bool {
	if !r.lead("after") {
		return false
	}
	from := r.i
	if !r.skip(token.Word) {
		return false
	}
	for r.skip(token.Comma) {
		if !r.found(kindOf(r.peek()) == token.Word) {
			return false
		}
	}
	n.Steps = r.toks[from:r.i]
	return true
}

func (n *whenNode) quick(r *reader) bool { return r.lead("when") && r.expr(&n.Cond.X, false) }

func (n *forNode) quick(r *reader) bool {
	return r.lead("for") && r.take(token.Word, &n.Var) && r.word("in") && r.expr(&n.List.X, false) &&
		r.clause("where", &n.Where) && r.clause("max", &n.Max)
}

func (n *requireNode) quick(r *reader) bool {
	return r.lead("require") && r.expr(&n.Cond.X, false) && r.clause("else", &n.Else)
}

func (n *approveNode) quick(r *reader) bool {
	return r.lead("approve") && r.expr(&n.Message.X, false) && r.clause("when", &n.When)
}

func (n *lockNode) quick(r *reader) bool {
	if !r.lead("lock") || !r.expr(&n.Key.X, false) {
		return false
	}
	if policy := *r.peek(); r.word("latest") || r.word("reject") {
		n.Policy = policy
	}
	return true
}

func (n *allowFailureNode) quick(r *reader) bool {
	n.Keyword = *r.peek()
	return r.lead("allow_failure") && r.clause("when", &n.When)
}

func (n *stepNode) quick(r *reader) bool {
	return r.take(token.Word, &n.Name) && r.skip(token.Assign) && r.hand(&n.Callee) && r.hand(&n.Args) && r.hand(&n.Items)
}

func (n *inlineNode) quick(r *reader) bool {
	return r.take(token.Word, &n.Name) && r.skip(token.Assign) && r.word("op") && r.hand(&n.Items)
}

func (n *callNode) quick(r *reader) bool {
	return r.hand(&n.Callee) && r.hand(&n.Args) && r.hand(&n.Items)
}

func (n *onFailureNode) quick(r *reader) bool {
	return r.lead("on") && r.word("failure") && r.hand(&n.Items)
}

func (n *finallyNode) quick(r *reader) bool { return r.lead("finally") && r.hand(&n.Items) }
