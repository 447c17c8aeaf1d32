#!/bin/sh
# Figures of this machine: pipe beside its peers, then the benchmarks of the packages.
set -eu
go run ./testdata/bench ./pipe
echo
echo "== packages"
go test -run '^$' -bench . -benchmem ./lang/... ./compiler/... ./runtime/... ./cmd/pipe/internal/cli | grep -v -e '^PASS' -e '^ok' -e 'no test files'
