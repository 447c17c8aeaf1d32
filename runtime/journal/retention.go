package journal

import (
	"os"
	"path/filepath"
)

// maxRemoved is how many runs one start removes, so that none takes long.
const maxRemoved = 20

// removeOld removes runs beyond the last so many that are older than the age, with their logs.
// Kept files stay. It is best effort: what stays is tried again by the next run.
func removeOld(dir string, r *recorder, l Limits, now Info) {
	if r.fault != nil {
		return
	}
	before := now.Started.Add(-l.Age).UnixMicro()
	rows, err := r.db.Query(`SELECT id FROM (SELECT id, started FROM runs ORDER BY started DESC LIMIT -1 OFFSET ?) WHERE started < ? LIMIT ?`, l.Runs, before, maxRemoved)
	if err != nil {
		return
	}
	var old []string
	for rows.Next() {
		var id string
		if rows.Scan(&id) == nil {
			old = append(old, id)
		}
	}
	rows.Close()
	for _, id := range old {
		if id == now.ID || !filepath.IsLocal(id) {
			continue
		}
		folder := filepath.Join(dir, "runs", id)
		if os.RemoveAll(filepath.Join(folder, "logs")) != nil {
			continue
		}
		os.Remove(folder) // stays when it has kept files
		if _, err := r.db.Exec("DELETE FROM runs WHERE id = ?", id); err != nil {
			return
		}
		if l.Forget != nil {
			l.Forget(id)
		}
	}
}
