package doctor

import (
	"bytes"
	"context"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// programs looks for the interpreters of scripts, what exec names, and the commands of shell
// scripts, which the shell itself is asked for.
func (s *Surroundings) programs(ctx context.Context) []Line {
	var there []string
	var lines []Line
	for _, name := range slices.Sorted(maps.Keys(s.Needs.Interpreters)) {
		if s.find(name) != "" {
			there = append(there, name)
			continue
		}
		lines = append(lines, Line{Level: Fail, Text: name + " is in no folder of PATH", Help: "install " + name + ", or give the op an image that has it", NeededBy: s.Needs.Interpreters[name]})
	}
	for _, shell := range slices.Sorted(maps.Keys(s.Needs.Programs)) {
		if s.find(shell) == "" {
			continue
		}
		names := slices.Sorted(maps.Keys(s.Needs.Programs[shell]))
		missing, err := s.unknownTo(ctx, shell, names)
		if err != nil {
			lines = append(lines, warns("run it by hand", "%s cannot be asked for commands: %v", shell, err)...)
			continue
		}
		for _, name := range missing {
			lines = append(lines, Line{Level: Warn, Text: name + " is no command that " + shell + " finds", Help: "install " + name + ", unless the script makes it itself", NeededBy: s.Needs.Programs[shell][name]})
		}
		for _, name := range names {
			if !slices.Contains(missing, name) && !slices.Contains(there, name) && !shellsOwn[name] && s.find(name) != "" {
				there = append(there, name)
			}
		}
	}
	if len(there) > 0 {
		slices.Sort(there)
		lines = append(ok("%s", strings.Join(there, ", ")), lines...)
	}
	if len(lines) == 0 {
		return ok("the pipelines name none")
	}
	return lines
}

// shellsOwn are commands that shells have in themselves although PATH has them, too.
var shellsOwn = map[string]bool{"[": true, "echo": true, "false": true, "kill": true, "printf": true, "pwd": true, "test": true, "true": true}

// unknownTo asks a shell which names are no commands: neither its own nor in PATH.
func (s *Surroundings) unknownTo(ctx context.Context, shell string, names []string) ([]string, error) {
	cmd := exec.CommandContext(ctx, s.find(shell), append([]string{"-c", `for n; do command -v -- "$n" >/dev/null 2>&1 || printf '%s\n' "$n"; done`, shell}, names...)...)
	cmd.Env, cmd.Dir, cmd.WaitDelay = s.Environ, s.Root, waitDelay
	var out bytes.Buffer
	cmd.Stdout = &out
	err := cmd.Run()
	return strings.Fields(out.String()), err
}

// find is a program's path, looked for in the PATH of the environment that is examined.
func (s *Surroundings) find(name string) string {
	if strings.ContainsRune(name, filepath.Separator) {
		return name
	}
	for _, dir := range filepath.SplitList(s.getenv("PATH")) {
		path := filepath.Join(dir, name)
		if info, err := os.Stat(path); err == nil && !info.IsDir() && info.Mode()&0o111 != 0 {
			return path
		}
	}
	return ""
}

// toolVersions are how tools that pipelines drive say their versions, without the network.
var toolVersions = map[string][]string{
	"terraform": {"version"}, "tofu": {"version"}, "pulumi": {"version"}, "kubectl": {"version", "--client"},
}

// tools says which of them are there. A script that names one needs it, which programs says.
func (s *Surroundings) tools(ctx context.Context) []Line {
	quiet := *s
	quiet.Environ = append(slices.Clone(s.Environ), "CHECKPOINT_DISABLE=1", "PULUMI_SKIP_UPDATE_CHECK=true")
	var have, none []string
	var lines []Line
	for _, name := range slices.Sorted(maps.Keys(toolVersions)) {
		path := s.find(name)
		if path == "" {
			none = append(none, name)
			continue
		}
		version, err := quiet.output(ctx, append([]string{path}, toolVersions[name]...)...)
		if err != nil {
			lines = append(lines, warns("run "+name+" by hand", "%s is there and does not say its version: %v", name, err)...)
			continue
		}
		have = append(have, name+" "+lastWord(version))
	}
	text := "none of " + strings.Join(none, ", ")
	switch {
	case len(none) == 0:
		text = strings.Join(have, ", ")
	case len(have) > 0:
		text = strings.Join(have, ", ") + "; no " + strings.Join(none, ", no ")
	}
	return append(ok("%s", text), lines...)
}

// lastWord is the version in "Terraform v1.9.0" and "Client Version: v1.30.1".
func lastWord(line string) string {
	words := strings.Fields(line)
	if len(words) == 0 {
		return ""
	}
	return strings.TrimPrefix(words[len(words)-1], "v")
}
