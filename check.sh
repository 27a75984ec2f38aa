#!/bin/sh
# Everything that has to hold before a change lands, fastest first; stops at the first failure
# unless told --keep-going. What a missing tool skips is listed at the end.
# shellcheck disable=SC2317  # functions are called through `step`
set -u

root=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
cd "$root" || exit 1

keep_going=0
for argument in "$@"; do
    case $argument in
        --keep-going) keep_going=1 ;;
        *)
            echo "usage: ./check.sh [--keep-going]" >&2
            exit 2
            ;;
    esac
done

failed=""
skipped=""

finish() {
    [ -z "$skipped" ] || printf 'check: skipped:%s\n' "$skipped"
    if [ -n "$failed" ]; then
        printf 'check: FAILED:%s\n' "$failed"
        exit 1
    fi
    echo "check: all passed"
    exit 0
}

# step NAME COMMAND...
step() {
    name=$1
    shift
    printf 'check: %s: %s\n' "$name" "$*"
    "$@" && return 0
    failed="$failed $name"
    [ "$keep_going" = 1 ] || finish
}

# skip NAME REASON
skip() { skipped="$skipped
  $1: $2"; }

have() { command -v "$1" >/dev/null 2>&1; }

# tests PACKAGE: with nextest where it is installed, which also names slow and leaking tests.
tests() {
    if cargo nextest --version >/dev/null 2>&1; then
        cargo nextest run --release -p "$1" --no-tests=warn
    else
        cargo test --release -p "$1" --lib --bins --tests
    fi
}

locked() { cargo metadata --locked --format-version 1 >/dev/null; }

# Of everything: who reads them works on the program.
docs() {
    RUSTDOCFLAGS="-D warnings -A rustdoc::private_intra_doc_links" cargo doc --release --workspace --no-deps --document-private-items --quiet
}

# Library code keeps every rule; tests and benches may read files and clocks, which
# clippy.toml forbids by name, and may be as long as their lists of cases.
lint_code() { cargo clippy --release --workspace --lib --bins --quiet -- -D warnings; }
lint_tests() {
    cargo clippy --release --workspace --tests --benches --quiet -- \
        -D warnings -A clippy::disallowed_methods -A clippy::disallowed_macros \
        -A clippy::too_many_lines
}

if have typos; then
    step spelling typos
else
    skip spelling "typos is not installed (cargo install typos-cli --locked)"
fi
if have shellcheck; then
    step scripts shellcheck dev check.sh .ci/run bench/gpu.sh
else
    skip scripts "shellcheck is not installed (apt-get install shellcheck)"
fi
step lockfile locked
step format cargo fmt --all --check
step documentation docs
step lints lint_code
step lints-of-tests lint_tests
step core tests holdout-core
step examples cargo test --release --workspace --doc --quiet
step store tests holdout-store
step learn tests holdout-learn
step root tests holdout
if cargo deny --version >/dev/null 2>&1; then
    step licences cargo deny --all-features check licenses bans sources
    # The list of known vulnerabilities, the one that cargo-audit reads; it is fetched, so without a
    # network this says nothing.
    if cargo deny fetch db >/dev/null 2>&1; then
        step advisories cargo deny check advisories
    else
        skip advisories "the advisory database cannot be fetched"
    fi
else
    skip "licences, advisories" "cargo-deny is not installed (cargo install cargo-deny --locked)"
fi
finish
