# `make` lists the verbs. tools/setup.sh installs what they need, and reports it.

PORT = 8080
DIST = dist
# The path under which the bundle will be served.
BASE = /

WITH_WASM = tools/wasm-env.sh
PYTHON = model/.venv/bin/python

# One profile for each target, so that nothing is compiled twice.
NATIVE = --profile tests
WEB = --profile web --target wasm32-unknown-unknown
PAGE = --no-default-features --features page

BROWSER_TEST = DIST=$(DIST) CHROMIUM=target/tools/bin/chromium CHROMEDRIVER=target/tools/bin/chromedriver \
	cargo test $(NATIVE) --test browser

# If real photos are available, the tests compare our answers on 1,000 of them with onnxruntime's.
ifneq ($(wildcard ../shared/photos/test),)
export ORACLE = target/oracle-1000.json
endif

.NOTPARALLEL:
.PHONY: help serve serve-tools build test tools test-model bench torture fuzz lighthouse load pictures licences \
	test-native lint-native dependencies docs-native native model-file \
	test-wasm lint-wasm docs-wasm warnings kernel lint docs sizes container browser

help:
	@echo "make serve       build the page and serve it at http://127.0.0.1:$(PORT)"
	@echo "make build       build the page into $(DIST)/"
	@echo "make test        check and test everything but the training of the network"
	@echo "make test-model  test collecting photos and training the network (installs PyTorch)"
	@echo "make bench       compare the page with onnxruntime-web"
	@echo "make torture     try thousands of damaged photos, answer a thousand in one page, and clean five thousand"
	@echo "make fuzz        search for files that crash the decoders or the model's loader (an hour)"
	@echo "make lighthouse  rate the built page with Lighthouse (installs it with npm)"
	@echo "make load        measure how many requests a second the server answers"
	@echo "make pictures    draw icons, samples, screenshots and plots again, with the built page (installs PyTorch)"
	@echo "make licences    write the page of licences of all dependencies again (builds cargo-about)"

serve: serve-tools build
	@echo "--- Serving the page at http://127.0.0.1:$(PORT) until Ctrl-C"
	@HOST=127.0.0.1 PORT=$(PORT) DIST=$(DIST) PATH=$(CURDIR)/target/tools/bin:$$PATH tools/start.sh

build:
	@tools/setup.sh wasm trunk brotli binaryen
	@echo "--- Building the page into $(DIST)/"
	@# Builds the page's programs together, on all cores. Trunk builds them one after another, and finds them ready.
	@$(WITH_WASM) cargo build $(WEB) $(PAGE) --bin page --bin widget --bin clean
	@$(WITH_WASM) trunk build --release --dist $(DIST) --public-url $(BASE)

test: tools
	@# At the same time: each has its own folders under target/, and rarely work for all cores.
	@tools/beside.sh "$(MAKE) --no-print-directory test-native" "$(MAKE) --no-print-directory test-wasm"
	@$(MAKE) --no-print-directory sizes container browser
	@echo "--- All tests passed"
# Documentation is checked for WebAssembly only, which has all but a few files; `make docs` checks both.
test-native: lint-native dependencies native model-file
test-wasm: lint-wasm docs-wasm build warnings kernel

# In one call, so that common parts are built once and the whole time is announced first.
tools:
	@tools/setup.sh wasm trunk brotli binaryen server browser firefox python deny
serve-tools:
	@tools/setup.sh wasm trunk brotli binaryen server

lighthouse:
	@tools/setup.sh server browser lighthouse
	@echo "--- Rating the page"
	@tools/lighthouse.sh $(DIST)

load:
	@tools/setup.sh server load
	@echo "--- Loading the server"
	@tools/load.sh $(DIST)

licences:
	@tools/setup.sh licences
	@echo "--- Writing public/licences.html"
	@tools/licences.sh

