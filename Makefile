.PHONY: build test race chaos bench fmt clean

# One file that needs no library of the system, without what only a debugger reads: it starts sooner.
build:
	CGO_ENABLED=0 go build -ldflags="-s -w" -o pipe ./cmd/pipe

# Everything that must pass: prepares what the tests need, then runs this project's own pipeline.
test: build
	sh testdata/prepare.sh
	./pipe run ci.pipe

race:
	go test -race ./...

# Kills pipe a thousand times and goes on; a sample of it is among the tests.
chaos:
	PIPE_CHAOS=20x50 go test ./cmd/pipe -run 'TestChaos$$' -timeout 90m -v

bench: build
	sh testdata/bench/run.sh

fmt: build
	gofmt -w cmd compiler lang runtime stdlib *.go
	./pipe fmt

clean:
	rm -f pipe
