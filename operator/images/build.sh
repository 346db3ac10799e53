#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# build.sh BUILD DIR: makes the container images of Pale of the programs in BUILD and of what Debian's packages have installed on this machine, with no registry and no
# engine: DIR/pale-operator.tar, pale-node.tar and pale-install.tar, as `ctr image import`, `podman load` and `docker load` take them.
# The same programs and packages give the same bytes, whoever makes them.
#
#	pale-operator	the webhook, the controller, and what speaks for a node: nothing but that program, as nobody in particular, and pale, which can
#			put it under a policy
#	pale-node	paled, with pale to ask it and apparmor_parser
#	pale-install	pale-runtime and what brings it to a node, the only one with a shell
#
# Each has the licences of what is in it, and /var/lib/dpkg/status.d, by which scanners know the packages. Certificates of authorities there
# are none: the API server's comes with a pod's token, and nobody else is called.
set -euo pipefail
shopt -s extglob
umask 022

here=$(dirname "$(realpath "$0")")
. "$here/archive.bash"
build=$(realpath "$1")
mkdir -p "$2"
out=$(realpath "$2")
version=0.1
architecture=$(dpkg --print-architecture)
taken=()
work=$(mktemp -d "$out/.images.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 143' INT TERM HUP

# base ROOT: folders, and the accounts that the manifests name by number.
base() {
	local dir
	mkdir -p "$1"/{dev,etc,proc,run/pale,sys,tmp,usr/{bin,lib,lib64,sbin},var/lib}
	for dir in bin lib lib64 sbin; do ln -s usr/$dir "$1/$dir"; done
	ln -s /run "$1/var/run"
	chmod 1777 "$1/tmp"
	printf '%s\n' root:x:0:0:root:/:/sbin/nologin pale-operator:x:65532:65532::/:/sbin/nologin nobody:x:65534:65534::/:/sbin/nologin >"$1/etc/passwd"
	printf '%s\n' root:x:0: pale-read:x:65531: pale-operator:x:65532: pale:x:65533: nogroup:x:65534: >"$1/etc/group"
}

# libraries ROOT PROGRAM: those that it asks for, by the names that it asks by. A static one asks for none.
libraries() {
	local file
	while read -r file; do
		install -D -m 755 "$file" "$1/usr/${file##/?(usr/)}"
		taken+=("$file")
	done < <(ldd "$2" 2>/dev/null | grep -o '/[^ ]*' || :)
}

# packages ROOT: notes of what Debian's packages the files in $taken are. Some have a name of before the merge of /usr/lib and /lib.
packages() {
	local names=("${taken[@]##/?(usr/)}") name unknown
	dpkg-query -S "${names[@]/#//}" "${names[@]/#//usr/}" 2>/dev/null >"$work/owners" || :
	unknown=$(comm -13 <(sed 's,.*: /\(usr/\)\?,,' "$work/owners" | sort -u) <(printf '%s\n' "${names[@]}" | sort -u))
	[ -z "$unknown" ] || { echo "build.sh: no package of Debian's has" $unknown >&2 && return 1; }
	mkdir -p "$1/var/lib/dpkg/status.d"
	for name in $(sed 's/[:,].*//' "$work/owners" | sort -u); do
		install -D -m 644 "/usr/share/doc/$name/copyright" "$1/usr/share/doc/$name/copyright"
		{ dpkg-query -s "$name:$architecture" 2>/dev/null || dpkg-query -s "$name"; } >"$1/var/lib/dpkg/status.d/$name"
		echo >>"$1/var/lib/dpkg/status.d/$name"
	done
	taken=()
}

# pale_program ROOT NAME: one of ours.
pale_program() {
	install -m 755 "$build/$2" "$1/usr/bin/$2"
	strip "$1/usr/bin/$2"
	libraries "$1" "$build/$2"
	install -D -m 644 "$here/../../LICENSE" "$1/usr/share/doc/pale/copyright"
}

# debian_program ROOT PATH
debian_program() {
	[ -x "$2" ] || { echo "build.sh: $2 is missing; make deps-images installs it" >&2 && return 1; }
	install -D -m 755 "$2" "$1/usr/${2##/?(usr/)}"
	libraries "$1" "$2"
	taken+=("$2")
}

# What policies use of Pale's own.
library() {
	mkdir -p "$1/usr/share/pale"
	cp -r --no-preserve=all "$here/../../profiles" "$1/usr/share/pale/profiles"
}

operator() {
	base "$1"
	pale_program "$1" pale-operator
	pale_program "$1" pale
	library "$1"
	mkdir "$1/usr/share/pale/policies"
	cp --no-preserve=all "$here"/../deploy/policies/*.pale "$1/usr/share/pale/policies/"
}

node() {
	base "$1"
	mkdir -p "$1"/etc/{pale,apparmor} "$1"/var/{lib,log}/pale
	pale_program "$1" paled
	pale_program "$1" pale
	library "$1"
	debian_program "$1" /usr/sbin/apparmor_parser
	# The features that it compiles for where it is not told.
	install -D -m 644 /usr/share/apparmor-features/features "$1/usr/share/apparmor-features/features"
	cp --no-preserve=all /etc/apparmor/parser.conf "$1/etc/apparmor/"
}

install_node() {
	local name
	base "$1"
	pale_program "$1" pale
	pale_program "$1" pale-runtime
	debian_program "$1" /bin/busybox
	for name in chroot cp ln mkdir mv rm sh sleep touch; do ln -s busybox "$1/usr/bin/$name"; done
	install -m 755 "$here/install-node.sh" "$1/usr/bin/pale-install-node"
}

# image NAME FUNCTION CONFIG
image() {
	local config
	"$2" "$work/$1"
	packages "$work/$1"
	config=$(jq -c --arg name "$1" --arg version "$version" '. + { Env: ["PATH=/usr/sbin:/usr/bin"], WorkingDir: "/", Labels: {
		"org.opencontainers.image.title": $name, "org.opencontainers.image.version": $version,
		"org.opencontainers.image.licenses": "Apache-2.0" } }' <<<"$3")
	# With its registry: it is what a kubelet looks for when a pod asks for the short name.
	archive_image "docker.io/library/$1:$version" "$work/$1" "$config" "$out/$1.tar" --owner=0 --group=0
}

image pale-operator operator '{ "Entrypoint": ["/usr/bin/pale-operator"], "User": "65532:65532" }'
image pale-node node '{ "Entrypoint": ["/usr/bin/paled"] }'
image pale-install install_node '{ "Entrypoint": ["/usr/bin/pale-install-node"] }'
