# Everything that a person or a machine does with the repository: `make help` lists it.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

# The Debian packages that Espalier needs beside Swift. Named here and nowhere else.
SYSTEM_PACKAGES := git pkg-config libdnnl-dev libhdf5-dev libpng-dev libturbojpeg0-dev libwebp-dev libcairo2-dev \
  libpango1.0-dev zlib1g-dev libopenblas-dev liblapacke-dev fonts-dejavu-core dataset-fashion-mnist
# What Swift's own tools need on a bare Debian: libraries, and the C and C++ headers, start files and libgomp of gcc.
TOOLCHAIN_PACKAGES := g++ libc6-dev binutils ca-certificates libcurl4 libedit2 libncurses6 libsqlite3-0 libxml2 tzdata
PEER_PACKAGES := python3 python3-venv
# The browser in which the page of `dissect --report` is tested; its tests are skipped, by name, without it.
BROWSER_PACKAGES := chromium
# What sets the pages of `make papers` and the tables of the tests, which are skipped, by name, without it (about 300 MB).
LATEX_PACKAGES := lmodern texlive-fonts-recommended texlive-latex-recommended texlive-latex-extra texlive-publishers texlive-science
# The launchers that parts of a job are tested with; their tests are skipped, by name, without them.
LAUNCHER_PACKAGES := slurm-wlm munge openmpi-bin

# Vectors of eight floats where the processor has them; oneDNN chooses its own instructions when it runs.
ISA := $(shell grep -qw avx2 /proc/cpuinfo && grep -qw fma /proc/cpuinfo && grep -qw bmi2 /proc/cpuinfo \
  && echo '-Xcc -march=x86-64-v3')
SWIFT_FLAGS := -c release $(ISA)
PEERS := .venv-peers
PEERS_STAMP := $(PEERS)/complete
PEERS_REQUIREMENTS := Tests/Peers/requirements.txt Notebooks/requirements.txt
SWIFT_FOLDERS := Package.swift Sources Tests

ESPALIER = $(shell swift build $(SWIFT_FLAGS) --show-bin-path)/espalier
AS_ROOT := $(shell [ "$$(id -u)" = 0 ] || echo sudo)

