# `make` lists the verbs. tools/setup.sh installs what they need, and says so when it does.

PORT = 8080
DIST = dist
# The path under which the bundle will stand on its server.
BASE = /

WITH_WASM = tools/wasm-env.sh
PYTHON = model/.venv/bin/python

# Each target keeps to one profile, so that nothing is compiled twice.
NATIVE = --release
WEB = --profile web --target wasm32-unknown-unknown
PAGE = --no-default-features --features page

# Where real photos are at hand, the tests compare our answers on 300 of them with onnxruntime's.
ifneq ($(wildcard ../shared/photos/test),)
export ORACLE = target/oracle.json
endif

.NOTPARALLEL:
.PHONY: help serve build test test-model lint docs native model-file sizes browser lighthouse load pictures

help:
	@echo "make serve       build the page and serve it at http://127.0.0.1:$(PORT)"
	@echo "make build       build the page into $(DIST)/"
	@echo "make test        check and test everything but the training of the network"
	@echo "make test-model  test the training of the network (installs PyTorch)"
	@echo "make lighthouse  rate the built page with Lighthouse (installs it with npm)"
	@echo "make load        see how many requests a second the server holds"
	@echo "make pictures    draw the icons and screenshots in public/ anew"

serve: build
	@tools/setup.sh server
	@echo "--- Serving the page at http://127.0.0.1:$(PORT) until Ctrl-C"
	@HOST=127.0.0.1 PORT=$(PORT) DIST=$(DIST) PATH=$(CURDIR)/target/tools/bin:$$PATH tools/start.sh

build:
	@tools/setup.sh wasm trunk brotli
	@echo "--- Building the page into $(DIST)/"
	@$(WITH_WASM) trunk build --release --dist $(DIST) --public-url $(BASE)

test: lint docs model-file native build sizes browser
	@echo "--- All tests passed"

lighthouse:
	@tools/setup.sh server browser lighthouse
	@echo "--- Rating the page"
	@tools/lighthouse.sh $(DIST)

load:
	@tools/setup.sh server load
	@echo "--- Asking the server for much"
	@tools/load.sh $(DIST)

pictures:
	@tools/setup.sh server browser
	@echo "--- Drawing icons and screenshots"
	@tools/icons.sh
	@PICTURES=public/screenshots DIST=$(DIST) cargo test $(NATIVE) --test browser -- --exact looks::screenshots

test-model:
	@tools/setup.sh python-train
	@echo "--- Testing the training pipeline"
	@$(PYTHON) -m pytest --quiet model/tests/test_pipeline.py

# ---- the parts of `make test`

lint:
	@tools/setup.sh wasm
	@echo "--- Checking format and lints"
	@cargo fmt --check
	@cargo clippy $(NATIVE) --all-targets -- -D warnings
	@$(WITH_WASM) cargo clippy $(WEB) --lib --bin engine -- -D warnings
	@$(WITH_WASM) cargo clippy $(WEB) $(PAGE) --lib --bin page -- -D warnings

docs: export RUSTDOCFLAGS = -D warnings
docs:
	@tools/setup.sh wasm
	@echo "--- Building the documentation"
	@cargo doc $(NATIVE) --no-deps
	@$(WITH_WASM) cargo doc $(WEB) --no-deps --lib --features page

model-file:
	@tools/setup.sh python
	@echo "--- Checking the model file"
	@$(PYTHON) -m pytest --quiet model/tests/test_model_file.py

native: $(ORACLE)
	@echo "--- Running the native tests"
	@cargo test $(NATIVE) -- --nocapture

sizes:
	@echo "--- Weighing the bundle"
	@tools/sizes.sh $(DIST)

browser: $(ORACLE)
	@tools/setup.sh server browser firefox
	@echo "--- Running the browser tests"
	@DIST=$(DIST) CHROMIUM=target/tools/bin/chromium CHROMEDRIVER=target/tools/bin/chromedriver \
		cargo test $(NATIVE) --test browser -- --nocapture

target/oracle.json: model/clothing.onnx
	@tools/setup.sh python
	@echo "--- Asking onnxruntime about 300 photos"
	@mkdir -p target
	@find ../shared/photos/test -name '*.jpg' | sort \
		| awk '{ photo[NR] = $$0 } END { for (i = 0; i < 300; i++) print photo[1 + int(i * NR / 300)] }' \
		| xargs $(PYTHON) -m clothing_model predict --json --onnx $< >$@.part
	@mv $@.part $@
