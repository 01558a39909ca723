# SPDX-License-Identifier: LGPL-2.1-or-later
# Shared by packaging/demo and packaging/check: says what it does, installs packages, builds.
# Sourced with `top` set to the root of the tree.

packages_build="gcc libc6-dev meson ninja-build pkg-config gettext libglib2.0-dev libsoup-3.0-dev libjson-glib-dev libsqlite3-dev libcrypt-dev python3"
packages_run="libglib2.0-bin glib-networking tzdata ca-certificates"

say() {
    printf '\033[1m%s\033[0m\n' "cariflex: $*" >&2
}

fail() {
    printf '%s\n' "cariflex: $*" >&2
    exit 1
}

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif command -v sudo >/dev/null 2>&1; then
        sudo "$@"
    else
        fail "packages are missing ($*), and this is neither root nor is there sudo; run it as root"
    fi
}

# install_packages NAME... : installs from Debian what is not there yet.
install_packages() {
    local name missing=()
    for name in "$@"; do
        [ "$(dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null)" = installed ] || missing+=("$name")
    done
    [ ${#missing[@]} = 0 ] && return 0
    say "installing ${#missing[@]} packages of Debian, about 1 to 3 minutes: ${missing[*]}"
    local log
    log=$(mktemp)
    if ! { as_root env DEBIAN_FRONTEND=noninteractive apt-get update -q &&
        as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${missing[@]}"; } >"$log" 2>&1; then
        tail -20 "$log" >&2
        rm -f "$log"
        fail "apt-get could not install: ${missing[*]}"
    fi
    rm -f "$log"
}

# build FOLDER [meson options...] : configures where needed, and builds.
build() {
    local folder=$1 log
    shift
    log=$(mktemp)
    if [ ! -f "$folder/build.ninja" ]; then
        /usr/bin/meson setup "$folder" "$top" "$@" >"$log" 2>&1 || {
            tail -30 "$log" >&2
            rm -f "$log"
            fail "meson could not configure $folder"
        }
    fi
    say "building in ${folder#"$top"/} (a first build takes about a minute)"
    ninja -C "$folder" >"$log" 2>&1 || {
        grep -E 'error|FAILED' -A5 "$log" | head -60 >&2
        tail -5 "$log" >&2
        rm -f "$log"
        fail "the build in $folder failed"
    }
    if grep -q 'warning:' "$log"; then
        grep -A3 'warning:' "$log" | head -20 >&2
    fi
    rm -f "$log"
}
