package plan

import "slices"

// Edges are all steps of the same graph that a step waits for, sorted.
func (s *Step) Edges() []string {
	out := slices.Concat(s.ValueEdges, s.OrderEdges)
	slices.Sort(out)
	return slices.Compact(out)
}

// Ordered are steps so that each stands after those of them that it waits for, otherwise
// in the order of the text. Steps that wait for each other come last.
func Ordered(steps []Step) []*Step {
	waits, readers := map[string]int{}, map[string][]int{}
	byName := map[string]bool{}
	for i := range steps {
		byName[steps[i].Name] = true
	}
	for i := range steps {
		for _, e := range steps[i].Edges() {
			if byName[e] {
				waits[steps[i].Name]++
				readers[e] = append(readers[e], i)
			}
		}
	}
	return settle(steps, waits, readers)
}

// settle repeats Kahn's step with the first ready step in the order of the text.
func settle(steps []Step, waits map[string]int, readers map[string][]int) []*Step {
	var ready indexQueue
	for i := range steps {
		if waits[steps[i].Name] == 0 {
			ready.push(i)
		}
	}
	out, done := make([]*Step, 0, len(steps)), make([]bool, len(steps))
	for len(ready) > 0 {
		i := ready.pop()
		out, done[i] = append(out, &steps[i]), true
		for _, r := range readers[steps[i].Name] {
			if waits[steps[r].Name]--; waits[steps[r].Name] == 0 {
				ready.push(r)
			}
		}
	}
	for i := range steps {
		if !done[i] {
			out = append(out, &steps[i])
		}
	}
	return out
}

// indexQueue is sorted downwards and gives the smallest index first.
type indexQueue []int

func (h *indexQueue) push(i int) {
	at, _ := slices.BinarySearchFunc(*h, i, func(a, b int) int { return b - a })
	*h = slices.Insert(*h, at, i)
}

func (h *indexQueue) pop() int {
	last := len(*h) - 1
	i := (*h)[last]
	*h = (*h)[:last]
	return i
}
