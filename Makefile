.PHONY: build test race bench fmt clean

build:
	go build -o pipe ./cmd/pipe

# Everything that must pass: prepares what the tests need, then runs this project's own pipeline.
test: build
	sh testdata/prepare.sh
	./pipe run ci.pipe

race:
	go test -race ./...

bench: build
	sh testdata/bench/run.sh

fmt: build
	gofmt -w cmd compiler lang runtime stdlib *.go
	./pipe fmt

clean:
	rm -f pipe
