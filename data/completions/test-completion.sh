#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# test-completion.sh COMPLETION CARIFLEXCTL MANPAGE : what is offered where; that each verb is offered, shows an
# example of itself, and stands in the manual page with all of its options.
program=$(cd "$(dirname "$2")" && pwd)/cariflexctl manual=$3
PATH=$(dirname "$program"):$PATH
export LC_ALL=C
# shellcheck source=/dev/null
. "$1"
n=0 failed=0

# says STATUS TEXT
says() {
    n=$((n + 1))
    if [ "$1" = 0 ]; then
        echo "ok $n - $2"
    else
        echo "not ok $n - $2"
        failed=1
    fi
}

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
    printf '%s\n' "${COMPREPLY[@]}" | grep -qxF -- "$expected"
    says $? "${COMP_WORDS[*]} offers $expected (of: ${COMPREPLY[*]})"
}

offers st -- status
offers session --n -- --need
offers session s -- set
offers demo un -- unplug

for verb in $("$program" --help | sed -n 's/^  \([a-z][a-z-]*\) .*/\1/p'); do
    offers "${verb:0:2}" -- "$verb"
    help=$("$program" "$verb" --help)
    grep -q "^  cariflexctl $verb" <<<"$help"
    says $? "$verb --help shows an example"
    page=$(sed 's/\\-/-/g' "$manual")
    grep -qE "^\.B[IR]* \"?$verb\b" <<<"$page"
    says $? "$verb is in the manual page"
    for option in $(grep -oE -- '^ +(-[a-z], )?--[a-z-]+' <<<"$help" | grep -oE -- '--[a-z-]+'); do
        grep -q -- "$option\b" <<<"$page"
        says $? "$verb $option is in the manual page"
    done
done

# The rest asks the daemon; here its answers are written down. The test daemon-and-ctl asks a real one.
# shellcheck disable=SC2317
cariflexctl() {
    case $* in
    "stations --json")
        echo '{"stations":[{"identity":"CP001","instance":"ocpp"}],"unknown":[{"instance":"ocpp","identity":"CP077"}]}'
        ;;
    "sensors --json") echo '{"sensors":[{"id":84,"name":"price"},{"id":101,"name":"power"}]}' ;;
    "hold list --json") echo '{"holds":[{"hold":3,"site":1,"where":"CP001"}]}' ;;
    *) "$program" "$@" ;;
    esac
}
offers approve CP -- CP077
offers sensors 1 -- 101
offers hold e -- end
offers hold CP -- CP001
offers hold end "" -- 3
offers hold --socket /run/x/bus CP -- CP001
offers session set CP -- CP001
offers hold CP001 --m -- --max
echo "1..$n"
exit $failed
