# Everything runs from a virtual environment of the project's own, made from the hashed lock file.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
.DEFAULT_GOAL := help
# Commands and worker processes start by the dozen in the suite: none of them shall compile the house anew.
export PYTHONDONTWRITEBYTECODE :=

help: ## This list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 24

$(VENV)/.run: requirements.lock pyproject.toml
	@echo "Installing what the gateway needs into $(VENV), once."
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	touch $@

$(VENV)/.dev: requirements-dev.lock $(VENV)/.run
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements-dev.lock
	touch $@

demo: $(VENV)/.run ## Start a database, fill it with a real shop, open a playground on http://127.0.0.1:8000
	$(BIN)/profile-gateway demo

test: $(VENV)/.dev ## Everyday suite: types, lint, unit, property, integration, browser where Chromium is
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	@# What fails beside others is tried once more by itself, and told: what fails again fails the suite.
	$(BIN)/python -m pytest -m "not deep" --numprocesses 2 --dist loadfile || { test $$? -eq 1 && \
	  echo "Those that failed are tried once more, one after the other." && \
	  $(BIN)/python -m pytest -m "not deep" --last-failed --last-failed-no-failures none; }

deep: $(VENV)/.dev ## Full counts of the property tests, crashes
	HYPOTHESIS_PROFILE=deep $(BIN)/python -m pytest --numprocesses 2 --dist loadfile --override-ini faulthandler_timeout=3600

bench: $(VENV)/.dev ## Benchmarks, as ratios measured in one run
	$(BIN)/python -m benchmarks

conformance: $(VENV)/.dev ## graphql-core's own execution tests, on plans; public clients, compilers, linters, compositions (npm); Schemathesis; attacks
	$(BIN)/python tests/conformance/graphql_core.py
	$(BIN)/python -m tests.conformance.public_clients
	$(BIN)/python -m tests.conformance.programs
	$(BIN)/python -m tests.conformance.schemathesis_roles
	$(BIN)/python -m tests.conformance.attacks
	$(BIN)/python -m tests.conformance.floods

lint: $(VENV)/.dev ## Format and check
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	$(BIN)/mypy

schema: $(VENV)/.run ## Write schema.graphql anew
	$(BIN)/profile-gateway schema print > schema.graphql.new
	mv schema.graphql.new schema.graphql

settings: $(VENV)/.run ## Write the table of SETTINGS.md anew
	{ sed '/^|/,$$d' SETTINGS.md; $(BIN)/profile-gateway settings; } > SETTINGS.md.new
	mv SETTINGS.md.new SETTINGS.md

rights: $(VENV)/.dev ## Write anew who may see which field (tests/rights/expected.txt), to be reviewed
	$(BIN)/python -m tests.rights

lock: ## Resolve the dependencies anew; the lock files name no index
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate pyproject.toml --group pyproject.toml:build -o requirements.lock
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate pyproject.toml --group pyproject.toml:build --group pyproject.toml:dev -o requirements-dev.lock

.PHONY: help demo test deep bench conformance lint schema settings rights lock playground panel

playground: ## Build the playground's page anew from the npm packages pinned in playground/
	npm --prefix playground ci --ignore-scripts --no-audit --no-fund
	npm --prefix playground run build

panel: ## Build the page in which the tests try Apollo Client anew, from the npm packages pinned in tests/panel/
	npm --prefix tests/panel ci --ignore-scripts --no-audit --no-fund
	npm --prefix tests/panel run build
