#!/bin/sh
# Prepares what the tests run for real: git, Python with pytest and virtual environments, Node,
# a Docker engine, PostgreSQL and OpenSSH.
# As root on Debian what is missing is installed; elsewhere its tests are skipped by
# name, loudly, and with CI=true that is an error.
set -eu

missing=""
need() { # need NAME PACKAGES CHECK…
	name=$1 packages=$2
	shift 2
	if "$@" >/dev/null 2>&1; then
		return
	fi
	if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
		echo "prepare: installing $packages" >&2
		apt-get update -qq >&2 && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $packages >&2 || true
	fi
	"$@" >/dev/null 2>&1 || missing="$missing $name"
}

need git git git --version
need pytest "python3 python3-pytest" python3 -m pytest --version
need venv "python3 python3-venv python3-pip" python3 -c "import ensurepip, venv"
need node nodejs node --test --test-reporter=junit /dev/null
need busybox busybox-static busybox true
need docker-registry docker-registry docker-registry --version
need sshd "openssh-server openssh-client" sh -c 'PATH="$PATH:/usr/sbin" command -v sshd && command -v ssh && command -v ssh-agent'

need psql "postgresql postgresql-client" psql --version
need postgres postgresql sh -c 'ls /usr/lib/postgresql/*/bin/postgres'

# An engine that answers is used. Else, as root, one is started by hand; it stays, as a service
# of the machine would, for the tests that follow.
engine() { docker version --format '{{.Server.Version}}'; }
if ! engine >/dev/null 2>&1 && [ "$(id -u)" = 0 ] && [ -z "${DOCKER_HOST:-}" ]; then
	command -v dockerd >/dev/null 2>&1 || need dockerd docker.io dockerd --version
	if command -v dockerd >/dev/null 2>&1; then
		echo "prepare: starting dockerd" >&2
		log=$(mktemp)
		nohup dockerd >"$log" 2>&1 </dev/null &
		tries=0
		until engine >/dev/null 2>&1 || [ $tries -ge 60 ]; do
			tries=$((tries + 1))
			sleep 1
		done
		engine >/dev/null 2>&1 || tail -n 5 "$log" >&2
	fi
fi
need engine docker.io engine

for name in $missing; do
	echo "prepare: SKIPPED: the tests that need $name, which is not here and cannot be installed" >&2
done
if [ -n "$missing" ] && [ "${CI:-}" = true ]; then
	echo "prepare: CI=true, so nothing may be skipped" >&2
	exit 1
fi
