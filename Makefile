# The README's two commands are `make test` and `make demo`; each does all its set-up by itself.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
TESTS := -m pytest -q -n 2 --dist loadfile # many tests wait for processes and clocks: two at a time

.PHONY: test test-lowest test-interop test-wheel check demo bench lock clean

test: $(READY)
	$(BIN)/python $(TESTS)

# The official SDK needs websockets below 14, and must be able to live beside feedrec.
LOWEST_WEBSOCKETS := 13.1

test-lowest: .venv-lowest/.ready
	.venv-lowest/bin/python $(TESTS)

# Clients that feedrec did not write, each in the same environment as feedrec.
SDK := coinbase-advanced-py==1.8.4
COPRA := copra==1.2.9

test-interop: .venv-interop/.ready
	.venv-interop/bin/python -m pytest -q tests/interop

test-wheel: $(READY)
	$(BIN)/python scripts/try_wheel.py

demo: $(READY)
	$(BIN)/feedrec demo

check: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(READY)
	$(BIN)/python -m benchmarks

# Quick the second time: only a changed pyproject.toml or constraints.txt installs again.
INSTALL := -m pip install --quiet --disable-pip-version-check

$(READY): pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python $(INSTALL) --upgrade "pip>=25.1"
	$(BIN)/python $(INSTALL) -c constraints.txt --group dev -e .
	touch $@

# Environments beside that one, each with something that constraints.txt has not, or has in another version.
.venv-lowest/.ready: EXTRA := "websockets==$(LOWEST_WEBSOCKETS)"
.venv-interop/.ready: EXTRA := "$(SDK)" "$(COPRA)"

.venv-%/.ready: pyproject.toml constraints.txt Makefile
	test -x .venv-$*/bin/python || $(PYTHON) -m venv .venv-$*
	.venv-$*/bin/python $(INSTALL) --upgrade "pip>=25.1"
	grep -v '^websockets==' constraints.txt > .venv-$*/constraints.txt
	.venv-$*/bin/python $(INSTALL) -c .venv-$*/constraints.txt --group dev -e . $(EXTRA)
	touch $@

# Takes today's versions of everything.
lock:
	rm -rf .venv-lock
	$(PYTHON) -m venv .venv-lock
	.venv-lock/bin/python -m pip install --quiet --upgrade "pip>=25.1"
	.venv-lock/bin/python -m pip install --quiet hatchling --group dev .
	echo '# The versions that `make test` installs. Made by `make lock`; the package itself allows more (pyproject.toml).' > constraints.txt
	.venv-lock/bin/python -m pip freeze --exclude feedrec | grep -v '^pip==' >> constraints.txt
	rm -rf .venv-lock

clean:
	rm -rf .venv .venv-lowest .venv-interop .venv-lock dist .coverage .pytest_cache .mypy_cache .ruff_cache .hypothesis
