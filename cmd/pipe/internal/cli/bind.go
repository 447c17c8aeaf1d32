package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"unicode"

	"github.com/spf13/cobra"

	"github.com/pipelang/pipe/compiler/lower"
	"github.com/pipelang/pipe/compiler/plan"
	"github.com/pipelang/pipe/lang/diag"
	"github.com/pipelang/pipe/lang/types"
	"github.com/pipelang/pipe/lang/value"
	"github.com/pipelang/pipe/runtime/repo"
	"github.com/pipelang/pipe/runtime/settings"
)

// sources are the flags that say where settings come from.
type sources struct {
	set        []string
	profile    string
	secretsDir string
}

func (s *sources) flags(cmd *cobra.Command) {
	cmd.Flags().StringArrayVar(&s.set, "set", nil, "a setting's value, `name=value`; again for another one, or for a list's next element")
	cmd.Flags().StringVar(&s.secretsDir, "secrets-dir", "", "a `folder` with one file a setting, named after it")
	cmd.Flags().StringVar(&s.profile, "profile", "", "the profile whose values override the defaults")
}

func (s *sources) assignments() ([]settings.Assignment, error) {
	var out []settings.Assignment
	for _, text := range s.set {
		name, v, ok := strings.Cut(text, "=")
		if !ok || name == "" {
			// No more than a name is shown: what follows may be a secret that went astray.
			return nil, usagef("write: --set name=value", "--set %s is not name=value", orDash(leadingName(text)))
		}
		out = append(out, settings.Assignment{Name: name, Value: v})
	}
	return out, nil
}

// leadingName is what a text starts with that can be the name of a setting or field.
func leadingName(text string) string {
	end := strings.IndexFunc(text, func(c rune) bool { return c != '_' && c != '.' && !unicode.IsLetter(c) && !unicode.IsDigit(c) })
	if end >= 0 {
		text = text[:end] + "…"
	}
	return text
}

// bound is a pipeline with its values.
type bound struct {
	checked
	draft    *lower.Draft
	plan     *plan.Plan
	text     []byte // the plan's canonical form
	values   lower.Values
	settings *settings.Set
	reached  []string
	args     map[string]value.Value
}

// bind checks, finds the values of parameters and settings, and makes the plan.
func (a *app) bind(ctx context.Context, inv invocation, s sources) (*bound, error) {
	draft, c, err := a.draft(inv)
	if err != nil {
		return nil, err
	}
	args, err := parseArgs(draft.Params(), inv.args)
	if err != nil {
		return nil, settingMeant(c, inv, err)
	}
	b := &bound{checked: c, draft: draft}
	err = a.bindValues(ctx, b, args, s)
	if err != nil && b.settings != nil {
		// What is wrong with settings is said at the same time; the error gives the exit code.
		_ = a.problems(b.settings, b.reached)
	}
	return b, err
}

// settingMeant helps where a setting was given as a parameter.
func settingMeant(c checked, inv invocation, err error) error {
	var usage *usageError
	if !errors.As(err, &usage) {
		return err
	}
	for _, given := range inv.args {
		for _, s := range c.program.Settings {
			if s.Name == given.Name && strings.Contains(usage.message, "no parameter "+given.Name) {
				usage.help = fmt.Sprintf("%s is a setting: --set %s=%s", s.Name, s.Name, "…")
			}
		}
	}
	return usage
}

// bindLoosely is bind for looking only: parameters and settings without a value stay late.
func (a *app) bindLoosely(ctx context.Context, inv invocation, s sources) (*bound, error) {
	draft, c, err := a.draft(inv)
	if err != nil {
		return nil, err
	}
	params := draft.Params()
	for i := range params {
		params[i].Required = false
	}
	args, err := parseArgs(params, inv.args)
	if err != nil {
		return nil, err
	}
	b := &bound{checked: c, draft: draft}
	return b, a.bindValues(ctx, b, args, s)
}

func (a *app) bindValues(ctx context.Context, b *bound, args map[string]value.Value, s sources) (err error) {
	b.args = args
	if b.settings, err = a.resolve(ctx, b.checked, b.draft, s); err != nil {
		return err
	}
	b.values = lower.Values{Profile: s.profile, Args: args, Setting: b.settings.Known}
	b.plan, b.text, b.reached, err = b.draft.BindSealed(b.values)
	return a.bindFailed(err)
}

// bindFailed shows the expressions that fail already, each at its place.
func (a *app) bindFailed(err error) error {
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return err
	}
	var found []diag.Diagnostic
	for _, one := range joined.Unwrap() {
		var failed *lower.EvalError
		if !errors.As(one, &failed) {
			return err
		}
		found = append(found, failed.Diagnostic())
	}
	a.showDiagnostics(a.Err, found)
	return exit(ExitFailed)
}

