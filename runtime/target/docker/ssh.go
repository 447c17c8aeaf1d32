package docker

import (
	"context"
	"errors"
	"net"
	"net/url"
	"runtime"
	"strings"
	"sync"

	"github.com/docker/cli/cli/connhelper"
)

// sshHelper connects by the ssh command, which may ask nothing: nobody sees its question.
func sshHelper(host string) (*connhelper.ConnectionHelper, error) {
	helper, err := connhelper.GetConnectionHelperWithSSHOpts(host, []string{"-o", "BatchMode=yes"})
	if err != nil {
		return nil, err
	}
	dial := helper.Dialer
	helper.Dialer = func(ctx context.Context, network, addr string) (conn net.Conn, err error) {
		done := make(chan struct{})
		starts() <- func() {
			defer close(done)
			conn, err = dial(ctx, network, addr)
		}
		<-done
		return conn, err
	}
	return helper, nil
}

// starts takes what starts a command that has to live as long as this process. The kernel ends it with the
// thread that started it, and threads end that were locked to a goroutine, as those are that make workspaces:
// this one never does.
var starts = sync.OnceValue(func() chan<- func() {
	work := make(chan func())
	go func() {
		runtime.LockOSThread()
		for start := range work {
			start()
		}
	}()
	return work
})

// sshFailures are what the ssh command and the docker command behind it say, by what that means.
var sshFailures = []struct {
	says        string
	kind        error
	means, help string
}{
	{"REMOTE HOST IDENTIFICATION HAS CHANGED", ErrDenied, "the host has another key than ssh knows", "find out why, and see that"},
	{"Host key verification failed", ErrDenied, "ssh does not know the host's key", "compare the key and let ssh keep it, so that"},
	{"Permission denied", ErrDenied, "ssh is not let in", "give ssh a key or an agent that the host takes, so that"},
	{"not found", ErrAbsent, "there is no docker command there", "install Docker on that machine, so that"},
	{"Cannot connect to the Docker daemon", ErrAbsent, "nothing listens on the engine's socket there", "start Docker on that machine, so that"},
	{"permission denied while trying to connect", ErrDenied, "the user may not open the engine's socket there", "make that user a member of the socket's group, so that"},
}

// sshFailure says what kept an engine behind ssh from answering; cause is what is said of an error
// that does not come from ssh.
func sshFailure(host string, err, cause error) *EngineError {
	out := &EngineError{Kind: ErrUnreachable, Endpoint: host, Err: cause, WayOut: "see that " + sshCommand(host) + " works without a question"}
	_, said, ok := strings.Cut(err.Error(), "stderr=")
	if !ok {
		if strings.Contains(err.Error(), "Cannot connect to the Docker daemon") { // the client's words, with a name that it made up
			out.Err = errors.New("ssh gets there, and no engine answers behind it")
		}
		return out
	}
	for _, f := range sshFailures {
		if strings.Contains(said, f.says) {
			out.Kind, out.Err = f.kind, errors.New(f.means)
			out.WayOut = f.help + " " + sshCommand(host) + " works without a question"
			return out
		}
	}
	if lines := strings.Split(strings.TrimSpace(said), "\n"); lines[0] != "" {
		out.Err = errors.New(strings.TrimSpace(lines[len(lines)-1]))
	}
	return out
}

// sshCommand is what a user types to try a host.
func sshCommand(host string) string {
	u, err := url.Parse(host)
	if err != nil {
		return "`ssh`"
	}
	to := u.Hostname()
	if name := u.User.Username(); name != "" {
		to = name + "@" + to
	}
	if port := u.Port(); port != "" {
		to = "-p " + port + " " + to
	}
	return "`ssh " + to + " docker version`"
}
