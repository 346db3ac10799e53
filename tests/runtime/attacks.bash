# SPDX-License-Identifier: Apache-2.0
# The attacks on a container of the image nginx: sourced by the suites. A name is one that tests/runtime/attack.c knows, and the rest of its
# line a part of the rule in policies/nginx.pale that has to be the one that refuses it.
#
# Without a security module of the kernel only calls and capabilities can be refused, so that the host has attacks of its own.
# shellcheck shell=bash disable=SC2034,SC2154

# What nobody in the container should reach: a port that listens in the same network namespace.
port=9000

calls='
mount	deny mount,
userns	deny unshare,
trace	deny ptrace,
peek	deny process_vm_readv
bpf	deny bpf
perf	deny perf_event_open
key	deny add_key
device	deny mknod
setns	deny setns
uring	deny io_uring_setup
faults	deny userfaultfd
chroot	deny chroot
'
objects="
shadow	deny  read /etc/{,g}shadow
passwd	deny  write /etc/passwd
token=/var$token	deny  read /run/secrets/
shell	deny  exec \$shell
dropped	deny  exec drift
memory	deny memfd_create
connect=$port	deny  connect tcp
replace	deny  create /usr/sbin/
mount	deny mount,
trace	deny ptrace,
raw	deny  socket raw
packet	deny  socket packet
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
