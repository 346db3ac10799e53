#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# initramfs.sh KERNEL-DIR: build the guest's initramfs from static busybox, this folder's init and
# the modules of a kernel that kernel.sh unpacked, and print its path in the cache.
set -euo pipefail

here=$(dirname "$(realpath "$0")")

# Those that they need come with them. A newer kernel has some built in.
modules='virtio_pci virtio_console 9pnet_virtio 9p overlay'
applets='sh cp insmod ip ln mkdir mount switch_root'

die() {
	echo "initramfs.sh: $*" >&2
	exit 1
}

[[ $# -eq 1 && -d $1/lib/modules ]] || die "usage: initramfs.sh KERNEL-DIR"
release=$(basename "$1"/lib/modules/*)
lib=$1/lib/modules/$release

busybox=$(command -v busybox) || die "no busybox: install busybox-static"
! ldd "$busybox" >/dev/null 2>&1 || die "$busybox is dynamic: install busybox-static"

cache=${XDG_CACHE_HOME:-$HOME/.cache}/pale
# The modules are named by the kernel's release, which stands in the image's own name.
hash=$(sha256sum <"$here/initramfs.sh" && sha256sum <"$here/init" && sha256sum <"$busybox")
hash=$(sha256sum <<<"$hash")
image=$cache/initramfs-$release-${hash:0:16}.cpio
if [ -e "$image" ]; then
	echo "$image"
	exit 0
fi

mkdir -p "$cache"
tmp=$(mktemp -d "$cache/initramfs.tmp.XXXXXX")
trap 'rm -rf "$tmp"' EXIT
trap 'exit 130' INT TERM HUP

root=$tmp/root
mkdir -p "$root"/{bin,modules,lower,rw,newroot}
cp "$busybox" "$root/bin/busybox"
for applet in $applets; do
	ln -s busybox "$root/bin/$applet"
done
install -m 755 "$here/init" "$root/init"

# modules.dep: FILE: what it needs…, the first to be loaded last.
for module in $modules; do
	if ! line=$(grep "/$module\.ko[.a-z]*:" "$lib/modules.dep"); then
		grep -q "/$module\.ko$" "$lib/modules.builtin" || die "$release has no module $module"
		continue
	fi
	for file in $(tr ' ' '\n' <<<"${line/:/}" | tac); do
		name=$(basename "${file%%.ko*}")
		[ ! -e "$root/modules/$name.ko" ] || continue
		case $file in
		*.xz) xz -dc "$lib/$file" >"$root/modules/$name.ko" ;;
		*.ko) cp "$lib/$file" "$root/modules/$name.ko" ;;
		*) die "$file: not a form that insmod could take" ;;
		esac
		echo "$name" >>"$root/modules/order"
	done
done

(cd "$root" && find . | sort | cpio --quiet -o -H newc -R 0:0 >"$tmp/image")
mv -T "$tmp/image" "$image"
find "$cache" -maxdepth 1 -name 'initramfs*' ! -samefile "$image" -mtime +7 -exec rm -rf {} +
echo "$image"
