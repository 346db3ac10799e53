# SPDX-License-Identifier: Apache-2.0
# podman, which needs no daemon.
# shellcheck shell=bash disable=SC2154

podman_() {
	podman --root /var/lib/containers/storage --runroot /run/containers/storage --storage-driver overlay --cgroup-manager cgroupfs \
		--runtime "$runtime" "$@"
}

engine_begin() {
	local image
	mkdir $outputs
	# Not Debian's, which are not in place here either: nothing of the machine's configuration takes part.
	echo '{"default":[{"type":"insecureAcceptAnything"}]}' >/etc/containers/policy.json
	printf '[engine]\nevents_logger = "none"\n' >/etc/containers/containers.conf
	runtime=$(bare_runtime)
	for image in busybox nginx redis stranger; do
		podman_ load --quiet --input "$images/$image.tar"
	done
}

engine_end() {
	:
}

# The limits on files and processes are podman's own otherwise, which takes CAP_SYS_RESOURCE.
engine_run() {
	local name=$1 image=$2
	shift 2
	podman_ run --detach --name "$name" --network host --cgroup-parent "/$stage" --security-opt seccomp=unconfined \
		--security-opt apparmor=unconfined --ulimit nofile=1024:1024 --ulimit nproc=4096:4096 "${capabilities[@]/#/--cap-add=}" \
		${profile:+--annotation "pale.dev/profile=$profile"} --log-driver k8s-file --log-opt "path=$outputs/$name" \
		"pale.test/$image:1" "$@" >/dev/null 3>&-
}

engine_exec() {
	podman_ exec "$@"
}

engine_exec_privileged() {
	podman_ exec --privileged "$@"
}

engine_output() {
	podman_ logs "$1"
}

engine_remove() {
	podman_ rm --force --time 0 "$1" >/dev/null
}

engine_id() {
	podman_ inspect --format '{{.Id}}' "$1"
}

engine_running() {
	[ "$(podman_ inspect --format '{{.State.Status}}' "$1")" = running ]
}
