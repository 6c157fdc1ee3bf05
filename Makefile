# make alone says what there is. Each target does its own set-up.
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

# The very versions that the course was tested with; VERSIONS=--upgrade takes the newest instead.
VERSIONS ?= --constraint constraints.txt

# COVERAGE=yes also says which lines of helpers/ no test reaches, which takes a third more time.
COVER := $(if $(COVERAGE),--cov=helpers --cov-report=term --cov-fail-under=90)

# A kernel that talks over TCP without a key warns about it, once for every lesson.
KERNEL := --KernelManager.transport_encryption=auto

# Real audio that lies beside the checkout is used; without it those tests say that they were skipped.
ifneq ($(wildcard ../shared/data/gtzan),)
export GENRE_DATA ?= $(abspath ../shared/data)
endif

# What the committed outputs were made with, so that they come out the same again.
export PYTHONHASHSEED := 0
export TF_CPP_MIN_LOG_LEVEL := 3

# The lessons are tested with nothing fetched and no network; these, once more with what is held.
NBVAL := --nbval --nbval-current-env --nbval-sanitize-with tests/nbval.cfg
HELD := $(wildcard notebooks/01_*.ipynb notebooks/07_*.ipynb notebooks/10_*.ipynb)

# Two workers share the cores: threads of a linear algebra library would only wait for each other.
check test hostile: export OPENBLAS_NUM_THREADS := 1
check test hostile: export OMP_NUM_THREADS := 1

.PHONY: help setup lab fresh course page site check test hostile bench outputs results pretrained badges lock clean

help:
	@sed -n 's/^## //p' Makefile

## make setup       create the environment in .venv and install; everything below does it by itself
setup: $(READY)

## make lab         open JupyterLab on your own copies of the lessons, in my-lessons/
lab: $(READY)
	@$(BIN)/python tools/my_lessons.py
	@exec $(BIN)/python tools/lab

## make fresh       LESSON=04: lay that lesson, as it is today, beside your own copy of it
fresh: $(READY)
	@$(BIN)/python tools/my_lessons.py fresh "$(LESSON)"

## make course      run every lesson without a browser; what comes out lies in build/course/
course: $(PAGES)
	@echo "the executed lessons lie in build/course/"

# The classic template knows the pictures' alternative text, the other one does not.
build/course/%.html: notebooks/%.ipynb $(wildcard helpers/*.py helpers/*/*.py data/*) | $(READY)
	@mkdir -p build/course
	TQDM_DISABLE=1 $(BIN)/jupyter nbconvert --log-level=WARN --to html --template classic --execute $(KERNEL) \
		--ExecutePreprocessor.timeout=300 --output-dir build/course $<

# Voila opens a browser without the token that it asks for: it prints an address that has it.
## make page        serve lesson 10's page: a song in, its genre and timeline out
page: $(READY)
	@cd notebooks/page && exec ../../$(BIN)/voila your_own_song.ipynb --no-browser $(KERNEL)

## make site        the lessons as pages to read without Python: build/site/index.html
# What moves in the lessons is drawn the first time, which takes some minutes; build/sliders keeps it.
site: $(READY)
	$(BIN)/python website/lessons.py build/pages
	$(BIN)/sphinx-build --quiet --fail-on-warning -c website build/pages build/site
	cp notebooks/*.ipynb build/site/_sources/notebooks/
	@echo "the site lies in build/site/: open index.html"

## make check       while you work: style, and the tests that take no more than a few seconds
check: export TQDM_DISABLE := 1
check: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/python -m pytest tests -m "not slow" -n $(JOBS) --dist loadfile -q

## make test        prove that everything works: helpers, lessons, solutions, site, browser
test: export TQDM_DISABLE := 1
test: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	-GENRE_DATA= $(BIN)/python -m helpers fetch embeddings # what needs it is skipped where it can't be had
	$(BIN)/python -m pytest tests notebooks -n $(JOBS) --dist loadfile \
		$(NBVAL) $(COVER)
	$(BIN)/python -m pytest $(HELD) --held -n $(JOBS) --dist loadfile $(NBVAL)

## make hostile     feed it 960 corrupt files, tables, downloads and models; a few minutes
hostile: $(READY)
	JOBS=$(JOBS) PYTHONPATH=tests:. $(BIN)/python -m hostile

## make bench       measure what a song costs on this machine
bench: $(READY)
	TQDM_DISABLE=1 $(BIN)/python tools/bench.py

## make clean       remove what was built, but not the environment
clean:
	rm -rf build .pytest_cache .ruff_cache .coverage

## For maintainers:
## make outputs     run every lesson and keep its outputs; NOTEBOOKS=notebooks/04_... for one
outputs: export TQDM_DISABLE := 1
outputs: $(READY)
	$(BIN)/jupyter nbconvert --log-level=WARN --to notebook --execute --inplace $(KERNEL) \
		--ExecutePreprocessor.record_timing=False --ExecutePreprocessor.timeout=300 $(NOTEBOOKS)
	$(BIN)/nbstripout --keep-output --keep-count --keep-id \
		--extra-keys "metadata.widgets cell.metadata.execution metadata.language_info.version" $(NOTEBOOKS)
	$(BIN)/python tools/tidy.py $(NOTEBOOKS)

## make results     count every accuracy of the README again, and draw its pictures
results: $(READY)
	TQDM_DISABLE=1 $(BIN)/python tools/results.py

## make pretrained  train anew the classifiers that ship with the course
pretrained: $(READY)
	TQDM_DISABLE=1 $(BIN)/python data/build_pretrained.py

## make badges      REPO=owner/name: let README and lessons link to Colab and Binder; REPO= takes it back
BRANCH ?= main
badges:
	@$(PYTHON) tools/badges.py --branch "$(BRANCH)" $(if $(filter undefined,$(origin REPO)),,"$(REPO)")

## make lock        choose versions anew
# uv names no registry in what it writes.
lock: $(READY)
	$(BIN)/uv pip compile --quiet --universal --all-extras --no-annotate --no-header --upgrade \
		--python-version 3.11 pyproject.toml --output-file constraints.txt

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -c "import sys; v = sys.version_info[:2]; sys.exit(None if (3, 11) <= v <= (3, 13) else f'Python 3.11, 3.12 or 3.13 is needed, this is {v[0]}.{v[1]}: make PYTHON=python3.12')"
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --constraint constraints.txt uv
	$(BIN)/uv pip install --quiet --compile-bytecode $(VERSIONS) --editable ".[test,site,dask]"
	$(BIN)/python -c "from helpers import features, jukebox; y = jukebox.play(seconds=2); features.describe(y); features.describe_fast(y)"
	@touch $@
