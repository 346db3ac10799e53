# SPDX-License-Identifier: Apache-2.0
# The attacks on a container of the image nginx: sourced by the suites. A name is one that tests/runtime/attack.c knows, with its argument,
# and the rest of its line the line of policies/nginx.pale that has to be named when it is refused.
#
# Without a security module of the kernel only calls and capabilities can be refused, so that the host has attacks of its own.
# shellcheck shell=bash disable=SC2034,SC2154

# What nobody in the container should reach: a port that listens in the same network namespace.
port=9000

calls='
mount	deny mount
userns	deny unshare
trace	deny ptrace
peek	deny process_vm_readv
bpf	deny bpf
perf	deny perf_event_open
key	deny add_key
device	deny mknod, mknodat
setns	deny setns
uring	deny io_uring_setup
faults	deny userfaultfd
chroot	deny chroot
'
objects="
shadow	deny read /etc/shadow
passwd	deny write /etc/passwd
token=/var$token	deny read /run/secrets/**
shell	deny exec /usr/bin/busybox
dropped	deny exec drift
memory	deny memfd_create
connect=$port	deny connect tcp 127.0.0.1:9000
replace	deny create /usr/**
mount	deny mount
trace	deny ptrace
raw	deny socket raw
packet	deny socket packet
"

# attack_table: the lines that this place can refuse.
attack_table() {
	local table=$calls
	[ -z "${PALE_VM:-}" ] || table=$objects
	grep . <<<"$table"
}

attack_arguments() {
	attack_table | cut -f 1
}

attack_names() {
	attack_arguments | sed 's/=.*//'
}

# attack_lines: "NAME LINE" for each, as the policy is now.
attack_lines() {
	local name rule
	attack_table | while IFS=$'\t' read -r name rule; do
		echo "${name%%=*} $(awk -v rule="$rule" '{ $1 = $1 } $0 == rule { print NR }' tests/runtime/policies/nginx.pale)"
	done
}

# attacks_printed NAME: what a container of `attack wait` has printed, when it has printed all.
attacks_printed() {
	local printed
	printed=$(engine_output "$1" | tr -d '\r')
	[ "$(wc -l <<<"$printed")" = "$(attack_table | wc -l)" ] && echo "$printed"
}

attacks_serve() {
	nc.openbsd -lkd 127.0.0.1 $port >/dev/null 2>&1 3>&- 9<&- &
	echo $! >/run/listener
	disown
}

attacks_end() {
	kill "$(cat /run/listener)"
}
