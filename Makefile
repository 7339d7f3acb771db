# Python 3.11 or later, its venv module and make are all this needs. Everything else goes into .venv.
PYTHON ?= python3
PORT ?= 8000
DATA ?= .data

BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
RUNTIME := .venv/runtime.stamp
DEV := .venv/dev.stamp
LOCK := uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-annotate --no-header

.PHONY: help run test check words screenshots bench load lock clean
.DELETE_ON_ERROR:

help: ## list what can be made
	@sed -n 's/^\([a-z]*\):.*## /\1:/p' $(firstword $(MAKEFILE_LIST)) | awk -F: '{ printf "make %-13s%s\n", $$1, $$2 }'

run: $(RUNTIME) ## start everything and open the hall on PORT (8000), keeping its data in DATA (.data)
	@exec $(BIN)/mingting serve --port "$(PORT)" --data "$(DATA)"

test: $(DEV) ## run the tests, against PostgreSQL and NATS of their own
	$(BIN)/python -m pytest -n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder

check: $(DEV) ## format, lint, types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

words: $(DEV) ## bring the pages' English catalogues up to date, and list what is not translated
	@$(BIN)/python -m adapters.web.words

screenshots: $(DEV) ## every page at its real sizes, in screenshots/; NAMES=citizen for some
	$(BIN)/python -m tests.browser.shots $(NAMES)

bench: $(DEV) ## measure what the core can do on this machine
	$(BIN)/python -m loadtests.bench

load: $(DEV) ## measure what the whole does under a hall's load
	$(BIN)/python -m loadtests.run_load

lock: ## resolve pyproject.toml again into the two requirements files; needs uv
	echo hatchling | $(LOCK) pyproject.toml - -o requirements.txt
	echo hatchling | $(LOCK) pyproject.toml - --extra dev -c requirements.txt -o requirements-dev.txt

clean: ## remove what was built and cached; the data stay
	rm -rf .venv *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(RUNTIME): requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Mingting needs Python 3.11 or later: make PYTHON=…")'
	@echo 'Building .venv; this takes about a minute, once.'
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv .venv
	@$(PIP) --require-hashes -r requirements.txt
	@$(PIP) --no-deps --no-build-isolation -e .
	@touch $@

$(DEV): requirements-dev.txt $(RUNTIME)
	@$(PIP) --require-hashes -r requirements-dev.txt
	@touch $@
