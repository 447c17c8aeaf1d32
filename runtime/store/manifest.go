package store

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// manifest is what a tree holds, sorted by path. Its text is canonical: the digest of the
// text is the digest of the tree. The tree's own folder is not an entry.
//
//	pipe.tree/v1
//	dir 0755 "bin"
//	file 0755 sha256:… 1234 "bin/demo"
//	link "bin/latest" "demo"
type manifest []entry

type entry struct {
	kind   string // "dir", "file" or "link"
	path   string // slash-separated, relative to the tree
	mode   fs.FileMode
	digest string
	size   int64
	target string // of a link
}

const manifestHeader = "pipe.tree/v1\n"

func (m manifest) encode() string {
	slices.SortFunc(m, func(a, b entry) int { return cmp.Compare(a.path, b.path) })
	var b strings.Builder
	b.WriteString(manifestHeader)
	for _, e := range m {
		switch e.kind {
		case "dir":
			fmt.Fprintf(&b, "dir %04o %s\n", e.mode, strconv.Quote(e.path))
		case "file":
			fmt.Fprintf(&b, "file %04o %s %d %s\n", e.mode, e.digest, e.size, strconv.Quote(e.path))
		case "link":
			fmt.Fprintf(&b, "link %s %s\n", strconv.Quote(e.path), strconv.Quote(e.target))
		}
	}
	return b.String()
}

// total is the number and the bytes of all files.
func (m manifest) total() (files int, bytes int64) {
	for _, e := range m {
		if e.kind == "file" {
			files++
			bytes += e.size
		}
	}
	return files, bytes
}

var errManifest = errors.New("malformed manifest")

func decode(r io.Reader) (manifest, error) {
	lines := bufio.NewReader(r)
	if head, err := lines.ReadString('\n'); err != nil || head != manifestHeader {
		return nil, errManifest
	}
	var m manifest
	for {
		line, err := lines.ReadString('\n')
		if line == "" && errors.Is(err, io.EOF) {
			return m, nil
		}
		if err != nil {
			return nil, errors.Join(errManifest, err)
		}
		e, err := decodeEntry(strings.TrimSuffix(line, "\n"))
		if err != nil {
			return nil, err
		}
		m = append(m, e)
	}
}

func decodeEntry(line string) (entry, error) {
	e, err := parseEntry(line)
	if err != nil {
		return entry{}, fmt.Errorf("%w: %q", errManifest, line)
	}
	if !filepath.IsLocal(filepath.FromSlash(e.path)) {
		return entry{}, fmt.Errorf("%w: path %q leaves the tree", errManifest, e.path)
	}
	if e.kind == "link" && !staysInside(e.path, e.target) {
		return entry{}, fmt.Errorf("%w: link %q leaves the tree", errManifest, e.path)
	}
	return e, nil
}

func parseEntry(line string) (e entry, err error) {
	kind, rest, _ := strings.Cut(line, " ")
	e.kind = kind
	switch kind {
	case "dir":
		mode, path, _ := strings.Cut(rest, " ")
		e.path, err = strconv.Unquote(path)
		return e, errors.Join(err, e.setMode(mode))
	case "file":
		f := strings.SplitN(rest, " ", 4)
		if len(f) != 4 {
			return e, errManifest
		}
		e.digest = f[1]
		var sizeErr error
		e.size, sizeErr = strconv.ParseInt(f[2], 10, 64)
		e.path, err = strconv.Unquote(f[3])
		return e, errors.Join(err, sizeErr, e.setMode(f[0]))
	case "link":
		path, err := strconv.QuotedPrefix(rest)
		if err != nil || !strings.HasPrefix(rest[len(path):], " ") {
			return e, errManifest
		}
		target, targetErr := strconv.Unquote(rest[len(path)+1:])
		e.path, err = strconv.Unquote(path)
		e.target = target
		return e, errors.Join(err, targetErr)
	}
	return e, errManifest
}

func (e *entry) setMode(octal string) error {
	n, err := strconv.ParseUint(octal, 8, 32)
	e.mode = fs.FileMode(n)
	if e.mode != e.mode.Perm() {
		return errManifest
	}
	return err
}
