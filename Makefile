# Everything a newcomer types. `make help` lists it.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
WORDS := webapp/translations
TEMPLATE := $(VENV)/messages.pot

.DEFAULT_GOAL := help
.PHONY: run test chaos lint fix words bench pictures help

run: $(READY) ## Start everything; the first time it builds the environment and loads sample people
	@exec $(BIN)/vigia up $(ARGS)

test: $(READY) ## Run all tests, browser included, and print the coverage; ARGS="-n 2" for two processes
	@$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest $(ARGS)
	@$(BIN)/coverage combine --quiet
	@$(BIN)/coverage report

chaos: $(READY) ## Hurt everything at random, seed after seed; ARGS="--seeds 1-10 --seconds 40"
	@$(BIN)/python -m tests.chaos $(ARGS)

lint: $(READY) ## Check style, types and import contracts
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

fix: $(READY) ## Mend what ruff can mend
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

# Places without line numbers: they would change with every edit elsewhere.
words: $(READY) ## Gather what the portal says into the catalogues, and compile them
	$(BIN)/pybabel -q extract -F pyproject.toml --sort-by-file --add-location=file -o $(TEMPLATE) webapp
	$(BIN)/pybabel -q update -i $(TEMPLATE) -d $(WORDS) --no-fuzzy-matching --ignore-obsolete --ignore-pot-creation-date -w 110
	$(BIN)/pybabel -q compile -d $(WORDS)

bench: $(READY) ## Measure the sync beside the loops that most teams write
	$(BIN)/python -m bench $(ARGS)

pictures: $(READY) ## Take the pictures in docs/pictures anew, of a stack with real rows in it
	$(BIN)/python -m tests.walks.pictures $(ARGS)

help: ## Show this
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# Installed from the lock with its hashes, and again only when what it depends on changes; the project itself is used
# from where it lies.
$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "Vigía needs Python 3.11 or later. Install it, or name it: make PYTHON=python3.12 …" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "Python's venv module is missing. Install the package python3-venv." >&2; exit 1; }
	@test -x $(BIN)/pip || $(PYTHON) -m venv --clear $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps -e .
	@touch $@
