package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"testing"
)

// collectsLate is the percentage at which a command collects memory by itself.
const collectsLate = 1600

// BenchmarkManyFiles checks 300 pipelines that use one module, all of them anew, as `pipe check` does; -cpu 1,2 says what
// a second processor is good for.
func BenchmarkManyFiles(b *testing.B) {
	const files, ops, steps = 300, 40, 10
	dir := b.TempDir()
	write := func(name, text string) {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			b.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			b.Fatal(err)
		}
	}
	write("pipe.toml", "pipe = \"0.1\"\n")
	write("go.mod", "module x\n")
	var module strings.Builder
	module.WriteString("type Built {\n  ref: string\n}\n")
	for i := range ops {
		fmt.Fprintf(&module, "\n/// Builds %[1]d.\nop build_%[1]d(name: string, tag: string) -> Built {\n  inputs [\"/go.mod\"]\n  timeout 10m\n"+
			"  run ```\n    ref=\"$name:$tag\"\n    ./build.sh \"$ref\" || exit 1\n    echo \"ref=$ref\" >> \"$PIPE_OUTPUT\"\n  ```\n"+
			"  return { ref: outputs.ref }\n}\n", i)
	}
	write("common.pipe", module.String())
	for k := range files {
		var text strings.Builder
		text.WriteString("use \"std/test\"\nuse \"/common.pipe\"\n\nsettings {\n  environment: \"dev\" | \"prod\" = \"dev\"\n}\n\npipeline main(version: string) {\n")
		for i := range steps {
			fmt.Fprintf(&text, "  test_%[1]d = test.go(packages: \"./s%[1]d/...\")\n\n"+
				"  built_%[1]d = common.build_%[1]d(name: \"s%[1]d\", tag: \"${version}-%[1]d\") {\n"+
				"    require test_%[1]d.failed == 0 else \"tests failed: ${test_%[1]d.failed}\"\n    retry 2 every 5s\n  }\n\n"+
				"  live_%[1]d = op {\n    needs built_%[1]d\n    inputs []\n    when settings.environment == \"prod\"\n"+
				"    run `kubectl apply -f d.yaml`\n  }\n\n", i)
		}
		text.WriteString("}\n")
		write(fmt.Sprintf("services/s%d.pipe", k), text.String())
	}
	defer debug.SetGCPercent(debug.SetGCPercent(collectsLate))
	a := &app{Environment: Environment{Dir: dir, Environ: os.Environ()}}
	for b.Loop() {
		found, _, err := a.checkAll([]string{dir})
		if err != nil || len(found) > 0 {
			b.Fatal(found, err)
		}
	}
}
