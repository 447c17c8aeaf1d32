package expr

import (
	"strconv"
	"strings"

	celtypes "github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"golang.org/x/mod/semver"
)

// version reads major.minor.patch with an optional v in front, as semver.org has it.
func version(v ref.Val) (string, bool) {
	s, ok := v.(celtypes.String)
	if !ok {
		return "", false
	}
	text := "v" + strings.TrimPrefix(string(s), "v")
	core, _, _ := strings.Cut(text, "+")
	core, _, _ = strings.Cut(core, "-")
	return text, semver.IsValid(text) && strings.Count(core, ".") == 2
}

func notAVersion(v ref.Val) ref.Val {
	if s, ok := v.(celtypes.String); ok && len(s) <= 80 {
		return celtypes.NewErr("expected a version such as 1.2.3, found %q", string(s))
	}
	return celtypes.NewErr("expected a version such as 1.2.3, found %s", runKind(v))
}

func semverValid(v ref.Val) ref.Val {
	_, ok := version(v)
	return celtypes.Bool(ok)
}

// semverCompare is -1, 0 or 1; build metadata does not count.
func semverCompare(a, b ref.Val) ref.Val {
	x, ok := version(a)
	if !ok {
		return notAVersion(a)
	}
	y, ok := version(b)
	if !ok {
		return notAVersion(b)
	}
	return celtypes.Int(semver.Compare(x, y))
}

// semverPart gives major, minor or patch.
func semverPart(i int) func(ref.Val) ref.Val {
	return func(v ref.Val) ref.Val {
		s, ok := version(v)
		if !ok {
			return notAVersion(v)
		}
		s, _, _ = strings.Cut(strings.TrimPrefix(s, "v"), "+")
		s, _, _ = strings.Cut(s, "-")
		n, err := strconv.ParseInt(strings.Split(s, ".")[i], 10, 64)
		if err != nil {
			return notAVersion(v)
		}
		return celtypes.Int(n)
	}
}

// semverPrerelease is what follows the -, without it; "" for a release.
func semverPrerelease(v ref.Val) ref.Val {
	s, ok := version(v)
	if !ok {
		return notAVersion(v)
	}
	return celtypes.String(strings.TrimPrefix(semver.Prerelease(s), "-"))
}
