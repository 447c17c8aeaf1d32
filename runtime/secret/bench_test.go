package secret

import (
	"encoding/base64"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/pipelang/pipe/runtime/event"
)

// serviceKeys are secrets of the kind that services give out.
func serviceKeys(n int) []string {
	random := rand.New(rand.NewPCG(3, 4))
	var out []string
	for range n {
		key := make([]byte, 20)
		for i := range key {
			key[i] = byte(random.Uint32())
		}
		out = append(out, base64.StdEncoding.EncodeToString(key))
	}
	return out
}

// benchTexts are 2 MiB of several kinds; near are beginnings of the secrets.
func benchTexts(secrets []string) map[string]string {
	const size = 2 << 20
	random := rand.New(rand.NewPCG(6, 7))
	var log, near strings.Builder
	for i := 0; log.Len() < size; i++ {
		fmt.Fprintf(&log, "2025-01-01T00:00:%02dZ INFO  server: handled GET /items/%d?page=%d in %dms from 10.0.0.%d\n", i%60, i, i%7, i%97, i%255)
	}
	for i := 0; near.Len() < size; i++ {
		s := secrets[i%len(secrets)]
		near.WriteString(s[:len(s)-1] + "\n")
	}
	raw := make([]byte, size)
	for i := range raw {
		raw[i] = byte(random.Uint32())
	}
	return map[string]string{
		"log":    log.String(),
		"base64": base64.StdEncoding.EncodeToString(raw[:size*3/4]),
		"binary": string(raw),
		"zeros":  strings.Repeat("\x00", size),
		"dashes": strings.Repeat(strings.Repeat("-", 78)+"\n", size/79),
		"near":   near.String(),
	}
}

// sets are secrets by how many and of what kind they are.
func sets() map[string][]string {
	var pems []string
	for i := range 20 {
		pems = append(pems, privateKey("-----BEGIN PRIVATE KEY-----", 26+i)+"-----END PRIVATE KEY-----\n")
	}
	return map[string][]string{
		"20":    serviceKeys(20),
		"1000":  serviceKeys(1000),
		"pems":  pems,
		"unary": {strings.Repeat("a", 4000) + "b", strings.Repeat("ab", 2000) + "c"},
		"dozen": append(serviceKeys(10), privateKey("-----BEGIN PRIVATE KEY-----", 26), strings.Repeat("-", 70)+"\nsecret"),
	}
}

func BenchmarkMasking(b *testing.B) {
	for name, secrets := range sets() {
		m := NewMasker(secrets...)
		for kind, text := range benchTexts(secrets) {
			b.Run(name+"/"+kind+"/string", func(b *testing.B) {
				b.SetBytes(int64(len(text)))
				for b.Loop() {
					m.Mask(text)
				}
			})
			b.Run(name+"/"+kind+"/stream", func(b *testing.B) {
				b.SetBytes(int64(len(text)))
				for b.Loop() {
					masked(b, m, text)
				}
			})
			b.Run(name+"/"+kind+"/lines", func(b *testing.B) {
				b.SetBytes(int64(len(text)))
				for b.Loop() {
					l := event.NewBus("r", m, func(event.Event) {}).Lines("s", 1)
					for data := []byte(text); len(data) > 0; data = data[min(len(data), 32<<10):] {
						l.Write(event.Stdout, "", data[:min(len(data), 32<<10)])
					}
					l.Flush()
				}
			})
		}
	}
}

func masked(t testing.TB, m *Masker, text string) {
	w := m.Writer(io.Discard)
	for data := []byte(text); len(data) > 0; data = data[min(len(data), 32<<10):] {
		if _, err := w.Write(data[:min(len(data), 32<<10)]); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
}

func BenchmarkAdd(b *testing.B) {
	for name, secret := range map[string]string{"key": serviceKeys(1)[0], "pem": privateKey("-----BEGIN PRIVATE KEY-----", 26), "4KiB": privateKey("", 64), "60KiB": privateKey("", 960)} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				NewMasker(secret)
			}
		})
	}
	b.Run("1000", func(b *testing.B) {
		secrets := serviceKeys(1000)
		for b.Loop() {
			NewMasker(secrets...)
		}
	})
}

// Sixteen times the text takes about sixteen times as long, whatever the text and the secrets:
// far below what it would take if time rose with the square, for machines that are busy.
func TestMaskingIsLinear(t *testing.T) {
	share := 8
	if sampled {
		share = 32
	}
	for name, secrets := range sets() {
		m := NewMasker(secrets...)
		for kind, text := range benchTexts(secrets) {
			took := func(text string) time.Duration {
				best := time.Hour
				for range 3 {
					started := time.Now()
					masked(t, m, text)
					best = min(best, time.Since(started))
				}
				return best
			}
			text = text[:len(text)/share]
			once, all := took(text[:len(text)/16]), took(text)
			if all > 100*once && all > 200*time.Millisecond {
				t.Errorf("%s, %s: %v for a sixteenth, %v for all", name, kind, once, all)
			}
		}
	}
}
