# `make demo` and `make test` work on a fresh machine: Python 3.11+ and nothing else.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
WORKERS ?= 2

.DEFAULT_GOAL := help
.PHONY: help setup demo check format test test-all bench docs clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# The stamp changes with the pins, so a new pin is installed and an old environment is reused.
$(VENV)/.installed: pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev]'
	@touch $@

setup: $(VENV)/.installed ## create .venv with the pinned dependencies

demo: setup ## continuous training on all flights of 2013; writes runs/demo/report.html
	$(BIN)/python -m examples.flights.demo

check: setup ## format, lint, types, floors
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: setup ## rewrite the files as `check` wants them
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

test: setup ## the tests, under ten minutes on two cores
	$(BIN)/pytest -n $(WORKERS) -m 'not slow and not gpu'

test-all: setup ## also the slow ones
	$(BIN)/pytest -n $(WORKERS)

$(VENV)/.peers: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[bench]'
	@touch $@

bench: $(VENV)/.peers ## every benchmark in its quick form, beside its peers
	for script in benchmarks/*/bench_*.py; do $(BIN)/python $$script --quick || exit 1; done

docs: setup ## build the documentation into site/, without network
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

clean: ## remove what was built, keep .venv
	rm -rf site build dist runs .mypy_cache .ruff_cache .pytest_cache .hypothesis
