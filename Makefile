# `make help` lists the targets. Only Python >= 3.10, make and g++ are needed; the rest lands in .venv/.

PYTHON ?= python3
TORCH ?= torch==2.13.0
VENV := .venv
BIN := $(VENV)/bin
PY := $(BIN)/python
# Two processes share the cores: threads that wait by spinning would take the time of those that work (two to three times as long).
PYTEST := OMP_WAIT_POLICY=passive $(PY) -m pytest -p tools.slowest_families
SHARED := -n 2 --dist worksteal
CMAKE := $(BIN)/cmake
CONFIGURE := $(CMAKE) -S . -G Ninja -DCMAKE_MAKE_PROGRAM=$(CURDIR)/$(BIN)/ninja --log-level=WARNING
LIBRARY := src/weft/native/libweft.so
export CXX := g++

.DEFAULT_GOAL := help
.PHONY: help build demo test test-all check bench wheel test-sanitized clean

help:  ## list the targets
	@sed -n 's/^\([a-z-]*\):.*##/\1:/p' $(MAKEFILE_LIST) | awk -F': *' '{printf "  make %-15s %s\n", $$1, $$2}'

# torch goes first and alone, at the version that weft is developed with; the rest then takes it as it is.
$(VENV)/ready: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || { \
	  echo "weft needs Python >= 3.10, and $(PYTHON) is older; hint: make PYTHON=python3.12 ..."; exit 1; }
	test -x $(PY) || $(PYTHON) -m venv $(VENV)
	$(PY) -m pip install --quiet "$(TORCH)"
	$(PY) -m pip install --quiet "scikit-build-core>=0.10"
	$(PY) -m pip install --quiet --no-build-isolation -C wheel.cmake=false -C editable.mode=inplace -e ".[dev]"
	@touch $@

# The library goes beside its Python bridge by renaming, so that a process that has the old one mapped keeps it.
build: $(VENV)/ready  ## make the environment in .venv and compile the native library
	@$(CONFIGURE) -B build/native > /dev/null
	@$(CMAKE) --build build/native
	@cmp -s build/native/libweft.so $(LIBRARY) || { cp build/native/libweft.so $(LIBRARY).new && mv $(LIBRARY).new $(LIBRARY); }

demo: build  ## train on real data that is already installed, in under two minutes
	@$(BIN)/weft demo

check: $(VENV)/ready  ## style, types, import rules, sizes, names
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(PY) -m tools.check_imports
	$(PY) -m tools.check_sizes
	$(PY) -m tools.check_style

test: build check  ## what CI runs: check and all tests but the slow ones
	$(PYTEST) $(SHARED) -m "not slow"

test-all: build check wheel  ## every test, on thousands of examples, other torch versions and Pythons, and the broken-kernel proof
	$(PYTEST) $(SHARED) --hypothesis-profile thorough
	$(PY) tests/contracts/break_kernels.py

bench: build  ## the operator benchmark, with whichever peers are installed
	$(PY) -m tools.import_time
	$(PY) -m benchmarks.operators

wheel: $(VENV)/ready  ## one wheel for every Python and torch of the range, in dist/
	$(PY) -m tools.build_wheel

# Python is not instrumented, so its allocations at exit are no leaks of ours; torch.compile would build code under the
# preloaded runtime, so its tests stay out.
test-sanitized: build  ## the operator tests with the native code under ASan and UBSan
	@$(CONFIGURE) -B build/sanitized -DWEFT_SANITIZE=ON > /dev/null
	@$(CMAKE) --build build/sanitized
	WEFT_LIBRARY=$(CURDIR)/build/sanitized/libweft.so \
	LD_PRELOAD="$$(g++ -print-file-name=libasan.so) $$(g++ -print-file-name=libubsan.so)" \
	ASAN_OPTIONS=detect_leaks=0:abort_on_error=1:allocator_may_return_null=1 UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1 \
	$(PYTEST) -s -m "not slow" -k "not compile and not inductor" --ignore=tests/contracts/test_architecture.py \
	  $(wildcard tests/contracts tests/ops tests/native)

clean:  ## remove the environment and everything that was built
	rm -rf $(VENV) build dist $(LIBRARY)
