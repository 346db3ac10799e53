# SPDX-License-Identifier: Apache-2.0
# paled, pale-runtime in front of the runtime, and what was reported: sourced by stage.sh and by confined.bats.
# shellcheck shell=bash disable=SC2154

pale_events=/var/log/pale/events.jsonl
# By its name it knows what stands behind it, and finds that as it would on a node.
pale_runtime=/run/pale-test/pale-runtime
[ "$runtime_name" = runc ] || pale_runtime+=-$runtime_name

pale_begin() {
	mkdir -p /etc/pale/profiles /run/pale-test
	cp tests/runtime/policies/*.pale /etc/pale/profiles/
	ln -s "$PALE_BUILD/pale-runtime" $pale_runtime
	# The kernel here has no security module that takes policies: rules about objects are not enforced on the host, and the suite there
	# tries nothing that only they refuse.
	cat >/etc/pale/paled.conf <<-END
		default: none
		on-missing: deny
		allow-partial: $([ -n "${PALE_VM:-}" ] && echo false || echo true)
		image-labels: [test-busybox, test-nginx, test-redis, test-stranger]
	END
	PALE_PATH=$PWD/profiles nsenter --net=/proc/$$/fd/9 "$PALE_BUILD/paled" >/run/pale-test/log 2>&1 9<&- &
	echo $! >/run/pale-test/pid
	# An emulated kernel takes its time to verify the programs.
	PALE_PATIENCE=120 in_time test -S /run/pale/register || { cat /run/pale-test/log >&2 && return 1; }
}

pale_end() {
	[ ! -e /run/pale-test/pid ] || kill "$(cat /run/pale-test/pid)"
}

# events_of NAME [FILTER]: what was refused in this container, as one array, or the part of it that the jq filter selects.
events_of() {
	jq -cs --arg id "$(engine_id "$1")" '[.[] | select(.container.id == $id and .operation) | '"${2:-.}"']' $pale_events
}

# AppArmor's records name a process that has ended by now by its comm, proc_pid_comm(5), which is the program's name here.
attacker='(.process.executable | . == "attack" or . == "/usr/bin/attack")'

# reported_lines NAME: the lines of policies/nginx.pale by which the program attack was refused something in this container.
reported_lines() {
	events_of "$1" 'select((.file | test("^(.*/)?nginx[.]pale$") and (contains("apps/") | not)) and .profile == "test-nginx" and
		.outcome == "refused" and '"$attacker"' and .mechanism and .object) | .line' | jq -r 'unique[]'
}

attack_reported() { # NAME
	[ "$(events_of "$1" "select($attacker)")" != '[]' ]
}

# nothing_reported NAME: until now, which is when something is that is refused now.
nothing_reported() {
	local others
	[ "$(engine_exec "$1" attack chroot | tr -d '\r')" = 'chroot chroot EPERM' ]
	in_time attack_reported "$1"
	others=$(events_of "$1" "select($attacker | not)")
	[ "$others" = '[]' ] || { echo "reported: $others" && return 1; }
}
