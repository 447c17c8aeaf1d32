package settings

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// The oracle is pydantic-settings and python-dotenv, run for real in a virtual environment that
// is made once for each Python and each list of versions.

// question is one case for testdata/oracle/oracle.py; with Dotenv it is one for python-dotenv.
type question struct {
	Name    string            `json:"name,omitempty"`
	Type    *oracleType       `json:"type,omitempty"`
	Secret  bool              `json:"secret"`
	Default json.RawMessage   `json:"default,omitempty"`
	Where   map[string]int    `json:"where,omitempty"`
	Env     map[string]string `json:"env,omitempty"`
	Init    json.RawMessage   `json:"init,omitempty"`
	Dir     string            `json:"dir,omitempty"`
	Secrets string            `json:"secrets,omitempty"`
	Profile bool              `json:"profile"`
	Strict  bool              `json:"strict"` // unknown names in .env files are refused
	Dotenv  bool              `json:"dotenv"`
	Data    []byte            `json:"data,omitempty"`
}

type oracleType struct {
	Kind     string        `json:"kind"`
	Literals []string      `json:"literals,omitempty"`
	Elem     *oracleType   `json:"elem,omitempty"`
	Fields   []oracleField `json:"fields,omitempty"`
}

type oracleField struct {
	Name    string          `json:"name"`
	Type    *oracleType     `json:"type"`
	Default json.RawMessage `json:"default,omitempty"`
}

// answer is what the oracle makes of a question.
type answer struct {
	OK     bool            `json:"ok"`
	Value  json.RawMessage `json:"value"`
	Error  string          `json:"error"`
	Faults []int           `json:"faults"` // lines that python-dotenv skips
}

// ask runs one Python process for all questions.
func ask(t *testing.T, questions []question) []answer {
	t.Helper()
	python, err := oraclePython()
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("CI=true, and pydantic-settings cannot be asked: %v", err)
		}
		t.Skipf("SKIPPED: pydantic-settings and python-dotenv cannot be asked: %v", err)
	}
	var in bytes.Buffer
	enc := json.NewEncoder(&in)
	for _, q := range questions {
		if err := enc.Encode(q); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(python.program, "testdata/oracle/oracle.py")
	cmd.Env = append(os.Environ(), python.environ...)
	cmd.Stdin = &in
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("the oracle: %v\n%s", err, stderr.Bytes())
	}
	dec := json.NewDecoder(bytes.NewReader(out))
	answers := make([]answer, len(questions))
	for i := range answers {
		if err := dec.Decode(&answers[i]); err != nil {
			t.Fatalf("answer %d of %d: %v", i, len(questions), err)
		}
	}
	return answers
}

// interpreter is a Python that has the packages.
type interpreter struct {
	program string
	environ []string
}

var oraclePython = sync.OnceValues(func() (interpreter, error) {
	python, err := exec.LookPath("python3")
	if err != nil {
		return interpreter{}, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()
	version, err := exec.CommandContext(ctx, python, "-c", "import sys; print(sys.version, sys.executable)").Output()
	if err != nil {
		return interpreter{}, fmt.Errorf("run %s: %w", python, err)
	}
	pins, err := os.ReadFile("testdata/oracle/requirements.txt")
	if err != nil {
		return interpreter{}, err
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return interpreter{}, err
	}
	dir := filepath.Join(cache, "pipe-tests", fmt.Sprintf("pydantic-%x", sha256.Sum256(append(version, pins...)))[:24])
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		if err := makeOracle(ctx, python, dir); err != nil {
			return interpreter{}, err
		}
	}
	return interpreterIn(python, dir), nil
})

// interpreterIn is the virtual environment's own Python, or the one that was found with the
// packages on its path where no virtual environment could be made.
func interpreterIn(python, dir string) interpreter {
	if own := filepath.Join(dir, "bin", "python"); exists(own) {
		return interpreter{program: own}
	}
	return interpreter{program: python, environ: []string{"PYTHONPATH=" + filepath.Join(dir, "lib")}}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// makeOracle installs beside the final place and renames, so that tests in parallel are safe.
func makeOracle(ctx context.Context, python, dir string) error {
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return err
	}
	temp, err := os.MkdirTemp(filepath.Dir(dir), "making-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(temp)
	if err := installOracle(ctx, python, temp); err != nil {
		return err
	}
	// Who comes second finds the first one's.
	if err := os.Rename(temp, dir); err != nil && !exists(dir) {
		return err
	}
	return nil
}

func installOracle(ctx context.Context, python, dir string) error {
	install := []string{"-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", "testdata/oracle/requirements.txt"}
	if err := python3(ctx, python, "-m", "venv", dir); err == nil {
		return python3(ctx, filepath.Join(dir, "bin", "python"), install...)
	}
	// A Python without ensurepip leaves half an environment.
	if err := errors.Join(os.RemoveAll(dir), os.Mkdir(dir, 0o755)); err != nil {
		return err
	}
	return python3(ctx, python, append(install, "--target", filepath.Join(dir, "lib"))...)
}

func python3(ctx context.Context, program string, args ...string) error {
	out, err := exec.CommandContext(ctx, program, args...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s %v: %w\n%s", program, args, err, out)
	}
	return nil
}
