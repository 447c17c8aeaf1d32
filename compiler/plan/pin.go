package plan

import "strings"

// Pinned is the name of an image with the digest that the plan has for it; a name that has a
// digest, or is not among the pins, is as it was.
func (p *Plan) Pinned(name string) string {
	if digest, ok := p.Pins[name]; ok && !strings.Contains(name, "@") {
		return name + "@" + digest
	}
	return name
}
