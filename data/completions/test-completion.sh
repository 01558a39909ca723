#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# test-completion.sh COMPLETION CARIFLEXCTL : what is offered where.
PATH=$(cd "$(dirname "$2")" && pwd):$PATH
. "$1"
n=0 failed=0

# offers WORDS... -- EXPECTED : the words typed, the last one under way, and one that must be offered
offers() {
    local expected
    COMP_WORDS=(cariflexctl)
    while [ "$1" != -- ]; do
        COMP_WORDS+=("$1")
        shift
    done
    expected=$2
    COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
    COMPREPLY=()
    _cariflexctl
    n=$((n + 1))
    if printf '%s\n' "${COMPREPLY[@]}" | grep -qxF -- "$expected"; then
        echo "ok $n - ${COMP_WORDS[*]} offers $expected"
    else
        echo "not ok $n - ${COMP_WORDS[*]} offers ${COMPREPLY[*]}, not $expected"
        failed=1
    fi
}

echo 1..5
offers st -- status
offers doc -- doctor
offers session --n -- --need
offers session s -- set
offers demo un -- unplug
exit $failed
