#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Uses what is installed: use.sh WHAT. Each ends with an error when it is not as it should be.
set -euo pipefail
cd /srv

fail() {
	echo "$*" >&2
	exit 1
}

# Starts paled as its unit does, and waits until it serves.
start_paled() {
	paled 2>/srv/paled.log &
	for _ in {1..300}; do
		[ ! -S /run/pale/events ] || return 0
		kill -0 $! || break
		sleep 0.1
	done
	cat /srv/paled.log >&2
	fail 'paled does not serve'
}

use_pale() {
	[ "$(pale --version)" = 'pale 0.1' ]
	pale check web.pale
	# What seccomp and Landlock cannot enforce exactly is not asked for.
	pale run --allow-partial -p web.pale -- /usr/bin/cat /etc/hostname 2>said | cmp - /etc/hostname || fail "$(cat said)"
	pale run --allow-partial -p web.pale -- /usr/bin/cat /etc/shadow >said 2>&1 && fail 'that was let through'
	grep -q '^web\.pale:10:[0-9]*: denied: read /etc/shadow ' said || fail "$(cat said)"
	# Policies of the library, from anywhere.
	pale check -q /usr/share/pale/profiles/apps/nginx.pale
}

use_paled() {
	start_paled
	pale status >said
	grep -q '^paled *yes  pid ' said || fail "$(cat said)"
	pale ps | grep -q '^CONTAINER'
	pale events | tail -n 1 | grep -q started
	printf 'profile other { }\n' >other.pale
	pale load other.pale
	pale status | grep '^paled' | grep -q ' [12] profiles,'
	pale unload other
	kill -HUP %1
	sleep 0.2
	kill %1
	wait %1
	! grep -i error paled.log
}

use_runtime() {
	[ "$(pale-runtime --version)" = "$(runc --version)" ]
	# It refuses what is to have a policy while nobody could give it one.
	mkdir -p bundle/rootfs
	(cd bundle && rm -f config.json && runc spec && sed -i '0,/{/ s/{/{ "annotations": {"pale.dev\/profile": "web", "pale.dev\/on-missing": "deny"},/' config.json)
	pale-runtime run --bundle bundle c1 >said 2>&1 && fail 'it was started without its policy'
	grep -q '^pale-runtime: ' said || fail "$(cat said)"
	rm -r bundle
}

use_export() {
	start_paled
	printf 'outputs:\n  - name: here\n    type: file\n    path: /tmp/events\n' >export.conf
	mkdir -p state
	pale-export --config export.conf --state state 2>export.log &
	for _ in {1..300}; do
		! grep -q started /tmp/events 2>/dev/null || break
		kill -0 $! || fail "$(cat export.log)"
		sleep 0.1
	done
	grep -q started /tmp/events
	kill %2 %1
	wait
}

use_operator() {
	[ "$(pale-operator --version)" = 'pale-operator 0.1' ]
	kubectl pale --help | grep -q "^A plugin of kubectl"
	kubectl pale status --kubeconfig /none >said 2>&1 && fail 'there is no cluster'
	grep -qF "cannot read '/none'" said || fail "$(cat said)"
	kubectl kustomize /usr/share/doc/pale-operator/examples/deploy >said
	grep -q '^kind: DaemonSet' said
}

"use_$1"
