package supervisor

// ownPlace is a place of its own in this process, which may mount.
func ownPlace() (place, error) { return newThread(func() error { return nil }), nil }
