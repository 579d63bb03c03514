# Two commands: `make demo` opens the dashboard on the embedded demo, `make test` runs all tests.
# Each does its own set-up in .venv; a second call starts at once. Tests run in WORKERS processes, one for each core.

PYTHON ?= python3
PIP_FLAGS ?=
PORT ?= 8501
DEMO_FLAGS ?=
WORKERS ?= auto
VENV := .venv
BIN := $(VENV)/bin
INSTALL := $(BIN)/python -m pip install --disable-pip-version-check $(PIP_FLAGS) -c constraints.txt

.PHONY: demo test fuzz lint audit licences clean demo-assets frontend errors docs pictures

demo: $(VENV)/.installed
	$(BIN)/mirage demo --port $(PORT) $(DEMO_FLAGS)

test: $(VENV)/.installed-test lint
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --durations=25 $(PYTEST_FLAGS)

# Many more examples of the fuzz tests, other ones each time, for at least so many minutes or until one fails.
MINUTES ?= 10
fuzz: $(VENV)/.installed-test
	@end=$$(( $$(date +%s) + 60 * $(MINUTES) )); \
	while [ $$(date +%s) -lt $$end ]; do MIRAGE_FUZZ=10 $(BIN)/python -m pytest -q tests/fuzz $(PYTEST_FLAGS) || exit 1; done

lint: $(VENV)/.installed-test
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

$(BIN)/python:
	@command -v $(PYTHON) >/dev/null || { echo "mirage: $(PYTHON) was not found; install Python 3.11 to 3.13 or say PYTHON=/path/to/python3" >&2; exit 2; }
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' || { echo "mirage: Python 3.11 to 3.13 is needed, $(PYTHON) is `$(PYTHON) -V`; say PYTHON=/path/to/python3" >&2; exit 2; }
	@echo "mirage: creating the virtual environment in $(VENV)"
	@$(PYTHON) -m venv $(VENV) || { echo "mirage: no venv; on Debian and Ubuntu: apt install python3-venv" >&2; exit 2; }

$(VENV)/.installed: pyproject.toml constraints.txt | $(BIN)/python
	@echo "mirage: installing (torch, transformers, streamlit and what they need; a few minutes the first time)"
	@$(INSTALL) -q -e .
	@touch $@

$(VENV)/.installed-test: pyproject.toml constraints.txt | $(BIN)/python
	@echo "mirage: installing with the test extra"
	@$(INSTALL) -q -e '.[test]'
	@touch $@ $(VENV)/.installed

$(VENV)/.installed-audit: pyproject.toml constraints.txt | $(BIN)/python
	@$(INSTALL) -q -e '.[test,audit]'
	@touch $@ $(VENV)/.installed $(VENV)/.installed-test

$(VENV)/.installed-docs: pyproject.toml constraints.txt | $(BIN)/python
	@$(INSTALL) -q -e '.[docs]'
	@touch $@ $(VENV)/.installed

# Known vulnerabilities of the versions in constraints.txt. Needs PyPI's advisory data; fails where that is not reached.
audit: $(VENV)/.installed-audit
	$(BIN)/python -m pip_audit --strict --no-deps --disable-pip --progress-spinner off -r constraints.txt

# Licences of the same; writes docs/dependencies.md and fails on one that is not on the list in .ci/dependencies.py.
licences: $(VENV)/.installed-audit
	$(BIN)/python .ci/dependencies.py

# Rebuilds the embedded demo. The corpus needs the packages named in assets/demo/build_corpus.py; ENCODER is a folder
# or hub id of whisper-tiny.en.
ENCODER ?= openai/whisper-tiny.en
demo-assets: $(VENV)/.installed-test
	$(BIN)/python assets/demo/build_corpus.py
	$(BIN)/python -m core.demo --audio-encoder $(ENCODER)

# Rebuilds the browser components after a change in dashboard/frontend; needs node 20 or later and npm.
frontend:
	cd dashboard/frontend && npm ci --no-audit --no-fund && npm run check && npm test && npm run build

# Rebuilds docs/errors.md after a message of an error was added or changed.
errors: $(VENV)/.installed-test
	$(BIN)/python -m docs.catalogue

# The documentation as a site in build/site, to be read without a network; whatever Sphinx warns of fails it.
docs: $(VENV)/.installed-docs
	$(BIN)/python -m docs.site

# Takes the pictures of the documentation anew, of the dashboard on the demo; needs chromium.
pictures: $(VENV)/.installed-test
	$(BIN)/python -m docs.pictures

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache
