package script_test

import (
	"strings"
	"testing"

	"github.com/pipelang/pipe/lang/script"
)

const tenLines = `unformatted=$(gofmt -l cmd lang)
if [ -n "$unformatted" ]; then
  echo "not formatted: $unformatted"
  exit 1
fi
mkdir -p dist
for os in linux darwin; do
  GOOS="$os" go build -o "dist/app-$os" ./cmd/app
done
echo "version=$version" >> "$PIPE_OUTPUT"
`

func BenchmarkRead(b *testing.B) {
	for _, bench := range []struct{ name, text string }{
		{"plain", "go vet ./..."},
		{"line", `pytest -m "$marker" --junitxml=report.xml`},
		{"ten lines", tenLines},
		{"megabyte", strings.Repeat(tenLines, 3000)},
	} {
		b.Run(bench.name, func(b *testing.B) {
			b.SetBytes(int64(len(bench.text)))
			b.ReportAllocs()
			for b.Loop() {
				script.Read(bench.text, script.Sh)
			}
		})
	}
}
