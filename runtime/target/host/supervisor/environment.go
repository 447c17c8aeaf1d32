//go:build !race

package supervisor

// environment is all that pipe's own helper processes get: never nil, which would be pipe's own.
func environment(vars ...string) []string { return append([]string{}, vars...) }
