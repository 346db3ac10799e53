#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# build.sh [PROGRAM…]: prints the folder that has kube-apiserver, kubectl, kube-controller-manager, kube-scheduler and kubelet, or of these the
# PROGRAMs, which lies below $XDG_CACHE_HOME/pale. Each is built once, of Debian's source package: as a program Debian 12 has only kubectl, which
# other packages have, too. Says on stderr how far it is: with two CPUs all take some ten minutes, most of them for the API server.
#
# That package is of version 1.20.2 and brings all that it is built from; apt checks its signature. The lists of source packages are read into
# a folder of their own, since most machines have none, and as root, since apt's own user may not write there.
set -euo pipefail

version=1.20.2
programs=(kube-apiserver kubectl kube-controller-manager kube-scheduler kubelet)
[ $# = 0 ] || programs=("$@")
cache=${XDG_CACHE_HOME:-$HOME/.cache}/pale
to=$cache/kubernetes-$version
go=/usr/lib/go-1.19/bin

say() {
	printf '  %-7s %s\n' KUBE "$*" >&2
}

. "$(dirname "$(realpath "$0")")/../apt_mirror.bash"
mkdir -p "$cache"
exec 8>"$cache/kubernetes.lock"
flock 8
missing=()
for program in "${programs[@]}"; do
	[ -e "$to/$program" ] || missing+=("$program")
done
[ ${#missing[@]} != 0 ] || { echo "$to" && exit; }

new=$(mktemp -d "$cache/.kubernetes.XXXXXX")
trap 'chmod -R u+w "$new" && rm -rf "$new"' EXIT
trap 'exit 143' INT TERM HUP
log=$cache/kubernetes-build.log
fail() {
	tail -n 30 "$log" >&2
	echo "build.sh: $* failed; all that it said is in $log" >&2
	exit 1
}

# Within what is asked whether it failed, set -e does not count: each step asks for the one before.
fetch() {
	local apt=(-o Dir::Etc::SourceList="$new/sources.list" -o Dir::Etc::SourceParts=/dev/null -o Dir::State::Lists="$new/lists"
		-o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= -o APT::Sandbox::User=root -o APT::Update::Error-Mode=any -o Acquire::Retries=3)
	local keys=/usr/share/keyrings/debian-archive-keyring.gpg
	# It brings reflect2 1.0.1, which does not know the maps of Go 1.18 and later: the API server ends with a fault on the first object of a
	# CustomResourceDefinition. Debian's is 1.0.2.
	local reflect2=github.com/modern-go/reflect2
	local suite
	# A machine may have another mirror than everybody's, and no security updates.
	for suite in bookworm bookworm-security; do
		local uri
		uri=$(apt_mirror $suite)
		[ -z "$uri" ] || echo "deb-src [signed-by=$keys] $uri $suite main"
	done >"$new/sources.list"
	[ -s "$new/sources.list" ] || { echo 'apt has no source of bookworm' && return 1; }
	mkdir -p "$new/lists/partial" &&
		apt-get "${apt[@]}" update -qq &&
		cd "$new" &&
		apt-get "${apt[@]}" source -qq --download-only kubernetes &&
		dpkg-source -x "$new"/kubernetes_*"$version"-*.dsc "$new/source" &&
		rm -r "$new/source/vendor/$reflect2" &&
		cp -rL /usr/share/gocode/src/$reflect2 "$new/source/vendor/$reflect2"
}

build() {
	# The builds of its own generators may not look for newer ones.
	env -C "$new/source" -u GOPATH PATH="$go:$PATH" HOME="$new" GOCACHE="$new/go-cache" GOFLAGS=-mod=vendor GOPROXY=off GO111MODULE=auto CGO_ENABLED=0 \
		KUBE_GIT_VERSION=v$version KUBE_GIT_MAJOR=1 KUBE_GIT_MINOR=20 KUBE_GIT_COMMIT=debian KUBE_GIT_TREE_STATE=archive \
		make all WHAT="cmd/$1"
}

say "Kubernetes $version is built once, for $to: ${missing[*]}"
fetch >"$log" 2>&1 || fail 'apt-get source kubernetes'
mkdir "$new/bin"
for program in "${missing[@]}"; do
	started=$SECONDS
	build "$program" >>"$log" 2>&1 || fail "building $program"
	strip -o "$new/bin/$program" "$new/source/_output/bin/$program"
	say "$program ($((SECONDS - started)) s)"
done
mkdir -p "$to"
mv "$new"/bin/* "$to/"
echo "$to"
