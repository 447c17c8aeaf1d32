package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	results      = "results"
	resultSchema = "pipe.result/v1"
)

// Part is one thing that a step's result depends on. The digest tells nothing of a secret.
type Part struct {
	Name   string `json:"name"` // "script", "parameter marker", "env DEBUG"
	Digest string `json:"digest"`
}

// KeyOf is the key of a result that depends on these parts: the digest of their canonical JSON.
func KeyOf(parts []Part) string {
	var room [usual]byte
	return keyOfText(appendParts(room[:0], parts))
}

// appendParts appends the canonical JSON of parts, put together by hand where nothing in it has to be escaped.
func appendParts(to []byte, parts []Part) []byte {
	escaped := func(p Part) bool { return !isPlain(p.Name) || !isPlain(p.Digest) }
	if len(parts) == 0 || slices.ContainsFunc(parts, escaped) {
		text, err := json.Marshal(parts)
		if err != nil {
			panic(fmt.Sprintf("texts have JSON: %v", err))
		}
		return append(to, text...)
	}
	begin := len(to)
	for _, p := range parts {
		to = append(append(to, `,{"name":"`...), p.Name...)
		to = append(append(append(to, `","digest":"`...), p.Digest...), `"}`...)
	}
	to[begin] = '['
	return append(to, ']')
}

// isPlain reports that a text is the same in JSON.
func isPlain[T string | []byte](s T) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c >= 0x7f || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' {
			return false
		}
	}
	return true
}

func keyOfText(parts []byte) string {
	sum := sha256.Sum256(parts)
	var room [len(plain) + 2*len(sum)]byte
	return string(hex.AppendEncode(append(room[:0], plain...), sum[:]))
}

// Result is what a step gave, kept for steps that depend on the same.
type Result struct {
	Schema string    `json:"schema"`
	Key    string    `json:"key"`
	Parts  []Part    `json:"parts"`
	Run    string    `json:"run"`
	Op     string    `json:"op"`
	Step   string    `json:"step"`
	Made   time.Time `json:"made"` // when the attempt ended
	Exit   int       `json:"exit"`
	// Value is canonical JSON, absent without one. Contents are the digests of the files and
	// folders in it.
	Value    json.RawMessage `json:"value,omitempty"`
	Contents []string        `json:"contents,omitempty"`
	Kept     []KeptFile      `json:"kept,omitempty"`
}

// KeptFile is a file that a step keeps after the run.
type KeptFile struct {
	Path   string `json:"path"` // slash-separated, in the step's folder
	Digest string `json:"digest"`
	Size   int64  `json:"size"`
	Mode   uint32 `json:"mode"`
}

// digests are those of all that a result refers to.
func (r *Result) digests() []string {
	out := append([]string(nil), r.Contents...)
	for _, k := range r.Kept {
		out = append(out, k.Digest)
	}
	return out
}

// AddResult keeps a result under its key, in the place of one that is there: it appears by one
// rename. What it refers to must have been committed since the run's Lease.
func (s *Store) AddResult(r Result) error {
	to, err := s.place(results, r.Key)
	if err != nil {
		return err
	}
	r.Schema = resultSchema
	text, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("keep the result: %w", err)
	}
	leave, err := s.enter()
	if err != nil {
		return err
	}
	defer leave()
	return s.write(to, text)
}

// write makes a file appear whole under its name.
func (s *Store) write(to string, text []byte) error {
	temp, err := os.CreateTemp(filepath.Join(s.dir, "tmp"), "new-")
	if err != nil {
		return err
	}
	_, err = temp.Write(text)
	if err = errors.Join(err, temp.Close()); err == nil {
		err = os.MkdirAll(filepath.Dir(to), 0o700)
	}
	if err == nil {
		err = os.Rename(temp.Name(), to)
	}
	if err != nil {
		os.Remove(temp.Name())
	}
	return err
}

