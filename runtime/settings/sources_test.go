//go:build unix

package settings

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pipelang/pipe/lang/value"
)

// strangeFiles are files that must be neither waited for nor read to their end.
func strangeFiles(t *testing.T, path string) map[string]func() string {
	t.Helper()
	check := func(err error, what string) string {
		if err != nil {
			t.Fatal(err)
		}
		return what
	}
	write := func(text string) error { return os.WriteFile(path, []byte(text), 0o600) }
	return map[string]func() string{
		"folder":   func() string { return check(os.Mkdir(path, 0o755), "it is a folder") },
		"pipe":     func() string { return check(syscall.Mkfifo(path, 0o600), "it is a named pipe") },
		"device":   func() string { return check(os.Symlink("/dev/zero", path), "it is a device") },
		"loop":     func() string { return check(os.Symlink(path, path), "too many levels of symbolic links") },
		"too long": func() string { return check(write(strings.Repeat("#", maxFile+1)), "it is larger than 16 MiB") },
		"ten gigabytes": func() string {
			check(write(""), "")
			return check(os.Truncate(path, 10<<30), "it is larger than 16 MiB")
		},
		"latin-1":   func() string { return check(write("A=1\nB=\xe9"), "bytes that are no UTF-8: save the file in UTF-8") },
		"zero byte": func() string { return check(write("A=1\nB=\x00"), "a zero byte") },
		"half a character": func() string {
			return check(write("\xff\xfeA\x00=\x00\x3d\xd8A\x00"), "half a character of UTF-16: save the file in UTF-8")
		},
		"cut UTF-16": func() string { return check(write("\xff\xfeA\x00=\x00B"), "half a character of UTF-16 at its end") },
	}
}

func TestStrangeFiles(t *testing.T) {
	names := []string{}
	for name := range strangeFiles(t, "") {
		names = append(names, name)
	}
	for _, name := range names {
		for place, at := range map[string]string{"dotenv": ".env", "profile dotenv": ".env.prod", "named file": "named", "secret": "secrets/a"} {
			t.Run(name+" as "+place, func(t *testing.T) {
				s := Sources{Dir: files(t, map[string]string{"secrets/other": ""}), Profile: "prod"}
				want := strangeFiles(t, filepath.Join(s.Dir, at))[name]()
				switch place {
				case "named file":
					s.Environ = []string{"A_FILE=named"}
				case "secret":
					s.SecretsDir = filepath.Join(s.Dir, "secrets")
				}
				if place == "secret" && name == "folder" {
					return // a folder there is somebody else's
				}
				problems := resolve(t, s, decl("a", "string")).Problems([]string{"a"})
				if len(problems) == 0 || !strings.Contains(problems[0].Message, want) || !strings.Contains(problems[0].Message, "cannot be read") {
					t.Errorf("problems %+v, want %q", problems, want)
				}
			})
		}
	}
}

// What Kubernetes mounts is links through a folder that it swaps; a link to nothing is said.
func TestSecretsDirectoryOfKubernetes(t *testing.T) {
	dir := files(t, map[string]string{
		"..2025_01_02_03_04_05.1/password": "hunter2\n", "..2025_01_02_03_04_05.1/db__host": "h\n", "..2025_01_02_03_04_05.1/blank": "  spaces \n\n",
		"..2025_01_02_03_04_05.1/windows": "\xff\xfea\x00\r\x00\n\x00", "..2025_01_02_03_04_05.1/mark": "\ufefftext",
	})
	link := func(to, from string) {
		if err := os.Symlink(to, filepath.Join(dir, from)); err != nil {
			t.Fatal(err)
		}
	}
	link("..2025_01_02_03_04_05.1", "..data")
	for _, name := range []string{"password", "db__host", "blank", "windows", "mark", "gone"} {
		link(filepath.Join("..data", name), name)
	}
	s := resolve(t, Sources{SecretsDir: dir}, decl("password", "secret string"), decl("db", "m.Database"), decl("blank", "string"), decl("windows", "string"), decl("mark", "string"), decl("gone", "secret string"))
	want := map[string]value.Value{
		"password": value.String("hunter2"), "db": value.Record{"host": value.String("h"), "port": value.Int(5432)}, "blank": value.String("  spaces \n"),
		"windows": value.String("a"), "mark": value.String("text"),
	}
	for name, v := range want {
		if got, _ := s.Value(name); !cmp.Equal(got, v) {
			t.Errorf("%s is %v", name, got)
		}
	}
	p := s.Problems([]string{"password", "db", "blank", "windows", "mark", "gone"})
	if len(p) != 1 || p[0].Setting != "gone" || !strings.HasSuffix(p[0].Message, "gone cannot be read: no such file or directory") {
		t.Errorf("problems %+v", p)
	}
}

