package cli

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"sync"

	"github.com/spf13/cobra"

	"github.com/pipelang/pipe/compiler/plan"
)

// Version of the tool; a release build sets it with -ldflags.
var Version = ""

func (a *app) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version of pipe and of its language",
		Args:  noArgs,
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprint(a.Out, versionLine())
			return err
		},
	}
}

func versionLine() string {
	return fmt.Sprintf("pipe %s, language %s, %s/%s\n", version(), plan.Language, runtime.GOOS, runtime.GOARCH)
}

// version reads the list of modules that the program was built of, which takes time: it is asked for where it is shown.
var version = sync.OnceValue(func() string {
	if Version != "" {
		return Version
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" && info.Main.Version != "(devel)" {
		return info.Main.Version
	}
	return "devel"
})
