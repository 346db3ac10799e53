# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Releases of Debian in folders. Needs root, and the network for what is not in the cache yet: ${XDG_CACHE_HOME:-~/.cache}/pale/debian has
# each release as debootstrap makes it (RELEASE.tar), and apt's lists and the packages that were fetched for it (RELEASE/).

mirror=${DEBIAN_MIRROR:-http://deb.debian.org/debian}
debian_cache=${XDG_CACHE_HOME:-$HOME/.cache}/pale/debian

# release_unpack RELEASE ROOT: into ROOT, which is made.
release_unpack() {
	local tar=$debian_cache/$1.tar
	mkdir -p "$debian_cache/$1"/{archives,lists}/partial "$2"
	(
		flock 9
		[ -e "$tar" ] && exit 0
		work=$(mktemp -d "$debian_cache/.$1.XXXXXX")
		trap 'rm -rf "$work" "$tar.new"' EXIT
		unshare --mount --pid --fork --kill-child debootstrap --variant=minbase "$1" "$work" "$mirror" >"$debian_cache/$1.log" 2>&1 || {
			tail -n 20 "$debian_cache/$1.log" >&2
			exit 1
		}
		rm -rf "$work"/var/cache/apt/archives/*.deb "$work"/var/lib/apt/lists/*
		tar -C "$work" --numeric-owner -cf "$tar.new" .
		mv "$tar.new" "$tar"
	) 9>"$debian_cache/.$1.lock" || return 1
	tar -C "$2" --numeric-owner -xpf "$tar"
	echo 'APT::Sandbox::User "root";' >"$2/etc/apt/apt.conf.d/cache"
}

# release_run NETWORK RELEASE ROOT COMMAND…: a command in ROOT, with processes, mounts and, unless NETWORK is online, a network of its own.
# It sees the packages that were fetched, and has $release_seconds (600). One runs after the other, whoever starts them: apt waits for nobody.
release_run() {
	local network=(--net)
	[ "$1" != online ] || network=()
	flock "$debian_cache/.$2.lock" timeout --kill-after=5 "${release_seconds:-600}" unshare --mount --pid "${network[@]}" --fork --kill-child bash -euc '
		cache=$1 root=$2
		shift 2
		mount --make-rprivate /
		mount -t proc proc "$root/proc"
		mount --rbind /sys "$root/sys"
		mount --rbind /dev "$root/dev"
		mount --bind "$cache/archives" "$root/var/cache/apt/archives"
		mount --bind "$cache/lists" "$root/var/lib/apt/lists"
		exec env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive \
			chroot "$root" "$@"' - "$debian_cache/$2" "${@:3}"
}

# release_fetch RELEASE ROOT PACKAGE…: what these and what they depend on need, so that they can be installed without a network.
release_fetch() {
	cp /etc/resolv.conf "$2/etc/resolv.conf"
	release_run online "$1" "$2" sh -ec 'apt-get update -qq && apt-get autoclean -qq && apt-get install -qq --download-only "$@"' - "${@:3}"
}
