# Every target first installs what is missing (tools/setup.sh), and all of them build in the
# release profile, so that llama.cpp and whisper.cpp are compiled once.

SHELL := /bin/bash
CARGO ?= cargo
# A freshly installed Rust may not be on PATH before the next login.
export PATH := $(PATH):$(or $(CARGO_HOME),$(HOME)/.cargo)/bin

# Further arguments of the demo, e.g. make demo DEMO_ARGS="--limit 50 --format md"
DEMO_ARGS ?=

# Cargo features of the installed program
FEATURES ?=

.DEFAULT_GOAL := help
.PHONY: help setup demo test lint docs spark browser deny advisories install

help: ## List the targets
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 20

setup: ## Install what the build needs and the machine lacks
	@tools/setup.sh

demo: setup ## From sound to corrected text with the shipped models (DEMO_ARGS=...)
	$(CARGO) build --release --locked --bins
	$(CARGO) run --release --locked -- run --dataset sample-audio --method 1best,cascade $(DEMO_ARGS)

test: ## Run every test
	@tools/setup.sh nextest
	$(CARGO) nextest run --release --locked --workspace
	$(CARGO) test --release --locked --workspace --doc

lint: setup ## Check the format and the lints
	$(CARGO) fmt --all --check
	$(CARGO) clippy --release --locked --workspace --all-targets -- -D warnings
	$(CARGO) clippy --release --locked --no-default-features -- -D warnings

docs: setup ## Build the API documentation; a warning is an error
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --release --locked --workspace --no-deps

spark: ## Test the Spark example in local mode with the real program
	@tools/setup.sh spark
	$(CARGO) build --release --locked --bins
	GEC=target/release/gec target/spark/bin/python -m unittest discover -v examples/spark

browser: ## Test the HTML report in headless Chromium
	@tools/setup.sh browser
	$(CARGO) run --release --locked --example report_page -- target/browser/pages
	REPORT_PAGES=target/browser/pages target/browser/bin/python -m unittest -v tests/browser/browser_test.py

deny: ## Check licences, sources and banned crates of the dependencies
	@tools/setup.sh deny
	$(CARGO) deny --locked check --hide-inclusion-graph bans licenses sources

advisories: ## Check the dependencies against the RustSec database (downloads it)
	@tools/setup.sh deny
	$(CARGO) deny --locked check advisories

install: setup ## Install gec for the current user and this machine's processor (FEATURES=cuda)
	RUSTFLAGS="-C target-cpu=native" $(CARGO) install --path . --locked --features "$(FEATURES)"
