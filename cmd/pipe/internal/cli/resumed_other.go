//go:build !unix

package cli

import "os"

// resumes never tells: nothing stops a process here.
func resumes() (resumed <-chan os.Signal, ignore func()) { return nil, func() {} }
