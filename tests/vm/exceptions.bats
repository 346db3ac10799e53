#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Expiring exceptions with BPF-LSM, on a container of crun: what is refused passes, is reported, and is refused again by itself.
# shellcheck shell=bash disable=SC2154

bats_require_minimum_version 1.5.0

. "$BATS_TEST_DIRNAME/paled.bash"

# events FILTER
events() {
	jq -c "select(.container.id? == \"web\") | $1" "$work/events"
}
event_is_there() {
	[ -n "$(events "select($1)")" ]
}

setup_file() {
	cd "$BATS_TEST_DIRNAME/../.."
	work=$(mktemp -d)
	export work
	make_image
	: >"$work/paled.conf"
	echo foo >"$work/lower/etc/foo"
	echo trap >"$work/lower/srv/trap"
	cat >"$work/profiles/web.pale" <<-'END'
		use base/libc, base/shell-minimal
		profile web {
		    include libc, shell-minimal
		    process { allow exec /bin/busybox }
		    file {
		        deny read /srv/secret errno ENOENT
		        deny read /srv/trap
		    }
		    syscall { deny sethostname }
		}
	END
	start_paled
	start_web
}

teardown_file() {
	cd "$BATS_TEST_DIRNAME/../.."
	runtime delete --force web || true
	end_paled
}

setup() {
	cd "$BATS_TEST_DIRNAME/../.."
}

@test "a rule that refuses lets pass and reports, until it is removed" {
	run ! in_container cat /srv/secret
	run -0 pale except --container web --until 1h web.pale:6
	[ "$output" = 'web: exception 1' ]
	run -0 in_container cat /srv/secret
	[ "$output" = secret ]
	run ! in_container cat /srv/trap
	until_true 30 event_is_there '.kind == "violation" and .object == "/srv/secret" and .exception.number == 1'
	events 'select(.exception.number? == 1 and .kind == "violation")' | head -1 | jq -e '.outcome == "audited" and .verdict == "allow" and
		.exception.rule == "web.pale:6" and (.exception.until | length > 20) and .rule == "deny read /srv/secret errno ENOENT" and .line == 6'
	until_true 30 event_is_there '.kind == "exception-used" and .exception.number == 1'
	run -0 pale except --list
	[[ ${lines[1]} == 'web '*' 1 '*' web.pale:6' ]]
	[[ $(pale ps) == *'1 exception'* ]]
	run -0 pale except --container web --remove 1
	run ! in_container cat /srv/secret
	event_is_there '.kind == "exception-granted" and .exception.uid == 0'
	event_is_there '.kind == "exception-removed"'
	[ "$(pale ps --json | jq '.[] | has("exceptions") or .restart_required')" = false ]
}

@test "the hint of an event is a rule that can be excepted, and it expires by itself" {
	run ! in_container cat /etc/foo
	until_true 30 event_is_there '.kind == "violation" and .object == "/etc/foo" and .hint == "allow read /etc/foo"'
	run -0 pale except --container web --until 30s 'allow read /etc/foo'
	run -0 in_container cat /etc/foo
	[ "$output" = foo ]
	until_true 120 event_is_there '.kind == "exception-expired" and .exception.rule == "allow read /etc/foo"'
	run ! in_container cat /etc/foo
}

@test "what another mechanism refuses is not excepted" {
	run -3 --separate-stderr pale except --container web --until 1h 'deny sethostname'
	[[ $stderr == *"another mechanism would refuse it all the same"*"the system calls are others" ]]
	[ "$(pale ps --json | jq '.[] | has("exceptions")')" = false ]
}

@test "after kill -9 an exception goes on, and ends" {
	run -0 pale except --container web --until 2m 'deny read /srv/trap'
	run -0 in_container cat /srv/trap
	kill -9 "$(cat "$work/pid")"
	wait
	start_paled
	run -0 in_container cat /srv/trap
	[ "$output" = trap ]
	[ "$(pale ps --json | jq '.[].exceptions | length')" = 1 ]
	until_true 240 event_is_there '.kind == "exception-expired" and .exception.rule == "deny read /srv/trap"'
	run ! in_container cat /srv/trap
	[ "$(pale ps --json | jq '.[] | has("exceptions") or .restart_required')" = false ]
}
