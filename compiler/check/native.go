package check

// Effect is what a native op changes in the world beyond the run. An op that the standard
// library implements in Go has no script that would tell.
type Effect struct {
	// Does names it as people would: "image.push".
	Does string
	// Publishes says that others see what it changes: it belongs behind tests.
	Publishes bool
	// What is changed, as a plan says it: "images of a registry". Names are the parameters that
	// say which, the first that has a value counting; a name then stands for What, behind Kind.
	// "" is nothing.
	What, Kind string
	Names      []string
	// Reads is the parameter that is a folder of the repository, "" for none; Instead is another
	// that takes its place.
	Reads, Instead string
	// Engine says that it works on a Docker engine: that of its target. Others use no target.
	Engine bool
}

var nativeEffects = map[string]Effect{
	"std/image.build":   {Does: "image.build", What: "images of the engine", Reads: "context", Instead: "context_dir", Engine: true},
	"std/image.tag":     {Does: "image.tag", What: "images of the engine", Engine: true},
	"std/image.push":    {Does: "image.push", Publishes: true, What: "images of a registry", Kind: "image", Names: []string{"tag"}, Engine: true},
	"std/image.copy":    {Does: "image.copy", Publishes: true, What: "images of a registry", Kind: "image", Names: []string{"to"}},
	"std/image.inspect": {Does: "image.inspect"},
}

// NativeEffect is what a native op changes; false for one that is not native, or of which that
// is not known.
func NativeEffect(o *Op) (Effect, bool) {
	if o == nil || !o.Native {
		return Effect{}, false
	}
	e, ok := nativeEffects[o.Module.Load.ID+"."+o.Name]
	return e, ok
}

// Changes is what a call changes, with the name where an argument gives one.
func (e Effect) Changes(text func(param string) string) string {
	for _, p := range e.Names {
		if name := text(p); name != "" {
			return e.Kind + " " + name
		}
	}
	return e.What
}
