#!/usr/bin/env bash
# Runs every check and every test, on Debian 12 with Rust; installs what is missing for them.
# The last line is `N passed, N failed`, a failed check counting as one; the exit code is 0 only if nothing failed.
set -euo pipefail
cd "$(dirname "$0")"

NEXTEST_VERSION=0.9.143
NEXTEST_REPORT=target/nextest/ci/junit.xml
DOC_TEST_OUTPUT=target/doc-tests.txt
PYTHON_PACKAGES=crates/testkit/python/requirements.txt
PYTHON_HOME=target/python

passed=0
failed=0

main() {
    # `./test.sh python` only installs the clients that nobody here wrote.
    if [ "${1:-}" = python ]; then
        install_python_packages
        return
    fi
    require_rust
    # `./test.sh interop` only builds the client that must not come near what is shipped.
    if [ "${1:-}" = interop ]; then
        build_interop
        return
    fi
    install_packages
    install_python_packages
    install_nextest
    check "a client in a workspace of its own" build_interop

    check "format" cargo fmt --all --check
    check "lints" cargo clippy --workspace --all-targets -- -D warnings
    check "tidy" cargo xtask tidy
    run_tests
    run_doc_tests
    check_supply_chain

    echo "$passed passed, $failed failed"
    [ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
}

require_rust() {
    local wanted have
    wanted=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
    has cargo && has rustc || stop "Rust $wanted is missing; install it with rustup"
    have=$(rustc --version | cut -d ' ' -f 2)
    [ "$(printf '%s\n' "$wanted" "$have" | sort --version-sort | head -n 1)" = "$wanted" ] ||
        stop "Rust $have is too old; install $wanted"
    cargo fmt --version >/dev/null 2>&1 || stop "rustfmt is missing; run: rustup component add rustfmt"
    cargo clippy --version >/dev/null 2>&1 || stop "clippy is missing; run: rustup component add clippy"
}

# Programs that the tests and the build run, and the Debian packages that bring them.
install_packages() {
    local missing=()
    has cc || missing+=(build-essential)
    has git || missing+=(git)
    has curl || missing+=(curl)
    has jq || missing+=(jq)
    python3 -c 'import ensurepip' 2>/dev/null || missing+=(python3 python3-venv)
    has strace || missing+=(strace)
    has sqlite3 || missing+=(sqlite3)
    has faketime || missing+=(faketime)
    has chromium || missing+=(chromium)
    [ -x /usr/lib/postgresql/15/bin/initdb ] || missing+=(postgresql-15)
    [ -x /usr/sbin/pgbouncer ] || missing+=(pgbouncer)
    [ -e /etc/ssl/certs/ca-certificates.crt ] || missing+=(ca-certificates)
    [ "${#missing[@]}" -gt 0 ] || return 0

    announce "installing ${missing[*]}"
    has apt-get || stop "this is not Debian; install what brings: ${missing[*]}"
    as_root apt-get update -qq
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -qq --yes --no-install-recommends "${missing[@]}"
}

# Clients and servers that nobody here wrote; again only if the list has changed.
install_python_packages() {
    cmp -s "$PYTHON_PACKAGES" "$PYTHON_HOME/installed.txt" && return 0
    announce "installing the Python packages of $PYTHON_PACKAGES"
    rm -rf "$PYTHON_HOME"
    python3 -m venv "$PYTHON_HOME"
    "$PYTHON_HOME/bin/pip" install --quiet --disable-pip-version-check --requirement "$PYTHON_PACKAGES"
    cp "$PYTHON_PACKAGES" "$PYTHON_HOME/installed.txt"
}

# It depends on a crate with an open advisory.
build_interop() {
    cargo build --quiet --locked --manifest-path interop/openidconnect/Cargo.toml --target-dir target/interop
}

install_nextest() {
    cargo nextest --version >/dev/null 2>&1 && return 0
    announce "installing cargo-nextest"
    cargo install --quiet --locked cargo-nextest --version "$NEXTEST_VERSION"
}

run_tests() {
    local failed_before=$failed failures
    # An old report must not be taken for this run's.
    rm -f "$NEXTEST_REPORT"
    check "tests" cargo nextest run --workspace --profile ci
    [ -e "$NEXTEST_REPORT" ] || return 0
    failures=$(($(reported failures) + $(reported errors)))
    passed=$((passed + $(reported tests) - failures))
    # Failed tests are counted one by one instead of the whole run as one.
    [ "$failures" -eq 0 ] || failed=$((failed_before + failures))
}

# A number from the head of the report.
reported() {
    awk -v name="$1" -F '"' '/^<testsuites / { for (i = 1; i < NF; i++) if ($i ~ " " name "=$") print $(i + 1) }' "$NEXTEST_REPORT"
}

# Nextest does not run the examples in documentation.
run_doc_tests() {
    local failed_before=$failed failures
    grep -rqE '^ *//[/!] *```' crates/*/src || return 0
    check "examples in the documentation" doc_tests
    failures=$(doc_tests_that failed)
    passed=$((passed + $(doc_tests_that passed)))
    [ "$failures" -eq 0 ] || failed=$((failed_before + failures))
}

doc_tests() {
    cargo test --quiet --doc --workspace 2>&1 | tee "$DOC_TEST_OUTPUT"
}

doc_tests_that() {
    awk -v word="$1;" '/^test result:/ { for (i = 2; i <= NF; i++) if ($i == word) sum += $(i - 1) } END { print sum + 0 }' "$DOC_TEST_OUTPUT"
}

check_supply_chain() {
    if cargo deny --version >/dev/null 2>&1; then
        check "licences, bans and sources" cargo deny --offline check --hide-inclusion-graph bans licenses sources
    else
        announce "licences, bans and sources are not checked: cargo-deny is not installed"
    fi
}

# check NAME COMMAND...: runs a command and notes its failure; later checks run all the same.
check() {
    announce "$1"
    shift
    "$@" || failed=$((failed + 1))
}

has() {
    command -v "$1" >/dev/null
}

as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    else
        has sudo || stop "cannot install packages: run as root, or install sudo"
        sudo "$@"
    fi
}

announce() {
    printf '\n== %s\n' "$1"
}

stop() {
    printf 'test.sh: %s\n' "$1" >&2
    exit 1
}

main "$@"
