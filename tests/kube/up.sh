#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# up.sh [--control-plane | --bare | --node] DIR: a Kubernetes cluster of one node, which runs until down.sh DIR, or of an API server and etcd alone.
# --bare: nothing of Pale is in it but its images, so that it can be brought as to any cluster. --node: containerd and a kubelet alone, whose pods
# are files in /run/manifests, all of them started by pale-runtime. DIR has then
#
#	kubeconfig	an administrator's; tests/kube/in COMMAND… runs what uses it, where the API server can be reached
#	log/NAME	of each daemon, and NAME.pid. A daemon that ends is started again, not before NAME.stop is gone if there is one
#	pki/		the cluster's authority and certificates
#
# The cluster has its own mounts and network, where etcd's data and what containerd keeps lie in memory, and control groups of its own name
# below each hierarchy; with these all its processes end. It has no process namespace: audit records have pids of the initial one, in which
# paled has to know the containers, see tests/runtime/stage.sh.
set -euo pipefail
cd "$(dirname "$(realpath "$0")")/../.."

mode=cluster
case ${1:-} in --control-plane | --bare | --node) mode=${1#--} && shift ;; esac
[ $# = 1 ] || { echo 'usage: up.sh [--control-plane | --bare | --node] DIR' >&2 && exit 2; }
[ "$(id -u)" = 0 ] || { echo 'up.sh: it makes namespaces, mounts and control groups: as root' >&2 && exit 1; }
mkdir -p "$1"
dir=$(realpath "$1")
[ ! -e "$dir/group" ] || { echo "up.sh: there is a cluster in $dir; down.sh ends it" >&2 && exit 1; }
PALE_BUILD=$(realpath "${PALE_BUILD:-build}")

say() {
	printf '  %-7s %s\n' KUBE "$*" >&2
}

started=$SECONDS
programs=()
# Any kubectl will do.
[ $mode != control-plane ] || programs=(kube-apiserver)
bin=$(tests/kube/build.sh "${programs[@]}")
images= operator=
[ $mode != bare ] || operator=$(printf '%s ' "$PALE_BUILD"/images/pale-{operator,node,install}.tar)
[ $mode = control-plane ] || images=$(tests/runtime/images.sh "$PALE_BUILD/tests/runtime/attack")
rm -rf "$dir"/{log,pki,kubelet,kubeconfig,ready,failed,*.pid,*.stop}
mkdir -p "$dir/log"
tests/kube/pki.sh "$dir/pki" 10.96.0.1:443
cp "$dir/pki/admin.kubeconfig" "$dir/kubeconfig"

stage=pale-kube-$$
group=/sys/fs/cgroup/unified/$stage
# Where there is the second version alone, a group with processes has no controllers for its own groups, which containers need.
[ -d "${group%/*}" ] || group=/sys/fs/cgroup/$stage-all
# Whatever it is that fails, and whenever, nothing stays.
trap '[ -e "$dir/ready" ] || tests/kube/down.sh "$dir"' EXIT
trap 'exit 143' INT TERM HUP
echo "$stage" >"$dir/group"
echo "$bin" >"$dir/bin"
echo "$group" >"$dir/processes"
mkdir "$group"
export dir bin images operator mode stage PALE_BUILD
(
	echo $BASHPID >"$group/cgroup.procs"
	exec setsid unshare --mount --net --ipc tests/kube/inside.sh >"$dir/log/inside" 2>&1 </dev/null
) &
holder=$!
until [ -e "$dir/ready" ]; do
	if [ -e "$dir/failed" ] || ! kill -0 $holder 2>/dev/null; then
		tail -n 20 "$dir/log/inside" >&2
		echo "up.sh: the cluster did not come up; its logs are in $dir/log" >&2
		exit 1
	fi
	sleep 0.1
done
disown $holder
say "$mode is up ($((SECONDS - started)) s): tests/kube/in kubectl get nodes"
