# SPDX-License-Identifier: Apache-2.0
# A page of pale explain as a browser has it: sentences, graph and table can be seen, and what would be a script is text.
# shellcheck shell=bash disable=SC2154

bats_require_minimum_version 1.5.0

setup_file() {
	PALE_BUILD=$(realpath "${PALE_BUILD:-build}")
	work=$(mktemp -d)
	export PALE_BUILD work
	cat >"$work/web.pale" <<-'END'
		# Serves <b>pictures</b>.
		profile web {
		    process {
		        allow exec /usr/sbin/web
		        allow exec /usr/bin/convert as thumbnailer
		        deny  ptrace any
		    }
		    file {
		        allow read /etc/web/**
		        allow append "/var/log/<script>document.title='x'</script>*.log"
		    }
		    limit { processes 64 }
		    profile thumbnailer {
		        process { allow exec /usr/bin/identify }
		        file { allow read "/srv/\" onmouseover=\"x" }
		    }
		}
	END
	"$PALE_BUILD/pale" explain --html "$work/web.pale" >"$work/page.html"
	browse --dump-dom >"$work/dom"
	browse --screenshot="$work/page.png" --window-size=1200,1600
}

teardown_file() {
	rm -rf "$work"
}

# Its own network is none.
browse() {
	timeout --kill-after=5 120 unshare --net --pid --mount-proc --fork --kill-child chromium --headless --no-sandbox --disable-gpu \
		--disable-dev-shm-usage --user-data-dir="$work/profile" --virtual-time-budget=2000 "$@" "file://$work/page.html" 2>"$work/errors"
}

@test "what the policy allows stands there in sentences, with their lines" {
	grep -qF '<li>may read everything below /etc/web/. <span class="place">web.pale:9</span></li>' "$work/dom"
	grep -qF '<li class="no">may not trace, or read the memory of, any process.' "$work/dom"
	grep -qF '<li>may have at most 64 processes and threads.' "$work/dom"
	grep -q 'Of x86_64 it may make [1-9][0-9]* of [1-9][0-9]* system calls' "$work/dom"
}

@test "the graph has each profile, its programs, and what leads from one into the other" {
	[ "$(grep -c '<rect ' "$work/dom")" = 2 ]
	[ "$(grep -c ' marker-end="url(#to)"' "$work/dom")" = 1 ]
	grep -q '<text [^>]*class="name">web/thumbnailer</text>' "$work/dom"
	grep -q '<text [^>]*>/usr/sbin/web</text>' "$work/dom"
	grep -q '<text [^>]*>/usr/bin/identify</text>' "$work/dom"
	grep -q '<text [^>]*class="by">/usr/bin/convert</text>' "$work/dom"
}

@test "the table has each mechanism's verdict, and why" {
	grep -q '<th>bpf-lsm</th>' "$work/dom"
	grep -A3 -F '<summary>allow append ' "$work/dom" | grep -q '<td class="wider">wider</td>'
	grep -qF 'landlock: append: ' "$work/dom"
}

@test "what would be a script, or an attribute, is text" {
	grep -qF '<title>Pale: ' "$work/dom"
	! grep -qi '<script\|onmouseover="x\|<b>pictures' "$work/dom"
	[ "$(grep -c '&lt;script&gt;document.title=' "$work/dom")" -ge 2 ]
}

@test "there is something to be seen" {
	[ "$(head -c 8 "$work/page.png" | od -An -tx1 | tr -d ' ')" = 89504e470d0a1a0a ]
	# An empty page of that size has less than a tenth.
	[ "$(stat -c %s "$work/page.png")" -gt 50000 ]
	[ -z "${PALE_SCREENSHOT:-}" ] || cp "$work/page.png" "$PALE_SCREENSHOT"
}
