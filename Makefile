# Each target works as the first command in a fresh clone.

BIN := .venv/bin
# Deterministic tests of the working tree, not of the caller's settings.
export PYTHONDONTWRITEBYTECODE := 1

.PHONY: test demo lint prove format clean

test: lint
	$(BIN)/pytest --numprocesses 2 --cov --cov-report=term

demo: .venv/ready
	PATH="$(CURDIR)/$(BIN):$$PATH" sh tests/demo.sh

lint: .venv/ready
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/envguard scan

prove: .venv/ready
	$(BIN)/pytest --numprocesses 2 -m prove

format: .venv/ready
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean:
	rm -rf .venv .coverage* .pytest_cache .mypy_cache .ruff_cache .hypothesis dist

.venv/ready: pyproject.toml .ci/setup
	.ci/setup
	touch $@
