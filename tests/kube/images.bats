#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The images that make images makes: what is in them runs, and the same comes of the same.

bats_require_minimum_version 1.5.0
load steps

setup_file() {
	cd "$BATS_TEST_DIRNAME/../.."
	for name in pale-operator pale-node pale-install; do
		layout=$BATS_FILE_TMPDIR/$name
		mkdir -p "$layout/root"
		tar -C "$layout" -xf "$PALE_BUILD/images/$name.tar"
		tar -C "$layout/root" -xpf "$layout/$(jq -r '.[0].Layers[0]' "$layout/manifest.json")"
	done
}

root() { # IMAGE
	echo "$BATS_FILE_TMPDIR/$1/root"
}

# config IMAGE: the image's configuration, as engines find it.
config() {
	jq '.' "$BATS_FILE_TMPDIR/$1/$(jq -r '.[0].Config' "$BATS_FILE_TMPDIR/$1/manifest.json")"
}

# in_image IMAGE COMMAND…: with a /proc, as in each container.
in_image() {
	unshare --mount sh -c 'mount -t proc proc "$1/proc" && exec chroot "$@"' sh "$(root "$1")" "${@:2}"
}

@test "their programs run with what they bring" {
	run -0 in_image pale-operator /usr/bin/pale-operator --help
	[[ $output == 'usage: pale-operator COMMAND'* ]]
	run -0 in_image pale-node /usr/bin/paled --version
	[[ $output == 'paled '* ]]
	run -0 in_image pale-node /usr/bin/pale query /usr/share/pale/profiles/apps/nginx.pale write /etc/passwd
	[[ $output == 'deny'* ]]
	run -0 in_image pale-node /usr/sbin/apparmor_parser --version
	run -0 in_image pale-install /usr/bin/pale --version
	run -2 in_image pale-install /usr/bin/pale-install-node
	[ "$output" = 'usage: pale-install-node install|remove' ]
}

@test "each library has its licence and its package's paragraph" {
	for name in pale-operator pale-node pale-install; do
		root=$(root $name)
		[ "$(ls "$root/var/lib/dpkg/status.d")" = "$(ls "$root/usr/share/doc" | grep -vx pale)" ]
		for package in "$root"/var/lib/dpkg/status.d/*; do
			grep -qx "Package: ${package##*/}" "$package"
			[ -s "$root/usr/share/doc/${package##*/}/copyright" ]
		done
		[ -s "$root/usr/share/doc/pale/copyright" ]
	done
	[ -e "$(root pale-operator)/var/lib/dpkg/status.d/libgnutls30" ]
}

@test "the manifests' numbers are the images' accounts, and nothing gives rights by being executed" {
	for name in pale-operator pale-node pale-install; do
		grep -qx 'pale:x:65533:' "$(root $name)/etc/group"
		grep -qx 'pale-read:x:65531:' "$(root $name)/etc/group"
		[ -z "$(find "$(root $name)" -perm /6000 -print)" ]
		[ -z "$(find "$(root $name)" ! -uid 0 -print)" ]
		[ -z "$(find "$(root $name)" -perm /022 ! -type l ! -perm 1777 -print)" ]
	done
	[ "$(config pale-operator | jq -r .config.User)" = 65532:65532 ]
}

@test "the image with rights on a node has no shell, and the operator's has nothing but Pale" {
	not in_image pale-node /bin/sh -c :
	run -0 ls "$(root pale-operator)/usr/bin" "$(root pale-operator)/usr/sbin"
	[[ $output == *$'bin:\npale\npale-operator\n'*sbin: ]]
}

@test "engines find them by the names that pods ask for" {
	for name in pale-operator pale-node pale-install; do
		[ "$(jq -r '.manifests[0].annotations["io.containerd.image.name"]' "$BATS_FILE_TMPDIR/$name/index.json")" = docker.io/library/$name:0.1 ]
		[ "$(jq -r '.[0].RepoTags[0]' "$BATS_FILE_TMPDIR/$name/manifest.json")" = docker.io/library/$name:0.1 ]
	done
}

@test "the same bytes come of the same, wherever and as whomever they are made" {
	mkdir "$BATS_TEST_TMPDIR/again"
	(umask 077 && TZ=Asia/Tokyo LC_ALL=C.UTF-8 operator/images/build.sh "$PALE_BUILD" "$BATS_TEST_TMPDIR/again")
	for name in pale-operator pale-node pale-install; do
		cmp "$PALE_BUILD/images/$name.tar" "$BATS_TEST_TMPDIR/again/$name.tar"
	done
}

# A node's root: a shell that notes what it is told to run, and a container engine.
node() {
	host=$(root pale-install)/host
	rm -rf "$host"
	mkdir -p "$host"/{bin,etc,opt,usr/{bin,sbin}}
	cp /bin/busybox "$host/bin/sh"
	for name in bin/containerd sbin/runc; do
		printf '#!/bin/sh\n' >"$host/usr/$name"
		chmod 755 "$host/usr/$name"
	done
}

@test "pale-runtime comes to a node, and its engine is restarted once" {
	node
	PALE_RESTART='echo again >>/restarts' run -0 in_image pale-install pale-install-node install
	[[ $output == *'containerd: written to /host/etc/containerd/config.toml'* ]]
	grep -q 'BinaryName = "/opt/pale/bin/pale-runtime"' "$host/etc/containerd/config.toml"
	cmp "$host/opt/pale/bin/pale-runtime" "$(root pale-install)/usr/bin/pale-runtime"
	PALE_RESTART='echo again >>/restarts' run -0 in_image pale-install pale-install-node install
	[[ $output == *'containerd: already installed in /host/etc/containerd/config.toml'* ]]
	[ "$(<"$host/restarts")" = again ]
}

@test "a node that cannot restart its engine is not done" {
	node
	PALE_RESTART=false run -1 in_image pale-install pale-install-node install
	[[ $output == *"pale-install-node: 'false' failed on the node, which goes on without pale-runtime until containerd is restarted" ]]
	# And it is tried again.
	PALE_RESTART='echo again >>/restarts' run -0 in_image pale-install pale-install-node install
	[ "$(<"$host/restarts")" = again ]
}

@test "it is taken from a node, and runc takes its place for containers that run" {
	node
	PALE_RESTART='echo again >>/restarts' in_image pale-install pale-install-node install
	PALE_RESTART='echo removed >>/restarts' run -0 in_image pale-install pale-install-node remove
	[ ! -e "$host/etc/containerd/config.toml" ]
	[ "$(readlink "$host/opt/pale/bin/pale-runtime")" = /usr/sbin/runc ]
	[ "$(tail -n 1 "$host/restarts")" = removed ]
	PALE_RESTART='echo once more >>/restarts' run -0 in_image pale-install pale-install-node remove
	[ "$(tail -n 1 "$host/restarts")" = removed ]
}

@test "a node without an engine that is known says what to do" {
	node
	rm "$host/usr/bin/containerd"
	run -1 in_image pale-install pale-install-node install
	[[ $output == "pale-install-node: neither containerd nor CRI-O is on this node where they are looked for; install pale-runtime there by hand"* ]]
	run -0 in_image pale-install pale-install-node remove
}
