# make lab            open the course in JupyterLab
# make test           run the tests that take seconds, and every notebook at its smallest scale
# make test-all       the same with the slow tests
# make notebooks      rebuild the notebooks whose source changed (FORCE=1: all of them; NAMES="03 04": only these)
# make claims         measure every claim again and write CLAIMS.md
# make homework       rebuild the homework: notebooks with answers, and the students' versions
# make site           build the course as static pages: docs/_build/site/index.html
# make data           build the data sets that the course draws itself
# make clean          remove the environment, the built data and the site; what was trained or edited here stays in data/cache
#
# Needed: make and Python 3.11 to 3.14. Another interpreter than the one found: make lab PYTHON=/path/to/python3.12

VENV = .venv
PY = $(VENV)/bin/python
BUILD = docs/_build
TORCH_CPU = https://download.pytorch.org/whl/cpu
PYTEST = -n 2 --dist loadscope --nbval-lax --nbval-cell-timeout=600

help:
	@while IFS= read -r line; do case $$line in '#'*) echo "$${line#?}";; *) break;; esac; done < Makefile

lab: data
	$(PY) -m gancourse lab $(ARGS)

test: data
	$(PY) -m ruff check .
	$(PY) -m pytest $(PYTEST)

test-all: data
	$(PY) -m ruff check .
	$(PY) -m pytest $(PYTEST) -m ""

data: $(VENV)/installed
	$(PY) -m gancourse data build

notebooks: data
	$(PY) -m gancourse notebooks $${FORCE:+--force} $(NAMES)

homework: data
	$(PY) -m gancourse homework $(NAMES)

claims: data
	$(PY) -m gancourse claims

# Notebooks are shown as they are stored. A broken link is an error.
site: $(VENV)/site
	$(PY) docs/site/sources.py
	$(PY) -m sphinx -q -W --keep-going -j auto -d $(BUILD)/doctrees -c docs/site $(BUILD)/source $(BUILD)/site
	@echo "the site: $(BUILD)/site/index.html"

# The command knows what in the cache took hours and keeps it. Without an environment that works the data stay.
clean:
	@test ! -x $(PY) || $(PY) -m gancourse data clear || echo "the built data stay: rm -r data/cache removes all of it, trainings too"
	rm -rf $(VENV) $(BUILD)

# Made once, and again when the list of packages changes. The stamp is written last: an interrupted installation goes on.
$(VENV)/installed: pyproject.toml constraints.txt
	@found=; for python in $${PYTHON:-python3 python3.14 python3.13 python3.12 python3.11 python}; do \
	  if "$$python" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))' 2>/dev/null; then \
	    found=$$python; break; fi; done; \
	if [ -z "$$found" ]; then \
	  echo "gancourse needs Python 3.11 to 3.14, and $${PYTHON:-python3} is not: install one, or name it: make PYTHON=/path/to/python3.12" >&2; \
	  exit 1; fi; \
	if ! $(PY) -c '' 2>/dev/null; then \
	  echo "making $(VENV) with $$found"; "$$found" -m venv --clear $(VENV) || exit 1; fi
	@if [ "$$(uname -s 2>/dev/null)" = Linux ] && [ -z "$$GANCOURSE_CUDA" ] && ! command -v nvidia-smi >/dev/null 2>&1; then \
	  echo "no NVIDIA GPU here: taking PyTorch's build for the processor (GANCOURSE_CUDA=1 takes the one with CUDA)"; \
	  $(PY) -m pip install --no-deps --constraint constraints.txt --index-url $(TORCH_CPU) --retries 0 --timeout 15 \
	    torch torchvision || echo "it cannot be had: taking the build that pip prefers"; fi
	$(PY) -m pip install --constraint constraints.txt --editable '.[dev]'
	@touch $@

$(VENV)/site: $(VENV)/installed
	$(PY) -m pip install --constraint constraints.txt --editable '.[dev,site]'
	@touch $@

.PHONY: help lab test test-all data notebooks homework claims site clean
