# Each target works as the first command in a fresh clone.

BIN := .venv/bin
# Programs are started thousands of times: each compiled once, whatever the caller has set.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: test demo lint servers prove format clean

test: lint servers
	$(BIN)/pytest --numprocesses 2 --cov --cov-report=term

demo: .venv/ready
	PATH="$(CURDIR)/$(BIN):$$PATH" sh tests/demo.sh

lint: .venv/ready
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/envguard scan

servers: .venv/ready
	$(BIN)/python -m tests.servers.install

prove: .venv/ready servers
	$(BIN)/pytest --numprocesses 2 --timeout 3600 -m prove

format: .venv/ready
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean:
	rm -rf .venv .coverage* .pytest_cache .mypy_cache .ruff_cache .hypothesis dist

.venv/ready: pyproject.toml .ci/setup
	.ci/setup
	touch $@
