# SPDX-License-Identifier: LGPL-2.1-or-later
# Sourced by the peers in Rust. Where the registry or the toolchain is not there, the run ends with status 77; where
# cargo fails over anything else, with 1. The last line says why.

# What cargo says of a registry that cannot be reached (as curl words it), and of a tool that is missing or too old.
cargo_no_registry='^ *\[[0-9]+\] [A-Z]|got (403|407|429|5[0-9][0-9])$|spurious network error'
cargo_no_tool='^error: rustup could not choose|^error: linker .* not found|^error: rustc .* is not supported by|requires rustc [0-9]|feature .edition[0-9]+. is required'

# cargo_failed NAME LOG : ends the run after a cargo that has failed
cargo_failed() {
    local why
    tail -20 "$2" >&2
    if why=$(grep -m1 -E "$cargo_no_tool" "$2"); then
        echo "$1: the toolchain is not there or too old: $why"
        exit 77
    elif why=$(grep -m1 -E "$cargo_no_registry" "$2"); then
        echo "$1: the registry of crates cannot be reached: $why"
        exit 77
    fi
    echo "$1: cargo failed: $(grep -m1 '^error' "$2")"
    exit 1
}

# cargo_build SOURCE BUILD NAME : builds a peer's program by its committed Cargo.lock; sets $program. Crates that
# several peers use are built once, in a folder of the build.
cargo_build() {
    local log=$2/peers-$3.log
    command -v cargo >/dev/null || { echo "$3: cargo is not installed"; exit 77; }
    export CARGO_TARGET_DIR=$2/peers-cargo SQLX_OFFLINE=true
    program=$CARGO_TARGET_DIR/debug/cariflex-peer-$3
    [ -x "$program" ] || echo "building $3 and its crates (some minutes; $log tells how far it is)" >&2
    (cd "$1" && nice cargo build -j1 --locked) >"$log" 2>&1 || cargo_failed "$3" "$log"
}
