# Every target sets up what it needs; nothing is installed twice.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
CODE := app.py geoclip_core training tests
QUICK := -m "not slow and not browser and not gpu"
# Two files of tests at a time, the slow ones first (tests/conftest.py), so that both end together.
PARALLEL := -n 2 --dist loadfile --no-loadscope-reorder
PIP_INSTALL := -m pip install --quiet --disable-pip-version-check
EDITABLE := --no-deps --no-build-isolation --editable .
# Where there is no python3.11, the python3 on the machine must be 3.11 or newer.
SYSTEM_PYTHON := $(shell command -v $(PYTHON) 2>/dev/null || command -v python3)

# Else every process that a test starts compiles the code anew.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help app test quick check bench bench-gpu load sbom audit docs screenshots wheel lock minimum countries setup web clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z_-]+:.*## / {printf "make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

app: setup ## Set up what is missing and open the page
	@$(BIN)/python -m streamlit run app.py

test: check ## Set up what is missing and pass every check and test
	$(BIN)/python -m pytest $(PARALLEL)

quick: setup ## The tests that take seconds: none that train, none in a browser
	$(BIN)/python -m pytest -q $(PARALLEL) $(QUICK)

check: setup ## Lint, format and type checks
	$(BIN)/ruff check $(CODE)
	$(BIN)/ruff format --check $(CODE)
	$(BIN)/mypy

bench: setup ## Measure speed and memory beside the reference, in one run
	$(BIN)/python training/bench.py

bench-gpu: setup ## Measure training on this machine's GPU: features, steps, memory, precisions
	$(BIN)/python training/benchmarks/gpu.py

load: setup ## Put service and page under load, ten minutes each: rate, p50, p99, memory, twice the load
	$(BIN)/python training/benchmarks/load/run.py

sbom: setup ## Write sbom.json, the list of all packages of the lock file (CycloneDX)
	$(BIN)/uv tool run --from cyclonedx-bom==7.5.0 cyclonedx-py requirements requirements.lock --output-file sbom.json

audit: setup ## Look the packages of the lock file up among known vulnerabilities
	$(BIN)/uv tool run pip-audit==2.10.1 --requirement requirements.lock --no-deps --disable-pip

docs: setup ## Write docs/layers.md and docs/api.md anew from the code
	$(BIN)/python training/make_docs.py all

screenshots: setup ## Make the pictures of the page in docs/screenshots anew, in a headless browser
	$(BIN)/python training/tables/make_screenshots.py

wheel: setup ## Build dist/*.whl, which needs neither make nor a checkout
	rm -rf dist
	$(BIN)/python -m build --no-isolation --outdir dist

# The newest versions of what the packages in requirements.txt need, for every system; then, for the tests of
# the lower bounds, the lowest versions that pyproject.toml allows, for Linux and Python 3.11.
COMPILE := $(BIN)/uv pip compile --quiet --upgrade --no-header --no-emit-index-url --no-annotate --python-version 3.11
lock: setup ## Write requirements.lock and requirements-minimum.txt anew
	$(COMPILE) --universal requirements.txt --output-file requirements.lock
	$(COMPILE) --python-platform linux --all-extras --resolution lowest-direct pyproject.toml --output-file requirements-minimum.txt

# Old versions warn about what newer ones have changed; here a warning is no error.
minimum: web ## The quick tests with the lowest versions allowed, in .venv-minimum (several GB)
	[ -x .venv-minimum/bin/python ] || "$(SYSTEM_PYTHON)" -m venv .venv-minimum
	.venv-minimum/bin/python $(PIP_INSTALL) -r requirements-minimum.txt
	.venv-minimum/bin/python $(PIP_INSTALL) $(EDITABLE)
	.venv-minimum/bin/python -m pytest -q $(QUICK) -W default

countries: setup ## Make assets/countries.parquet and assets/web/countries.geojson anew from world-atlas
	$(BIN)/python training/tables/make_countries.py assets/web/node_modules/world-atlas/countries-10m.json

setup: $(VENV)/.installed web ## Make or reuse .venv and the web parts

# The stamp holds the versions it was made from, so that a new clock or checkout reinstalls nothing.
$(VENV)/.installed: requirements.lock
	@if ! cmp -s requirements.lock $@; then \
	  "$(SYSTEM_PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	    || { echo "Python 3.11 or newer is needed; found $$($(SYSTEM_PYTHON) --version 2>&1). Set PYTHON=..."; exit 1; }; \
	  [ -x $(BIN)/python ] || "$(SYSTEM_PYTHON)" -m venv $(VENV); \
	  echo "installing requirements.lock into $(VENV) (several GB the first time)"; \
	  $(BIN)/python $(PIP_INSTALL) -r requirements.lock && $(BIN)/python $(PIP_INSTALL) $(EDITABLE) || exit 1; \
	  $(BIN)/python -m geoclip_core.page.tables || echo "the page will make its tables itself"; \
	fi
	@cp requirements.lock $@

web: assets/web/dist/leaflet.js

# Without npm the page loads Leaflet from a public address, as folium does.
assets/web/dist/leaflet.js: assets/web/package-lock.json
	@if command -v npm >/dev/null; then \
	  echo "installing the web parts"; cd assets/web && npm ci --no-audit --no-fund --silent && npm run --silent collect; \
	else \
	  echo "npm is not here: the map will load Leaflet from a public address"; \
	fi

clean: ## Remove everything that can be made again
	rm -rf $(VENV) .venv-minimum dist assets/web/node_modules assets/web/dist .pytest_cache .mypy_cache .ruff_cache
