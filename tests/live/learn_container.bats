# SPDX-License-Identifier: Apache-2.0
# `pale learn --container` and `--cgroup`: real containers of runc, and processes in groups of this host's unified hierarchy. Each stage
# runs in namespaces of its own, with a /run of its own, where runc keeps its containers.
# shellcheck shell=bash disable=SC2016,SC2034,SC2154

bats_require_minimum_version 1.5.0

setup() {
	[ "$(id -u)" = 0 ] || skip "not root"
	unified=$(findmnt --noheadings --output TARGET --types cgroup2 | head -n 1)
	[ -n "$unified" ] || skip "no unified hierarchy"
	build=$(realpath "${PALE_BUILD:-build}")
	pale=$build/pale
	try=$build/tests/live/try
	dir=$(mktemp -d /srv/pale-learn-XXXXXX)
	chmod 755 "$dir"
	policy=$dir/t.pale
	id=pale-test-$$
	export PALE_PATH=$PWD/profiles PALE_BUILD=$build build pale try dir policy id unified
	mkdir -p "$dir/bundle/rootfs"/{bin,dev,proc,sys,tmp}
	cp /bin/busybox "$dir/bundle/rootfs/bin/"
	for a in sh sleep ls cat sync true kill; do ln -s busybox "$dir/bundle/rootfs/bin/$a"; done
	(cd "$dir/bundle" && runc spec)
}

teardown() {
	# The stage's own processes have ended with it.
	find /sys/fs/cgroup -depth -type d -path "*/pale-test-$$*" -exec rmdir {} + 2>/dev/null || :
	rm -rf "$dir"
}

# bundle SHELL-COMMANDS [FILTER]: what containers of it do.
bundle() {
	jq --arg shell "$1" '.process.terminal = false | .process.args = ["/bin/sh", "-c", $shell] | .root.readonly = false |
		del(.process.rlimits, .linux.resources, .linux.seccomp) | '"${2:-.}" "$dir/bundle/config.json" >"$dir/new"
	mv "$dir/new" "$dir/bundle/config.json"
}

# stage SHELL-COMMANDS [OPTION…]: unshare's, with what learn_container.bash has.
stage() {
	timeout 100 unshare --mount --fork --kill-child "${@:2}" bash -euc '
		mount -t tmpfs tmpfs /run
		. tests/live/learn_container.bash
		'"$1"
}

alone() {
	stage "$1" --pid --mount-proc
}

