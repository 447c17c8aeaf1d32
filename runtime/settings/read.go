package settings

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

var errTooLarge = fmt.Errorf("it is larger than %d MiB", maxFile>>20)

// readSource reads a regular file up to maxFile. It looks before it opens: a pipe would wait
// for a writer, and a device may have no end.
func readSource(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if what := irregular(info.Mode()); what != "" {
		return nil, errors.New("it is " + what)
	}
	if info.Size() > maxFile {
		return nil, errTooLarge
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1)) // it may grow meanwhile
	if err == nil && len(data) > maxFile {
		err = errTooLarge
	}
	return data, err
}

// irregular says what is no file with content of its own, "" for one that is.
func irregular(m fs.FileMode) string {
	switch {
	case m.IsRegular():
		return ""
	case m.IsDir():
		return "a folder"
	case m&fs.ModeNamedPipe != 0:
		return "a named pipe"
	case m&fs.ModeSocket != 0:
		return "a socket"
	}
	return "a device"
}

// readValue reads a file that holds one value: text in UTF-8, or UTF-16 with a byte order mark,
// without the line break that editors end a file with.
func readValue(path string) (string, error) {
	data, err := readSource(path)
	if err != nil {
		return "", err
	}
	text, fault := plainText(data)
	if fault != nil {
		return "", fault
	}
	return withoutBreak(text), nil
}

// bare is an error without the path, which the message has already.
func bare(err error) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Err
	}
	return err
}
