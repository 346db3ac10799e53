# SPDX-License-Identifier: Apache-2.0
#
# What run.sh and shell.sh share: one boot's folder, its initramfs and its command line.
# Expects vm_kernel (a version that kernel.sh knows), vm_cmdline (more for the kernel) and, where
# time shall be the number of the guest's instructions, vm_count_instructions. Sets vm_dir, a folder
# that the caller puts files for the guest's /run/pale-vm into (vm_dir/guest) and that the caller
# removes, and vm_qemu, the command.
# shellcheck shell=bash disable=SC2034,SC2154

vm_here=$(dirname "$(realpath "${BASH_SOURCE[0]}")")
vm_checkout=$(realpath "$vm_here/../..")

vm_prepare() {
	local kernel_dir
	kernel_dir=$("$vm_here/kernel.sh" "$vm_kernel") || return
	kernel_dir=$(realpath "$kernel_dir")
	vm_base=$("$vm_here/initramfs.sh" "$kernel_dir") || return

	vm_dir=$(mktemp -d "${TMPDIR:-/tmp}/pale-vm.XXXXXX")
	mkdir -p "$vm_dir/cpio/vm"
	ln -s cpio/vm "$vm_dir/guest"
	cp "$vm_here/guest" "$vm_dir/guest/guest"
	printf '%s\n' "$vm_checkout" "$kernel_dir/lib/modules" >"$vm_dir/guest/paths"

	local append=(
		console=ttyS0 loglevel=5 panic=-1 mitigations=off
		"lsm=landlock,lockdown,yama,apparmor,bpf"
		# An emulator translates a library anew wherever it finds it at another address, so
		# that without norandmaps each exec takes more than twice as long.
		norandmaps init_on_alloc=0
	)
	local clock=(-accel "tcg,thread=multi" -smp 2 -rtc "base=utc,clock=host")
	# One nanosecond each, on one CPU, and none while it idles: the same run of code takes the
	# same time whatever else the host does.
	[ -z "${vm_count_instructions:-}" ] ||
		clock=(-accel "tcg,thread=single" -smp 1 -icount "shift=0,sleep=off"
			-rtc "base=utc,clock=vm")
	# No KVM even where there is one: the guest's speed and its kernel's view of the CPU shall
	# be the same on every machine that runs the tests. TCG does rep movsb byte by byte, which
	# erms and fsrm call fast.
	vm_qemu=(
		qemu-system-x86_64 -no-user-config -nodefaults -display none -monitor none
		-machine q35 -cpu "max,-erms,-fsrm" -m 2048 -no-reboot "${clock[@]}"
		-kernel "$kernel_dir/boot/vmlinux" -initrd "$vm_dir/initrd"
		-append "${append[*]} $vm_cmdline"
		-virtfs "local,path=/,mount_tag=host,security_model=none,readonly=on,multidevs=remap"
	)
}

# The kernel reads an initrd as archives one after the other: the cached one, then this boot's.
vm_pack() {
	{
		cat "$vm_base" &&
			(cd "$vm_dir/cpio" && find vm | cpio --quiet -o -H newc -R 0:0)
	} >"$vm_dir/initrd"
}
