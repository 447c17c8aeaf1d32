package journal

import (
	"context"
	"regexp"
	"sync"
)

var digestForm = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`(?:hmac-)?sha256:[0-9a-f]{64}`) })

// Digests are all that stand in results of runs and steps: going on with a run and fetching its
// artifacts need their content. sealed says that there are results which only who sealed them can
// read, so that what they refer to is not known.
func (r *Reader) Digests(ctx context.Context) (digests []string, sealed bool, err error) {
	if r.db == nil {
		return nil, false, nil
	}
	rows, err := r.db.QueryContext(ctx, `SELECT coalesce(result, ''), sealed IS NOT NULL FROM steps WHERE result LIKE '%sha256:%' OR sealed IS NOT NULL
		UNION ALL SELECT result, 0 FROM runs WHERE result LIKE '%sha256:%'`)
	if err != nil {
		return nil, false, r.unreadable(err)
	}
	defer rows.Close()
	for rows.Next() {
		var result string
		var hidden bool
		if err := rows.Scan(&result, &hidden); err != nil {
			return nil, false, r.unreadable(err)
		}
		digests = append(digests, digestForm().FindAllString(result, -1)...)
		sealed = sealed || hidden
	}
	return digests, sealed, r.unreadable(rows.Err())
}
