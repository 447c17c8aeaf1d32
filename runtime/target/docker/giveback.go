package docker

import (
	"archive/tar"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/image"
	"github.com/docker/docker/api/types/mount"

	"github.com/pipelang/pipe/runtime/target"
	"github.com/pipelang/pipe/runtime/target/host"
)

// gift is a folder of this machine in which containers worked as somebody else than the user whose its files
// are to be.
type gift struct {
	folder string
	user   string    // as containers have it, uid:gid
	since  time.Time // what was not changed since then stays as it is
	image  string    // one that the engine has
	// shared says that others may read the folder's files, so that none is replaced: who owns the folders may remove
	// what is in them.
	shared bool
	labels map[string]string
}

// giveBack makes files the user's, who may read and remove them then. Root does so by itself. For others the
// engine does it, which is root: it hands out archives of the folder, and takes them in with another owner.
func (e *Engine) giveBack(ctx context.Context, g gift) error {
	uid, gid := numbers(g.user)
	here := uid
	if uid == 0 { // whom an engine without root takes for root is this user
		here = os.Getuid()
	}
	found, err := foreigners(g.folder, here, g.since, g.shared)
	if err != nil || len(found) == 0 {
		return err
	}
	if os.Getuid() == 0 {
		return found.own(g.folder, uid, gid)
	}
	// Two, since the engine does one thing at a time with a container.
	from, err := e.showing(ctx, g)
	if err != nil {
		return err
	}
	to, err := e.showing(ctx, g)
	if err != nil {
		return errors.Join(err, e.removeContainer(ctx, from))
	}
	for _, name := range found.archives() {
		if err == nil {
			err = e.rewrite(ctx, from, to, name, func(name string, head *tar.Header) bool {
				mine := head.Uid == uid || g.shared && head.Typeflag != tar.TypeDir
				head.Uid, head.Gid, head.Uname, head.Gname = uid, gid, "", ""
				return !mine && found.holds(name)
			})
			if g.shared && errdefs.IsNotFound(err) { // who else is at work there removed it
				err = nil
			}
		}
	}
	return errors.Join(err, e.removeContainer(ctx, from), e.removeContainer(ctx, to))
}

// showing makes a container that is never started and shows a folder.
func (e *Engine) showing(ctx context.Context, g gift) (id string, err error) {
	made, err := e.api.ContainerCreate(ctx, &container.Config{Image: g.image, Cmd: []string{"/"}, Labels: g.labels},
		&container.HostConfig{NetworkMode: "none", Mounts: []mount.Mount{bind(g.folder, workspaceAt)}}, nil, nil, "")
	return made.ID, err
}

// rewrite puts the files below a path of a folder that two containers show into it once more, those that change chooses.
func (e *Engine) rewrite(ctx context.Context, from, to, name string, change func(name string, head *tar.Header) bool) error {
	body, _, err := e.api.CopyFromContainer(ctx, from, path.Join(workspaceAt, name))
	if err != nil {
		return err
	}
	defer body.Close()
	root := path.Base(workspaceAt)
	r, w := io.Pipe()
	defer r.Close()
	go func() {
		w.CloseWithError(copyArchive(w, body, func(head *tar.Header) bool {
			if name != "." {
				head.Name, head.Linkname = path.Join(root, head.Name), linkFrom(root, head)
			}
			return change(belowFirst(head.Name), head)
		}))
	}()
	// Not the folder itself: the engine refuses links that lead out of what it unpacks into, and they stay what they are.
	return e.api.CopyToContainer(ctx, to, path.Dir(workspaceAt), r, container.CopyToContainerOptions{})
}

// linkFrom is where a link of an archive leads once the archive is below a folder. Only hard links name what is in it.
func linkFrom(root string, head *tar.Header) string {
	if head.Typeflag == tar.TypeLink {
		return path.Join(root, head.Linkname)
	}
	return head.Linkname
}

// copyArchive copies the files, folders and links of an archive that change chooses. Links to what is left out are
// left out, too: one to a device would make the device this user's.
func copyArchive(to io.Writer, from io.Reader, change func(*tar.Header) bool) error {
	in, out := tar.NewReader(from), tar.NewWriter(to)
	special := map[string]bool{}
	for {
		head, err := in.Next()
		if errors.Is(err, io.EOF) {
			return out.Close()
		}
		if err != nil {
			return err
		}
		switch head.Typeflag {
		case tar.TypeDir, tar.TypeReg, tar.TypeSymlink, tar.TypeLink:
		default: // a layer's sign that something was removed, or what is nowhere taken for a result
			special[head.Name] = true
		}
		if special[head.Name] || head.Typeflag == tar.TypeLink && special[head.Linkname] || !change(head) {
			continue
		}
		head.Format = tar.FormatUnknown // the old one may have no room for the new name
		if err := out.WriteHeader(head); err != nil {
			return fmt.Errorf("write %q: %w", head.Name, err) // net/http compares errors, which those of tar cannot bear
		}
		if _, err := io.Copy(out, in); err != nil {
			return err
		}
	}
}

