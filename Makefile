# What a person types. Python packages are installed into .venv, in the versions of requirements*.txt; the tests also
# install the Debian packages they lack (tests/tools/debian_packages.sh).

PYTHON ?= python3
BIN = .venv/bin
PIP = $(BIN)/python -m pip --disable-pip-version-check install --quiet

# The tests start hundreds of programs; without bytecode each would compile its modules again.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: run test quick messages clean

run: .venv/installed
	$(BIN)/kiosk demo

test: debian-packages .venv/tested-with
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/kiosk check
	$(BIN)/pytest --numprocesses auto --dist worksteal

# The tests without a marker of setup.cfg; `make test` runs all tests.
QUICK = -m "not browser and not slow"
quick: debian-packages .venv/tested-with
	$(BIN)/pytest --numprocesses auto --dist worksteal $(QUICK)

# The lines and branches of kiosk/ that `make quick` runs. Programs that a test starts are not measured.
.PHONY: coverage
coverage: debian-packages .venv/tested-with
	$(BIN)/coverage run -m pytest $(QUICK)
	$(BIN)/coverage report

# The share of small changes to the counting, the statistics and the keys that the tests catch: about half an hour.
# MUTANTS="--sample 0 box" runs every mutant of box.py instead of a sample of each module.
.PHONY: mutants
mutants: debian-packages .venv/mutated-with
	$(BIN)/python -m tests.tools.mutants $(MUTANTS)

# The noise beside that of OpenDP, whose wheel weighs 47 MB: no installation and no other test needs it.
.PHONY: noise
noise: debian-packages .venv/compared-with
	$(BIN)/pytest -rs tests/domain/test_noise.py

# The adversary, in full: minutes, not seconds. Its quick half runs in `make test`.
.PHONY: attack
attack: debian-packages firefox .venv/tested-with
	$(BIN)/python -m tests.attack $(ATTACKS)

# Every way out of a locked kiosk's browser that needs no hands: minutes, on a machine of its own, since it
# puts Chromium's policy in place and judges by what the screen shows.
.PHONY: lockdown
lockdown: debian-packages .venv/tested-with
	$(BIN)/python -m tests.lockdown
	$(BIN)/pytest tests/lockdown/escapes.py

# The guest's pages in the oldest Chromium that can be a kiosk, and in older ones that are refused: npm fetches 200 MB.
.PHONY: old-chromium
old-chromium: debian-packages .venv/tested-with
	$(BIN)/python -m tests.tools.old_chromium
	$(BIN)/pytest tests/web/old_chromium.py

# The browser tests with slow pages and late answers: a test that fails by chance fails here often. A quarter of an hour.
.PHONY: slow-browser
slow-browser: debian-packages .venv/tested-with
	$(BIN)/python -m pytest -p tests.tools.slow_browser tests/web

# Plants each operator's mistake, prints what comes of it, and writes docs/faults.md: minutes. The row of the wrong
# user needs root. FAULTS="keys clock" runs these tables only.
.PHONY: faults
faults: debian-packages .venv/tested-with
	$(BIN)/python -m tests.faults $(FAULTS)

# How long the hot paths take, each beside a reference measured in the same run.
.PHONY: bench
bench: debian-packages .venv/tested-with
	$(BIN)/python -m tests.tools.bench

# Guests, counts, starts and desks at once over 500 units, two minutes on PostgreSQL and two on SQLite.
.PHONY: load
load: debian-packages .venv/tested-with
	$(BIN)/python -m tests.tools.write_load

# A PostgreSQL cluster whose leader fails ten times under load, then once without what keeps its commits: 20 minutes.
# Needs Debian's packages patroni, python3-etcd and etcd-server, whose services need not run.
.PHONY: cluster
cluster: debian-packages .venv/tested-with
	$(BIN)/python -u -m tests.cluster
	$(BIN)/python -u -m tests.cluster --control

# Extract every text on a screen and in the questions; new ones are added, empty, to each catalogue.
# Texts no screen uses are kept and named; PRUNE=yes makes them obsolete entries.
messages: .venv/tested-with
	$(BIN)/python -m tests.tools.messages $(if $(PRUNE),--prune)

