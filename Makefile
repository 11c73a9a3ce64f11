# The same recipes by hand and in CI. Each does all its own set-up.
.DEFAULT_GOAL := help
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.PHONY: help quickstart quickstart-python quickstart-node quickstart-go \
	test test-rust test-python test-node test-go parity vectors-rust vectors-python vectors-node vectors-go \
	soak lint bench bench-rust bench-python bench-node bench-go \
	bench-built-rust bench-built-python bench-built-node bench-built-go clean sandbox python node go go-lib

export LINKTOR_SANDBOX ?= $(CURDIR)/target/debug/linktor-sandbox
export PROPTEST_CASES ?= 1000
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2
export PYO3_BUILD_EXTENSION_MODULE := 1
PYTHON := bindings-python/.venv/bin
BENCH := target/bench/venv/bin
LANGUAGES := rust python node go
EXAMPLES := many_users oauth_code own_provider token_file webhook_receiver
NODE_EXAMPLES := events express_receiver many_users oauth_code own_provider own_transport retries token_file token_store webhook_receiver
GO_EXAMPLES := events many_users oauth_code own_provider own_transport retries token_file token_store webhook_receiver
PYTHON_EXAMPLES := async_client flask_receiver logs many_users oauth_code own_provider own_transport retries token_file token_store webhook_receiver

help: ## list the commands
	@grep -E '^[a-z-]+:.*##' Makefile | sed -E 's/:[^#]*## /\t/' | expand -t 20

quickstart: ## the main job from Rust, against an embedded sandbox
	cargo run --quiet -p linktor-examples --bin quickstart

quickstart-python: python sandbox ## the same from Python
	$(PYTHON)/python examples/python/quickstart.py

quickstart-node: node sandbox ## the same from Node.js
	cd examples/node && npm install --no-package-lock --no-audit --no-fund --silent && node quickstart.mjs

quickstart-go: go sandbox ## the same from Go
	cd examples/go/quickstart && go run .

test: ## every test of every language
	rm -rf target/vectors
	$(MAKE) test-rust test-python test-node test-go
	@tests/vectors/parity.py

test-rust: quickstart
	cargo test --workspace
	for example in $(EXAMPLES); do cargo run --quiet -p linktor-examples --bin $$example; done

test-python: quickstart-python
	cd bindings-python && .venv/bin/python -X dev -m pytest -q
	for example in $(PYTHON_EXAMPLES); do $(PYTHON)/python -X dev -W error examples/python/$$example.py; done

test-node: quickstart-node
	cd bindings-node && npm test --silent
	for example in $(NODE_EXAMPLES); do node examples/node/$$example.mjs; done

test-go: quickstart-go
	cd bindings-go && GOEXPERIMENT=cgocheck2 go test -count=1 -tags linktor_count ./... && go test -count=1 -race ./...
	cd examples/go && for example in $(GO_EXAMPLES); do go run ./$$example; done

parity: ## every vector in every language, and docs/parity.md, which shows how they went
	rm -rf target/vectors
	@failed=0; $(MAKE) --keep-going $(LANGUAGES:%=vectors-%) || failed=1; tests/vectors/parity.py && exit $$failed

vectors-rust:
	cargo test --quiet --no-fail-fast -p linktor --lib --test vectors

vectors-python: python sandbox
	cd bindings-python && .venv/bin/python -X dev -m pytest -q -k 'not -transport]' tests/test_vectors.py

vectors-node: node sandbox
	cd bindings-node && node --test test/vectors.test.mjs

vectors-go: go sandbox
	cd bindings-go && go test -count=1 -run '^TestWireVectors$$' .

soak: ## what takes minutes: 100,000 calls in each language, long property tests, installed packages
	PROPTEST_CASES=100000 cargo test --release -p linktor --test properties --test webhook_properties
	.ci/constant-time
	.ci/go-boundary
	.ci/go-packages
	.ci/node-packages
	.ci/python-packages
	LINKTOR_SOAK_CALLS=100000 $(MAKE) test

