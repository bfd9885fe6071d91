# The daily life of Jackfield, from the first to the last command.
MAKEFLAGS += --no-print-directory
# Every process starts from compiled modules, whatever the environment thinks of them: without, each takes seconds longer.
export PYTHONPYCACHEPREFIX ?= $(CURDIR)/var/pycache
unexport PYTHONDONTWRITEBYTECODE
# One more than there are cores: tests wait for processes and browsers as often as they compute.
workers = $$(.venv/bin/python -c "import os; print(min(4, (os.cpu_count() or 1) + 1))")
# Django's templates; the simulators' are Jinja's.
pages = $$(find . -name '*.html' -path './[a-z]*' ! -path './sandbox/*' ! -path './var/*')
uv = $$(command -v .tools/bin/uv || command -v uv)
compile = $(uv) pip compile --universal --generate-hashes --quiet --python-version 3.12 --no-header pyproject.toml

.DEFAULT_GOAL := help
.PHONY: help setup demo test published check style types arrows drift format chaos bench browser pictures words requirements clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-13s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

setup: ## Make .venv with everything that is needed
	@bin/setup >/dev/null

demo: setup ## Run all of it here: portal, simulators, a pretend product around them
	@.venv/bin/python -m config.demo

test: setup ## Run the tests
	@.venv/bin/python -m pytest --quiet -n $(workers) --dist loadscope --no-loadscope-reorder --durations 5

published: setup ## Judge what we send by the vendors' published API descriptions, which are in SPECS=<directory>
	@$(if $(SPECS),,$(error Say where they are: make published SPECS=<directory>))\
	PUBLISHED_SPECS="$(SPECS)" .venv/bin/python -m pytest --quiet -rs -o python_files="test_*.py against.py" tests/published

check: ## Check style, types, imports and migrations side by side
	@JACKFIELD_MODE=test DATABASE_URL= $(MAKE) --keep-going --jobs 4 style types arrows drift

style: setup ## Check how the code is written
	@.venv/bin/ruff check --quiet
	@.venv/bin/ruff format --check --quiet
	@pages="$(pages)"; [ -z "$$pages" ] || .venv/bin/djade --check $$pages

types: setup ## Check the types
	@.venv/bin/mypy --no-error-summary .

arrows: setup ## Check who imports whom
	@.venv/bin/lint-imports --no-logo

drift: setup ## Check that models, migrations and settings agree
	@.venv/bin/python manage.py makemigrations --check --dry-run
	@.venv/bin/python manage.py check

format: setup ## Write the code the way `make check` wants it
	@.venv/bin/ruff check --fix --quiet
	@.venv/bin/ruff format --quiet
	@pages="$(pages)"; [ -z "$$pages" ] || .venv/bin/djade $$pages

chaos: setup ## Kill workers and servers under load, and count what was lost
	@.venv/bin/python -m bench.chaos

bench: setup ## Measure throughput and delay
	@.venv/bin/python -m bench

browser: setup ## Install a Chromium for the tests: Debian's where apt is, else Playwright's own
	@bin/browser

pictures: setup ## Take a screenshot of every page: light, dark, narrow
	@.venv/bin/python -m tests.browser.pictures

words: setup ## Bring the translations up to date with the source, and compile them
	@JACKFIELD_MODE=test .venv/bin/python -m tests.words

requirements: setup ## Pin what pyproject.toml asks for, with hashes
	@$(compile) -o requirements.txt
	@$(compile) --group dev -o requirements-dev.txt

clean: ## Remove what the demo, the tests and the benchmarks have left behind
	@rm -rf var
