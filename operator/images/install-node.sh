#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# pale-install-node install | remove: brings pale-runtime to the node whose root filesystem is at $PALE_HOST (/host) and tells its container engines, or takes
# both back. A second time it changes nothing. The program lies on the node in /opt/pale/bin, as containers that run need it whether or not this
# image is there; runc takes its place when it goes.
#
# An engine that has to read its configuration anew gets $PALE_RESTART, run by the node's shell in the node's root; by default
# `systemctl restart` of its service. Containers outlive that: they are their shims' children, not the engine's.
set -eu

host=${PALE_HOST:-/host}
bin=/opt/pale/bin
runtime=$bin/pale-runtime

fail() {
	echo "pale-install-node: $*" >&2
	exit 1
}

restart() {
	# systemctl takes a pod's root for one that has no systemd.
	SYSTEMD_IGNORE_CHROOT=1 chroot "$host" /bin/sh -c "${PALE_RESTART:-systemctl restart $1}" ||
		fail "'${PALE_RESTART:-systemctl restart $1}' failed on the node, which goes on without pale-runtime until $1 is restarted"
}

# What pale says of each engine has a line "ENGINE: to take effect: …" if it has to be restarted. Should that fail, it is still to be done the next time,
# when there is nothing to write any more.
tell_engines() {
	said=$("$@" --root "$host" --engine "$engines") || { echo "$said" && exit 1; }
	echo "$said"
	for engine in containerd crio; do
		case $said in *"$engine: to take effect: "*) touch "$host/opt/pale/$engine.restart" ;; esac
		if [ -e "$host/opt/pale/$engine.restart" ]; then
			restart $engine
			rm "$host/opt/pale/$engine.restart"
		fi
	done
}

# The engine calls pale-runtime by its path for each container that it was once started with, to enter, stop and delete it, and without paled it enters none.
# In its place runc has what pale-runtime made of their configuration: their filter, and capabilities as the pod has them. Only now: while
# the engine knew of it, it would have started containers without a policy.
leave_runc() {
	[ -e "$host$runtime" ] || return 0
	for dir in usr/local/sbin usr/local/bin usr/sbin usr/bin sbin bin; do
		if [ -x "$host/$dir/runc" ]; then
			ln -s "/$dir/runc" "$host$runtime.new"
			mv "$host$runtime.new" "$host$runtime"
			return 0
		fi
	done
	echo "pale-install-node: there is no runc that could take the place of $runtime: running containers cannot be entered until they are started anew" >&2
}

# The kubelet's, of those that are there: who names an engine counts on it.
engines=
for engine in containerd crio; do
	for dir in usr/local/sbin usr/local/bin usr/sbin usr/bin sbin bin; do
		[ ! -x "$host/$dir/$engine" ] || { engines=${engines:+$engines,}$engine && break; }
	done
done

case ${1:-} in
install)
	[ -n "$engines" ] || fail "neither containerd nor CRI-O is on this node where they are looked for; install pale-runtime there by hand (pale help install-runtime)"
	mkdir -p "$host$bin" "$host/etc/pale"
	# In one step: it may be running.
	cp /usr/bin/pale-runtime "$host$runtime.new"
	mv "$host$runtime.new" "$host$runtime"
	tell_engines pale install-runtime --runtime "$runtime"
	;;
remove)
	mkdir -p "$host$bin"
	[ -z "$engines" ] || tell_engines pale uninstall-runtime
	leave_runc
	;;
*)
	echo 'usage: pale-install-node install|remove' >&2
	exit 2
	;;
esac