lint: python node go ## formatters, linters, type checkers, and the check for one crypto provider
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --quiet
	.ci/one-crypto-provider
	cd bindings-python && .venv/bin/ruff check . ../examples/python ../tests/vectors ../tests/bench
	cd bindings-python && .venv/bin/ruff format --check . ../examples/python ../tests/vectors ../tests/bench
	cd bindings-python && .venv/bin/mypy && .venv/bin/pyright && .venv/bin/python -m mypy.stubtest linktor._native
	cd bindings-node && npm run --silent lint
	test -z "$$(gofmt -l bindings-go examples/go tests/bench/go)"
	for module in bindings-go examples/go tests/bench/go; do (cd $$module && go vet ./... && go run $(STATICCHECK) ./...); done

bench: $(LANGUAGES:%=bench-built-%) ## everything against its peers, side by side, within 15 minutes; writes docs/benchmarks.md
	$(BENCH)/python tests/bench

bench-rust: bench-built-rust ## Rust alone, which only prints
	$(BENCH)/python tests/bench rust

bench-python: bench-built-python ## Python alone, from the wheel that pip builds
	$(BENCH)/python tests/bench python

bench-node: bench-built-node ## Node.js alone, from the package that npm packs
	$(BENCH)/python tests/bench node

bench-go: bench-built-go ## Go alone, with the library as a release has it
	$(BENCH)/python tests/bench go

bench-built-rust:
	cargo build --release -p linktor-bench
	cargo bench --quiet --no-run -p linktor --bench rate_limit
	test -d target/bench/venv || python3 -m venv target/bench/venv
	$(BENCH)/pip install --quiet -r tests/bench/requirements.txt

bench-built-python: bench-built-rust
	rm -rf target/bench/wheel
	$(BENCH)/pip wheel --quiet --no-deps --wheel-dir target/bench/wheel ./bindings-python
	$(BENCH)/pip install --quiet -r tests/bench/python/requirements.txt
	$(BENCH)/pip install --quiet --no-deps --force-reinstall target/bench/wheel/linktor-*.whl
	test -d target/bench/venv-niquests || python3 -m venv target/bench/venv-niquests
	target/bench/venv-niquests/bin/pip install --quiet -r tests/bench/python/requirements-niquests.txt

bench-built-node: bench-built-rust bindings-node/node_modules/.ready
	cargo build --release -p linktor-node -p linktor-sandbox
	rm -rf target/bench/package tests/bench/node/node_modules/@linktor
	cd bindings-node && node scripts/place.mjs own ../target/release && node scripts/pack.mjs ../target/bench/package own >/dev/null
	cd tests/bench/node && npm install --no-save --no-package-lock --no-audit --no-fund --silent ../../../target/bench/package/*.tgz

bench-built-go: bench-built-rust go-lib
	cd tests/bench/go && go build -o ../../../target/bench/go-driver .

clean: ## remove everything that was built
	rm -rf target bindings-python/.venv bindings-node/{node_modules,dist,native,npm/*/*.node} bindings-go/internal/ffi/{lib,library.h} \
		tests/sandbox/npm/*/linktor-sandbox* examples/node/node_modules tests/bench/node/node_modules

sandbox:
	cargo build --quiet -p linktor-sandbox

python: $(PYTHON)/.ready
	cd bindings-python && VIRTUAL_ENV=$(CURDIR)/bindings-python/.venv .venv/bin/maturin develop --quiet

$(PYTHON)/.ready: bindings-python/requirements-dev.txt
	python3 -m venv bindings-python/.venv
	$(PYTHON)/pip install --quiet -r bindings-python/requirements-dev.txt
	touch $@

node: bindings-node/node_modules/.ready
	cd bindings-node && npm run --silent build:native && npm run --silent build

bindings-node/node_modules/.ready: bindings-node/package-lock.json
	cd bindings-node && npm ci --no-audit --no-fund --silent
	touch $@

go:
	bindings-go/build.sh debug

go-lib: ## the library that Go links, as a release ships it
	bindings-go/build.sh release
