#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# The guest is what the other suites take it to be.

bats_require_minimum_version 1.5.0
load lib

teardown() {
	cgroup_remove
}

# mounted TYPE PATH
mounted() {
	grep -q "^[^ ]* $2 $1 " /proc/mounts
}

@test "the LSMs are active, and in order" {
	cat /sys/kernel/security/lsm
	[[ ,$(cat /sys/kernel/security/lsm), =~ ,landlock,.*yama,apparmor,bpf, ]]
}

@test "AppArmor is enabled and enforces" {
	[ "$(cat /sys/module/apparmor/parameters/enabled)" = Y ]
	echo 'profile boot-test { / r, /** rmix, deny /etc/hostname r, }' | apparmor_parser --replace
	aa-exec -p boot-test -- cat /etc/passwd >/dev/null
	run aa-exec -p boot-test -- cat /etc/hostname
	echo "$output"
	[ "$status" -ne 0 ]
	[[ $output = *"Permission denied"* ]]
	echo 'profile boot-test { }' | apparmor_parser --remove
}

@test "the kernel's type information is there" {
	[ -s /sys/kernel/btf/vmlinux ]
}

@test "the kernel's filesystems are mounted" {
	mounted proc /proc
	mounted sysfs /sys
	mounted securityfs /sys/kernel/security
	mounted bpf /sys/fs/bpf
	mounted cgroup2 /sys/fs/cgroup
	mounted tracefs /sys/kernel/tracing
	mounted devpts /dev/pts
	mounted tmpfs /tmp
	mounted tmpfs /run
}

@test "the root is an overlay that can be written" {
	mounted overlay /
	echo x >/etc/pale-boot-test
	echo '# x' >>/etc/profile
	mkdir /srv/pale-boot-test
	cp /bin/true /usr/local/bin/pale-boot-test
	pale-boot-test
}

@test "unix sockets can be bound on it and on /tmp" {
	for path in /var/lib/pale-boot-test.sock /tmp/pale-boot-test.sock; do
		perl -MIO::Socket::UNIX -e 'my $s = IO::Socket::UNIX->new(Local => $ARGV[0], Listen => 1) or die $!;
			IO::Socket::UNIX->new(Peer => $ARGV[0]) or die $!' "$path"
	done
}

@test "the loopback is up" {
	(($(cat /sys/class/net/lo/flags) & 1))
	busybox nc -l -p 4711 </dev/null >/tmp/heard &
	wait_for_tcp 4711
	echo hello >/dev/tcp/127.0.0.1/4711
	wait
	[ "$(cat /tmp/heard)" = hello ]
	run ! tcp_listens 4711
}

# QEMU's RTC follows the host's clock whatever the guest believes.
@test "the clock is the host's" {
	host=$(cat /sys/class/rtc/rtc0/since_epoch)
	guest=$(date +%s)
	echo "host $host, guest $guest"
	((guest - host <= 2 && host - guest <= 2))
	# Files that the host wrote before this boot are not of the future.
	((guest >= $(cat /run/pale-vm/started)))
}

@test "cgroups have the controllers that limits need" {
	cgroup_new
	echo 3 >"$cgroup/pids.max"
	echo 64M >"$cgroup/memory.max"
	echo '50000 100000' >"$cgroup/cpu.max"
	cgroup_run grep -q "${cgroup##*/}" /proc/self/cgroup
	mkdir "$cgroup/below"
	cgroup_run sleep 60 3>&- &
	wait_until 5 grep -qx 'populated 1' "$cgroup/cgroup.events"
	cgroup_remove
	[ ! -e "$cgroup" ]
}

@test "modules load when something asks for them" {
	run ! grep -q '^dummy ' /proc/modules
	modprobe dummy
	grep -q '^dummy ' /proc/modules
}
