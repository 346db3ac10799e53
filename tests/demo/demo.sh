#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# demo.sh [BUILD]: nginx under its policy on this machine; it serves its page, and an attack from
# inside it is refused. Fails if the page is not served, or if the attack is not first seen to work
# without the policy and then refused and reported under it. Leaves nothing behind.
set -euo pipefail
cd "$(dirname "$0")/../.."
PALE_BUILD=$(realpath "${1:-build}")
. tests/nginx.bash
export PATH=$PALE_BUILD:$PATH

[ "$(id -u)" = 0 ] || {
	echo "demo.sh: needs root, for namespaces of its own" >&2
	exit 2
}
scratch=$(mktemp -d)
stage=
trap '[ -z "$stage" ] || stage_stop; rm -rf "$scratch"' EXIT

[ -t 1 ] && bold=$'\e[1m' plain=$'\e[m' || bold= plain=
say() {
	printf '\n%s# %s%s\n' "$bold" "$*" "$plain"
}

# on_stage, shown as it would be typed.
typed() {
	printf '$ %s\n' "$*"
	on_stage "$@"
}

# new_lines FILE: those that came since it was asked last.
shown=0
new_lines() {
	tail -n "+$((shown + 1))" "$1"
	shown=$(wc -l <"$1")
}

fail() {
	printf '\ndemo.sh: %s\n' "$*" >&2
	tail -n 20 "$scratch/pale" >&2
	exit 1
}

reported() {
	grep -q '"operation":"read","object":"/etc/shadow".*"outcome":"refused"' "$scratch/report"
}

: >"$scratch/pale"
stage_start
stage_compromise

say "nginx without a policy. Someone took over a worker, and runs what they like in it:"
on_stage nginx
in_time nginx_serves || fail "nginx does not serve"
typed curl -s 'http://127.0.0.1:8080/attack/shadow' | tee "$scratch/answer"
grep -qx allowed "$scratch/answer" || fail "the attack does not work even without the policy"
nginx_quit

say "The same nginx, confined by $nginx_policy:"
typed pale run -p $nginx_policy --mechanisms seccomp,landlock --allow-partial --report "$scratch/report" -- nginx \
	2>"$scratch/pale" &
confined=$!
in_time nginx_serves || fail "nginx does not serve under the policy"
new_lines "$scratch/pale"
[ ! -s "$scratch/report" ] || fail "a violation was reported before anything was attacked"

say "It serves:"
typed curl -sI http://127.0.0.1/ | head -n 3
on_stage curl -s http://127.0.0.1/ | grep -o '<title>.*</title>'

say "The worker reads /etc/shadow:"
typed curl -s 'http://127.0.0.1:8080/attack/shadow' | tee "$scratch/answer"
grep -q '^refused EACCES' "$scratch/answer" || fail "the attack was not refused"
in_time reported || fail "the refusal was not reported"
new_lines "$scratch/pale"

say "It runs a shell:"
typed curl -s 'http://127.0.0.1:8080/attack/shell' | tee "$scratch/answer"
grep -q '^refused EACCES' "$scratch/answer" || fail "the shell was not refused"
new_lines "$scratch/pale"

nginx_serves || fail "nginx does not serve any more"
say "And nginx serves on. What the policy says of anything else:"
typed pale query $nginx_policy connect tcp 203.0.113.7:443
nginx_quit
wait "$confined" || fail "nginx ended with status $?"