# They show drawings only: no photos of anybody are in the repository.
PICTURES = target/pictures
DRAWN = cd $(PICTURES) && $(CURDIR)/$(PYTHON) -m clothing_model
pictures:
	@tools/setup.sh server browser python-train
	@echo "--- Drawing icons, samples, screenshots and plots; some minutes"
	@tools/icons.sh
	@rm -rf $(PICTURES)
	@$(PYTHON) tools/pictures.py samples public/samples
	@$(PYTHON) tools/pictures.py closet $(PICTURES)/closet
	@$(DRAWN) explore --data closet --onnx $(CURDIR)/model/clothing.onnx --out look
	@$(DRAWN) train --data closet --labels $(CURDIR)/model/labels.json --begin $(CURDIR)/model/clothing.onnx --run run \
		--head-sizes 96 --sizes 96 --batch 16 --workers 0
	@cp $(PICTURES)/run/lr_find_head.png docs/learning-rate.png
	@PICTURES=$(PICTURES) $(BROWSER_TEST) -- --exact looks::screenshots
	@$(PYTHON) tools/pictures.py small public/screenshots/*.png docs/*.png

test-model:
	@tools/setup.sh python-train
	@echo "--- Testing the training pipeline"
	@$(PYTHON) -m pytest --quiet $(addprefix model/tests/test_,pipeline.py collection.py own_categories.py several_folders.py refining.py)

bench: build
	@tools/setup.sh browser npm
	@echo "--- Comparing the page with onnxruntime-web; leave the machine alone for some minutes"
	@mkdir -p target/bench
	@cp bench/* target/bench
	@npm install --prefix target/bench --no-audit --no-fund --loglevel=error
	@node target/bench/run.mjs $(DIST) target/bench/results.json target/tools/bin/chromium tests/fixtures/polo-shirt.jpg

# The same as in `make test`, with more photos.
torture: build
	@tools/setup.sh browser
	@MUTATED=10000 cargo test $(NATIVE) --test robust -- --nocapture mutated_photos
	@MUTATED=1000 PHOTOS=1000 $(BROWSER_TEST) -- --nocapture mutated a_page_left_open
	@CLEANED=5000 $(BROWSER_TEST) -- --nocapture clean::swapped clean::thousands

FUZZ_SECONDS = 1800
fuzz:
	@tools/fuzz.sh photo $(FUZZ_SECONDS)
	@tools/fuzz.sh model $(FUZZ_SECONDS)

# ---- the parts of `make test`

lint: lint-native lint-wasm

lint-native:
	@echo "--- Checking format and lints"
	@tools/inputs.sh
	@cargo fmt --check
	@cargo fmt --check --manifest-path fuzz/Cargo.toml
	@cargo clippy $(NATIVE) --workspace --all-targets -- -D warnings
	@# Clippy does not link, so libFuzzer is not needed: this path keeps it from being built.
	@CUSTOM_LIBFUZZER_PATH=none/libfuzzer.a cargo clippy $(NATIVE) --manifest-path fuzz/Cargo.toml --target-dir target -- -D warnings

# With all features at once; `warnings` checks each bundle's own features.
lint-wasm:
	@tools/setup.sh wasm
	@echo "--- Checking lints for WebAssembly"
	@$(WITH_WASM) cargo clippy $(WEB) -p clothing-jpeg -p clothing-kernel -p clothing-classifier --features page --lib --bin engine --bin page --bin widget --bin clean -- -D warnings

# Cargo repeats the compiler's warnings from building the bundle.
warnings:
	@echo "--- Looking for warnings of the build"
	@! { $(WITH_WASM) cargo build $(WEB) --bin engine && $(WITH_WASM) cargo build $(WEB) $(PAGE) --bin page --bin widget --bin clean; } 2>&1 \
		| grep --after-context=12 '^warning'

dependencies:
	@tools/setup.sh deny
	@echo "--- Checking the licences and sources of dependencies"
	@PATH=$(CURDIR)/target/tools/bin:$$PATH cargo-deny --locked check licenses bans sources
	@tools/licences.sh check

docs: docs-native docs-wasm

docs-native docs-wasm: export RUSTDOCFLAGS = -D warnings
docs-native:
	@echo "--- Building the documentation"
	@cargo doc $(NATIVE) --no-deps
docs-wasm:
	@tools/setup.sh wasm
	@echo "--- Building the documentation of the page"
	@$(WITH_WASM) cargo doc $(WEB) --no-deps --lib --features page

model-file:
	@tools/setup.sh python
	@echo "--- Checking the model file and everything that works without PyTorch"
	@$(PYTHON) -m pytest --quiet $(addprefix model/tests/test_,model_file.py verdict.py operators.py picture.py decisions.py exploration.py)

native: $(ORACLE)
	@echo "--- Running the native tests"
	@cargo test $(NATIVE) --workspace -- --nocapture

kernel:
	@tools/setup.sh wasm trunk browser
	@echo "--- Running the kernel's tests in the browser"
	@CHROMEDRIVER=$(CURDIR)/target/tools/bin/chromedriver \
		CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER=$(CURDIR)/target/tools/bin/wasm-bindgen-test-runner \
		$(WITH_WASM) cargo test $(WEB) -p clothing-kernel --tests -- --nocapture

sizes:
	@echo "--- Weighing the bundle"
	@tools/sizes.sh $(DIST)

container:
	@tools/setup.sh server
	@echo "--- Building and testing the container, without Docker"
	@tools/container.sh

browser: $(ORACLE)
	@tools/setup.sh server browser firefox
	@echo "--- Running the browser tests"
	@$(BROWSER_TEST) -- --nocapture

target/oracle-1000.json: model/clothing.onnx
	@tools/setup.sh python
	@echo "--- Asking onnxruntime about 1,000 photos"
	@mkdir -p target
	@find ../shared/photos/test -name '*.jpg' | sort \
		| awk '{ photo[NR] = $$0 } END { for (i = 0; i < 1000; i++) print photo[1 + int(i * NR / 1000)] }' \
		| xargs $(PYTHON) -m clothing_model predict --json --onnx $< >$@.part
	@mv $@.part $@
