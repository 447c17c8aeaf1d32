package build_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pipelang/pipe/runtime/target/docker/build"
	"github.com/pipelang/pipe/runtime/target/docker/dockertest"
)

// What fails says where and why, and whether another try may help.
func TestFailures(t *testing.T) {
	e := dockertest.Engine(t)
	base := shell(t, e)
	tests := []struct {
		name, text string
		want       build.Error
	}{
		{"a RUN", "FROM BASE AS one\nRUN true\n\nRUN echo oops >&2; exit 3\nFROM BASE\nCOPY --from=one / /",
			build.Error{Reason: "Dockerfile:4: RUN echo oops >&2; exit 3 failed with exit code 3 in stage one", Stage: "one", Line: 4, Exit: 3}},
		{"the only stage", "FROM BASE\nRUN exit 7",
			build.Error{Reason: "Dockerfile:2: RUN exit 7 failed with exit code 7", Stage: "stage", Line: 2, Exit: 7}},
		{"an unknown instruction", "FROM BASE\n\nCOPPY a b",
			build.Error{Reason: "Dockerfile:3: unknown instruction: COPPY (did you mean COPY?)", Line: 3, Final: true}},
		{"no FROM", "RUN true", build.Error{Reason: "Dockerfile:1: no build stage in current context", Line: 1, Final: true}},
		{"an unknown flag", "FROM BASE\nCOPY --chmood=1 a b", build.Error{Reason: "Dockerfile:2: unknown flag: --chmood (did you mean chmod?)", Line: 2, Final: true}},
		{"a heredoc without end", "FROM BASE\nRUN <<EOF\ntrue", build.Error{Reason: "Dockerfile:2: unterminated heredoc", Line: 2, Final: true}},
		{"a file that is not there", "FROM BASE\nCOPY nothing /",
			build.Error{Reason: "Dockerfile:2: /nothing is not in the context, or its ignore file leaves it out", Stage: "stage", Line: 2, Final: true}},
		{"a secret that nobody hands over", "FROM BASE\nRUN --mount=type=secret,id=x,required=true true",
			build.Error{Reason: `Dockerfile:2: secret x is not there: hand it over, secrets: {"x": …}`, Stage: "stage-0", Line: 2, Final: true}},
		{"nothing", "", build.Error{Reason: "Dockerfile: the file is empty", Final: true}},
		{"an image that is not there", "FROM pipe-test/none:1\nRUN true", build.Error{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := tree(t, map[string]string{"Dockerfile": strings.ReplaceAll(tt.text, "BASE", base)})
			_, l, err := made(t, e, build.Request{Context: dir})
			var got *build.Error
			if !errors.As(err, &got) {
				t.Fatalf("want a build's failure, found %v\n%s", err, l.text())
			}
			if strings.Contains(got.Reason, "\n") {
				t.Errorf("several lines: %q", got.Reason)
			}
			if tt.want == (build.Error{}) {
				return
			}
			plain := *got
			plain.Err = nil
			if diff := cmp.Diff(tt.want, plain); diff != "" {
				t.Errorf("(-want +got)\n%s\n%v\n%s", diff, got.Err, l.text())
			}
		})
	}
}

// A program for another processor is told as that, with what the engine runs, and not tried again.
func TestForeignProgram(t *testing.T) {
	e := dockertest.Engine(t)
	program, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	program = program[:4096]
	program[18], program[19] = 0x02, 0x00 // e_machine in the head of an ELF file: SPARC
	text := "FROM scratch\nCOPY --chmod=755 sh /bin/sh\nRUN true"
	_, _, err = made(t, e, build.Request{Context: tree(t, map[string]string{"sh": string(program)}), Text: &text})
	var got *build.Error
	if !errors.As(err, &got) || !got.Final || got.Line != 3 || !strings.Contains(got.Reason, "RUN true runs a program for another processor, and the engine runs linux/") {
		t.Errorf("%+v", err)
	}
}

