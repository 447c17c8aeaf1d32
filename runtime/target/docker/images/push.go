package images

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"sync"

	"github.com/docker/docker/api/types/image"
	"github.com/docker/docker/api/types/registry"

	"github.com/pipelang/pipe/runtime/target/docker"
)

// Login is who pushes; the zero value is nobody.
type Login struct {
	Host               string
	Username, Password string
	Identity, Bearer   string
}

// PushError is a push that did not come to its end.
type PushError struct {
	Ref    string
	Reason string // the registry's or the engine's own words
	// Passing says that it may pass: the connection broke, or the registry failed.
	Passing bool
	// Denied says that the registry wants other credentials, or any.
	Denied bool
}

// Error is one line.
func (e *PushError) Error() string { return fmt.Sprintf("push %s: %s", e.Ref, e.Reason) }

// Push lets the engine push a name, and gives the digest that it says the registry has: that
// is for others to prove. Errors are a *PushError, or an *docker.EngineError. log takes lines.
func Push(ctx context.Context, e *docker.Engine, ref string, as Login, log func(line string)) (digest string, err error) {
	auth, err := registry.EncodeAuthConfig(registry.AuthConfig{
		Username: as.Username, Password: as.Password, IdentityToken: as.Identity, RegistryToken: as.Bearer, ServerAddress: as.Host,
	})
	if err != nil {
		return "", err
	}
	stream, err := e.Client().ImagePush(ctx, ref, image.PushOptions{RegistryAuth: auth})
	if err != nil {
		return "", told(ctx, e, ref, err)
	}
	defer stream.Close()
	digest, err = read(ref, stream, log)
	var said *PushError
	if err != nil && !errors.As(err, &said) {
		return "", told(ctx, e, ref, err)
	}
	return digest, err
}

// told is an error of the connection to the engine, or of the engine's first answer.
func told(ctx context.Context, e *docker.Engine, ref string, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if engine := e.Failure(ctx, err); engine != err {
		return engine
	}
	return said(ref, err.Error())
}

// report is a line of the engine's answer, which begins with 200 whatever follows.
type report struct {
	ID       string `json:"id"`
	Status   string `json:"status"`
	Progress struct {
		Current int64 `json:"current"`
		Total   int64 `json:"total"`
	} `json:"progressDetail"`
	Error  string `json:"error"`
	Detail *struct {
		Message string `json:"message"`
	} `json:"errorDetail"`
	Aux *struct {
		Digest string `json:"Digest"`
	} `json:"aux"`
}

// read reads the engine's answer to its end. An answer without a digest is no success.
func read(ref string, stream io.Reader, log func(string)) (digest string, err error) {
	last := map[string]string{}
	for dec := json.NewDecoder(stream); ; {
		var r report
		if err := dec.Decode(&r); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return "", err
		}
		switch {
		case r.Detail != nil && r.Detail.Message != "":
			return "", said(ref, r.Detail.Message)
		case r.Error != "":
			return "", said(ref, r.Error)
		case r.Aux != nil && r.Aux.Digest != "":
			digest = r.Aux.Digest
		case r.ID != "" && r.Status != last[r.ID] && r.Status != "Preparing" && r.Status != "Waiting":
			last[r.ID] = r.Status
			log(strings.ToLower(r.Status) + " " + r.ID + of(r.Progress.Total))
		}
	}
	if digest == "" {
		return "", &PushError{Ref: ref, Reason: "the engine's answer ended before the push did", Passing: true}
	}
	return digest, nil
}

func of(total int64) string {
	if total == 0 {
		return ""
	}
	return fmt.Sprintf(", %d bytes", total)
}

var (
	denied  = lazily(`(?i)denied|unauthorized|authentication required|no basic auth|authorization failed|\b40[13]\b`)
	passing = lazily(`(?i)\b5\d\d\b|EOF|connection (reset|refused|closed)|broken pipe|timeout|deadline exceeded|server closed|temporary failure|too many requests|\b429\b`)
)

// said is a failure in the words of the engine, which passes on those of the registry.
func said(ref, text string) *PushError {
	text = strings.Join(strings.Fields(text), " ")
	out := &PushError{Ref: ref, Reason: text, Denied: denied().MatchString(text)}
	out.Passing = !out.Denied && passing().MatchString(text)
	return out
}

// Seen asks the engine which digest the registry has under a name: for a registry that the
// engine reaches and this process does not.
func Seen(ctx context.Context, e *docker.Engine, ref string, as Login) (string, error) {
	auth, err := registry.EncodeAuthConfig(registry.AuthConfig{
		Username: as.Username, Password: as.Password, IdentityToken: as.Identity, RegistryToken: as.Bearer, ServerAddress: as.Host,
	})
	if err != nil {
		return "", err
	}
	got, err := e.Client().DistributionInspect(ctx, ref, auth)
	if err != nil {
		return "", told(ctx, e, ref, err)
	}
	return got.Descriptor.Digest.String(), nil
}

// lazily compiles a pattern when it is first asked for: most commands of pipe never are.
func lazily(pattern string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(pattern) })
}
