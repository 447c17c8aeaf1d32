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
	text, err := json.Marshal(parts)
	if err != nil {
		panic(fmt.Sprintf("texts have JSON: %v", err))
	}
	return keyOfText(text)
}

func keyOfText(parts []byte) string {
	sum := sha256.Sum256(parts)
	return plain + hex.EncodeToString(sum[:])
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
	r, ok := readKeyed(path, key)
	now := time.Now()
	if !ok || maxAge > 0 && now.Sub(r.Made) > maxAge {
		return Result{}, false, ctx.Err()
	}
	for _, sum := range r.digests() {
		if err := s.check(ctx, sum, now); err != nil {
			return Result{}, false, ctx.Err()
		}
	}
	return r, touch(path, now) == nil, nil
}

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
// of the key their digest says, which is a tenth of the time that it takes to read them.
func readKeyed(path, key string) (Result, bool) {
	text, err := readSmall(path)
	if err != nil {
		return Result{}, false
	}
	parts, ours := bytes.CutPrefix(text, []byte(`{"schema":"`+resultSchema+`","key":"`+key+`","parts":`))
	end := bytes.Index(parts, afterParts) // a text of JSON has no bare quote
	if !ours || end < 0 || keyOfText(parts[:end]) != key {
		return Result{}, false
	}
	rest := parts[end:]
	rest[0] = '{'
	r := Result{Schema: resultSchema, Key: key}
	err = json.Unmarshal(rest, &r)
	return r, err == nil
}

var afterParts = []byte(`,"run":"`)
