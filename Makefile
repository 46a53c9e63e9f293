# Every target sets up what it needs; nothing is installed twice.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
CODE := app.py geoclip_core training tests
# Where there is no python3.11, the python3 on the machine must be 3.11 or newer.
SYSTEM_PYTHON := $(shell command -v $(PYTHON) 2>/dev/null || command -v python3)

.DEFAULT_GOAL := help
.PHONY: help app test check bench countries setup web clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z_-]+:.*## / {printf "make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

app: setup ## Set up what is missing and open the page
	@$(BIN)/python -m streamlit run app.py

test: check ## Set up what is missing and pass every check and test
	$(BIN)/python -m pytest

check: setup ## Lint, format and type checks
	$(BIN)/ruff check $(CODE)
	$(BIN)/ruff format --check $(CODE)
	$(BIN)/mypy

bench: setup ## Measure speed and memory beside the reference, in one run
	$(BIN)/python training/bench.py

countries: setup ## Make assets/countries.parquet and assets/web/countries.geojson anew from world-atlas
	$(BIN)/python training/make_countries.py assets/web/node_modules/world-atlas/countries-10m.json

setup: $(VENV)/.installed web ## Make or reuse .venv and the web parts

# The stamp holds the requirements it was made from, so that a new clock or checkout reinstalls nothing.
$(VENV)/.installed: requirements.txt
	@if ! cmp -s requirements.txt $@; then \
	  "$(SYSTEM_PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	    || { echo "Python 3.11 or newer is needed; found $$($(SYSTEM_PYTHON) --version 2>&1). Set PYTHON=..."; exit 1; }; \
	  [ -x $(BIN)/python ] || "$(SYSTEM_PYTHON)" -m venv $(VENV); \
	  echo "installing requirements.txt into $(VENV) (several GB the first time)"; \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt; \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .; \
	fi
	@cp requirements.txt $@

web: assets/web/dist/leaflet.js

# Without npm the page loads Leaflet from a public address, as folium does.
assets/web/dist/leaflet.js: assets/web/package-lock.json
	@if command -v npm >/dev/null; then \
	  echo "installing the web parts"; cd assets/web && npm ci --no-audit --no-fund --silent && npm run --silent collect; \
	else \
	  echo "npm is not here: the map will load Leaflet from a public address"; \
	fi

clean: ## Remove everything that can be made again
	rm -rf $(VENV) assets/web/node_modules assets/web/dist .pytest_cache .mypy_cache .ruff_cache
