# SPDX-License-Identifier: LGPL-2.1-or-later
# Sourced by the peers in Rust. What cannot be had ends the run with status 77, and the last line says why.

# cargo_build SOURCE BUILD NAME : builds a peer's program by its committed Cargo.lock; sets $program. Crates that
# several peers use are built once, in a folder of the build.
cargo_build() {
    local log=$2/peers-$3.log
    command -v cargo >/dev/null || { echo "$3: cargo is not installed"; exit 77; }
    export CARGO_TARGET_DIR=$2/peers-cargo SQLX_OFFLINE=true
    program=$CARGO_TARGET_DIR/debug/cariflex-peer-$3
    [ -x "$program" ] || echo "building $3 and its crates (some minutes; $log tells how far it is)" >&2
    if ! (cd "$1" && nice cargo build -j1 --locked) >"$log" 2>&1; then
        tail -20 "$log" >&2
        # our own program not compiling is a failure; a registry or a tool that is missing is none
        if grep -q 'could not compile `cariflex-peer-' "$log"; then exit 1; fi
        echo "$3: its crates cannot be had or built here: $(grep -m1 '^error' "$log")"
        exit 77
    fi
}
