# SPDX-License-Identifier: Apache-2.0
# Containers the way each engine starts them: sourced by stage.sh and by the suites. $engine says which, and its file has
#
#	engine_begin                        starts its daemon and loads $images; once, before the suites
#	engine_end                          ends the daemon
#	engine_run NAME IMAGE [COMMAND…]    starts a container, which goes on
#	engine_exec NAME COMMAND…           executes another program in it, with its output
#	engine_exec_privileged NAME COMMAND…  the same, with all privileges that the engine can ask for
#	engine_output NAME                  what the container's program has printed
#	engine_remove NAME                  ends it
#	engine_id NAME                      what the OCI runtime calls it
#	engine_running NAME                 whether its program still runs
#
# $runtime is the OCI runtime's program, $profile the policy that a container asks for by its annotation, or empty.
# shellcheck shell=bash disable=SC2034,SC2154

# Containers are given more than they should have, as happens: each attack needs something of it.
capabilities=(CHOWN DAC_OVERRIDE FOWNER FSETID KILL SETGID SETUID SETPCAP NET_BIND_SERVICE SETFCAP AUDIT_WRITE
	MKNOD NET_RAW SYS_CHROOT SYS_ADMIN SYS_PTRACE)
# Every engine reads its containers' output from here, or keeps it elsewhere itself.
outputs=/run/outputs
token=/run/secrets/kubernetes.io/serviceaccount/token

# in_time COMMAND…: until it succeeds, for a minute or $PALE_PATIENCE seconds: machines may be slow.
in_time() {
	local end=$((SECONDS + ${PALE_PATIENCE:-60}))
	until "$@" >/dev/null 2>&1; do
		if ((SECONDS >= end)); then
			echo "waited in vain for: $*" >&2
			return 1
		fi
		sleep 0.1
	done
}

# The runtime itself, where nothing confines.
bare_runtime() {
	command -v "$runtime_name"
}

# shellcheck source=/dev/null
. "tests/runtime/engine_$engine.bash"
