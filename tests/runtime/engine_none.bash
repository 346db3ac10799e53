# SPDX-License-Identifier: Apache-2.0
# The runtime alone, with bundles made here: the image's root filesystem below an overlay, config.json as the runtime's own `spec` makes it.
# shellcheck shell=bash disable=SC2154

bundles=/run/bundles

engine_begin() {
	mkdir $bundles $outputs
}

engine_end() {
	:
}

oci() {
	"$runtime" --root /run/oci "$@"
}

# A container's arguments and environment, as its image has them.
image_config() {
	tar -xOf "$images/$1.tar" "./blobs/sha256/$(tar -xOf "$images/$1.tar" ./manifest.json | jq -r '.[0].Config | ltrimstr("blobs/sha256/")')" |
		jq -c .config
}

bundle_make() { # NAME IMAGE [COMMAND…]
	local name=$1 image=$2 bundle=$bundles/$1
	shift 2
	mkdir -p "$bundle/layers" "$bundle/rootfs"
	mount -t tmpfs tmpfs "$bundle/layers"
	mkdir "$bundle/layers/upper" "$bundle/layers/work"
	mount -t overlay -o "lowerdir=$images/$image,upperdir=$bundle/layers/upper,workdir=$bundle/layers/work" overlay "$bundle/rootfs"
	(cd "$bundle" && "$(bare_runtime)" spec)
	jq --argjson image "$(image_config "$image")" --arg profile "$profile" --arg cgroup "/$stage/$name" '
		($ARGS.positional | map("CAP_" + .)) as $capabilities |
		.process.terminal = false | .process.noNewPrivileges = false | .process.env = $image.Env | .process.args = $image.Cmd | .root.readonly = false |
		.process.capabilities |= { bounding: $capabilities, effective: $capabilities, permitted: $capabilities } |
		.linux.namespaces |= map(select(.type != "network")) | .linux.cgroupsPath = $cgroup | del(.process.rlimits) |
		if $profile == "" then . else .annotations["pale.dev/profile"] = $profile end' "$bundle/config.json" --args "${capabilities[@]}" >"$bundle/new"
	mv "$bundle/new" "$bundle/config.json"
	[ $# = 0 ] || jq '.process.args = $ARGS.positional' "$bundle/config.json" --args -- "$@" >"$bundle/new"
	[ $# = 0 ] || mv "$bundle/new" "$bundle/config.json"
}

engine_run() {
	local name=$1
	bundle_make "$@"
	oci create --bundle "$bundles/$name" "$name" </dev/null >"$outputs/$name" 2>&1 3>&- ||
		{ cat "$outputs/$name" >&2 && return 1; }
	oci start "$name"
}

engine_exec() {
	oci exec "$@"
}

engine_exec_privileged() {
	oci exec --cap CAP_SYS_ADMIN --cap CAP_SYS_PTRACE "$@"
}

engine_output() {
	cat "$outputs/$1"
}

engine_remove() {
	oci delete --force "$1"
	umount "$bundles/$1/rootfs" "$bundles/$1/layers"
	rm -r "${bundles:?}/$1"
}

engine_id() {
	echo "$1"
}

engine_running() {
	[ "$(oci state "$1" | jq -r .status)" = running ]
}
