# The entrances of the project. Every target sees to its own set-up on a fresh Debian 12.
.PHONY: run build test test-asan test-tsan bench fuzz lint docs clean

PRESET ?= release
JOBS ?= $(shell nproc)

build:
	@scripts/install-deps build
	@scripts/build $(PRESET) sluice sluicectl sluice-bench

run: build
	@scripts/make-certs
	@exec build/bin/sluice -c etc/sluice.conf

test:
	@scripts/install-deps all
	@scripts/run-tests release

test-asan:
	@scripts/install-deps all
	@scripts/run-tests asan-ubsan

test-tsan:
	@scripts/install-deps all
	@scripts/run-tests tsan

bench:
	@scripts/install-deps all
	@scripts/build release sluice sluice-bench
	@bench/compare/compare

fuzz:
	@scripts/install-deps all
	@scripts/fuzz

lint:
	@scripts/install-deps all
	@scripts/lint

# docs/configuration.md from the property tables.
docs: build
	@build/bin/sluice --doc > docs/configuration.md

clean:
	rm -rf build