define venv
$(PYTHON) -c 'import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 11))' || { \
	echo "Python 3.11 or newer with its venv module is needed: apt install python3-venv (Debian 12 or newer)"; exit 1; }
$(PYTHON) -m venv .venv
endef

# The project itself comes last, built with the locked setuptools, so that nothing is fetched but what is locked.
define install
@$(venv)
$(PIP) --require-hashes --requirement $(1)
$(PIP) --no-deps --no-build-isolation --editable .
endef

.venv/installed: setup.cfg pyproject.toml requirements.txt
	@echo "Installing Python packages into .venv, then starting: about a minute the first time"
	$(call install,requirements.txt)
	touch $@

.venv/tested-with: setup.cfg pyproject.toml requirements-test.txt
	@echo "Installing Python packages for the tests into .venv: about a minute"
	$(call install,requirements-test.txt)
	touch $@ .venv/installed

.venv/mutated-with: .venv/tested-with requirements-mutants.txt
	@echo "Installing Python packages for the mutants into .venv"
	@$(PIP) --require-hashes --requirement requirements-mutants.txt
	touch $@

.venv/compared-with: .venv/tested-with requirements-noise.txt
	@echo "Installing OpenDP into .venv"
	@$(PIP) --require-hashes --requirement requirements-noise.txt
	touch $@

.venv/documented-with: .venv/installed requirements-docs.txt
	@echo "Installing Python packages for the documentation into .venv"
	@$(PIP) --require-hashes --requirement requirements-docs.txt
	touch $@

.PHONY: debian-packages
debian-packages:
	@tests/tools/debian_packages.sh

# Where it cannot be had, the attack goes on and its report says that Firefox was not tried.
.PHONY: firefox
firefox:
	@tests/tools/debian_packages.sh firefox || echo "Firefox cannot be installed here: the next guest is not tried in it"

# The README in a Debian root with nothing in it: RELEASE=bookworm|trixie AS=root|sudo|user COMMAND="make test".
.PHONY: bare
bare:
	@tests/tools/bare_root.sh

# The versions that are tested and installed, for every supported Python at once. `lock` adds what setup.cfg newly
# asks for and keeps the rest; `upgrade-lock` takes the newest of everything and tests it.
.PHONY: lock upgrade-lock
lock: $(BIN)/uv
	$(call compile,requirements.txt,--extra postgresql)
	$(call compile,requirements-test.txt,--extra postgresql --extra test --constraint requirements.txt)
	$(call compile,requirements-mutants.txt,--extra mutants --constraint requirements-test.txt)
	$(call compile,requirements-noise.txt,--extra noise --constraint requirements-test.txt)
	$(call compile,requirements-docs.txt,--extra docs --constraint requirements-test.txt)

upgrade-lock:
	$(MAKE) lock UPGRADE=--upgrade
	$(MAKE) test

define compile
$(PYTHON) -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["build-system"]["requires"], sep="\n")' | \
	$(BIN)/uv pip compile --quiet --no-config --universal --python-version 3.11 --generate-hashes \
	--custom-compile-command "make lock" $(UPGRADE) $(2) --output-file $(1) setup.cfg -
endef

$(BIN)/uv:
	@$(venv)
	$(PIP) uv

# The documentation as a site in build/site, once in Swedish and once in English. A broken link, a missing picture and a
# page outside the navigation are errors.
.PHONY: docs
docs: .venv/documented-with
	rm -rf build/site
	$(call document,sv)
	$(call document,en)
	cp docs/site/index.html build/site/
	@echo "Open build/site/index.html"

# The pictures of the README and of the documentation, from a demonstration. Their figures differ from run to run.
.PHONY: pictures
pictures: debian-packages .venv/tested-with
	$(BIN)/python -m tests.web.pictures

define document
$(BIN)/sphinx-build --quiet --fail-on-warning --keep-going --fresh-env --doctree-dir build/doctrees/$(1) \
	--conf-dir docs/site --tag $(1) docs build/site/$(1)
endef

clean:
	rm -rf .venv build dist *.egg-info