// resolve finds the values of the entry module's settings.
func (a *app) resolve(ctx context.Context, c checked, d *lower.Draft, s sources) (*settings.Set, error) {
	if err := knownProfile(c, s.profile); err != nil {
		return nil, err
	}
	set, err := s.assignments()
	if err != nil {
		return nil, err
	}
	dir := filepath.Join(c.program.Load.Root, filepath.FromSlash(c.program.Load.Entry.Folder))
	from := settings.Sources{Set: set, Environ: a.Environ, Dir: dir, Profile: s.profile, Types: d.Types(), Conditions: d.Conditions()}
	if s.secretsDir != "" {
		from.SecretsDir = a.abs(s.secretsDir)
		if info, err := os.Stat(from.SecretsDir); err != nil || !info.IsDir() {
			return nil, usagef("name a folder with one file a setting, named after it", "--secrets-dir: there is no folder %s", s.secretsDir)
		}
	}
	host := &lateRepo{root: c.program.Load.Root, folder: c.program.Load.Entry.Folder, environ: a.Environ, except: a.ownFolder()}
	defer host.close()
	from.Host = host
	decls := d.Settings()
	a.expectSecrets(decls, set)
	found, err := settings.Resolve(ctx, decls, from)
	if err != nil {
		return nil, err
	}
	a.learnSecrets(found)
	if a.resolved != nil {
		a.resolved()
	}
	return found, nil
}

// lateRepo answers for a repository that is looked at only when a setting's default asks.
type lateRepo struct {
	root, folder string
	environ      []string
	except       string
	repo         *repo.Repo
}

// Call implements expr.Host.
func (l *lateRepo) Call(ctx context.Context, function string, args []value.Value) (value.Value, error) {
	if l.repo == nil {
		r, err := repo.Capture(ctx, l.root, repo.Options{Environ: l.environ, Except: l.except})
		if err != nil {
			return nil, err
		}
		l.repo = r
	}
	return l.repo.Host(l.folder).Call(ctx, function, args)
}

func (l *lateRepo) close() {
	if l.repo != nil {
		l.repo.Close()
	}
}

func knownProfile(c checked, name string) error {
	if name == "" {
		return nil
	}
	var names []string
	for _, p := range c.program.Profiles {
		if p.Name == name {
			return nil
		}
		names = append(names, p.Name)
	}
	return usagef(didYouMean(name, names, "there are: "+list(names)), "%s has no profile %q", c.program.Entry.Load.ID, name)
}

// fetch runs the programs that give the secrets which the plan reaches, and shows all problems.
func (a *app) fetch(ctx context.Context, b *bound) error {
	err := b.settings.Fetch(ctx, b.reached)
	a.learnSecrets(b.settings)
	if err != nil {
		return err
	}
	return a.problems(b.settings, b.reached)
}

// parseArgs reads name=value arguments by the types of the parameters. Everything that is
// wrong is said at once.
func parseArgs(params []lower.Param, given []settings.Assignment) (map[string]value.Value, error) {
	texts := map[string][]string{}
	var names, wrong []string
	for _, p := range params {
		names = append(names, p.Name)
	}
	for _, g := range given {
		texts[g.Name] = append(texts[g.Name], g.Value)
	}
	out := map[string]value.Value{}
	for _, p := range params {
		given, ok := texts[p.Name]
		delete(texts, p.Name)
		switch v, err := parseArg(p, given); {
		case !ok && p.Required:
			wrong = append(wrong, fmt.Sprintf("parameter %s (%s) is missing", p.Name, p.Type))
		case ok && err != nil:
			wrong = append(wrong, fmt.Sprintf("parameter %s: %v", p.Name, err))
		case ok:
			out[p.Name] = v
		}
	}
	help := "parameters are given as name=value"
	for _, g := range given {
		if _, unknown := texts[g.Name]; unknown {
			delete(texts, g.Name)
			wrong = append(wrong, fmt.Sprintf("there is no parameter %s", g.Name))
			help = didYouMean(g.Name, names, "there are: "+list(names))
		}
	}
	if wrong != nil {
		return nil, usagef(help, "%s", strings.Join(wrong, "; "))
	}
	return out, nil
}

// parseArg reads one parameter; a list may be given element by element.
func parseArg(p lower.Param, given []string) (value.Value, error) {
	t := p.Type.Plain()
	switch {
	case len(given) == 0:
		return nil, nil
	case len(given) == 1:
		return value.ParseText(p.Type, given[0])
	case t.Kind != types.List:
		return nil, fmt.Errorf("expected one %s, found %d values", t, len(given))
	}
	var out value.List
	for _, text := range given {
		v, err := value.ParseText(t.Elem, text)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, nil
}

// list joins names for people.
func list(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}
