#!/bin/sh
# Prepares what the tests run for real: git, Python with pytest and virtual environments, Node.
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

for name in $missing; do
	echo "prepare: SKIPPED: the tests that need $name, which is not here and cannot be installed" >&2
done
if [ -n "$missing" ] && [ "${CI:-}" = true ]; then
	echo "prepare: CI=true, so nothing may be skipped" >&2
	exit 1
fi