// Reclaim makes all that is left of a run in a folder of this machine this user's: what its containers made as
// somebody else, and the kernel on behalf of the engine, cannot be removed otherwise.
func (e *Engine) Reclaim(ctx context.Context, run target.Run, folder string) error {
	mine := ownerOf(run)
	mine.Folder = folder
	info, err := e.api.Info(ctx)
	if err == nil {
		labels := mine.labels("files", 0)
		err = e.withEmptyImage(ctx, labels, func(id string) error {
			return e.giveBack(ctx, gift{folder: folder, user: userOn(info, folder), image: id, labels: labels})
		})
	}
	if err != nil {
		return fmt.Errorf("the engine at %s does not give %s back to this user: %w", e.endpoint.Host, folder, err)
	}
	return nil
}

// reclaimer is Reclaim for the sessions of a run.
func (e *Engine) reclaimer(run target.Run) func(folder string) error {
	return func(folder string) error {
		ctx, cancel := context.WithTimeout(context.Background(), 3*lastCall)
		defer cancel()
		return e.Reclaim(ctx, run, folder)
	}
}

func (e *Engine) withEmptyImage(ctx context.Context, labels map[string]string, use func(id string) error) error {
	id, err := e.emptyImage(ctx, labels)
	if err != nil {
		return err
	}
	return errors.Join(use(id), e.removeImage(ctx, id))
}

// emptyImage makes an image with nothing in it but labels.
func (e *Engine) emptyImage(ctx context.Context, labels map[string]string) (id string, err error) {
	var none bytes.Buffer
	if err := tar.NewWriter(&none).Close(); err != nil {
		return "", err
	}
	var changes []string // instructions of a Dockerfile
	for _, name := range slices.Sorted(maps.Keys(labels)) {
		changes = append(changes, "LABEL "+name+"="+quoted(labels[name]))
	}
	body, err := e.api.ImageImport(ctx, image.ImportSource{Source: &none, SourceName: "-"}, "", image.ImportOptions{Changes: changes})
	if err != nil {
		return "", err
	}
	defer body.Close()
	for in := json.NewDecoder(body); ; {
		var said struct{ Status, Error string }
		err := in.Decode(&said)
		switch {
		case errors.Is(err, io.EOF) && id != "":
			return id, nil
		case err != nil:
			return "", err
		case said.Error != "":
			return "", errors.New(said.Error)
		case strings.HasPrefix(said.Status, "sha256:"):
			id = said.Status
		}
	}
}

// quoted writes a text as a word of a Dockerfile that stands for just that.
func quoted(text string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, `$`, `\$`).Replace(text) + `"`
}

// clockGrain is how much earlier than they happened changes may be dated.
const clockGrain = time.Second

// numbers are those of a user as userOn gives it.
func numbers(user string) (uid, gid int) {
	u, g, _ := strings.Cut(user, ":")
	uid, _ = strconv.Atoi(u)
	gid, _ = strconv.Atoi(g)
	return uid, gid
}

// giveBack makes the files of the attempt those of the user who runs pipe, where its container worked as
// somebody else.
func (a *attempt) giveBack() error {
	s := a.session
	if a.sharing.files != filesBind || cmp.Or(a.job.Container.User, s.user) == s.user {
		return nil
	}
	// Not the step's context: what it made until its time was over, or it was cancelled, is kept, too.
	ctx, quit := s.alive(context.Background())
	defer quit()
	folders, err := a.WrittenIn()
	for _, f := range folders {
		if err == nil {
			err = a.giveBackIn(ctx, f)
		}
	}
	if err != nil {
		return fmt.Errorf("give the container's files to user %s: %w", s.user, err)
	}
	return nil
}

// giveBackIn leaves a cache that others are at work in to the last of them: what they remove meanwhile would be made
// anew, and a folder may be somebody's lock.
func (a *attempt) giveBackIn(ctx context.Context, f host.Shown) error {
	done, alone := a.Alone(f)
	if !alone {
		return nil
	}
	s := a.session
	g := gift{folder: f.Path, user: s.user, since: a.made, image: a.image.ID, shared: f.Shared, labels: s.owner.labels("files", 0)}
	if f.Shared {
		g.since = time.Time{}
	}
	return errors.Join(s.engine.giveBack(ctx, g), done())
}
