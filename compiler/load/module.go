package load

import "github.com/pipelang/pipe/lang/ast"

// Module is a namespace: one file, or the union of a folder's files.
type Module struct {
	// ID is unique in a program and the same on every machine: "ci.pipe", "ci/common.pipe",
	// "ci" for a folder, "." for the root, "std/test" for the standard library.
	ID string
	// Folder is what the module's relative paths start from: slash-separated, relative to the
	// repository's root, "" for the root itself and for the standard library.
	Folder string
	Std    bool
	// Copy says that a file of the repository is, to the byte, a module of the standard library:
	// the library's own repository is checked like any other.
	Copy  bool
	Files []*ast.File
	// Broken says that a file could not be read, so that names may be missing; it was reported.
	Broken bool
	// Shared says that other programs of the same Cache may have this very module, which nobody changes.
	Shared bool
	// Uses are the modules that each file imports, by namespace.
	Uses map[*ast.File]map[string]*Import

	state state
}

// state is how far a module's imports are read.
type state uint8

const (
	loading state = iota + 1
	loaded
)

// Import is one resolved `use`.
type Import struct {
	Decl   *ast.Use
	Name   ast.Name // the namespace
	Module *Module  // nil when it could not be loaded, which has been reported
}
