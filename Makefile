# What a person types. Everything it needs is installed into .venv; test also installs a browser.

PYTHON ?= python3
BIN = .venv/bin

.PHONY: run test quick messages clean

run: .venv/installed
	$(BIN)/kiosk demo

test: .venv/tested-with browser postgresql speech
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/kiosk check
	$(BIN)/pytest

quick: .venv/tested-with
	$(BIN)/pytest -m "not browser"

# The adversary, in full: minutes, not seconds. Its quick half runs in `make test`.
.PHONY: attack
attack: .venv/tested-with browser firefox
	$(BIN)/python -m tests.attack $(ATTACKS)

# Every way out of a locked kiosk's browser that needs no hands: minutes, on a machine of its own, since it
# puts Chromium's policy in place and judges by what the screen shows.
.PHONY: lockdown
lockdown: .venv/tested-with browser
	$(BIN)/python -m tests.lockdown
	$(BIN)/pytest tests/lockdown/escapes.py

# How long the hot paths take, each beside a reference measured in the same run.
.PHONY: bench
bench: .venv/tested-with browser
	$(BIN)/python -m tests.tools.bench

# Extract every text on a screen and in the questions; new ones are added, empty, to each catalogue.
# Texts no screen uses are kept and named; PRUNE=yes removes them.
messages: .venv/tested-with
	$(BIN)/python -m tests.tools.messages $(if $(PRUNE),--prune)

.venv/installed: setup.cfg
	$(PYTHON) -m venv .venv || { echo "Python's venv is missing: apt install python3-venv"; exit 1; }
	$(BIN)/python -m pip install --quiet --editable .
	touch $@

.venv/tested-with: setup.cfg
	$(PYTHON) -m venv .venv || { echo "Python's venv is missing: apt install python3-venv"; exit 1; }
	$(BIN)/python -m pip install --quiet --editable '.[test,postgresql]'
	touch $@ .venv/installed

.PHONY: browser
browser:
	@command -v chromium >/dev/null && command -v Xvfb >/dev/null && command -v xdotool >/dev/null || { \
		echo "Installing Chromium, an X server and xdotool for the browser tests"; \
		if [ "$$(id -u)" = 0 ]; then sudo=; else sudo=sudo; fi; \
		$$sudo apt-get update -qq && $$sudo apt-get install -y -qq chromium xvfb xdotool; }

# Where it cannot be had, the attack goes on and its report says that Firefox was not tried.
.PHONY: firefox
firefox:
	@command -v firefox-esr >/dev/null || command -v firefox >/dev/null || { \
		echo "Installing Firefox for the attack on the screen"; \
		if [ "$$(id -u)" = 0 ]; then sudo=; else sudo=sudo; fi; \
		$$sudo apt-get update -qq && $$sudo apt-get install -y -qq firefox-esr; } || \
		echo "Firefox cannot be installed here: the next guest is not tried in it"

.PHONY: postgresql
postgresql:
	@command -v initdb >/dev/null || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || { \
		echo "Installing PostgreSQL for the tests of the store"; \
		if [ "$$(id -u)" = 0 ]; then sudo=; else sudo=sudo; fi; \
		$$sudo apt-get update -qq && $$sudo apt-get install -y -qq postgresql; }

.PHONY: speech
speech:
	@command -v espeak-ng >/dev/null && command -v lame >/dev/null || { \
		echo "Installing espeak-ng and lame for the tests of speech"; \
		if [ "$$(id -u)" = 0 ]; then sudo=; else sudo=sudo; fi; \
		$$sudo apt-get update -qq && $$sudo apt-get install -y -qq espeak-ng lame; }

clean:
	rm -rf .venv build dist *.egg-info
