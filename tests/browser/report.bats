# SPDX-License-Identifier: Apache-2.0
# A page of pale report as a browser has it: what is on it can be seen, and what would be a script is text.
# shellcheck shell=bash disable=SC2154

bats_require_minimum_version 1.5.0

setup_file() {
	PALE_BUILD=$(realpath "${PALE_BUILD:-build}")
	work=$(mktemp -d)
	export PALE_BUILD work
	python3 -B tests/browser/history.py "$work/run" >"$work/ready" 3>&- &
	echo $! >"$work/pid"
	for _ in $(seq 200); do
		[ ! -s "$work/ready" ] || break
		sleep 0.05
	done
	"$PALE_BUILD/pale" report web --html --run "$work/run" -o "$work/page.html"
	# Its own network is none.
	browse --dump-dom >"$work/dom"
	browse --screenshot="$work/page.png" --window-size=1200,1600
}

teardown_file() {
	kill "$(cat "$work/pid")"
	rm -rf "$work"
}

browse() {
	timeout --kill-after=5 120 unshare --net --pid --mount-proc --fork --kill-child chromium --headless --no-sandbox --disable-gpu \
		--disable-dev-shm-usage --user-data-dir="$work/profile" --virtual-time-budget=2000 "$@" "file://$work/page.html" 2>"$work/errors"
}

@test "a violation, its line of the policy, a process and a gap are there" {
	grep -q 'web.pale:22:9' "$work/dom"
	grep -q 'deny  write /etc/\*\*' "$work/dom"
	grep -q '203.0.113.7:80' "$work/dom"
	grep -q "12 entries are missing: the kernel's buffer was full" "$work/dom"
	grep -q 'registry.example/shop:1.2' "$work/dom"
}

@test "what would be a script, or an attribute, is text" {
	grep -q '<title>Pale: web</title>' "$work/dom"
	! grep -qi '<script\|onmouseover="' "$work/dom"
	[ "$(grep -c '&lt;script&gt;document.title=' "$work/dom")" -ge 4 ]
	grep -qF 'a\u{202e}b' "$work/dom"
}

@test "there is something to be seen" {
	[ "$(head -c 8 "$work/page.png" | od -An -tx1 | tr -d ' ')" = 89504e470d0a1a0a ]
	# An empty page of that size has less than a tenth.
	[ "$(stat -c %s "$work/page.png")" -gt 50000 ]
	[ -z "${PALE_SCREENSHOT:-}" ] || cp "$work/page.png" "$PALE_SCREENSHOT"
}
