# SPDX-License-Identifier: Apache-2.0
# containerd, by its own client; its namespace is also the parent of the containers' control groups.
# shellcheck shell=bash disable=SC2154

socket=/run/containerd/containerd.sock

ctr_() {
	ctr --address $socket --namespace "$stage" "$@"
}

engine_begin() {
	local image
	mkdir -p $outputs /run/containerd
	cat >/run/containerd/config.toml <<-END
		version = 2
		root = "/var/lib/containerd"
		state = "/run/containerd"
		disabled_plugins = ["io.containerd.internal.v1.opt", "io.containerd.grpc.v1.cri"]
		[grpc]
		address = "$socket"
	END
	containerd --config /run/containerd/config.toml >/run/containerd/log 2>&1 9<&- &
	echo $! >/run/containerd/pid
	in_time ctr_ version || { cat /run/containerd/log >&2 && return 1; }
	for image in busybox nginx redis stranger; do
		ctr_ images import "$images/$image.tar" >/dev/null
	done
}

engine_end() {
	kill "$(cat /run/containerd/pid)"
}

# /run is a tmpfs in its containers: what the image has there is mounted, as Kubernetes does it.
engine_run() {
	local name=$1 image=$2
	shift 2
	ctr_ run --detach --net-host --runc-binary "$runtime" "${capabilities[@]/#/--cap-add=CAP_}" \
		${profile:+--annotation "pale.dev/profile=$profile"} --log-uri "file://$outputs/$name" \
		--mount "type=bind,src=$images/$image$token,dst=$token,options=rbind:ro" "pale.test/$image:1" "$name" "$@" 3>&-
}

engine_exec() {
	local name=$1
	shift
	ctr_ tasks exec --exec-id "exec-$SRANDOM" "$name" "$@"
}

# Its client asks for none beside the container's own, which are more than the policy has.
engine_exec_privileged() {
	engine_exec "$@"
}

engine_output() {
	cat "$outputs/$1"
}

engine_remove() {
	ctr_ tasks delete --force "$1" >/dev/null 2>&1 || true
	ctr_ containers delete "$1"
}

engine_id() {
	echo "$1"
}

engine_running() {
	[ "$(ctr_ tasks list | awk -v name="$1" '$1 == name { print $3 }')" = RUNNING ]
}
