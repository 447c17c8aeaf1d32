package main

import (
	"os"
	"testing"
)

// TestGivenUpTooLate: a killed run that somebody goes on with while `pipe doctor` asks is left alone.
func TestGivenUpTooLate(t *testing.T) {
	killed := onTerminal(t, 100, 24, "pipeline main() {\n  slow = op {\n    inputs []\n    grace 0s\n    run `echo begun; sleep 600`\n  }\n}\n", "run", "p.pipe")
	killed.until("begun")
	if err := killed.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = killed.cmd.Wait()
	asking := thenOn(t, killed, "doctor", "--fix", "--give-up", "latest")
	asking.until("[y/N]")
	goesOn := thenOn(t, killed, "resume")
	goesOn.until("begun")
	if _, err := asking.tty.Write([]byte("y\n")); err != nil {
		t.Fatal(err)
	}
	asking.until("is under way, in process")
	_ = asking.cmd.Wait()
	if code := asking.cmd.ProcessState.ExitCode(); code != 2 {
		t.Errorf("exit code %d\n%s", code, asking.text())
	}
	// Killed once more, it is found once more.
	if err := goesOn.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = goesOn.cmd.Wait()
	again := thenOn(t, killed, "resume")
	again.until("begun")
	if err := again.cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	_ = again.cmd.Wait()
	if code := again.cmd.ProcessState.ExitCode(); code != 130 {
		t.Errorf("exit code %d\n%s", code, again.text())
	}
}