# seen: what was observed, one a line: operation, object, phases, "exec" of what came from outside, arguments.
seen() {
	jq -r '.observations[] | [.operation, .object // "", (.phases // ["init"] | join(",")), if .exec then "exec" else "-" end,
		(.arguments // {} | to_entries | map("\(.key)=\(.value)") | join(","))] | join(" ")' "$policy.runs" | sed 's/ *$//'
}
lost() {
	jq -c '[.lost[]?.why] | sort' "$policy.runs"
}

blind='files, network and capabilities: this recorder sees calls and programs'
before='what was done before the recording began'

@test "from the start of its program to its end, which is told apart from what the runtime does" {
	bundle 'trap "/bin/sync; exit 0" TERM; /bin/ls / >/dev/null; while :; do /bin/sleep 0.1; done'
	alone 'create $id
		learn --container $id
		runc start $id
		sleep 0.5
		runc kill $id TERM
		ended
		runc delete $id'
	grep -x "pale learn: container '$id' is recorded, from the start of its program on" "$dir/said"
	grep -Ex "pale learn: container '$id': [0-9]+ calls, [0-9]+ programs executed" "$dir/said"
	jq -e '.recorder == "tracepoint" and .program == "/bin/busybox" and .complete == false' "$policy.runs"
	[ "$(lost)" = "[\"$blind\"]" ]
	seen | grep -x 'exec /bin/busybox init,shutdown -'
	seen | grep -x 'fork  init,shutdown -'
	seen | grep -x 'syscall epoll_ctl runtime -'
	seen | grep -x 'syscall fstatfs runtime -'
	seen | grep -x 'syscall getcwd init -'
	seen | grep -x 'syscall ioctl init - cmd=21505'
	seen | grep -x 'syscall sync shutdown -'
	[ "$(jq '[.observations[] | select(.object == "getcwd") | .count // 1]' "$policy.runs")" = "$(printf '[\n  1\n]')" ]
	run -0 "$pale" check "$policy"
	grep -x ' *allow exec /bin/busybox' "$policy"
	# What the runtime does is not in it.
	run -1 grep fstatfs "$policy"
	[ ! -e "$policy.recording" ]
}

@test "one that runs already: what it did before is missing, and the run says so" {
	bundle '/bin/sync; while :; do /bin/ls / >/dev/null; /bin/sleep 0.1; done'
	alone 'create $id
		runc start $id
		sleep 0.5
		learn --container $id --for 3s
		ended
		runc delete --force $id'
	grep -x "pale learn: container '$id' is recorded" "$dir/said"
	[ "$(lost)" = "[\"$blind\",\"$before\"]" ]
	jq -e '.program == "/bin/busybox"' "$policy.runs"
	# Where ten seconds are short, it is at work.
	seen | grep -Ex 'exec /bin/busybox (init|steady|init,steady) -'
	seen | grep -Ex 'syscall getdents64 (init|steady|init,steady) -'
	run -1 grep -E ' sync | runtime' <(seen)
}

@test "what is executed into it is kept apart, and left out where it has a terminal" {
	bundle 'while :; do /bin/sleep 0.1; done'
	alone 'create $id
		learn --container $id
		runc start $id
		sleep 0.3
		runc exec $id /bin/sync
		runc exec $id /bin/sh -c "/bin/ls /; /bin/true"
		script -qec "runc exec --tty $id /bin/cat /proc/self/stat" /dev/null | tee $dir/terminal
		sleep 0.2
		kill -INT $learner
		ended
		runc delete --force $id'
	# It had one.
	[ "$(awk '{ print $7 }' "$dir/terminal" | tr -d '\r')" -gt 0 ]
	grep -E "kept apart: 2 from outside; left out: 1 with a terminal\$" "$dir/said"
	seen | grep -x 'syscall sync init exec'
	seen | grep -x 'syscall getdents64 init exec'
	seen | grep -x 'fork  init exec'
	seen | grep -x 'exec /bin/busybox init exec'
	# cat's, and what runc does on its way in.
	run -1 grep -E 'sendfile|syscall (setns|capset|fstatfs) init' <(seen)
	run -1 grep -E 'getdents64 [a-z,]* -' <(seen | grep -v runtime)
	jq -e '[.observations[] | select(.operation == "exec" and .exec) | .count] == [4]' "$policy.runs"
}

@test "groups that a container makes below its own are its, too" {
	bundle 'while :; do /bin/sleep 0.1; [ ! -e /tmp/go ] || { /bin/sync; /bin/true; }; done'
	alone 'create $id
		runc start $id
		mkdir -p $unified/$id/below/again
		learn --container $id
		echo $(first $id) >$unified/$id/below/again/cgroup.procs
		sleep 0.3
		touch $dir/bundle/rootfs/tmp/go
		sleep 0.5
		runc exec $id /bin/sync
		end
		runc delete --force $id || :'
	seen | grep -x 'syscall sync init -'
	seen | grep -x 'syscall sync init exec'
}

@test "two replicas at once, each a run of its own" {
	bundle '/bin/sync; exec /bin/sleep 60'
	cp -r "$dir/bundle" "$dir/bundle2"
	jq '.process.args[2] = "/bin/ls /; exec /bin/sleep 60"' "$dir/bundle2/config.json" >"$dir/new"
	mv "$dir/new" "$dir/bundle2/config.json"
	alone 'create $id-a
		runc create --bundle $dir/bundle2 $id-b </dev/null >/dev/null
		learn --container $id-a --container $id-b
		runc start $id-a
		runc start $id-b
		sleep 0.5
		runc delete --force $id-a
		sleep 0.3
		kill -0 $learner
		runc delete --force $id-b
		ended'
	[ "$(wc -l <"$policy.runs")" = 2 ]
	[ "$(jq -r '.observations[] | select(.object == "sync" or .object == "getdents64") | select((.phases // ["init"]) != ["runtime"]) | .object' "$policy.runs" | sort)" = "$(printf '%s\n' getdents64 sync)" ]
	jq -se 'all([.observations[] | select(.object == "sync" or .object == "getdents64") | select((.phases // ["init"]) != ["runtime"])] | length == 1)' "$policy.runs"
}

@test "it is gone before its program started" {
	bundle 'true'
	alone 'create $id
		learn --container $id
		runc delete --force $id
		wait $learner || echo $? >$dir/status'
	[ "$(cat "$dir/status")" = 3 ]
	grep -x "pale learn: container '$id': its program did not start, and nothing was recorded" "$dir/said"
	grep -x "pale learn: no program started: there is nothing to learn" "$dir/said"
	[ ! -e "$policy" ] && [ ! -e "$policy.recording" ]
}

@test "pale is killed: what was saved is partial, the container is none the wiser" {
	bundle '/bin/sync; while :; do /bin/sleep 0.1; done'
	alone 'create $id
		learn --container $id
		runc start $id
		for n in {1..100}; do grep -qs "\"sync\"" $policy.recording && break; sleep 0.1; done
		kill -KILL $learner
		wait $learner || :
		sleep 0.3
		[ "$(runc state $id | jq -r .status)" = running ]
		runc exec $id /bin/true
		runc delete --force $id'
	jq -e '.complete == false and any(.lost[]; .why == "what came after the last time that the recording was saved")' "$policy.recording"
	run -3 --separate-stderr "$pale" learn -o "$policy" --cgroup "$unified/none"
	[ "${stderr_lines[0]}" = "pale learn: $policy.recording is of runs that no policy was made of: File exists" ]
	run -0 "$pale" learn --from "$policy.recording" -o "$policy"
	seen | grep -x 'syscall sync init -'
}

@test "without paled by name, with its annotation, or the beginning of its id" {
	bundle '/bin/sync; exec /bin/sleep 60' '.annotations["pale.dev/name"] = "shop"'
	alone 'create $id
		learn --container shop
		runc start $id
		sleep 0.3
		end
		runc delete --force $id'
	grep -x "pale learn: container 'shop' is recorded, from the start of its program on" "$dir/said"
	seen | grep -x 'syscall sync init -'
}

@test "names that fit none or more, with what to do" {
	bundle 'exec /bin/sleep 60' '.annotations["pale.dev/name"] = "shop"'
	alone 'create $id-a
		create $id-b
		for word in none shop $id $id-c ""; do
			$pale learn -o $policy --container "$word" 2>&1 || echo $?
		done >$dir/said
		$pale learn -o $policy --container $id-a --cgroup $id-a >>$dir/said 2>&1 || echo $? >>$dir/said
		runc delete --force $id-a
		runc delete --force $id-b'
	diff - "$dir/said" <<-END
		pale learn: no container 'none': neither paled knows one, nor do runc and crun
		  hint: 'pale ps' and 'runc list' show which there are; one of another runtime is named by its cgroup, with --cgroup
		3
		pale learn: 'shop' fits 2 containers: $id-a (shop), $id-b (shop)
		  hint: give more of the id; for replicas of one workload give each
		3
		pale learn: '$id' fits 2 containers: $id-a (shop), $id-b (shop)
		  hint: give more of the id; for replicas of one workload give each
		3
		pale learn: no container '$id-c': neither paled knows one, nor do runc and crun
		  hint: 'pale ps' and 'runc list' show which there are; one of another runtime is named by its cgroup, with --cgroup
		3
		pale learn: a container has an id or a name
		3
		pale learn: container '$id-a' and cgroup '$id-a' are the same
		3
	END
	[ ! -e "$policy" ]
}

@test "containers that have ended, groups that are none, and who may not" {
	bundle 'true'
	alone 'create $id
		runc start $id
		for n in {1..50}; do [ "$(runc state $id | jq -r .status)" = stopped ] && break; sleep 0.1; done
		for option in "--container $id" "--cgroup /srv" "--cgroup $unified" "--cgroup /"; do
			$pale learn -o $policy $option 2>&1 || echo $?
		done >$dir/said
		setpriv --reuid 65534 --regid 65534 --clear-groups $pale learn -o /tmp/t.pale --container $id >>$dir/said 2>&1 || echo $? >>$dir/said
		runc delete --force $id'
	diff - "$dir/said" <<-END
		pale learn: container '$id' has ended
		3
		pale learn: no cgroup '/srv' in the unified hierarchy, $unified
		  hint: /proc/PID/cgroup names a process's, behind '0::'
		3
		pale learn: cgroup '$unified' is the root of the hierarchy: all of the machine
		3
		pale learn: cgroup '/' is the root of the hierarchy: all of the machine
		3
		pale learn: only root may record what runs already in the kernel
		3
	END
}

@test "options that do not fit" {
	while IFS='|' read -r options text; do
		# shellcheck disable=SC2086
		run -2 --separate-stderr "$pale" learn $options
		[ "${stderr_lines[0]}" = "pale learn: $text" ]
	done <<-'END'
		--container x|no file for what is recorded: -o FILE or --merge FILE
		-o x --container x -- true|--container and --cgroup are of what runs by itself, not of a COMMAND
		-o x --cgroup x --runs 2|--runs is of a COMMAND
		-o x --cgroup x --unprivileged|--unprivileged is of a COMMAND
		-o x --cgroup x --for 2026-11-26|--for takes a duration such as 90s, 15m or 1h, not '2026-11-26'
		-o x --cgroup x --for 0s|--for takes a duration such as 90s, 15m or 1h, not '0s'
		--from x --for 1m|--for is of --container and --cgroup
	END
	# shellcheck disable=SC2046
	run -2 --separate-stderr "$pale" learn -o x $(printf -- '--cgroup %s ' {1..65})
	[ "${stderr_lines[0]}" = "pale learn: at most 64 containers and cgroups at once" ]
}

@test "a group that is empty yet: what is executed in it first is the program" {
	alone 'mkdir $unified/$id
		learn --cgroup /$id
		inside $id /usr/bin/python3 -c "
import os, socket, threading, time
os.sync()
s = socket.create_server((\"127.0.0.1\", 0))
c = socket.create_connection(s.getsockname())
s.accept()
os.getpgid(0)
# Not the first thread executes.
t = threading.Thread(target=os.execv, args=(\"/bin/sh\", [\"sh\", \"-c\", \"sync; exit 0\"]))
t.start(); t.join()"
		ended'
	grep -Ex "pale learn: cgroup '/$id': [0-9]+ calls, [0-9]+ programs executed" "$dir/said"
	[ "$(lost)" = "[\"$blind\"]" ]
	jq -e '.program | startswith("/usr/bin/python3")' "$policy.runs"
	seen | grep -x 'syscall sync init,steady -'
	seen | grep -x 'syscall getpgid steady -'
	seen | grep -x 'syscall accept4 steady -'
	seen | grep -x 'exec /usr/bin/dash steady -'
	seen | grep -x 'exec /usr/bin/sync steady -'
	seen | grep -E '^syscall socket init - family=2,'
	# The shell that went into it.
	seen | grep -E '^syscall execve runtime,'
}

@test "a process of several threads that goes into a group, or leaves it, and of which another than the first executes" {
	cat >"$dir/moves" <<-'END'
		import os, sys, threading
		ready, moved = threading.Event(), threading.Event()
		def other():
		    ready.set()
		    moved.wait()
		    os.execv("/bin/sh", ["sh", "-c", sys.argv[2]])
		t = threading.Thread(target=other)
		t.start()
		ready.wait()
		with open(sys.argv[1], "w") as f: f.write(str(os.getpid()))
		moved.set()
		t.join()
	END
	alone 'mkdir $unified/$id
		learn --cgroup $id
		python3 $dir/moves $unified/$id/cgroup.procs "sync; exit 0"
		ended'
	[ "$(lost)" = "[\"$blind\"]" ]
	jq -e '.program == "/usr/bin/dash"' "$policy.runs"
	seen | grep -x 'syscall sync init -'
	rm "$policy" "$policy.runs"
	alone 'rmdir $unified/$id; mkdir $unified/$id
		learn --cgroup $id
		inside $id /usr/bin/python3 $dir/moves $unified/cgroup.procs "sync; exit 0"
		ended'
	[ "$(lost)" = "[\"calls of processes that left the cgroup\",\"$blind\"]" ]
	jq -e '[.lost[] | select(.why | startswith("calls of processes")) | .count] == [1]' "$policy.runs"
	run -1 grep -E 'syscall sync|exec /usr/bin/dash' <(seen)
}

@test "a shell that goes on to a script of its own kind is what began" {
	printf '#!/bin/bash\ncd /; sync() { :; }; kill -0 $$; read -r line </etc/hostname\n' >"$dir/script"
	chmod +x "$dir/script"
	alone 'mkdir $unified/$id
		learn --cgroup $id
		inside $id $dir/script
		ended'
	[ "$(lost)" = "[\"$blind\"]" ]
	seen | grep -E '^syscall kill init -'
	seen | grep -x 'syscall chdir init -'
	seen | grep -x "exec $dir/script init -"
}

@test "what takes no client is at work after ten seconds; its first process begins and ends it, and no other" {
	alone 'mkdir $unified/$id
		learn --cgroup $id
		inside $id /bin/sh -c "trap \"chmod 755 /tmp; exit\" INT; sync; sleep 60 & sleep 11.5; kill -TERM \$!; kill -INT \$\$; sleep 1" &
		ended'
	seen | grep -x 'syscall sync init -'
	seen | grep -E '^syscall kill steady -'
	seen | grep -E '^syscall fchmodat2? shutdown -|^syscall chmod shutdown -'
}

@test "scripts, deleted programs, and code of another ABI" {
	printf '#!%s read\n' "$try" >"$dir/script"
	chmod +x "$dir/script"
	ln -s script "$dir/link"
	cp "$try" "$dir/gone"
	alone 'mkdir $unified/$id
		learn --cgroup $unified/$id
		inside $id /bin/sh -c "$dir/link; cd $dir; ./script; $build/tests/live/try_x86 $dir/script; exec 9<$dir/gone; rm $dir/gone; /proc/self/fd/9 read $dir/script; :"
		ended'
	seen | grep -x "exec $dir/script init -"
	seen | grep -x "exec $try init -"
	jq -e --arg script "$dir/script" '[.observations[] | select(.operation == "exec" and .object == $script) | .count] == [2]' "$policy.runs"
	jq -e '[.observations[] | select(.operation == "exec" and .class == "anonymous")] | length == 1' "$policy.runs"
	jq -e '[.observations[] | select(.operation == "syscall" and .abi == "x86") | .object] | index("open") != null' "$policy.runs"
	[ "$(lost)" = "[\"$blind\"]" ]
}

@test "more arguments than are kept make it partial, and the call is known all the same" {
	alone 'mkdir $unified/$id
		learn --cgroup $id
		inside $id /usr/bin/python3 -c "
import fcntl, os
for i in range(6000):
	try: fcntl.ioctl(0, 0x12340000 + i)
	except OSError: pass" </dev/null
		ended'
	jq -e '.lost[] | select(.why == "arguments of calls: more different ones than are kept") | .count > 1900 and .count <= 2100' "$policy.runs"
	jq -e '[.observations[] | select(.object == "ioctl" and .arguments != null)] | length > 3900 and length <= 4096' "$policy.runs"
	jq -e '[.observations[] | select(.object == "ioctl" and .arguments == null) | .count] | .[0] > 1900' "$policy.runs"
}

@test "many processes and programs at once: each call is counted" {
	alone 'mkdir $unified/$id
		learn --cgroup $id
		inside $id /bin/bash -c "for i in {1..20}; do (for n in {1..100}; do /usr/bin/sync -d /dev/null; done) & done; wait" >/dev/null 2>&1
		ended'
	[ "$(lost)" = "[\"$blind\"]" ]
	jq -e '[.observations[] | select(.operation == "exec" and (.object | endswith("/sync"))) | .count] == [2000]' "$policy.runs"
	jq -e '[.observations[] | select(.object == "fdatasync") | .count] == [2000]' "$policy.runs"
	jq -e '[.observations[] | select(.operation == "fork") | .count] == [2020]' "$policy.runs"
}

@test "who moves out is none of it any more, and who moves in is from outside" {
	alone 'mkdir $unified/$id
		inside $id /bin/sleep 60 &
		for n in {1..100}; do [ "$(cat $unified/$id/cgroup.procs)" ] && break; sleep 0.05; done
		learn --cgroup $id
		inside $id /bin/sh -c "sync; echo \$\$ >$unified/cgroup.procs; exec /bin/sh -c \"chmod 755 /tmp\""
		end'
	seen | grep -x 'syscall sync init exec'
	run -1 grep -E 'fchmodat|chmod' <(seen)
	[ "$(lost)" = "[\"calls of processes that left the cgroup\",\"$blind\",\"$before\"]" ]
}

@test "crun's, and what it does before the program" {
	bundle '/bin/sync; exec /bin/sleep 60'
	# It wants nothing but the unified hierarchy, and lacks a capability here to make groups.
	alone 'umount -R /sys/fs/cgroup
		mount -t cgroup2 none /sys/fs/cgroup
		unified=/sys/fs/cgroup
		mkdir $unified/$id
		inside $id crun --cgroup-manager=disabled create --bundle $dir/bundle $id </dev/null
		learn --container $id
		crun start $id
		sleep 0.3
		[ "$(crun state $id | jq -r .status)" = running ]
		crun kill $id KILL
		ended
		crun delete --force $id
		rmdir $unified/$id'
	grep -x "pale learn: container '$id' is recorded, from the start of its program on" "$dir/said"
	[ "$(lost)" = "[\"$blind\"]" ]
	seen | grep -x 'syscall sync init -'
	[ "$(seen | grep -c 'syscall [a-z0-9_]* runtime -$')" -ge 1 ]
	run -1 grep ' exec$' <(seen)
}

@test "the fragments of runtimes have what these do" {
	local runtime
	declare -A name=([runc]=runc-1-1 [crun]=crun-1-8)
	for runtime in runc crun; do
		tests/learn/runtime_fragment.sh $runtime >"$dir/$runtime.pale" 2>/dev/null
		# Of Go's runtime each time some calls more or less: none that the other has not.
		grep -x "fragment ${name[$runtime]} {" "$dir/$runtime.pale"
		sed -n '/^ *allow/,/}/p' "$dir/$runtime.pale" | tr -cs 'a-z0-9_' '\n' | sort -u >"$dir/calls"
		sed -n '/^ *allow/,/}/p' profiles/base/{$runtime,"${name[$runtime]}"}.pale | tr -cs 'a-z0-9_' '\n' | sort -u >"$dir/known"
		[ "$(comm -23 "$dir/calls" "$dir/known")" = "" ]
		grep -x execve "$dir/calls"
	done
}

@test "more runs are added to a policy, and one is learned from when it was told to end" {
	alone 'mkdir $unified/$id
		learn --cgroup $id
		inside $id /bin/sh -c "sync; sleep 60" &
		for n in {1..100}; do grep -qs "\"sync\"" $policy.recording && break; sleep 0.1; done
		kill -INT $learner
		ended
		cp $policy $dir/first
		$pale learn --merge $policy --cgroup $id --for 1s --json >$dir/json 2>$dir/said'
	grep -x ' *allow exec /usr/bin/dash, /usr/bin/sleep, /usr/bin/sync' "$dir/first"
	# The second time it was there already.
	[ "$(grep -A 1 '# 2 of 2 runs' "$policy" | grep allow | tr -s ' ')" = ' allow exec /usr/bin/dash' ]
	[ "$(wc -l <"$policy.runs")" = 2 ]
	jq -e '.ready == false and .runs == 2' "$dir/json"
}

@test "processes of a namespace that cannot be seen" {
	stage 'mkdir $unified/$id
		inside $id /bin/sleep 60 &
		for n in {1..100}; do [ "$(cat $unified/$id/cgroup.procs)" ] && break; sleep 0.05; done
		unshare --pid --fork --mount-proc $pale learn -o $policy --cgroup $id >$dir/said 2>&1 || echo $? >>$dir/said
		kill $!'
	diff - "$dir/said" <<-END
		pale learn: cgroup '$id' has processes that cannot be seen from this process namespace
		  hint: run pale in the machine's own, or in that of the processes
		3
	END
}

@test "each call of many threads is counted" {
	alone 'mkdir $unified/$id
		learn --cgroup $id
		inside $id /usr/bin/python3 -c "
import fcntl, os, threading
def work():
	for i in range(1000): os.getpgid(0); fcntl.fcntl(1, fcntl.F_GETOWN)
for r in range(20):
	threads = [threading.Thread(target=work) for n in range(12)]
	for t in threads: t.start()
	for t in threads: t.join()"
		ended'
	jq -e '[.observations[] | select(.object == "getpgid") | .count] == [240000]' "$policy.runs"
	# The C library asks for F_GETOWN_EX.
	jq -e '[.observations[] | select(.object == "fcntl" and .arguments.cmd == 16) | .count] == [240000]' "$policy.runs"
}

@test "with paled, which knows what lies below another --root" {
	[ "$(stat -L -c %i /proc/self/ns/pid)" = 4026531836 ] || skip 'this is not the initial process namespace'
	work=$dir/work
	. tests/live/refused_calls.bash
	real=runc
	mkdir -p "$work/profiles"
	bundle '/bin/sync; exec /bin/sleep 60' '.annotations["pale.dev/profile"] = "learned" | .annotations["pale.dev/name"] = "shop" | .process.noNewPrivileges = true'
	cat >"$work/profiles/learned.pale" <<-'END'
		use base/libc, base/runc
		profile learned {
			include libc, runc-privileged
			file { allow read, map /** }
			process { allow exec /**; allow exec drift /** }
			syscall { allow sync }
		}
	END
	start_paled
	work=$work stage '
		runtime=("$PALE_BUILD/pale-runtime" --pale-runtime "$(command -v runc)" --pale-socket $work/run --root $work/runc)
		"${runtime[@]}" create --bundle $dir/bundle $id </dev/null
		"$pale" ps --run $work/run >$dir/ps
		learn --run $work/run --container shop
		"${runtime[@]}" start $id
		sleep 0.3
		unshare --pid --fork --mount-proc "$pale" learn --run $work/run --container shop -o $dir/other.pale 2>$dir/elsewhere || echo $? >>$dir/elsewhere
		end
		"${runtime[@]}" delete --force $id' || { cat "$work/log" "$dir/said"; false; }
	stop_paled
	grep -Ex "pale learn: container '$id': process [0-9]+, which paled has for it, is not in its cgroup" "$dir/elsewhere"
	[ "$(tail -n 1 "$dir/elsewhere")" = 3 ]
	grep "$(cut -c1-12 <<<"$id")" "$dir/ps"
	grep -x "pale learn: container 'shop' is recorded, from the start of its program on" "$dir/said"
	seen | grep -x 'syscall sync init -'
}
