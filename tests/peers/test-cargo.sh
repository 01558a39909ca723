#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# test-cargo.sh : what cargo.sh takes for a skip and what for a failure, by what cargo printed in each case.
here=$(cd "$(dirname "$0")" && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir "$folder/bin"
printf '#!/bin/sh\ncat "%s/says"\nexit 101\n' "$folder" >"$folder/bin/cargo"
chmod +x "$folder/bin/cargo"
n=0 failed=0

# gives STATUS WORDS WHAT : with what cargo says on standard input
gives() {
    local said status
    cat >"$folder/says"
    said=$(PATH=$folder/bin:$PATH bash -c '. "$1"; cargo_build "$2" "$2" thing' - "$here/cargo.sh" "$folder" 2>/dev/null)
    status=$?
    n=$((n + 1))
    if [ $status = "$1" ] && [[ $said == "thing: $2"* ]]; then
        echo "ok $n - $3"
    else
        echo "not ok $n - $3"
        echo "# status $status, said: $said"
        failed=1
    fi
}

gives 1 "cargo failed: error: could not compile" "our own program does not compile" <<'END'
   Compiling cariflex-peer-thing v0.0.0 (/x)
    |                   expected due to this
error: could not compile `cariflex-peer-thing` (bin "cariflex-peer-thing") due to 1 previous error
END
gives 1 "cargo failed: error: could not compile" "a crate does not compile" <<'END'
   Compiling openleadr-wire v0.2.8
error: could not compile `openleadr-wire` (lib) due to 3 previous errors
END
gives 1 "cargo failed: error: cannot update the lock file" "the lock file does not fit" <<'END'
    Updating crates.io index
error: cannot update the lock file /x/Cargo.lock because --locked was passed to prevent this
END
gives 1 "cargo failed: error: failed to select a version" "a version does not exist" <<'END'
    Updating crates.io index
error: failed to select a version for the requirement `itoa = "^1"` (locked to 1.0.999)
END
gives 1 "cargo failed: error: failed to parse manifest" "the manifest is wrong" <<'END'
error: failed to parse manifest at `/x/Cargo.toml`
END
gives 77 "the registry of crates cannot be reached:   [7] Could not connect" "nobody answers for the registry" <<'END'
    Updating crates.io index
error: failed to get `itoa` as a dependency of package `cariflex-peer-thing v0.0.0 (/x)`

Caused by:
  download of config.json failed

Caused by:
  failed to download from `https://registry.invalid/config.json`

Caused by:
  [7] Could not connect to server (Failed to connect to 127.0.0.1 port 9 after 0 ms: Could not connect to server)
END
gives 77 "the toolchain is not there or too old: error: linker" "no linker" <<'END'
   Compiling cariflex-peer-thing v0.0.0 (/x)
error: linker `cc` not found
  = note: No such file or directory (os error 2)
error: could not compile `cariflex-peer-thing` (bin "cariflex-peer-thing") due to 1 previous error
END
gives 77 "the toolchain is not there or too old: error: rustc" "an old rustc" <<'END'
error: rustc 1.75.0 is not supported by the following packages:
  openleadr-wire@0.2.8 requires rustc 1.85
END
rm "$folder/bin/cargo"
said=$(PATH=$folder/bin "$BASH" -c '. "$1"; cargo_build "$2" "$2" thing' - "$here/cargo.sh" "$folder" 2>&1)
[ "$said" = "thing: cargo is not installed" ]
status=$?
n=$((n + 1))
[ $status = 0 ] && echo "ok $n - no cargo" || { echo "not ok $n - no cargo: $said"; failed=1; }
echo "1..$n"
exit $failed
