package cli

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/pipelang/pipe/lang/diag"
)

// oneOf checks a flag that has a closed set of values; "" stands for a flag that was left out.
func oneOf(flag, value string, allowed ...string) error {
	if slices.Contains(allowed, value) {
		return nil
	}
	allowed = slices.DeleteFunc(allowed, func(s string) bool { return s == "" })
	return usagef(didYouMean(value, allowed, ""), "%s is one of %s, not %q", flag, strings.Join(allowed, ", "), value)
}

func didYouMean(name string, among []string, otherwise string) string {
	if s := diag.DidYouMean(name, among); s != "" {
		return s
	}
	return otherwise
}

// noArgs is for a command that takes nothing, or only the commands below it.
func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	below := namesBelow(cmd)
	if len(below) == 0 {
		return usagef("`"+cmd.CommandPath()+" --help` says what it does", "%s takes no arguments, found %q", cmd.CommandPath(), args[0])
	}
	help := fmt.Sprintf("%s stands alone, or there are: %s", cmd.CommandPath(), list(below))
	return usagef(didYouMean(args[0], below, help), "%s has no command %q", cmd.CommandPath(), args[0])
}

func namesBelow(cmd *cobra.Command) []string {
	var out []string
	for _, c := range cmd.Commands() {
		out = append(out, c.Name())
	}
	return out
}

var (
	unknownFlag = lazily(`^unknown flag: (--[^ =]+)`)
	shortFlag   = lazily(`^unknown shorthand flag: '.+' in (-[^ =]+)`)
	noValue     = lazily(`^flag needs an argument: (--[^ =]+)`)
	badValue    = lazily(`^invalid argument (".*") for "(?:-\w, )?(--[^"]+)" flag: `)
)

// flagError says what is wrong with a flag in one line, with the flag that may have been meant.
func flagError(cmd *cobra.Command, err error) error {
	help := "`" + cmd.CommandPath() + " --help` lists the flags"
	m := unknownFlag().FindStringSubmatch(err.Error())
	if m == nil {
		m = shortFlag().FindStringSubmatch(err.Error())
	}
	if m != nil {
		var names []string
		cmd.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, "--"+f.Name) })
		if cmd.Flags().Lookup("set") != nil {
			help = "parameters are written name=value, and settings --set name=value; " + help
		}
		return usagef(didYouMean(m[1], names, help), "%s has no flag %s", cmd.CommandPath(), m[1])
	}
	if m := badValue().FindStringSubmatch(err.Error()); m != nil {
		return usagef(help, "%s takes %s, not %s", m[2], kindOf(cmd, m[2]), m[1])
	}
	if m := noValue().FindStringSubmatch(err.Error()); m != nil {
		return usagef(help, "%s needs a value", m[1])
	}
	return usagef(help, "%v", err)
}

func kindOf(cmd *cobra.Command, flag string) string {
	f := cmd.Flags().Lookup(strings.TrimPrefix(flag, "--"))
	switch {
	case f == nil:
		return "another value"
	case f.Value.Type() == "int":
		return "a whole number"
	case f.Value.Type() == "bool":
		return "true or false"
	}
	return "a " + f.Value.Type()
}

// lazily compiles a pattern when it is first asked for: a process that lives for milliseconds needs few of them.
func lazily(pattern string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(pattern) })
}
