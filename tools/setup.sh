#!/usr/bin/env bash
# Installs what the build needs and the machine lacks; does nothing where all is there.
#
#   tools/setup.sh            a C++ compiler, CMake, make and libclang (for llama.cpp), Rust checked
#   tools/setup.sh nextest    the same, and the test runner cargo-nextest
#   tools/setup.sh deny       the same, and cargo-deny
#   tools/setup.sh spark      the same, Java, and PySpark in target/spark
#   tools/setup.sh browser    the same, Chromium, and Selenium in target/browser
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly NEXTEST_VERSION=0.9.143
readonly DENY_VERSION=0.20.2

have() { command -v "$1" >/dev/null 2>&1; }
say() { printf 'setup: %s\n' "$*" >&2; }
fail() {
    say "$1"
    printf 'hint: %s\n' "$2" >&2
    exit 1
}

# bindgen loads libclang and needs the compiler's own headers beside it. On Debian only the
# -dev package carries both, and only it has the link without a version number.
have_libclang() {
    [[ -n "${LIBCLANG_PATH:-}" ]] && return
    if have apt-get; then
        compgen -G '/usr/lib/llvm-*/lib/libclang.so' >/dev/null
    else
        have llvm-config || have clang
    fi
}

native_tools() {
    local missing=""
    have cmake || missing+=" cmake"
    have make || missing+=" make"
    have c++ || [[ -n "${CXX:-}" ]] || missing+=" g++"
    have_libclang || missing+=" libclang-dev"
    [[ -z "$missing" ]] && return

    if ! have apt-get; then
        fail "not found:$missing (names as in Debian)" "install them, then run this again:
    Fedora    sudo dnf install cmake make gcc-c++ clang-devel
    Arch      sudo pacman -S --needed cmake make gcc clang
    macOS     xcode-select --install; brew install cmake llvm
    elsewhere CMake, make, a C++17 compiler and libclang; LIBCLANG_PATH names its folder"
    fi

    debian "$missing"
}

# debian PACKAGES: installs packages of Debian, named in one text.
debian() {
    local as_root=""
    if [[ "$(id -u)" -ne 0 ]]; then
        have sudo || fail "not found:$1, and neither root nor sudo is at hand" \
            "as root: apt-get install$1"
        as_root="sudo"
    fi
    say "installing$1"
    # The lists are split into words on purpose.
    # shellcheck disable=SC2086
    {
        $as_root apt-get update -q
        $as_root env DEBIAN_FRONTEND=noninteractive \
            apt-get install -q -y --no-install-recommends $1
    }
}

# Java for Spark, and PySpark in an environment of its own.
spark() {
    local missing=""
    have java || missing+=" default-jre-headless"
    python3 -c 'import ensurepip' 2>/dev/null || missing+=" python3-venv"
    if [[ -n "$missing" ]]; then
        have apt-get || fail "not found:$missing (names as in Debian)" "install Java 17 and Python's venv, then run this again"
        debian "$missing"
    fi
    [[ -x target/spark/bin/spark-submit ]] && return
    say "installing PySpark into target/spark"
    python3 -m venv target/spark
    target/spark/bin/pip install --quiet --requirement examples/spark/requirements.txt
}

# Chromium with its driver, fonts of several scripts, and Selenium in an environment of its own.
browser() {
    local missing=""
    have chromium || have google-chrome || missing+=" chromium"
    have chromedriver || missing+=" chromium-driver"
    python3 -c 'import ensurepip' 2>/dev/null || missing+=" python3-venv"
    if [[ -n "$missing" ]]; then
        have apt-get || fail "not found:$missing (names as in Debian)" "install Chromium with its driver and Python's venv, then run this again"
        debian "$missing fonts-dejavu-core"
    fi
    [[ -d target/browser/lib ]] && target/browser/bin/python -c 'import selenium' 2>/dev/null && return
    say "installing Selenium into target/browser"
    python3 -m venv target/browser
    target/browser/bin/pip install --quiet --requirement tests/browser/requirements.txt
}

rust() {
    local wanted found
    wanted="$(sed -n 's/^rust-version = "\(.*\)"$/\1/p' Cargo.toml)"
    have cargo || fail "cargo was not found" \
        "install Rust $wanted or newer from https://rustup.rs, then run this again"
    found="$(cargo --version | cut -d ' ' -f 2)"
    if [[ "$(printf '%s\n' "$wanted" "$found" | sort -V | head -n 1)" != "$wanted" ]]; then
        fail "cargo $found is too old: Rust $wanted or newer is needed" \
            "rustup update stable (from https://rustup.rs; a distribution's package is often older)"
    fi
}

# cargo_tool NAME VERSION [OPTION]: `cargo NAME`, in whatever version is already there.
cargo_tool() {
    cargo "$1" --version >/dev/null 2>&1 && return
    say "installing cargo-$1 $2 (once, some minutes)"
    cargo install --locked "cargo-$1" --version "$2" "${@:3}"
}

native_tools
rust
for tool in "$@"; do
    case "$tool" in
        nextest) cargo_tool nextest "$NEXTEST_VERSION" ;;
        # Unoptimised: it runs for seconds and compiles for minutes.
        spark) spark ;;
        browser) browser ;;
        deny) cargo_tool deny "$DENY_VERSION" --debug ;;
        *) fail "unknown tool \`$tool\`" "tools/setup.sh [nextest] [deny] [spark] [browser]" ;;
    esac
done
