package journal

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"time"

	"github.com/pipelang/pipe/runtime/event"
)

// logReader reads one log file, which may still grow. The file is open only while it reads.
type logReader struct {
	path    string
	head    logHead
	offset  int64
	section string
	text    []byte // read, not yet taken
	next    *numbered
	// dropped is how many lines were not written, and ends where the streams stood behind them.
	dropped int64
	ends    [2]int64
}

// readSize is how much is read at a time.
const readSize = 64 << 10

// errTorn is what stands behind a crash: a line that is none of ours.
var errTorn = errors.New("torn")

// openLog reads the head of a log. One whose head is not whole yet gives no reader.
func openLog(path string) (*logReader, error) {
	r := &logReader{path: path}
	line, err := r.line()
	if err != nil || line == nil {
		return nil, err
	}
	if json.Unmarshal(line, &r.head) != nil {
		return nil, nil // torn at its start
	}
	if r.head.Version > logVersion {
		return nil, fmt.Errorf("read %s: %w", path, ErrNewer)
	}
	return r, nil
}

// line is the next whole line without its break; nil where there is none yet.
func (r *logReader) line() ([]byte, error) {
	for {
		if at := bytes.IndexByte(r.text, '\n'); at >= 0 {
			line := r.text[:at]
			r.text = r.text[at+1:]
			return line, nil
		}
		n, err := r.more()
		if n == 0 || err != nil {
			return nil, err
		}
	}
}

func (r *logReader) more() (int, error) {
	f, err := os.Open(r.path)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	have := len(r.text)
	text := append(make([]byte, 0, have+readSize), r.text...)
	n, err := f.ReadAt(text[have:have+readSize], r.offset)
	if err != nil && !errors.Is(err, io.EOF) {
		return 0, err
	}
	r.text = text[:have+n]
	r.offset += int64(n)
	return n, nil
}

// peek is the next event; nil where there is none yet. What comes behind a torn line is not read.
func (r *logReader) peek() (*numbered, error) {
	for r.next == nil {
		line, err := r.line()
		if err != nil || line == nil {
			return nil, err
		}
		if err := r.take(line); err != nil {
			return nil, err
		}
	}
	return r.next, nil
}

func (r *logReader) take(line []byte) error {
	if title, ok := bytes.CutPrefix(line, []byte("# ")); ok {
		if json.Unmarshal(title, &r.section) != nil {
			return errTorn
		}
		return nil
	}
	if rest, ok := bytes.CutPrefix(line, []byte("~ ")); ok {
		return r.skipped(rest)
	}
	fields := 5
	if r.head.Version == 1 {
		fields = 4
	}
	parts := bytes.SplitN(line, []byte(" "), fields)
	if len(parts) != fields || len(parts[0]) != 1 {
		return errTorn
	}
	numbers, err := numbersIn(parts[1 : fields-1])
	if err != nil {
		return err
	}
	e := event.Event{Time: r.head.Began.Add(time.Duration(numbers[1]) * time.Microsecond), Run: r.head.Run, Type: event.StepOutput,
		Step: r.head.Step, Attempt: r.head.Attempt, Section: r.section, Text: string(parts[fields-1])}
	if len(numbers) > 2 {
		e.Offset = numbers[2]
	}
	switch parts[0][0] {
	case 'o':
		e.Stream = event.Stdout
	case 'O':
		e.Stream, e.Partial = event.Stdout, true
	case 'e':
		e.Stream = event.Stderr
	case 'E':
		e.Stream, e.Partial = event.Stderr, true
	default:
		return errTorn
	}
	r.next = &numbered{numbers[0], e}
	return nil
}

func numbersIn(parts [][]byte) ([]int64, error) {
	out := make([]int64, len(parts))
	for i, p := range parts {
		n, err := strconv.ParseInt(string(p), base, 64)
		if err != nil {
			return nil, errTorn
		}
		out[i] = n
	}
	return out, nil
}

// skipped takes a line about output that was dropped.
func (r *logReader) skipped(rest []byte) error {
	numbers, err := numbersIn(bytes.Split(rest, []byte(" ")))
	if err != nil || len(numbers) != 3 {
		return errTorn
	}
	r.dropped += numbers[0]
	r.ends = [2]int64{numbers[1], numbers[2]}
	return nil
}
