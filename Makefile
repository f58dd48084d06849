.PHONY: check format lint types contracts test sample vetted bench
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

# Asks the reasoner about the ontology as it stands, and writes down that it passed, so that no library need ask again.
vetted:
	$(PYTHON) -c "from learntogether_kg.typology import vetting; vetting.record_vetted()"

# Writes the sample's workbooks anew, with today's template and the cells they hold.
sample:
	$(PYTHON) -m tests.workbooks

# Measures what is promised about speed and memory. TOPICS="validation …" chooses, QUICK=--quick makes it small.
bench:
	$(PYTHON) -m tests.benchmarks $(QUICK) $(TOPICS)
