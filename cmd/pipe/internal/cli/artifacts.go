package cli

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pipelang/pipe/cmd/pipe/internal/summary"
)

// artifact is one thing that a run left behind.
type artifact struct {
	Step string `json:"step"`
	// Path is where it goes below the step: the place in the result, and the name.
	Path   string `json:"path"`
	Kind   string `json:"kind"` // file, dir, image or kept
	Size   int64  `json:"size"` // in bytes; 0 for an image
	Digest string `json:"digest,omitempty"`
	Files  int    `json:"files,omitempty"` // of a dir
	Secret bool   `json:"secret,omitempty"`
	Image  string `json:"image,omitempty"` // its reference

	mode   uint32
	source string // of a kept file: where it is
}

// full is the name by which it is asked for.
func (f artifact) full() string { return f.Step + "/" + f.Path }

type artifacts []artifact

// total is the number of artifacts and the bytes of all.
func (l artifacts) total() (n int, size int64) {
	for _, f := range l {
		size += f.Size
	}
	return len(l), size
}

// artifactsOf are the files, folders and images in the results of a run's steps, and their kept
// files. What is secret is in none of them.
func artifactsOf(run *summary.Run) artifacts {
	var out artifacts
	for i := range run.Steps {
		s := &run.Steps[i]
		if s.Whole { // what it is made of has them
			continue
		}
		own := artifactsIn(s.Result)
		own = append(own, keptOf(s, run.ID)...)
		for j := range own {
			own[j].Step = s.Path
		}
		out = append(out, named(own)...)
	}
	return out
}

// artifactsIn finds what a result refers to.
func artifactsIn(result json.RawMessage) artifacts {
	if !bytes.Contains(result, []byte(`"digest"`)) {
		return nil
	}
	var out artifacts
	findArtifacts(result, "", &out)
	return out
}

// content is a file, a folder or an image as results have them.
type content struct {
	Digest string  `json:"digest"`
	File   *string `json:"file"`
	Dir    *string `json:"dir"`
	Image  *string `json:"image"`
	Size   int64   `json:"size"`
	Files  int     `json:"files"`
	Mode   uint32  `json:"mode"`
}

func findArtifacts(raw json.RawMessage, field string, out *artifacts) {
	var list []json.RawMessage
	if json.Unmarshal(raw, &list) == nil {
		for _, one := range list {
			findArtifacts(one, field, out)
		}
		return
	}
	var fields map[string]json.RawMessage
	if json.Unmarshal(raw, &fields) != nil {
		return
	}
	if f, ok := asContent(raw); ok {
		f.Path = path.Join(field, f.Path)
		*out = append(*out, f)
		return
	}
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		findArtifacts(fields[name], path.Join(field, segment(name)), out)
	}
}

func asContent(raw json.RawMessage) (artifact, bool) {
	var c content
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if d.Decode(&c) != nil || c.Digest == "" {
		return artifact{}, false
	}
	f := artifact{Digest: c.Digest, Size: c.Size, Files: c.Files, mode: c.Mode}
	switch {
	case c.File != nil && c.Dir == nil && c.Image == nil:
		f.Kind, f.Path = "file", segment(*c.File)
	case c.Dir != nil && c.File == nil && c.Image == nil:
		f.Kind, f.Path = "dir", segment(*c.Dir)
	case c.Image != nil && c.File == nil && c.Dir == nil:
		f.Kind, f.Image, f.Path = "image", *c.Image, segment(*c.Image)
	default:
		return artifact{}, false
	}
	return f, true
}

// segment is a name as one part of a path.
func segment(name string) string {
	name = strings.Map(func(r rune) rune {
		if r == '/' || r == '\\' || r == 0 {
			return '_'
		}
		return r
	}, name)
	if name == "" || name == "." || name == ".." {
		return "_" + name
	}
	return name
}

// keptOf are the kept files of a step that are still there.
func keptOf(s *summary.Step, run string) artifacts {
	var out artifacts
	for _, source := range s.Kept {
		info, err := os.Lstat(source)
		if err != nil || !info.Mode().IsRegular() {
			continue
		}
		out = append(out, artifact{Path: path.Join("kept", keptName(source, run)), Kind: "kept", Size: info.Size(), mode: uint32(info.Mode().Perm()), source: source, Digest: digestOf(source, info.Size())})
	}
	return out
}

// mostHashed is the size up to which the digest of a kept file, which nothing holds, is made to show it.
const mostHashed = 256 << 20

// digestOf is the digest of a file, "" for one that is large or cannot be read.
func digestOf(path string, size int64) string {
	f, err := os.Open(path)
	if err != nil || size > mostHashed {
		return ""
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return ""
	}
	return "sha256:" + hex.EncodeToString(h.Sum(nil))
}

// keptName is the path of a kept file below its step's folder, which lies in the run's.
func keptName(source, run string) string {
	_, rest, ok := strings.Cut(filepath.ToSlash(source), "/runs/"+run+"/kept/")
	_, name, below := strings.Cut(rest, "/")
	if !ok || !below {
		return filepath.Base(source)
	}
	return name
}

// named gives those of the same path a number.
func named(list artifacts) artifacts {
	seen := map[string]int{}
	for i := range list {
		p := list[i].Path
		seen[p]++
		for n := seen[p]; n > 1; n++ {
			next := fmt.Sprintf("%s~%d", p, n)
			if seen[next] == 0 {
				list[i].Path, seen[next] = next, 1
				break
			}
		}
	}
	return list
}
