//go:build unix

package settings

import (
	"os/exec"
	"syscall"
)

// inGroup makes a command the head of a process group, all of which is killed with it.
func inGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
}
