#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# engines.sh BUILD PAGE: what the page says of container engines, stage `engines`, in the guest, whose kernel has AppArmor and BPF-LSM. Docker
# Engine, podman and containerd are as their packages leave them, without a network of their own.
set -euo pipefail
cd "$(dirname "$(realpath "$0")")/../.."
if [ "$1" != --inside ]; then
	build=$(realpath "$1")
	program=$build/tests/docs/engines
	mkdir -p "${program%/*}"
	{
		echo '#!/bin/bash'
		printf 'exec %q --inside' "$PWD/tests/docs/engines.sh"
		printf ' %q' "$build" "${@:2}"
		echo
	} >"$program"
	chmod +x "$program"
	exec tests/vm/run.sh --kernel "${KERNEL:-6.12}" --timeout 1500 "$program"
fi
build=$(realpath "$2")
for dir in /run /srv /opt /usr/local /etc/pale /etc/docker /etc/containers /etc/containerd /etc/cni /var/lib/containers /var/lib/containerd /var/lib/docker \
	/var/log/pale /var/lib/pale; do
	mkdir -p $dir
	mount -t tmpfs -o mode=755 tmpfs $dir
done
mkdir /run/lock
ip link set lo up
echo '{"default":[{"type":"insecureAcceptAnything"}]}' >/etc/containers/policy.json
printf '{ "bridge": "none", "iptables": false, "ip6tables": false, "storage-driver": "overlay2" }\n' >/etc/docker/daemon.json
PATH=$build:$PATH PALE_PATH=$PWD/profiles
export PATH PALE_PATH
dockerd >/run/docker.log 2>&1 &
containerd >/run/containerd.log 2>&1 &
for _ in $(seq 300); do
	! docker version >/dev/null 2>&1 || ! ctr version >/dev/null 2>&1 || break
	sleep 0.5
done
exec tests/docs/run.py "$3" engines "${@:4}"
