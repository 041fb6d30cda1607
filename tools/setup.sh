#!/bin/sh
# setup.sh WHAT...: installs what is missing of the named things and says so; silent when all is there.
#
#   wasm          the Rust target wasm32-unknown-unknown
#   trunk         Trunk and wasm-bindgen, which build the page
#   brotli        the compressor of what is served
#   server        Static Web Server, which serves the bundle
#   browser       Chromium and chromedriver, for the browser tests
#   npm           Node.js and npm, for measuring beside onnxruntime-web and for Lighthouse
#   firefox       Firefox and geckodriver, for the browser tests
#   lighthouse    Lighthouse, which rates the page
#   load          wrk, which asks for much at a time
#   python        a virtual environment in model/.venv that can check the model file
#   python-train  the same with PyTorch and what collecting and comparing need
#
# Everything goes into target/tools and model/.venv, but for packages of the system (apt-get).
set -eu
cd "$(dirname "$0")/.."
tools=$PWD/target/tools
PATH=$tools/bin:$PATH

trunk_version=0.22.1
server_version=2.44.1
geckodriver_version=0.37.1
lighthouse_version=12.8.2

say() { echo "--- $*"; }
fail() {
    echo "Setup stopped: $*" >&2
    exit 1
}
has() { command -v "$1" >/dev/null 2>&1; }
need() { has "$1" || fail "$1 is missing. $2"; }

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif has sudo; then
        sudo "$@"
    else
        fail "this needs root: $*"
    fi
}

# apt_install PACKAGE...: false where there is no apt-get, or where it fails (it has then told why).
apt_install() {
    has apt-get || return 1
    say "Installing $* with apt-get"
    as_root apt-get update -qq || true
    as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

# A folder that goes when we end.
make_scratch() {
    scratch=$(mktemp -d)
    trap 'rm -rf "$scratch"' EXIT
}

need_rust() {
    need cargo "Install Rust from https://rustup.rs and open a new shell."
    need cc "A C compiler links Rust programs: apt-get install gcc, or your system's equivalent."
}

# ---- wasm

setup_wasm() {
    need_rust
    has_wasm && return
    if has rustup; then
        say "Adding the WebAssembly target to Rust with rustup"
        rustup target add wasm32-unknown-unknown && has_wasm && return
        say "That did not help (see above); trying Debian's Rust instead"
    fi
    debian_wasm && has_wasm && return
    fail "no WebAssembly target. Run 'rustup target add wasm32-unknown-unknown' where rustup's server" \
        "can be reached, or use Debian 12 or later with its security updates."
}

has_wasm() { tools/wasm-env.sh true 2>/dev/null; }

# Debian packages a recent Rust, but not this target's standard library; its source is there to build it from.
debian_wasm() {
    apt_install rustc-web cargo-web rust-web-src rust-web-clippy || return
    say "Building the standard library for WebAssembly (some minutes, once)"
    make_scratch
    mkdir "$scratch/src"
    touch "$scratch/src/lib.rs"
    printf '[package]\nname = "empty"\nedition = "2024"\n' >"$scratch/Cargo.toml"
    # -Cembed-bitcode lets a program optimise across the standard library (LTO).
    (
        cd "$scratch"
        unset RUSTC RUSTDOC RUSTUP_TOOLCHAIN
        PATH=/usr/bin:$PATH RUSTC_BOOTSTRAP=1 CARGO_TARGET_DIR=$scratch/target \
            CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS=-Cembed-bitcode=yes \
            CARGO_PROFILE_RELEASE_CODEGEN_UNITS=1 \
            cargo build --quiet --release --target wasm32-unknown-unknown \
            -Zbuild-std=std,panic_abort,panic_unwind,proc_macro,test
    ) || return
    built=$scratch/target/wasm32-unknown-unknown/release/deps
    library=$(/usr/bin/rustc --target wasm32-unknown-unknown --print target-libdir)
    rm "$built"/libempty-*
    as_root rm -rf "$library"
    as_root mkdir -p "$library"
    as_root cp "$built"/*.rlib "$library"
}

# ---- trunk

version_of() { "$1" --version 2>/dev/null | sed -n '1s/^[^0-9]*\([0-9.]*\).*/\1/p'; }
at_least() { [ "$(printf '%s\n' "$1" "$2" | sort -V | head -n 1)" = "$1" ]; }

# install_tool CRATE VERSION FLAG...: optimised less than the authors would, and so built sooner; not at all where nobody
# waits for it.
install_tool() {
    say "Building $1 $2 (some minutes, once)"
    crate=$1 version=$2
    shift 2
    case $crate in
    static-web-server) level=1 ;;
    *) level=0 ;;
    esac
    CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 CARGO_PROFILE_RELEASE_OPT_LEVEL=$level \
        cargo install --quiet "$crate" --version "$version" --root "$tools" --target-dir "$tools/build" "$@" ||
        fail "$crate $version could not be built (see above). Is crates.io reachable, is Rust recent (rustup update)?"
}

