# make setup   .venv with everything in it            make lint   style and types
# make test    all tests                              make demo   the product on your machine, with simulators
# make bench   figures beside their baselines: BENCH="turns settle" names some
# make soak    a long random run: SEED=… CUSTOMERS=… SECONDS=… replay one
# make sdk-check   the providers' official SDKs against the simulators
#
# PYTHON=… chooses the interpreter (3.11, 3.12 or 3.13); the first one found is taken otherwise.

SUPPORTED := import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))
PYTHON ?= $(shell for each in python3 python3.13 python3.12 python3.11; do \
	"$$each" -c '$(SUPPORTED)' 2>/dev/null && echo "$$each" && break; done)
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
PIP := $(BIN)/python -m pip -qq --disable-pip-version-check --no-input
PORT ?= 5000
TESTS ?= tests
PYTEST_ARGS ?= -n 3 --dist loadfile --no-loadscope-reorder

.PHONY: setup test lint demo bench soak sdk-check clean
.DEFAULT_GOAL := setup

setup: $(READY)
	@$(BIN)/python -c '$(SUPPORTED)' 2>/dev/null || \
		{ echo "$(VENV) has a Python that is gone or too old: run 'make clean setup'." >&2; exit 1; }

$(READY): requirements.txt requirements-dev.txt
	@test -n "$(PYTHON)" && "$(PYTHON)" -c '$(SUPPORTED)' 2>/dev/null || { \
		echo "Tourpay needs Python 3.11, 3.12 or 3.13; $(or $(PYTHON),python3) is not one of them." >&2; \
		echo "Install one, or name it: make setup PYTHON=/path/to/python3.12" >&2; exit 1; }
	@echo "Setting up $(VENV): about a minute, once."
	@$(BIN)/python -c '$(SUPPORTED)' 2>/dev/null || "$(PYTHON)" -m venv --clear $(VENV) || { \
		echo "This Python cannot make virtual environments. On Debian or Ubuntu:" >&2; \
		echo "  apt-get install python3-venv" >&2; exit 1; }
	@$(PIP) install --prefer-binary --requirement requirements-dev.txt || { \
		echo "Some packages could not be installed; the lines above say which." >&2; \
		echo "If one had to be compiled, there is no wheel of it for this Python or system:" >&2; \
		echo "try another Python (make clean setup PYTHON=python3.12)." >&2; exit 1; }
	@touch $(READY)

test: setup
	$(BIN)/python -m pytest $(PYTEST_ARGS) $(TESTS)

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy --strict domain providers flows
	$(BIN)/mypy bot workers wsgi.py

# On a lifeline, so that the demo ends with make when make is killed.
demo: setup
	@$(BIN)/python bot/lifeline.py -- $(BIN)/python -m bot.demo --port $(PORT)

bench: setup
	$(BIN)/python -m bench $(BENCH)

soak: setup
	@$(BIN)/python -m tests.soak $(if $(SEED),--seed $(SEED)) \
		$(if $(CUSTOMERS),--customers $(CUSTOMERS)) $(if $(SECONDS),--seconds $(SECONDS))

# The providers' official SDKs against the simulators; installs them below .venv-sdk.
sdk-check: setup
	@$(BIN)/python -m tests.sdk.run

# Not .data: that is somebody's demo.
clean:
	rm -rf $(VENV) .venv-sdk .pytest_cache .mypy_cache .ruff_cache .hypothesis