// The log has what an instruction printed, behind the stage that it stands in.
func TestLog(t *testing.T) {
	e := dockertest.Engine(t)
	text := "FROM " + shell(t, e) + " AS one\nRUN printf 'a\\nb' # " + time.Now().String() + "\nFROM scratch\nCOPY --from=one /tmp /t\nCOPY f /"
	r := build.Request{Context: tree(t, map[string]string{"f": strings.Repeat("x", 5000), "left": "out", ".dockerignore": "left"}), Text: &text}
	_, l, err := made(t, e, r)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"one| a\n", "one| b\n", "one| 2/2 done in ", "export| writing image sha256:"} {
		if !strings.Contains(l.text()+"\n", want) {
			t.Errorf("no %q in\n%s", want, l.text())
		}
	}
	again, l, err := made(t, e, r)
	if err != nil || !strings.Contains(l.text(), ": cached") || strings.Contains(l.text(), "2/2 done in") {
		t.Errorf("built again: %v\n%s", err, l.text())
	}
	if again.Files != 1 || again.Bytes != 5000 || again.Sent > 1000 {
		t.Errorf("%d files of %d bytes in the context, %d sent; want 1 of 5000, and what was sent before not sent again", again.Files, again.Bytes, again.Sent)
	}
}

// What is unwise in a Dockerfile is told by rule and line.
func TestWarnings(t *testing.T) {
	e := dockertest.Engine(t)
	text := "FROM " + shell(t, e) + " as one\nENV a b\nARG SECRET_TOKEN\nWORKDIR rel\nCMD echo\nCMD echo"
	out, _, err := made(t, e, build.Request{Context: tree(t, nil), Text: &text})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]int{}
	for _, w := range out.Warnings {
		got[w.Rule] = w.Line
		if w.Message == "" || !strings.HasPrefix(w.URL, "https://") {
			t.Errorf("%+v", w)
		}
	}
	want := map[string]int{"FromAsCasing": 1, "LegacyKeyValueFormat": 2, "SecretsUsedInArgOrEnv": 3, "WorkdirRelativePath": 4, "JSONArgsRecommended": 6, "MultipleInstructionsDisallowed": 5}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// A secret is in no layer, no history and no log of a build that does not print it.
func TestSecretsStayOut(t *testing.T) {
	e := dockertest.Engine(t)
	text := "FROM " + shell(t, e) + "\nRUN --mount=type=secret,id=token wc -c < /run/secrets/token > /size"
	out, l, err := made(t, e, build.Request{Context: tree(t, nil), Text: &text, Secrets: map[string][]byte{"token": []byte("correct horse battery")}})
	if err != nil {
		t.Fatal(err)
	}
	stream, err := e.Client().ImageSave(t.Context(), []string{out.ID})
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Close()
	saved := filepath.Join(t.TempDir(), "image.tar")
	f, err := os.Create(saved)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.ReadFrom(stream); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(saved)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(content), "correct horse") || strings.Contains(l.text(), "correct horse") {
		t.Error("the secret is in the image or in the log")
	}
}

// With an epoch an image says that it was made then, and is the same image each time.
func TestEpoch(t *testing.T) {
	e := dockertest.Engine(t)
	at := time.Date(2024, 5, 1, 12, 0, 0, 0, time.UTC)
	text := "FROM scratch\nCOPY f /f\nLABEL a=b"
	dir := tree(t, map[string]string{"f": "x"})
	var ids []string
	for range 2 {
		out, _, err := made(t, e, build.Request{Context: dir, Text: &text, Epoch: &at, NoCache: true})
		if err != nil {
			t.Fatal(err)
		}
		found, err := e.Client().ImageInspect(t.Context(), out.ID)
		if err != nil || found.Created != at.Format(time.RFC3339) {
			t.Errorf("created %s, %v", found.Created, err)
		}
		ids = append(ids, out.ID)
	}
	if ids[0] != ids[1] {
		t.Errorf("two builds of the same gave %v", ids)
	}
}
