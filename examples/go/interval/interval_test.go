package interval

import (
	"reflect"
	"testing"
)

func TestMerge(t *testing.T) {
	for name, c := range map[string]struct{ in, want []Range }{
		"nothing":  {nil, nil},
		"apart":    {[]Range{{5, 6}, {1, 2}}, []Range{{1, 2}, {5, 6}}},
		"touching": {[]Range{{1, 2}, {3, 4}}, []Range{{1, 4}}},
		"within":   {[]Range{{1, 9}, {3, 4}}, []Range{{1, 9}}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := Merge(c.in); !reflect.DeepEqual(got, c.want) {
				t.Errorf("Merge(%v) = %v, want %v", c.in, got, c.want)
			}
		})
	}
}
