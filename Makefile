# The two that matter: `make demo` and `make test`. Both do all the set-up themselves.
SHELL := /bin/bash
PYTHON ?=
WORKERS ?= 2
BIN := .venv/bin
STAGE := scripts/stage.sh
DEMO := build/demo

.PHONY: help setup demo test lint types test-c test-python docs ledger bench-cli bench-native bench-preprocess bench-serving bench-web clean distclean

help:
	@echo "make demo            a model becomes firmware, boots in QEMU and is compared with the model"
	@echo "make test            set-up, lint, types, C tests with sanitizers and fuzzing, all Python tests"
	@echo "make setup           system packages (apt), .venv, editable install"
	@echo "make docs            regenerate the generated pages and tables"
	@echo "make ledger          measure the reference models on every core, write docs/ledger.md"
	@echo "make bench-cli       how long commands take here"
	@echo "make bench-native    int8 models by engine aot on this machine beside LiteRT with XNNPACK"
	@echo "make bench-preprocess  preprocessing beside OpenCV, SciPy and librosa; writes docs/benchmarks.md"
	@echo "make bench-serving   a generated project's server under load, beside bare ones"
	@echo "make bench-web       models in a browser: engine aot beside LiteRT.js, onnxruntime-web, tfjs-tflite"
	@echo "make clean           remove build outputs;  make distclean: .venv too"

setup:
	@PYTHON="$(PYTHON)" scripts/setup.sh

demo: setup
	rm -rf $(DEMO)
	$(BIN)/edgegen scaffold --target cortex_m4 examples/digits/digits.tflite \
		--labels examples/digits/labels.txt --input examples/digits/input.toml \
		--engine aot -o $(DEMO)
	$(BIN)/edgegen verify $(DEMO)
	@cat $(DEMO)/evidence/report.md

test:
	@$(STAGE) setup $(MAKE) --no-print-directory setup
	@$(STAGE) lint $(MAKE) --no-print-directory lint
	@$(STAGE) types $(MAKE) --no-print-directory types
	@$(STAGE) test-c $(MAKE) --no-print-directory test-c
	@$(STAGE) test-python $(MAKE) --no-print-directory test-python

lint: setup
	$(BIN)/ruff check --no-cache
	$(BIN)/ruff format --check

types: setup
	$(BIN)/mypy

# CMakePresets.json: the sanitizers of GCC, those of Clang with the fuzz targets, and Valgrind.
test-c: setup
	for preset in gcc clang valgrind; do \
		cmake --preset $$preset && cmake --build --preset $$preset && ctest --preset $$preset \
		|| exit; \
	done

# After `make setup` every tool is there, so a test that is skipped for want of one is a failure.
test-python: setup
	EDGEGEN_REQUIRE_TOOLS=1 $(BIN)/pytest -n $(WORKERS) --dist worksteal

docs: setup
	$(BIN)/python docs/generate.py

ledger: setup
	$(BIN)/python benchmarks/ledger.py
	$(BIN)/python benchmarks/costs.py

bench-cli: setup
	$(BIN)/python benchmarks/cli.py

# MODELS: .tflite files; the MLPerf Tiny reference models where the checkout has them beside it.
MODELS ?= $(wildcard ../shared/models/mlperf_tiny_*_int8.tflite)
bench-native: setup
	$(BIN)/python benchmarks/native.py $(MODELS)

bench-preprocess: setup
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[bench]'
	$(BIN)/python benchmarks/preprocess.py

bench-serving: setup
	$(BIN)/python benchmarks/serving.py --write

# ARGUMENTS: --convert makes the ONNX files, which takes 2 GB; --write keeps the figures for the docs.
bench-web: setup
	$(BIN)/python benchmarks/web.py $(ARGUMENTS)

clean:
	rm -rf build dist

distclean: clean
	rm -rf .venv
