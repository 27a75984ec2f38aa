#!/bin/sh
# Measures training on this machine's graphics card, beside its processor, in one command and
# without network: environment, + inference, + training at 256, 1 024, 4 096 and 16 384
# environments. Prints a table and leaves one JSON file per measurement.
#
#   bench/gpu.sh [FOLDER]        results go to FOLDER (default: gpu-bench)
#
# HOLDOUT names a program that is already built; without it target/release/holdout is taken, and
# built from what cargo has here (--offline) where it is missing. Each measurement ends after
# HOLDOUT_BENCH_SECONDS (90) at the latest, the whole in under eight minutes.
set -u

cd "$(dirname "$0")/.." || exit 1
out=${1:-gpu-bench}
limit=${HOLDOUT_BENCH_SECONDS:-90}
program=${HOLDOUT:-${CARGO_TARGET_DIR:-target}/release/holdout}
if [ ! -x "$program" ]; then
    echo "gpu.sh: building $program, which takes long on a fresh machine" >&2
    cargo build --release --offline --bin holdout || exit 1
fi
mkdir -p "$out" || exit 1

# What was measured on: part of every figure.
{
    "$program" --version
    uname -sr
    nvidia-smi --query-gpu=name,driver_version,memory.total --format=csv,noheader 2>/dev/null ||
        echo "nvidia-smi: not here"
    grep -m 1 'model name' /proc/cpuinfo 2>/dev/null
    echo "cores: $(getconf _NPROCESSORS_ONLN)"
} | tee "$out/machine.txt"

failed=0
# measure NAME ARGUMENTS...: one run of the benchmark, its JSON kept.
measure() {
    name=$1
    shift
    if timeout "$limit" "$program" bench --json "$@" >"$out/$name.json" 2>"$out/$name.log"; then
        # The figures are told apart by their keys; no JSON tool is assumed to be installed.
        figure() { sed -n "s/.*\"$1\": *\([0-9.]*\).*/\1/p" "$out/$name.json" | head -n 1; }
        printf '%-12s environment %12.0f   + inference %12.0f   + training %12.0f steps/s\n' \
            "$name" "$(figure env_sps)" "$(figure rollout_sps)" "$(figure train_sps)"
    else
        failed=1
        printf '%-12s failed or ran past %s s; see %s\n' "$name" "$limit" "$out/$name.log"
        tail -n 3 "$out/$name.log"
    fi
}

measure cpu-256 --device cpu --envs 256 --updates 4
for envs in 256 1024 4096 16384; do
    measure "gpu-$envs" --device gpu --envs "$envs" --updates 4
done
exit "$failed"
