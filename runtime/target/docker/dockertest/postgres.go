package dockertest

import (
	"path/filepath"
	"testing"

	"github.com/pipelang/pipe/runtime/target/docker"
)

// Postgres gives an image of the PostgreSQL that Debian's packages have installed. It is used
// as the official image is, as far as tests need: POSTGRES_PASSWORD, POSTGRES_DB, port 5432.
func Postgres(t testing.TB, e *docker.Engine) string {
	t.Helper()
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/postgres")
	if len(found) == 0 {
		Missing(t, "PostgreSQL, of Debian's package postgresql")
	}
	bin := filepath.Dir(found[len(found)-1])
	version := filepath.Base(filepath.Dir(bin))
	var programs []string
	for _, name := range []string{"postgres", "initdb", "pg_isready", "psql"} {
		programs = append(programs, filepath.Join(bin, name))
	}
	programs = append(programs, "sh", "cat", "mkdir", "locale")
	library := []string{filepath.Join("/usr/lib/postgresql", version, "lib"), filepath.Join("/usr/share/postgresql", version), "/usr/share/zoneinfo"}
	return build(t, e, "postgres", programs, library, map[string]string{"entrypoint": postgresEntrypoint}, nil,
		`ENTRYPOINT ["/entrypoint"]`, "EXPOSE 5432")
}

const postgresEntrypoint = `#!/bin/sh
set -eu
data=/tmp/data
mkdir -p $data
cat > /tmp/password <<END
$POSTGRES_PASSWORD
END
initdb -D $data -U postgres --auth-local=trust --auth-host=scram-sha-256 --pwfile=/tmp/password --no-sync --locale=C > /dev/null
echo 'host all all all scram-sha-256' >> $data/pg_hba.conf
cat > /tmp/create.sql <<END
CREATE DATABASE $POSTGRES_DB;
END
postgres --single -D $data postgres < /tmp/create.sql > /dev/null
exec postgres -D $data -c listen_addresses='*' -c unix_socket_directories=/tmp
`
