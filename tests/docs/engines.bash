# SPDX-License-Identifier: Apache-2.0
# Docker Engine, podman and containerd as their packages leave them, without networks of their own, and `pale` of $build: for who has a guest to
# himself. Sourced in the top folder.
# shellcheck shell=bash disable=SC2154

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