# Installs those of the given packages that are missing: quick, and no need for root, where all are there.
define install
	@missing=(); for package in $(1); do \
	  [ "$$(dpkg-query -W -f '$${db:Status-Abbrev}' $$package 2>/dev/null)" = 'ii ' ] || missing+=($$package); done; \
	if [ $${#missing[@]} -gt 0 ]; then \
	  echo "Installing $${missing[*]}"; \
	  export DEBIAN_FRONTEND=noninteractive; \
	  $(AS_ROOT) apt-get update -qq; \
	  $(AS_ROOT) apt-get install -y -qq --no-install-recommends "$${missing[@]}" >/dev/null; \
	fi
endef

.PHONY: help
help: ## list what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: setup
setup: ## install the system packages that are missing (apt; asks sudo unless root)
	$(call install,$(TOOLCHAIN_PACKAGES) $(SYSTEM_PACKAGES))

.PHONY: build
build: setup ## build the tool in release
	@swift build $(SWIFT_FLAGS)

# Where `make install` puts the tool, its manual page and its completions; DESTDIR is put before all of it, for packagers.
PREFIX ?= /usr/local
INSTALLED := $(DESTDIR)$(PREFIX)
INSTALLED_FILES := bin/espalier share/man/man1/espalier.1 share/bash-completion/completions/espalier \
  share/zsh/site-functions/_espalier share/fish/vendor_completions.d/espalier.fish

.PHONY: install
install: ## put tool, manual page and completions of bash, zsh and fish in PREFIX (/usr/local); after make build
	@[ -x "$(ESPALIER)" ] || { echo "There is no $(ESPALIER): make build first."; exit 1; }
	@install -d $(dir $(INSTALLED_FILES:%=$(INSTALLED)/%))
	@install -m 755 $(ESPALIER) $(INSTALLED)/bin/espalier
	@$(ESPALIER) --generate-manual > $(INSTALLED)/share/man/man1/espalier.1
	@$(ESPALIER) --generate-completion-script bash > $(INSTALLED)/share/bash-completion/completions/espalier
	@$(ESPALIER) --generate-completion-script zsh > $(INSTALLED)/share/zsh/site-functions/_espalier
	@$(ESPALIER) --generate-completion-script fish > $(INSTALLED)/share/fish/vendor_completions.d/espalier.fish
	@echo "espalier, its manual page and completions are in $(INSTALLED)"

.PHONY: uninstall
uninstall: ## remove what `make install` put there
	@rm -f $(INSTALLED_FILES:%=$(INSTALLED)/%)

.PHONY: test
test: setup ## run every test, in the release build
	@mkdir -p .build
	@if [ -e $(PEERS_STAMP) ]; then export ESPALIER_PYTHON="$$PWD/$(PEERS)/bin/python"; fi; \
	status=0; swift test $(SWIFT_FLAGS) --disable-testable-imports --disable-xctest 2>&1 | tee .build/test.log || status=$$?; \
	Notebooks/test $(ESPALIER) .build/test.log || status=1; \
	Tests/summary .build/test.log; exit $$status

.PHONY: peers
peers: ## make the Python environment that tests compare with, where a package index answers; a browser, launchers
	@$(MAKE) --no-print-directory browser || echo 'No browser could be installed: tests that need one will be skipped, by name.'
	@$(MAKE) --no-print-directory launchers || echo 'No launchers could be installed: tests that need them will be skipped, by name.'
	@if $(MAKE) --no-print-directory -q $(PEERS_STAMP); then exit 0; fi; \
	$(MAKE) --no-print-directory $(PEERS_STAMP) || { rm -rf $(PEERS); \
	  echo 'No Python environment could be made: tests that need one will be skipped, by name.'; }

.PHONY: browser
browser:
	$(call install,$(BROWSER_PACKAGES))

.PHONY: launchers
launchers:
	$(call install,$(LAUNCHER_PACKAGES))

$(PEERS_STAMP): $(PEERS_REQUIREMENTS)
	$(call install,$(PEER_PACKAGES))
	@rm -rf $(PEERS); python3 -m venv $(PEERS)
	@$(PEERS)/bin/pip install --quiet --disable-pip-version-check --retries 1 --timeout 20 --no-deps $(PEERS_REQUIREMENTS:%=-r %)
	@touch $@

.PHONY: demo
demo: build ## relevance maps of real images, from a network that Espalier trained
	@Notebooks/demo $(ESPALIER)
	@Notebooks/demo-dissect $(ESPALIER) 50

.PHONY: demo-dissect
demo-dissect: build ## what the filters of the demo's network fire on, and their scores, on all 10,000 images
	@Notebooks/demo-dissect $(ESPALIER)

.PHONY: bench
bench: build ## compare speed with onnxruntime, Zennit and PyTorch, in one run and in turn
	@Benchmarks/run $(ESPALIER)

.PHONY: bench-peers
bench-peers: ## make the Python environment that `make bench` compares with (PyTorch: about 1 GB)
	$(call install,$(PEER_PACKAGES))
	@rm -rf .venv-bench; python3 -m venv .venv-bench
	@.venv-bench/bin/pip install --quiet --disable-pip-version-check torch==2.13.0+cpu onnxruntime==1.32.0 numpy pillow click
	@.venv-bench/bin/pip install --quiet --disable-pip-version-check --no-deps torchvision==0.28.0 zennit==0.5.1

# PyTorch, torchvision, timm, onnx and onnxruntime: what exports the networks of `make coverage`, and what its results are held against.
COVERAGE := .venv-coverage
COVERAGE_STAMP := $(COVERAGE)/complete
COVERAGE_REQUIREMENTS := Tests/Coverage/requirements.txt Tests/Coverage/requirements-alone.txt

.PHONY: coverage
coverage: build $(COVERAGE_STAMP) ## some 350 exports of torchvision and timm through the tool, a row each; goes on where it was (hours)
	@nice $(COVERAGE)/bin/python Tests/Coverage/run.py $(ESPALIER)

$(COVERAGE_STAMP): $(COVERAGE_REQUIREMENTS)
	$(call install,$(PEER_PACKAGES))
	@rm -rf $(COVERAGE); python3 -m venv $(COVERAGE)
	@$(COVERAGE)/bin/pip install --quiet --disable-pip-version-check -r Tests/Coverage/requirements.txt
	@$(COVERAGE)/bin/pip install --quiet --disable-pip-version-check --no-deps -r Tests/Coverage/requirements-alone.txt
	@touch $@

.PHONY: fuzz
fuzz: build ## give 20,000 hostile files to every verb; those that are not answered well are kept in Output/fuzz
	@$(dir $(ESPALIER))espalier-fuzz $(ESPALIER)

.PHONY: faults
faults: build ## kill a study and a chain at twenty random moments, and compare what they come to with undisturbed runs
	@Tests/Faults/run $(ESPALIER)

.PHONY: toy
toy: build ## the toy experiment of Yeom et al. 2021, from data to table and figure
	@$(dir $(ESPALIER))espalier-toy Output/toy

.PHONY: gallery
gallery: build ## draw the figures of Documentation/figures.md anew
	@Documentation/make-figures $(ESPALIER) Output/gallery

.PHONY: papers
papers: build ## set the pages of Documentation/two-column and thesis with LaTeX, from results alone
	$(call install,$(LATEX_PACKAGES))
	@Documentation/make-papers $(ESPALIER) Output/gallery

.PHONY: helptexts
helptexts: build ## write the help of every verb for the test that compares it
	@Tests/CommandTests/renew-help $(ESPALIER)

.PHONY: format
format: ## format all Swift code
	@swift format -i -r --parallel $(SWIFT_FOLDERS)

.PHONY: lint
lint: ## say what is not formatted
	@swift format lint -r --parallel --strict $(SWIFT_FOLDERS)

.PHONY: clean
clean: ## remove what was built and computed
	@rm -rf .build Output $(PEERS)
