# Needs python3 (3.11 or newer), make and a POSIX shell; everything else comes into .venv from hashed requirements.
.DEFAULT_GOAL := help
.PHONY: help setup up down clean check test client lock format bench bench-relay bench-store bench-projections bench-log
.PHONY: bench-api bench-shop torture record-histories record-golden prove-recovery prove-money

BIN := .venv/bin
COMPILE := $(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "%-18s %s\n", $$1, $$2 }' Makefile

setup: ## Make .venv with everything in it; does nothing when it is up to date
	@sh ops/setup.sh

up: setup ## Start everything, place a demo order, and run until Ctrl-C
	@$(BIN)/waybill up

down: setup ## Stop what `make up` runs elsewhere
	@$(BIN)/waybill down

clean: ## Delete the embedded stack's data and all caches (`.venv` stays)
	@if [ -x $(BIN)/waybill ]; then $(BIN)/waybill down; fi
	rm -rf .waybill .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build dist

check: setup ## Format, lint, types, import contracts, house rules, container files
	$(BIN)/ruff format --check -q .
	$(BIN)/ruff check -q .
	$(BIN)/mypy .
	$(BIN)/lint-imports
	$(BIN)/python -m ops.checks.house_rules
	$(BIN)/hadolint Dockerfile
	$(BIN)/yamllint --strict docker-compose.yml deploy

test: setup ## Run every test, a file at a time in each of two processes (TESTS="-k webhooks" runs some)
	$(BIN)/pytest -q -n 2 --dist loadfile --no-loadscope-reorder $(TESTS)

format: setup ## Format the code and fix what can be fixed
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

client: setup ## Make client/'s models and operations from the API's document
	$(BIN)/python -m ops.docs.client

lock: setup ## Bring requirements/*.txt in line with pyproject.toml (UPGRADE=--upgrade takes newer versions)
	$(COMPILE) $(UPGRADE) pyproject.toml -o requirements/runtime.txt
	$(COMPILE) $(UPGRADE) pyproject.toml --extra embedded --group dev -o requirements/dev.txt
	$(COMPILE) requirements/uv.in -o requirements/uv.txt

bench: setup ## Measure how many orders a second are carried through
	$(BIN)/python -m benchmarks.lifecycle

bench-relay: setup ## Measure how many events a second the relay takes to Redis
	$(BIN)/python -m benchmarks.relay

bench-projections: setup ## Measure how many events a second the read models are made from, 1 M of them
	$(BIN)/python -m benchmarks.bench_projections

bench-store: setup ## Measure the event store beside pyeventsourcing
	$(BIN)/python -m benchmarks.bench_store

bench-api: setup ## Measure reads, lists of 1 M orders, placing and 1,000 readers of the live stream
	$(BIN)/python -m benchmarks.bench_api

bench-shop: setup ## Measure a rush: orders placed and authorised, the last pieces, the same order twice at once
	$(BIN)/python -m benchmarks.shop

torture: setup ## Kill everything again and again under 2 million events, and count what is missed, repeated, reordered
	$(BIN)/python -m benchmarks.torture --save $(TORTURE)

prove-recovery: setup ## Delete Temporal's data under 240 orders in every state; all must finish, charged once
	$(BIN)/python -m benchmarks.prove_recovery

prove-money: setup ## Run every command, fault and answer in random sequences (500 of 200 steps); money and stock stay right
	$(BIN)/python -m tests.support.world.prove

bench-log: setup ## Measure export and import of the log, and decisions on long streams
	$(BIN)/python -m benchmarks.log_files

record-histories: setup ## Record the workflow histories that later versions must replay
	$(BIN)/python -m tests.workflows.record

record-golden: setup ## Record the stored form of new events and versions; later versions must read them
	$(BIN)/python -m tests.eventstore.record_golden
