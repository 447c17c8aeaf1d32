package journal

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/pipelang/pipe/runtime/event"
)

// pastLog is a log file that another process left, cut to what counts.
type pastLog struct {
	began   time.Time
	section string
	ends    [2]int64
	open    [2]bool // the last line of the stream goes on
	last    int64   // the last SEQ
	bytes   int64   // of text
	dropped int64
}

// positions are where the streams stand.
func (p pastLog) positions() map[event.Stream]event.Position {
	out := map[event.Stream]event.Position{}
	for i, stream := range streams {
		out[stream] = event.Position{Offset: p.ends[i], Open: p.open[i], Section: p.section}
	}
	return out
}

// pastLogs reads the log files of attempts whose end is not written down. With cut, what a
// crash tore off their ends is removed.
func pastLogs(dir string, ended func(stepAttempt) bool, cut bool) (map[stepAttempt]pastLog, error) {
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	out := map[stepAttempt]pastLog{}
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		r, err := openLog(path)
		if err != nil {
			return nil, err
		}
		if r == nil {
			// Not even its head is whole: whoever goes on writes it anew.
			if cut {
				err = os.Remove(path)
			}
			if err != nil {
				return nil, err
			}
			continue
		}
		at := stepAttempt{r.head.Step, r.head.Attempt}
		if ended(at) {
			continue
		}
		if out[at], err = r.past(cut); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// past reads a log to its end, which is where the last line stands that counts by itself: lines
// behind it are given again by whoever reads the attempt's output on.
func (r *logReader) past(cut bool) (pastLog, error) {
	log := pastLog{began: r.head.Began, last: r.head.First}
	good, whole := r.taken(), log
	for {
		dropped := r.dropped
		line, err := r.line()
		if err != nil || line == nil {
			return whole, errors.Join(err, r.truncate(good, cut))
		}
		if r.take(line) != nil {
			return whole, r.truncate(good, cut)
		}
		log.section = r.section
		if n := r.next; n != nil {
			i := streamIndex(n.Stream)
			log.last, log.bytes, log.open[i] = n.seq, log.bytes+int64(len(n.Text))+1, n.Partial
			log.ends[i] = max(log.ends[i], n.Offset)
			r.next = nil
			if n.Offset == 0 && r.head.Version > 1 {
				continue
			}
		}
		if r.dropped > dropped {
			log.ends, log.dropped = r.ends, r.dropped
		}
		good, whole = r.taken(), log
	}
}

// taken is how much of the file has been taken.
func (r *logReader) taken() int64 { return r.offset - int64(len(r.text)) }

func (r *logReader) truncate(to int64, cut bool) error {
	info, err := os.Stat(r.path)
	if err != nil || !cut || info.Size() == to {
		return err
	}
	return os.Truncate(r.path, to)
}
