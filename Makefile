# Two commands: `make demo` runs the main job for real, `make test` proves everything.
# PYTHON is what the virtual environment is made with; `make VENV=DIR ...` has it elsewhere.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
DEMO   := $(VENV)/.demo
READY  := $(VENV)/.ready
# Not compiled at once: what is never imported need not wait for it.
PIP    := $(BIN)/python -m pip install --quiet --no-compile --disable-pip-version-check -c constraints.txt

# The program is started hundreds of times by the tests: it is compiled once, whatever the environment says.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test check unit format schemas golden package bench clean

demo: $(DEMO)
	@$(BIN)/python demo/run.py $(ARGS)

test: check unit

check: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

unit: $(READY)
	$(BIN)/python -m pytest -n 4 --dist loadgroup --cov --cov-report=term $(PYTEST)

format: $(READY)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# With VENV=DIR that environment, which has what runbook needs, is used as it is: nothing is installed in it.
schemas: $(if $(filter file,$(origin VENV)),$(DEMO))
	for name in inventory plan playbook report; do \
		$(BIN)/python -m runbook schema $$name > schemas/$$name.schema.json || exit; done
	$(BIN)/python -m runbook doc --all > docs/steps.md
	$(BIN)/python -m runbook doc --templates > docs/templates.md
	$(BIN)/python docs/architecture.py

# What plans and reports are held against in tests, as the code makes it now: to be looked at before it is committed.
golden: $(READY)
	$(BIN)/python -m tests.reports.golden
	RUNBOOK_GOLDEN=write $(BIN)/python -m pytest -q tests/plan/test_golden.py

# The wheel and the sdist, in build/dist, looked through and tried as users have them.
package:
	@PYTHON='$(PYTHON)' .ci/package

# Needs root, OpenSSH and iproute2; takes about a quarter of an hour. ARGS: --quick, --only W1,W2, --out FILE
bench: $(READY)
	@test -x build/bench/peers/bin/pyinfra || { $(PYTHON) -m venv build/bench/peers && \
		build/bench/peers/bin/python -m pip install --quiet -r benchmarks/requirements.txt; }
	@test -x build/bench/ours/bin/python || $(PYTHON) -m venv build/bench/ours
	@build/bench/ours/bin/python -m pip install --quiet --disable-pip-version-check -c constraints.txt .
	@$(BIN)/python -m benchmarks.run --ours build/bench/ours/bin --peers build/bench/peers/bin $(ARGS)

# What the program and its demo need, and what the tests and the developers need besides.
$(DEMO): pyproject.toml constraints.txt | $(BIN)/pip
	$(PIP) -e '.[demo]'
	@touch $@

$(READY): pyproject.toml constraints.txt | $(BIN)/pip
	$(PIP) -e '.[dev]'
	@touch $(DEMO) $@

# Its pip, since an environment without one is not whole: Debian makes such where python3-venv is missing.
$(BIN)/pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.11 ...")'
	$(PYTHON) -m venv $(VENV)

clean:
	rm -rf $(VENV) .demo build *.egg-info .coverage .pytest_cache .mypy_cache .ruff_cache
