# SPDX-License-Identifier: Apache-2.0
# Docker Engine, without networks of its own. Its version here takes no annotations: the image's label names the policy.
# shellcheck shell=bash disable=SC2154

socket=/run/docker.sock

docker_() {
	/usr/bin/docker --host "unix://$socket" "$@"
}

engine_begin() {
	local image
	mkdir -p $outputs /run/docker
	jq -n --arg bare "$(bare_runtime)" --arg pale "$pale_runtime" --arg parent "/$stage" '{
		"data-root": "/var/lib/docker", "exec-root": "/run/docker", "pidfile": "/run/docker/pid", "storage-driver": "overlay2",
		iptables: false, ip6tables: false, bridge: "none", "cgroup-parent": $parent, "exec-opts": ["native.cgroupdriver=cgroupfs"],
		runtimes: { bare: { path: $bare }, pale: { path: $pale } } }' >/run/docker/daemon.json
	dockerd --config-file /run/docker/daemon.json --host "unix://$socket" >/run/docker/log 2>&1 9<&- &
	in_time docker_ version || { cat /run/docker/log >&2 && return 1; }
	for image in busybox nginx redis stranger; do
		docker_ load --quiet --input "$images/$image.tar" >/dev/null
	done
}

engine_end() {
	kill "$(cat /run/docker/pid)"
}

engine_run() {
	local name=$1 image=$2 kind=bare
	shift 2
	[ "$runtime" = "$(bare_runtime)" ] || kind=pale
	docker_ run --detach --name "$name" --runtime $kind --network host --security-opt seccomp=unconfined \
		--security-opt apparmor=unconfined "${capabilities[@]/#/--cap-add=}" "pale.test/$image:1" "$@" >/dev/null 3>&-
}

engine_exec() {
	docker_ exec "$@"
}

engine_exec_privileged() {
	docker_ exec --privileged "$@"
}

engine_output() {
	docker_ logs "$1"
}

engine_remove() {
	docker_ rm --force "$1" >/dev/null
}

engine_id() {
	docker_ inspect --format '{{.Id}}' "$1"
}

engine_running() {
	[ "$(docker_ inspect --format '{{.State.Status}}' "$1")" = running ]
}
