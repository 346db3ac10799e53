#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# shell.sh [--kernel 6.1|6.12] [--cmdline EXTRA]: a root shell in the guest on this terminal. The guest
# powers off when the shell ends; Ctrl-A X ends it at once.
set -euo pipefail
. "$(dirname "$(realpath "$0")")/qemu.bash"

vm_kernel=6.1
vm_cmdline=
while [ $# -ge 2 ]; do
	case $1 in
	--kernel) vm_kernel=$2 ;;
	--cmdline) vm_cmdline=$2 ;;
	*) break ;;
	esac
	shift 2
done
if [ $# -gt 0 ] || [ ! -t 0 ]; then
	echo "usage: shell.sh [--kernel VERSION] [--cmdline EXTRA], on a terminal" >&2
	exit 2
fi

terminal=$(stty -g)
vm_dir=
cleanup() {
	stty "$terminal"
	[ -z "$vm_dir" ] || rm -rf "$vm_dir"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

vm_prepare
# A serial line tells the guest nothing of the terminal at its other end.
read -r rows columns < <(stty size)
echo "${TERM:-linux} $rows $columns" >"$vm_dir/guest/terminal"
vm_pack
setpriv --pdeathsig TERM "${vm_qemu[@]}" -chardev stdio,id=terminal,mux=on,signal=off \
	-serial chardev:terminal