// FindResult gives the result of a key, and whether there is one that is younger than maxAge, 0
// for any age, and whose content is in the store, undamaged. It counts as used from then on.
// What is damaged is removed. Its Parts, which the caller knows, are left out. The error is ctx's:
// whatever else goes wrong, nothing was found.
func (s *Store) FindResult(ctx context.Context, key string, maxAge time.Duration) (Result, bool, error) {
	path, err := s.place(results, key)
	if err != nil {
		return Result{}, false, nil
	}
	leave, err := s.enter()
	if err != nil {
		return Result{}, false, nil
	}
	defer leave()
	now := time.Now()
	st, stamped := stampAt(path)
	r, ok := s.recent.of(key, st)
	if !ok {
		var rest string
		if r, rest, ok = readKeyed(path, key); ok && stamped && rest != "" {
			s.recent.note(key, st, rest)
		}
	}
	if !ok || maxAge > 0 && now.Sub(r.Made) > maxAge {
		return Result{}, false, ctx.Err()
	}
	for _, sum := range r.digests() {
		if err := s.check(ctx, sum, now); err != nil {
			return Result{}, false, ctx.Err()
		}
	}
	if stamped && len(r.digests()) == 0 && now.Sub(time.Unix(0, st.mtime)) < usedWithin {
		return r, true, nil // nothing goes with it that a run could miss
	}
	if err := touch(path, now); err != nil {
		return r, false, nil
	}
	if is, ok := stampAt(path); ok && is.mtime == now.UnixNano() {
		s.recent.restamp(key, st, is)
	}
	return r, true, nil
}

// usedWithin is how exactly it is noted when a result without content was used last.
const usedWithin = 10 * time.Minute

// readResult reads one result; a file that is none, however it came about, is no result.
func readResult(path string) (Result, bool) {
	text, err := os.ReadFile(path)
	if err != nil {
		return Result{}, false
	}
	var r Result
	err = json.Unmarshal(text, &r)
	return r, err == nil && r.Schema == resultSchema && r.Key == KeyOf(r.Parts)
}

// readKeyed reads the result of a key as AddResult writes it, all but its parts: that they are those
// of the key their digest says, which is a tenth of the time that it takes to read them. rest is what follows the
// parts of a result without content, "" of any other.
func readKeyed(path, key string) (r Result, rest string, ok bool) {
	pooled := buffers.Get().(*[]byte)
	defer buffers.Put(pooled)
	text, err := readSmall(path, *pooled)
	if err != nil {
		return Result{}, "", false
	}
	*pooled = text
	parts, ours := bytes.CutPrefix(text, []byte(`{"schema":"`+resultSchema+`","key":"`+key+`","parts":`))
	end := bytes.Index(parts, afterParts) // a text of JSON has no bare quote
	if !ours || end < 0 || keyOfText(parts[:end]) != key {
		return Result{}, "", false
	}
	rest = string(parts[end:])
	if r, ok = bare(rest); !ok {
		rest = ""
		parts[end] = '{'
		ok = json.Unmarshal(parts[end:], &r) == nil
	}
	r.Schema, r.Key = resultSchema, key
	return r, rest, ok
}

var afterParts = []byte(`,"run":"`)

// usual is how large a result is at most as a rule.
const usual = 2 << 10

var buffers = sync.Pool{New: func() any { b := make([]byte, 0, usual); return &b }}

// bare reads what follows the parts of a result without content, as AddResult writes it: most are such.
func bare(rest string) (Result, bool) {
	var r Result
	var made string
	for _, f := range [...]struct {
		before string
		to     *string
	}{{`,"run":"`, &r.Run}, {`","op":"`, &r.Op}, {`","step":"`, &r.Step}, {`","made":"`, &made}} {
		after, ok := strings.CutPrefix(rest, f.before)
		end := strings.IndexByte(after, '"')
		if !ok || end < 0 || !isPlain(after[:end]) {
			return Result{}, false
		}
		*f.to, rest = after[:end], after[end:]
	}
	exit, ok := strings.CutPrefix(rest, `","exit":`)
	exit, last := strings.CutSuffix(exit, "}")
	if !ok || !last {
		return Result{}, false
	}
	var badTime, badExit error
	r.Made, badTime = time.Parse(time.RFC3339Nano, made)
	r.Exit, badExit = strconv.Atoi(exit)
	if badTime != nil || badExit != nil {
		return Result{}, false
	}
	return r, true
}
