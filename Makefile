# The commands of Rapport. `make help` lists them.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
export OPENBLAS_NUM_THREADS ?= 1

.DEFAULT_GOAL := help
.PHONY: help demo test sweep check format bench drill-crash drill-mail pictures lock migrations setup setup-dev clean

help:  ## List the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

demo: $(VENV)/.run build/frontend  ## Set up, then run Rapport with a fictional company until Ctrl-C
	@exec $(BIN)/rapport demo

test: setup-dev browser  ## Set up, then run every test
	$(BIN)/python -m pytest -n 2 --dist loadgroup

sweep: setup-dev browser  ## Look at every page with axe, light and dark, on desk and phone
	$(BIN)/python -m pytest -n 2 --dist loadgroup -m sweep

check: setup-dev  ## Format, lint, types and import order, without changing anything
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: setup-dev  ## Put the code into the house's format
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: setup-dev  ## Run all benchmarks, or one: make bench NAME=import
	$(BIN)/python -m bench $(NAME)

drill-crash: setup-dev  ## Kill worker and web at fifty random moments and count what was lost or doubled
	$(BIN)/python -m bench.drill_crash

drill-mail: setup-dev  ## Kill sender and workers 200 times while invitations go out and count what was lost or doubled
	$(BIN)/python -m bench.drill_mail

pictures: setup-dev browser  ## Take the README's pictures of the fictional company again
	$(BIN)/python scripts/take-pictures

migrations: setup-dev  ## Write migrations for changed tables
	$(BIN)/python -m django makemigrations --settings rapport.config.settings

setup: $(VENV)/.run  ## Set up what running needs
setup-dev: $(VENV)/.dev build/frontend  ## Set up what developing needs

lock: $(VENV)/.dev  ## Write the requirements again, with hashes and without addresses
	scripts/lock

clean:  ## Remove everything made here; the data folder stays
	rm -rf $(VENV) node_modules build dist .mypy_cache .ruff_cache .hypothesis

.PHONY: browser
browser:
	@scripts/install-browser

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Rapport needs Python 3.11 or newer; name one with make PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || \
	  { echo "This Python cannot make a virtual environment; on Debian: apt-get install python3-venv"; exit 1; }

$(VENV)/.run: requirements/run.txt pyproject.toml | $(VENV)/bin/python
	@echo "Installing what Rapport runs on (about a minute) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/run.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: requirements/dev.txt $(VENV)/.run
	@echo "Installing what developing needs ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@touch $@

build/frontend: package-lock.json frontend/build.mjs
	@scripts/build-frontend
