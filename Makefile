# `make` lists the verbs. tools/setup.sh installs what they need, and says so when it does.

PORT = 8080
DIST = dist

WITH_WASM = tools/wasm-env.sh
PYTHON = model/.venv/bin/python

# Each target keeps to one profile, so that nothing is compiled twice.
NATIVE = --release
WEB = --profile web --target wasm32-unknown-unknown
PAGE = --no-default-features --features page

BROWSER_TEST = DIST=$(DIST) CHROMIUM=target/tools/bin/chromium CHROMEDRIVER=target/tools/bin/chromedriver \
	cargo test $(NATIVE) --test browser

# Where real photos are at hand, the tests compare our answers on 300 of them with onnxruntime's.
ifneq ($(wildcard ../shared/photos/test),)
export ORACLE = target/oracle.json
endif

.NOTPARALLEL:
.PHONY: help serve build test test-model torture fuzz lint docs native model-file sizes browser

help:
	@echo "make serve       build the page and serve it at http://127.0.0.1:$(PORT)"
	@echo "make build       build the page into $(DIST)/"
	@echo "make test        check and test everything but the training of the network"
	@echo "make test-model  test the training of the network (installs PyTorch)"
	@echo "make torture     try thousands of damaged photos, and a thousand in one page"
	@echo "make fuzz        look for files that bring decoders or the model's loader down (an hour)"

serve:
	@tools/setup.sh wasm trunk
	@echo "--- Building the page, then serving it at http://127.0.0.1:$(PORT) until Ctrl-C"
	@$(WITH_WASM) trunk serve --release --no-autoreload --dist $(DIST) --address 127.0.0.1 --port $(PORT)

build:
	@tools/setup.sh wasm trunk
	@echo "--- Building the page into $(DIST)/"
	@$(WITH_WASM) trunk build --release --dist $(DIST)

test: lint docs model-file native build sizes browser
	@echo "--- All tests passed"

test-model:
	@tools/setup.sh python-train
	@echo "--- Testing the training pipeline"
	@$(PYTHON) -m pytest --quiet model/tests/test_pipeline.py

# What `make test` does with fewer photos.
torture: build
	@tools/setup.sh browser
	@MUTATED=10000 cargo test $(NATIVE) --test robust -- --nocapture mutated_photos
	@MUTATED=1000 PHOTOS=1000 $(BROWSER_TEST) -- --nocapture mutated a_page_left_open

FUZZ_SECONDS = 1800
fuzz:
	@tools/fuzz.sh photo $(FUZZ_SECONDS)
	@tools/fuzz.sh model $(FUZZ_SECONDS)

# ---- the parts of `make test`

lint:
	@tools/setup.sh wasm
	@echo "--- Checking format and lints"
	@cargo fmt --check
	@cargo fmt --check --manifest-path fuzz/Cargo.toml
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
	@tools/setup.sh brotli
	@echo "--- Weighing the bundle"
	@tools/sizes.sh $(DIST)

browser: $(ORACLE)
	@tools/setup.sh browser
	@echo "--- Running the browser tests"
	@$(BROWSER_TEST) -- --nocapture

target/oracle.json: model/clothing.onnx
	@tools/setup.sh python
	@echo "--- Asking onnxruntime about 300 photos"
	@mkdir -p target
	@find ../shared/photos/test -name '*.jpg' | sort \
		| awk '{ photo[NR] = $$0 } END { for (i = 0; i < 300; i++) print photo[1 + int(i * NR / 300)] }' \
		| xargs $(PYTHON) -m clothing_model predict --json --onnx $< >$@.part
	@mv $@.part $@
