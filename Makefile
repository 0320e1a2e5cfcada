# Học Số: every everyday task in one word. `make help` lists them.
SHELL := /bin/bash
.DEFAULT_GOAL := help

VENV   := .venv
PY     := $(VENV)/bin/python
UV     := $(VENV)/bin/uv
STAMP  := $(VENV)/.run-$(shell cat requirements.lock 2>/dev/null | cksum | cut -d' ' -f1)
DEVSTAMP := $(VENV)/.dev-$(shell cat requirements-dev.lock 2>/dev/null | cksum | cut -d' ' -f1)

HOST ?= 127.0.0.1
PORT ?= 8000
# Demo people and data; only ever on a loopback address.
DEMO ?= $(if $(filter 127.0.0.1 localhost ::1,$(HOST)),1,0)
export HOST PORT DEMO

.PHONY: help install install-dev browser object-store page-judges prosemirror openid-provider web-server dictionary paper-peer serve test proof check bench format lock docs messages

help: ## Liệt kê các lệnh / list the commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

install: $(STAMP) ## Cài mọi thứ cần để chạy / install what is needed to run

$(PY):
	python3 -m venv $(VENV)
	$(VENV)/bin/pip install --quiet --disable-pip-version-check "uv>=0.9,<1"

$(STAMP): requirements.lock | $(PY)
	$(UV) pip install --quiet --python $(PY) --require-hashes -r requirements.lock
	@touch $@

$(DEVSTAMP): requirements-dev.lock | $(STAMP)
	$(UV) pip install --quiet --python $(PY) --require-hashes -r requirements-dev.lock
	@touch $@

install-dev: $(DEVSTAMP)

serve: install ## Cài, nâng cấp, nạp dữ liệu và chạy tại http://127.0.0.1:8000 / install, migrate, seed, serve
	@$(PY) -m app serve

browser: | $(PY)
	@deploy/bring-chromium

object-store: | $(PY)
	@tests/swift/bring

web-server:
	@tests/nginx/bring

# GPL-2, so it is fetched for the check and not kept in the repository.
dictionary:
	@tests/bring-debian hunspell-vi usr/share/hunspell/vi_VN.dic

page-judges: install-dev
	@tests/accessibility/bring

# Only to bring newer versions: what it makes is in the repository.
prosemirror: install-dev
	@deploy/prosemirror/build

openid-provider: install-dev
	@tests/openid/bring

# Only for `make bench`, which says so where it could not be brought.
paper-peer: | $(PY)
	-@bench/weasyprint/bring

# Where the environment forbids bytecode, each worker and each process a test starts would compile all anew.
test proof: export PYTHONDONTWRITEBYTECODE :=

test: install-dev browser object-store web-server dictionary page-judges openid-provider ## Chạy toàn bộ kiểm thử trên SQLite và PostgreSQL / all tests on SQLite and PostgreSQL
	$(PY) -m pytest tests -q -n 2 --dist loadgroup --database both

proof: install-dev browser object-store web-server dictionary page-judges openid-provider ## Những chứng minh dài trên cả hai cơ sở dữ liệu / long proofs on both databases
	$(PY) -m pytest $(wildcard tests/*/proof_*.py) -q -s --database both
	$(PY) -m pytest tests -q -n 2 --dist loadgroup --database sqlite
	$(PY) -m pytest tests -q -n 2 --dist loadgroup --database postgresql
	EVERY_VIEW=1 $(PY) -m pytest tests/accessibility tests/journey -q --database both
	EXPLORE=1 $(PY) -m pytest $(shell grep -rl "from hypothesis import" tests) -q
	KILLS=50 $(PY) -m pytest tests/durability -q --database both
	FUZZ_EXAMPLES=20 $(PY) -m pytest tests/access tests/fuzz -q --database sqlite
	FUZZ_EXAMPLES=20 $(PY) -m pytest tests/access tests/fuzz -q --database postgresql

check: install-dev dictionary ## Định dạng, quy tắc, kiểu, hướng phụ thuộc, mẫu trang, migration / all static checks
	$(VENV)/bin/ruff format --check app tests migrations bench
	$(VENV)/bin/ruff check app tests migrations bench
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports
	$(VENV)/bin/djlint templates --lint --quiet
	$(PY) -m pytest -q tests/checks

bench: install-dev paper-peer ## Đo tốc độ, tính bằng tỷ lệ so với mức sàn đo cùng lúc; BENCH=--quick đo nhanh / measure speed as ratios
	$(PY) -m bench $(BENCH)

format: install-dev ## Định dạng mã / format the code
	$(VENV)/bin/ruff format app tests migrations bench
	$(VENV)/bin/ruff check --fix app tests migrations bench

messages: install-dev ## Gom câu chữ mới vào bản dịch tiếng Anh / collect new sentences for translation
	@mkdir -p .cache
	$(VENV)/bin/pybabel -q extract -F babel.cfg -k lazy --no-location --sort-output -o .cache/messages.pot .
	$(VENV)/bin/pybabel -q update -w 110 --no-fuzzy-matching --ignore-obsolete -l en -i .cache/messages.pot -d app/locale

docs: install ## Sinh lại docs/configuration.md / regenerate the generated documents
	$(PY) -m app.admin.configuration_doc > docs/configuration.md

lock: | $(PY) ## Khóa lại phiên bản thư viện / refresh the lock files
	$(UV) pip compile -q --universal --generate-hashes --no-header --python-version 3.11 pyproject.toml -o requirements.lock
	$(UV) pip compile -q --universal --generate-hashes --no-header --python-version 3.11 --group dev pyproject.toml -o requirements-dev.lock
	$(UV) pip compile -q --universal --generate-hashes --no-header --python-version 3.11 tests/swift/requirements.in -o tests/swift/requirements.lock
	$(UV) pip compile -q --universal --generate-hashes --no-header --python-version 3.11 bench/weasyprint/requirements.in -o bench/weasyprint/requirements.lock
