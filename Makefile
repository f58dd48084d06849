.PHONY: check format lint types contracts test sample
PYTHON ?= python

check: format lint types contracts test

format:
	$(PYTHON) -m ruff format --check .

lint:
	$(PYTHON) -m ruff check .

types:
	$(PYTHON) -m mypy

contracts:
	lint-imports

test:
	$(PYTHON) -m pytest

# Writes the sample's workbooks anew, with today's template and the cells they hold.
sample:
	$(PYTHON) -m tests.workbooks
