package image_test

import (
	"strings"
	"testing"

	"github.com/pipelang/pipe/lang/value"
	"github.com/pipelang/pipe/runtime/target/docker/dockertest"
)

// An image gets a further name, under which the engine has the same image.
func TestTag(t *testing.T) {
	e := dockertest.Engine(t)
	ref, further := dockertest.Name(t)+":1", dockertest.Name(t)+"-further"
	img := small(t, e, ref, t.Name())
	c := call(t, "tag", map[string]value.Value{"image": img, "tag": value.String(further)})
	if c.err != nil {
		t.Fatal(c.err)
	}
	if got := c.value["image"].(value.Image); got.Digest != img.Digest || got.Ref != further+":latest" {
		t.Errorf("got %+v", got)
	}
	if found, err := e.Client().ImageInspect(t.Context(), further); err != nil || found.ID != img.Digest {
		t.Errorf("the engine has %s, %v", found.ID, err)
	}
	for want, args := range map[string]map[string]value.Value{
		"is no name of an image": {"image": img, "tag": value.String("Not A Name")},
		"pipe-test-none:1":       {"image": value.Image{Ref: "pipe-test-none:1"}, "tag": value.String(further)},
	} {
		if reason, final := call(t, "tag", args).reason(); !final || !strings.Contains(reason, want) {
			t.Errorf("want %q, found %q, final %v", want, reason, final)
		}
	}
}