// Names that differ by case only: in a .env file a near miss, in the environment a hint.
func TestNamesThatDifferByCase(t *testing.T) {
	api := decl("api_port", "int")
	for name, tt := range map[string]struct {
		s    Sources
		want []string
	}{
		".env and the environment": {Sources{Environ: []string{"API_PORT=1"}, Dir: files(t, map[string]string{".env": "Api_Port=2"})}, []string{`Api_Port is the variable of no setting; did you mean "API_PORT"?`}},
		"the environment":          {env("api_port=1"), []string{"api_port is missing; the environment has api_port: did you mean API_PORT?"}},
		"dashes":                   {env("API-PORT=1"), []string{"api_port is missing; the environment has API-PORT: did you mean API_PORT?"}},
		"both in the environment":  {env("api_port=1", "API_PORT=2"), nil},
		"both in .env":             {Sources{Dir: files(t, map[string]string{".env": "api_port=1\nAPI_PORT=2"})}, nil},
		"others' names":            {env("API_POST=1", "PORT=2"), []string{"api_port is missing; set API_PORT in the environment or in .env, or pass --set api_port=…"}},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, p := range resolve(t, tt.s, api).Problems([]string{"api_port"}) {
				got = append(got, p.Message+"; "+p.Help)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// A key of a map that ends in _FILE names a file, as every variable does; a declared field may end so.
func TestFilesOfKeys(t *testing.T) {
	dir := files(t, map[string]string{"f": "from file\n"})
	m := resolve(t, Sources{Dir: dir, Environ: []string{"M__KEY_FILE=f", "M__OTHER=x"}}, decl("m", "{string: string}"))
	if v, _ := m.Value("m"); !cmp.Equal(v, value.Value(value.Map{"key": value.String("from file"), "other": value.String("x")})) {
		t.Errorf("the map is %v", v)
	}
	r := resolve(t, Sources{Dir: dir, Environ: []string{"R__KEY_FILE=f"}}, decl("r", "{ key_file: string }"))
	if v, _ := r.Value("r"); !cmp.Equal(v, value.Value(value.Record{"key_file": value.String("f")})) {
		t.Errorf("the record is %v", v)
	}
}

// A secret that is refused, or that a stronger source hides, is masked too.
func TestRefusedAndHiddenSecretsAreMasked(t *testing.T) {
	dir := files(t, map[string]string{".env": "A=hidden-one\nB='{\"host\": \"broken-one'\nC='[\"listed\"]'", "s/a": "hidden-two"})
	s := resolve(t, Sources{Dir: dir, SecretsDir: filepath.Join(dir, "s"), Environ: []string{"A=winner", "B__PORT=77777"}, Set: []Assignment{{"c", "first"}, {"c", "last"}}},
		decl("a", "secret string"), decl("b", "secret m.Database"), decl("c", "secret string"))
	got := strings.Join(s.Secrets(), "\n")
	for _, want := range []string{"winner", "hidden-one", "hidden-two", "broken-one", "77777", "first", "last", "listed"} {
		if !strings.Contains(got, want) {
			t.Errorf("%s is not masked: %q", want, got)
		}
	}
}
