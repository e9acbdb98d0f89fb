# Two commands matter: `make synth` and `make test`. Both set up what they need first.

.DEFAULT_GOAL := help
.PHONY: help setup synth check quick test snapshots format lock clean

bin := .venv/bin
# Those that requirements.txt has wheels for.
PYTHON ?= python3 python3.14 python3.13 python3.12 python3.11

# cdktf runs `python main.py`, and jsii runs `node`: both must be the ones that setup chose.
export PATH := $(CURDIR)/$(bin):$(CURDIR)/node_modules/.bin:$(PATH)
# Neither telemetry nor a version check may hold up a synth, with or without a network.
export CHECKPOINT_DISABLE := 1
export DISABLE_VERSION_CHECK := 1
export JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION := 20,22

help:
	@echo 'make synth      write the Terraform stacks and the Nix files of main.py'
	@echo 'make check      lint and check types'
	@echo 'make quick      lint, check types and run the tests that start no process and are not slow'
	@echo 'make test       lint, check types and run every test'
	@echo 'make snapshots  renew the pinned outputs, on purpose'
	@echo 'make format     format the Python code'
	@echo 'make lock       renew requirements.txt and package-lock.json'
	@echo 'make clean      remove what setup and the tools made'

setup:
	@for python in $(PYTHON); do \
	  if "$$python" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 15))' 2>/dev/null; then \
	    exec "$$python" tools/setup.py; \
	  fi; \
	done; \
	echo 'setup: Python 3.11 to 3.14 is needed and none is on PATH; name one with make PYTHON=/path/to/python3' >&2; \
	exit 2

synth: setup
	@$(bin)/python tools/synth.py

check: setup
	@$(bin)/ruff check .
	@$(bin)/ruff format --check .
	@$(bin)/mypy

quick: check
	@$(bin)/pytest --quick -n auto -q

test: check
	@$(bin)/pytest -n auto --dist loadfile --no-loadscope-reorder

snapshots: setup
	@$(bin)/nixgen write
	@$(bin)/python tools/commands_page.py
	@$(bin)/pytest --regen-all -q -m snapshots

format: setup
	@$(bin)/ruff check --fix .
	@$(bin)/ruff format .

lock: setup
	@$(bin)/pip install --quiet uv==0.13.9
	@$(bin)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-emit-index-url \
	  --custom-compile-command 'make lock' --upgrade --extra all --extra cdktf --extra cdktn --group dev --output-file requirements.txt pyproject.toml
	@npm install --package-lock-only

clean:
	rm -rf .venv node_modules cdktf.out build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis
