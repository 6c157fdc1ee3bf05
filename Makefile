# make lab · course · page · site · test · bench · results   (each does its own set-up)
PYTHON ?= python3
ifeq ($(OS),Windows_NT)
BIN := .venv/Scripts
else
BIN := .venv/bin
endif
READY := .venv/.ready
NOTEBOOKS := $(sort $(wildcard notebooks/*.ipynb))
PAGES := $(NOTEBOOKS:notebooks/%.ipynb=build/course/%.html)
JOBS ?= 2

# Real audio that lies beside the checkout is used; without it those tests say that they were skipped.
ifneq ($(wildcard ../shared/data/gtzan),)
export GENRE_DATA ?= $(abspath ../shared/data)
endif

# What the committed outputs were made with, so that they come out the same again.
export PYTHONHASHSEED := 0
export TF_CPP_MIN_LOG_LEVEL := 3

.PHONY: lab course page site test bench outputs results lock clean

lab: $(READY)
	@options="--ServerApp.root_dir=. --LabApp.default_url=/lab/tree/notebooks/00_start_here.ipynb"; \
	[ "$$(id -u 2>/dev/null)" = 0 ] && options="$$options --allow-root"; \
	[ "$$(uname)" = Linux ] && [ -z "$$DISPLAY$$WAYLAND_DISPLAY" ] && options="$$options --no-browser"; \
	exec $(BIN)/jupyter lab $$options

course: $(PAGES)
	@echo "the executed lessons lie in build/course/"

# The classic template knows the pictures' alternative text, the other one does not.
build/course/%.html: notebooks/%.ipynb $(wildcard helpers/*.py data/*) | $(READY)
	@mkdir -p build/course
	TQDM_DISABLE=1 $(BIN)/jupyter nbconvert --log-level=WARN --to html --template classic --execute \
		--ExecutePreprocessor.timeout=300 --output-dir build/course $<

# Lesson 10's page: a song in, an answer out.
page: $(READY)
	@options=; [ "$$(uname)" = Linux ] && [ -z "$$DISPLAY$$WAYLAND_DISPLAY" ] && options=--no-browser; \
	cd notebooks/page && exec ../../$(BIN)/voila your_own_song.ipynb $$options

# The lessons as they were committed, to read without Python: open build/site/index.html.
site: $(READY)
	$(BIN)/python website/lessons.py build/pages
	$(BIN)/sphinx-build --quiet --fail-on-warning -c website build/pages build/site
	cp notebooks/*.ipynb build/site/_sources/notebooks/
	@echo "the site lies in build/site/: open index.html"

test: export TQDM_DISABLE := 1
test: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	-GENRE_DATA= $(BIN)/python -m helpers fetch musicnn # what needs it is skipped where it can't be had
	$(BIN)/python -m pytest tests notebooks -n $(JOBS) --dist loadfile \
		--nbval --nbval-current-env --nbval-cell-timeout=120 --nbval-sanitize-with tests/nbval.cfg \
		--cov=helpers --cov-report=term --cov-fail-under=90

bench: $(READY)
	TQDM_DISABLE=1 $(BIN)/python bench.py

# For maintainers: run every lesson and keep its outputs.
outputs: export TQDM_DISABLE := 1
outputs: $(READY)
	$(BIN)/jupyter nbconvert --log-level=WARN --to notebook --execute --inplace \
		--ExecutePreprocessor.record_timing=False --ExecutePreprocessor.timeout=300 $(NOTEBOOKS)
	$(BIN)/nbstripout --keep-output --keep-count --keep-id \
		--extra-keys "metadata.widgets cell.metadata.execution metadata.language_info.version" $(NOTEBOOKS)

# For maintainers: count every accuracy of the README again, and draw its pictures.
results: $(READY)
	TQDM_DISABLE=1 $(BIN)/python results.py

# For maintainers: choose versions anew. uv names no registry in what it writes.
lock: $(READY)
	$(BIN)/uv pip compile --quiet --universal --all-extras --no-annotate --no-header --upgrade \
		--python-version 3.11 pyproject.toml --output-file constraints.txt

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -c "import sys; v = sys.version_info[:2]; sys.exit(None if (3, 11) <= v <= (3, 13) else f'Python 3.11, 3.12 or 3.13 is needed, this is {v[0]}.{v[1]}: make PYTHON=python3.12')"
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --constraint constraints.txt uv
	$(BIN)/uv pip install --quiet --compile-bytecode --constraint constraints.txt --editable ".[test,site,dask]"
	$(BIN)/python -c "from helpers import features, jukebox; y = jukebox.play(seconds=2); features.describe(y); features.describe_fast(y)"
	@touch $@

clean:
	rm -rf build .pytest_cache .ruff_cache .coverage