setup_trunk() {
    need_rust
    # The versions of the wasm-bindgen library and of its command must be the same.
    bindgen_version=$(sed -n '/^name = "wasm-bindgen"$/{n;s/version = "\(.*\)"/\1/p;}' Cargo.lock)
    at_least $trunk_version "$(version_of trunk)" ||
        install_tool trunk $trunk_version --locked --ignore-rust-version --no-default-features --features rustls
    [ "$(version_of wasm-bindgen)" = "$bindgen_version" ] ||
        install_tool wasm-bindgen-cli "$bindgen_version"
}

# ---- brotli

setup_brotli() {
    has brotli || apt_install brotli || fail "brotli is missing; install your system's package of that name."
}

# ---- npm

setup_npm() {
    has npm || apt_install nodejs npm || true
    has npm && at_least 20 "$(version_of node)" || fail "measuring needs npm and Node.js 20 or later: https://nodejs.org."
}

# ---- server

setup_server() {
    need_rust
    [ "$(version_of static-web-server)" = $server_version ] && return
    install_tool static-web-server $server_version --locked --no-default-features \
        --features compression-brotli,compression-gzip
}

# ---- browser

# Leaves target/tools/bin/chromium and .../chromedriver, which start the pair that was found.
setup_browser() {
    find_browser && return
    apt_install chromium chromium-driver || true
    find_browser || fail "the browser tests need Chromium (or Chrome) and a chromedriver of the same version." \
        "Install both, or name them in the variables CHROMIUM and CHROMEDRIVER." \
        "(Ubuntu's Chromium is a snap, which may not open others' files: take Google Chrome and its driver there.)"
}

find_browser() {
    rm -f "$tools/bin/chromium" "$tools/bin/chromedriver"
    for driver in "${CHROMEDRIVER:-}" chromedriver "${CHROMEWEBDRIVER:-}/chromedriver"; do
        for chromium in "${CHROMIUM:-}" chromium google-chrome google-chrome-stable; do
            if has "$driver" && has "$chromium" && [ "$(major_of "$driver")" = "$(major_of "$chromium")" ]; then
                start_with chromedriver "$driver"
                start_with chromium "$chromium"
                return
            fi
        done
    done
    return 1
}

major_of() { version_of "$1" | cut -d. -f1; }

start_with() {
    mkdir -p "$tools/bin"
    printf '#!/bin/sh\nexec %s "$@"\n' "$(command -v "$2")" >"$tools/bin/$1"
    chmod +x "$tools/bin/$1"
}

# ---- firefox

# Leaves target/tools/bin/firefox, which starts the one that was found, and geckodriver.
setup_firefox() {
    need_rust
    find_firefox || { apt_install firefox-esr && find_firefox; } ||
        fail "the browser tests need Firefox; install it, or name it in the variable FIREFOX."
    [ "$(version_of geckodriver)" = $geckodriver_version ] && return
    install_tool geckodriver $geckodriver_version --locked
}

find_firefox() {
    rm -f "$tools/bin/firefox"
    for firefox in "${FIREFOX:-}" firefox-esr firefox; do
        if has "$firefox"; then
            start_with firefox "$firefox"
            return
        fi
    done
    return 1
}

# ---- lighthouse

setup_lighthouse() {
    setup_npm
    [ -x "$tools/lighthouse/node_modules/.bin/lighthouse" ] && return
    say "Installing Lighthouse $lighthouse_version with npm"
    npm install --silent --no-fund --no-audit --prefix "$tools/lighthouse" lighthouse@$lighthouse_version ||
        fail "npm could not install Lighthouse (see above)."
}

# ---- load

setup_load() {
    has wrk || apt_install wrk || fail "wrk is missing; install your system's package of that name."
}

# ---- python

# setup_python EXTRAS: brings model/.venv to what model/pyproject.toml asks for with these extras.
setup_python() {
    need python3 "Install Python 3: apt-get install python3 python3-venv, or your system's equivalent."
    venv=model/.venv
    wanted="$(cksum <model/pyproject.toml) $1"
    grep -qxF "$wanted" $venv/installed 2>/dev/null && $venv/bin/python -c '' && return
    $venv/bin/python -m pip --version >/dev/null 2>&1 ||
        python3 -m venv --clear $venv >/dev/null 2>&1 ||
        { apt_install python3-venv && python3 -m venv --clear $venv; } ||
        fail "Python cannot make a virtual environment; install your system's package python3-venv."
    say "Installing the Python packages of model[$1] into $venv"
    $venv/bin/python -m pip install --quiet --editable "model[$1]" ||
        fail "pip could not install the packages (see above). Is PyPI reachable?"
    echo "$wanted" >>$venv/installed
}

for what; do
    case $what in
    wasm | trunk | brotli | npm | server | browser | firefox | lighthouse | load) "setup_$what" ;;
    python) setup_python test ;;
    python-train) setup_python test,train,collect,compare ;;
    *) fail "there is nothing called '$what' to set up; see the head of $0." ;;
    esac
done
# What the programs that were built have in common was built but once.
rm -rf "$tools/build"
