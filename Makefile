# Everything a newcomer types. `make demo` and `make test` set up what they need.
PYTHON ?= $(shell command -v python3.11 || command -v python3.12 || command -v python3.13 || command -v python3)
BIN := .venv/bin
HOME_FOLDER ?= demo
PORT ?= 8787

# Compiled tests are kept: else each run would parse all of them again.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: setup demo test check fuzz bench lock clean

setup: .venv/.ready  ## the environment in .venv, with .venv/bin/yutang

.venv/.ready: requirements.lock pyproject.toml package-lock.json tools/setup.py
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed") if sys.version_info < (3, 11) else None'
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python tools/setup.py
	@touch $@

# What only a cluster needs (240 MB): the tests install it, the demo does without.
.venv/.scale: requirements-scale.lock .venv/.ready
	@$(BIN)/python tools/setup.py scale
	@touch $@

# What only the search for one person behind two customers needs (8 MB).
.venv/.linkage: requirements-linkage.lock .venv/.ready
	@$(BIN)/python tools/setup.py linkage
	@touch $@

demo: setup  ## two brands with orders, and the console on them
	@$(BIN)/yutang demo $(HOME_FOLDER) --port $(PORT)

check: setup  ## lint, types, layers and the fast tests (at most 90 s)
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/pytest -n 2 --dist worksteal -m "not slow and not browser"

test: setup .venv/.scale .venv/.linkage  ## everything (at most 15 min)
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/pytest -n 2

fuzz: setup  ## the tests of properties, on other examples each time
	@$(BIN)/pytest -n 2 --hypothesis-profile=other -m hypothesis

bench: setup  ## the numbers in docs/benchmarks.md
	@$(BIN)/python benchmarks/run.py

lock: setup  ## pin every dependency exactly
	@$(BIN)/uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 \
		--no-header --no-emit-index-url --no-annotate --upgrade -q -o requirements.lock
	@$(BIN)/uv pip compile pyproject.toml --extra scale --universal --python-version 3.11 \
		--no-header --no-emit-index-url --no-annotate --upgrade -q -c requirements.lock \
		-o requirements-scale.lock
	@$(BIN)/uv pip compile pyproject.toml --extra linkage --universal --python-version 3.11 \
		--no-header --no-emit-index-url --no-annotate --upgrade -q -c requirements.lock \
		-o requirements-linkage.lock

clean:  ## remove what setup and the demo made
	rm -rf .venv demo node_modules
