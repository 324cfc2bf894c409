# The two commands of the README, and what they are made of.
#   make serve [ARTICLES=folder] [PORT=8000]    reads the articles and serves them
#   make test                                   runs everything that must hold, and measures what it covers
#   make test-web                               the same for the pages, in a real browser
#   make test-versions                          the same on each Python that is supported and here

PYTHON ?= python3
ARTICLES ?= examples/newsroom
HOST ?= 127.0.0.1
PORT ?= 8000
BIN := .venv/bin
PAGES := graph/web/reader.html
CLIENTS := tests/node/node_modules tests/clients/node_modules tests/clients/.venv

.PHONY: serve test test-web test-versions lint types schema web clients bench bench-graphql bench-edge bench-web wheel clean

serve: .venv/installed web
	$(BIN)/broadsheet serve $(ARTICLES) --watch --host $(HOST) --port $(PORT)

test: lint types web clients
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

test-versions: .venv/developing web clients
	.ci/try-versions

lint: .venv/developing
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: .venv/developing
	$(BIN)/mypy

# Writes schema.graphql anew; a test keeps it equal to what is served.
schema: .venv/installed
	$(BIN)/broadsheet schema > schema.graphql

# The reader and the playground; without npm the API serves as well, and says how to get them.
web:
	@if command -v npm >/dev/null; then $(MAKE) --no-print-directory $(PAGES); \
	else echo 'npm is not installed: the reader and the playground are left out (https://nodejs.org)'; fi

$(PAGES): schema.graphql web/node_modules $(shell find web/*.* web/src -name gql -prune -o -type f -print 2>/dev/null)
	cd web && npm run --silent build
	touch $@

# What other programs are tested with: real clients, code generators, linters of schemas. Without npm those tests skip.
clients:
	@if command -v npm >/dev/null; then $(MAKE) --no-print-directory $(CLIENTS); \
	else echo 'npm is not installed: the tests with clients of other languages are skipped'; fi

%/node_modules: %/package-lock.json
	cd $* && npm ci --no-audit --no-fund --loglevel=error
	touch $@

tests/clients/.venv: tests/clients/requirements.txt
	$(PYTHON) -m venv $@
	$@/bin/pip install --quiet --disable-pip-version-check --requirement $<
	touch $@

test-web: .venv/developing web
	cd web && npm test

# How soon each page paints first.
bench-web: .venv/developing web
	cd web && npm run --silent bench

# The store's bars beside plain TinyDB, and the five queries beside other servers; both want a machine of their own.
bench: .venv/developing
	$(BIN)/python -m bench.store

bench-graphql: .venv/developing
	cd bench/mercurius && npm ci --no-audit --no-fund --loglevel=error
	$(BIN)/python -m bench.graphql $(STORE)

# Three times what the server can take, slow clients, and memory over a soak; a machine of its own here too.
bench-edge: .venv/developing
	$(BIN)/python -m bench.edge

wheel: .venv/developing web
	$(BIN)/python -m build --wheel --outdir dist

.venv/bin/pip:
	$(PYTHON) -m venv .venv

.venv/installed: pyproject.toml .venv/bin/pip
	$(BIN)/pip install --quiet --disable-pip-version-check --editable .
	touch $@

.venv/developing: pyproject.toml .venv/bin/pip
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[dev]'
	touch $@ .venv/installed

.venv-%/developing: pyproject.toml
	$$(.ci/python $*) -m venv --clear .venv-$*
	.venv-$*/bin/pip install --quiet --disable-pip-version-check --only-binary :all: --editable '.[dev]'
	touch $@

clean:
	rm -rf .venv .venv-* graph/web $(CLIENTS) build dist .coverage* .hypothesis .mypy_cache .pytest_cache .ruff_cache
