# SPDX-License-Identifier: Apache-2.0
# paled with its state in $work, and containers of crun. Sourced by suites of the guest that try it with BPF-LSM.
# shellcheck shell=bash disable=SC2154

until_true() {
	local end=$((SECONDS + $1))
	shift
	until "$@"; do
		[ $SECONDS -lt $end ] || { echo "waited in vain for: $*" && cat "$work/log" && return 1; }
		sleep 0.1
	done
}

# start_paled: until it answers, which is when its programs are loaded. Its profiles are in $work/profiles.
start_paled() {
	rm -f "$work/run/events"
	PALE_PATH=$PWD/profiles build/paled --run "$work/run" --log "$work/events" --recorder "$work/recorder.db" \
		--profiles "$work/profiles" --config "$work/paled.conf" 2>>"$work/log" 3>&- &
	echo $! >"$work/pid"
	until_true 300 [ -S "$work/run/events" ]
}

pale() {
	build/pale "$1" --run "$work/run" "${@:2}"
}

runtime() {
	build/pale-runtime --pale-runtime "$(command -v crun)" --pale-socket "$work/run" --root "$work/crun" "$@"
}

# An image with busybox and a secret, which is what is below an overlay.
make_image() {
	mkdir -p "$work"/{run,profiles,lower/{bin,srv,dev,proc,sys,etc}}
	cp /bin/busybox "$work/lower/bin/"
	echo secret >"$work/lower/srv/secret"
}
# make_bundle NAME FILTER: whose container's files are the image's, below $work/NAME; jq's FILTER changes its configuration.
make_bundle() {
	local bundle=$work/$1
	mkdir -p "$bundle"/{upper,work,rootfs}
	mount -t overlay -o "lowerdir=$work/lower,upperdir=$bundle/upper,workdir=$bundle/work" overlay "$bundle/rootfs"
	(cd "$bundle" && crun spec)
	jq '.process.terminal = false | del(.process.rlimits, .linux.resources, .linux.seccomp) | '"$2" "$bundle/config.json" >"$bundle/new"
	mv "$bundle/new" "$bundle/config.json"
}

# start_web: a container that waits, and into which programs are entered.
start_web() {
	make_bundle web '.process.args = ["/bin/busybox", "sleep", "3000"] | .annotations["pale.dev/profile"] = "web"'
	runtime create --bundle "$work/web" web </dev/null
	runtime start web
}
in_container() {
	runtime exec web /bin/busybox "$@"
}

end_paled() {
	kill "$(cat "$work/pid")" || true
	wait || true
	umount "$work"/*/rootfs
}
