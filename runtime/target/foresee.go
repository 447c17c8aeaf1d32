package target

import "context"

// Foreseer is a Session that can tell of an image that programs would not start in it.
type Foreseer interface {
	// Foresee says in one line why a program would not start in an image, "" where nothing is known
	// to be in its way. program is a name to look for in the image's PATH, or an absolute path; ""
	// asks of the image alone. It fetches no image and starts nothing; an image that is not there
	// yet is one of which nothing is known.
	Foresee(ctx context.Context, image, program string) (why string, err error)
}

// NoProgramError says that an attempt did not start because a program is not there, or is none.
type NoProgramError struct{ Text string }

func (e *NoProgramError) Error() string { return e.Text }
