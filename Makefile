# `make serve` and `make test` are all that a fresh machine needs: Python 3 and make there, the rest is fetched.
SHELL := /bin/bash
.DELETE_ON_ERROR:
.PHONY: serve test install train check lint bench chaos evaluate pictures lock browser clean

PYTHON ?= python3
UV := $(shell command -v uv 2>/dev/null || echo .tools/bin/uv)
BIN := .venv/bin
export RASA_TELEMETRY_ENABLED := false
# Trust what the machine trusts, also behind a proxy.
export UV_NATIVE_TLS := true

serve: train
	$(BIN)/waymark serve

test: train
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

pictures: train
	$(BIN)/python tests/web/pictures.py

# Debian's Chromium, for the tests of the page; everything else runs without it.
browser:
	command -v chromium >/dev/null || { apt-get update -qq && apt-get install -y -qq chromium >/dev/null; }

# No download address may stand in the lock: only names, versions and hashes.
lock: | $(filter .tools/bin/uv,$(UV))
	$(UV) pip compile pyproject.toml --quiet --extra dev --generate-hashes --no-emit-index-url --no-header \
	  --python-version 3.10 --python-platform x86_64-manylinux_2_28 --output-file requirements.lock

clean:
	rm -rf .venv .tools models var reports .rasa build *.egg-info
