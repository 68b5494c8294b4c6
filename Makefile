# Set-up needs Python 3.11 or later and make; everything else comes from PyPI, as uv.lock says.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready

# Without bytecode every start of Python costs three times as much.
unexport PYTHONDONTWRITEBYTECODE
unexport VIRTUAL_ENV

.PHONY: help digest test test-ui lint types check ui bench clean

help:  ## Show this list.
	@sed -n 's/^\([a-z-]*\):.*## /\1	/p' Makefile | expand -t 10

$(READY): pyproject.toml uv.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and f"{sys.executable} is Python {sys.version.split()[0]}; 3.11 or later is needed: make PYTHON=python3.12 …")'
	@test -x $(BIN)/uv || { $(PYTHON) -m venv .venv && $(BIN)/python -m pip install --quiet --disable-pip-version-check uv; }
	@UV_COMPILE_BYTECODE=1 UV_PYTHON_DOWNLOADS=never UV_LINK_MODE=copy $(BIN)/uv sync --frozen --quiet
	@touch $(READY)

digest: $(READY)  ## Digest the newest day of this repository's own history.
	@$(BIN)/digest run --newest

test: $(READY)  ## Run the tests, as many at once as there are cores.
	@$(BIN)/python -m pytest -n logical --dist worksteal

test-ui: $(READY)  ## Click through the web interface in a browser (Debian: apt-get install chromium).
	@UV_COMPILE_BYTECODE=1 UV_PYTHON_DOWNLOADS=never UV_LINK_MODE=copy $(BIN)/uv sync --frozen --quiet --inexact --group ui
	@$(BIN)/python -m pytest -m ui

lint: $(READY)  ## Check style, and rewrite what can be rewritten.
	@$(BIN)/ruff check --fix && $(BIN)/ruff format

types: $(READY)  ## Check types.
	@$(BIN)/basedpyright

check: $(READY)  ## Check that Dagster can load the definitions.
	@$(BIN)/dg check defs

ui: $(READY)  ## Start the web interface and the daemon.
	@$(BIN)/digest ui

clean:  ## Remove what set-up and runs have made, but not reports and data.
	@rm -rf .venv .pytest_cache .ruff_cache .hypothesis
