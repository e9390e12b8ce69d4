# Two commands do everything: `make serve` and `make test`. Each makes its environment first, if it is not there.
# A Python of 3.11 or newer is looked for; `make PYTHON=…` names another.

PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$python; break; }; done)
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# nbgrader calls a bare `alembic`; BLAS threads on two cores only get in each other's way.
export PATH := $(CURDIR)/$(BIN):$(PATH)
export OPENBLAS_NUM_THREADS ?= 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PYDEVD_DISABLE_FILE_VALIDATION := 1

.DEFAULT_GOAL := help
.PHONY: help serve test lab exercises grade soak mutation bench book pdf pictures lock freshness binder-check clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

serve: $(READY) ## build the book and open it on localhost
	@$(BIN)/python book/tools/build.py
	@$(BIN)/python book/tools/serve.py

test: $(READY) ## everything: style, types, the strict book, all tests
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/python book/tools/build.py
	@$(BIN)/pytest -n 2 --dist worksteal

lab: $(READY) ## open JupyterLab on work/, every chapter and exercise as a notebook
	@$(BIN)/python book/tools/lab.py $(LAB_ARGS)

exercises: $(READY) ## make exercises/ (for learners) from solutions/ (for teachers)
	@$(BIN)/optcourse release

grade: $(READY) ## grade what is in submitted/, in a sandbox (ASSIGNMENT=03_01_gradient_descent)
	@test -n "$(ASSIGNMENT)" || { echo 'make grade: say which, e.g. make grade ASSIGNMENT=03_01_gradient_descent'; exit 2; }
	@$(BIN)/optcourse grade "$(ASSIGNMENT)" $(GRADE_ARGS)

soak: $(READY) ## grade ten thousand submissions, a tenth hostile or broken, and count (SOAK_ARGS="--students 1000")
	@$(BIN)/python tests/soak/soak.py $(SOAK_ARGS)

mutation: $(READY) ## break the package in thousands of small ways and count what its tests notice (an hour; again, it goes on)
	@$(BIN)/python tests/mutation/campaign.py --resume .cache/mutation.jsonl --table tests/mutation/results.md $(MUTATION_ARGS)

bench: $(READY) ## measure against the peers, as ratios
	@$(BIN)/python -m benchmarks

book: $(READY) ## build the book only
	@$(BIN)/python book/tools/build.py

pdf: book ## print every page of the book into _build/pdf
	@$(BIN)/python book/tools/pdf.py

pictures: book ## take the README's pictures anew from the built book
	@$(BIN)/python book/tools/pictures.py

lock: $(READY) ## pin requirements.txt anew from pyproject.toml
	@$(BIN)/python book/tools/lock.py

freshness: $(READY) exercises ## make every generated file again
	@$(BIN)/python book/tools/lock.py --keep
	@$(BIN)/python book/tools/map.py
	@$(BIN)/python -m optcourse.grading.discernment

binder-check: ## run Binder's install steps in a clean environment
	@test -n "$(PYTHON)" || { echo 'make: Python 3.11 or newer is needed and was not found (name it: make PYTHON=/path/to/python3)'; exit 1; }
	@bash .binder/check $(PYTHON)

clean: ## remove everything that was made, but not your work/
	rm -rf $(VENV) .cache _build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis source autograded feedback

$(READY): requirements.txt pyproject.toml
	@test -n "$(PYTHON)" || { echo 'make: Python 3.11 or newer is needed and was not found (name it: make PYTHON=/path/to/python3)'; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo 'make: $(PYTHON) is not Python 3.11 or newer'; exit 1; }
	@echo "make: preparing the environment in $(VENV) with $$($(PYTHON) --version) (about a minute, once)"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install -qq --requirement requirements.txt
	@$(BIN)/python -m pip install -qq --no-deps --no-build-isolation --editable .
	@touch $(READY)
