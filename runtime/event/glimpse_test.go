package event

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// glimpses gives what is told of lines that have not ended while writes come a second apart.
func glimpses(t *testing.T, mask Masker, writes ...string) (seen []string) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		b := NewBus("r1", mask)
		b.OnGlimpse(func(step, text string) { seen = append(seen, step+": "+text) })
		l := b.Lines("build", 1)
		for _, w := range writes {
			l.Write(Stderr, "", []byte(w))
			time.Sleep(time.Second)
		}
		l.Flush()
	})
	return seen
}

func TestGlimpse(t *testing.T) {
	for _, tt := range []struct {
		name   string
		writes []string
		want   []string
	}{
		{"carriage returns behind", []string{"10%\r", "20%\r", "30%\r\n"}, []string{"build: 10%", "build: 20%"}},
		{"carriage returns before", []string{"\r10%", "\r20%", "\r30%", "\n"}, []string{"build: 10%", "build: 20%"}},
		{"no carriage return", []string{"10%", "20%", "\n"}, nil},
		{"lines", []string{"a\nb\n", "c\r\n"}, nil},
		{"a secret", []string{"hunter2\r", "x hunt", "er2\r"}, []string{"build: ***", "build: ***", "build: x ***"}},
		{"half a secret", []string{"10%\rhunt", "er2"}, []string{"build: 10%", "build: 10%"}},
		{"broken characters", []string{"\xff\xc3\r"}, []string{"build: \uFFFD\uFFFD"}},
	} {
		if diff := cmp.Diff(tt.want, glimpses(t, masks{"hunter2"}, tt.writes...)); diff != "" {
			t.Errorf("%s: %s", tt.name, diff)
		}
	}
}

// A secret of several lines whose first is short is not seen as far as it has been written.
func TestGlimpseHoldsBackWhatMayBeASecret(t *testing.T) {
	secret := opens{masks{"ab\r\ncd\r\nef"}}
	if got := glimpses(t, secret, "ab\r", "\ncd\r"); got != nil {
		t.Errorf("seen: %q", got)
	}
}

func TestGlimpsesAreFew(t *testing.T) {
	seen := 0
	synctest.Test(t, func(t *testing.T) {
		b := NewBus("r1", masks{}, func(Event) {})
		b.OnGlimpse(func(string, string) { seen++ })
		l := b.Lines("build", 1)
		for i := range 10_000 {
			l.Write(Stdout, "", fmt.Appendf(nil, "%s %d\r", strings.Repeat("#", 30), i))
			time.Sleep(100 * time.Microsecond)
		}
		l.Flush()
	})
	if seen < 8 || seen > 12 {
		t.Errorf("%d glimpses in a second", seen)
	}
}
