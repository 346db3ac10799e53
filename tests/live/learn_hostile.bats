# SPDX-License-Identifier: Apache-2.0
# `pale learn -- COMMAND` with programs that are odd or hostile: it ends, stays small, harms none of them, and never calls a recording
# complete of which something is missing.
# shellcheck shell=bash disable=SC2016,SC2034,SC2154

bats_require_minimum_version 1.5.0

setup() {
	build=$(realpath "${PALE_BUILD:-build}")
	. tests/live/learn.bash
	learn_setup
	chmod 777 "$dir/out"
	hostile=$dir/data/hostile
	install "$build/tests/live/hostile" "$hostile"
	install /usr/bin/true "$dir/data/true"
	page=$dir/data/page
}

teardown() {
	rm -rf "$dir"
}

learn() { # OPTION… -- COMMAND…
	timeout 60 "$pale" learn --profile t "$@"
}

# As root and without privilege; or as who runs this, in both ways.
each_way() { # FUNCTION
	local way
	for way in root unprivileged; do
		rm -rf "$policy"*
		"$1" "$way"
	done
}

# What it says ends with "ok", as without being watched.
acts() { # WAY ACT ARGUMENT…
	local way=$1 option=()
	shift
	[ "$way" = root ] || option=(--unprivileged)
	run -0 --separate-stderr learn "${option[@]}" -o "$policy" -- "$hostile" "$@"
	[ "${lines[-1]}" = ok ]
}

nobody() { # COMMAND…
	setpriv --reuid 65534 --regid 65534 --clear-groups "$@"
}

is_complete() {
	jq -e .complete "$policy.runs"
}

# These reasons and no others.
lost() { # WHY…
	diff <(jq -r '.lost[].why' "$policy.runs") <(printf '%s\n' "$@" | sort)
	jq -e '.complete == false' "$policy.runs"
	[[ $stderr == *"not ready"* ]]
}

# What else makes processes here is not held, and this has no more numbers to give than it needs.
in_small_pid_namespace() { # FUNCTION ARGUMENT…
	export -f learn nobody
	pale=$pale hostile=$hostile policy=$policy dir=$dir timeout 100 unshare --pid --mount --fork --kill-child --mount-proc \
		bash -euc 'echo 1000 >/proc/sys/kernel/pid_max; "$@"' bash "$@"
}

@test "a program that forks without end has 15 % of what there is, is told of at once, and makes the run partial" {
	[ "$(id -u)" = 0 ] || skip "not root"
	# Linux 6.14 has a limit of its own in each pid namespace.
	run unshare --pid --mount --fork --mount-proc sh -c 'echo 1000 >/proc/sys/kernel/pid_max'
	[ "$status" = 0 ] && [ "$(cat /proc/sys/kernel/pid_max)" != 1000 ] || skip "no kernel.pid_max of a pid namespace"
	way() {
		local as=()
		[ "$1" = root ] || as=(nobody)
		rm -f "$dir/data/met"
		run -0 --separate-stderr in_small_pid_namespace "${as[@]}" timeout 60 "$pale" learn -o "$policy" -- "$hostile" forks 2 "$dir/data/met"
		# It was refused more, and went on.
		[ -e "$dir/data/met" ]
		[ "${stderr_lines[0]}" = "pale learn: $hostile: it has 150 processes and threads, and gets no more while it has them (EAGAIN): the run is partial" ]
		lost "processes and threads beyond 150, which is as many as a run may have"
		# Each that lived says so at its end; some end while others fork still.
		[ "$(grep -cx ok <<<"$output")" -lt 450 ]
	}
	declare -fx nobody
	each_way way
}

@test "threads count as well" {
	[ "$(id -u)" = 0 ] || skip "not root"
	run unshare --pid --mount --fork --mount-proc sh -c 'echo 1000 >/proc/sys/kernel/pid_max'
	[ "$status" = 0 ] && [ "$(cat /proc/sys/kernel/pid_max)" != 1000 ] || skip "no kernel.pid_max of a pid namespace"
	run -0 --separate-stderr in_small_pid_namespace timeout 60 "$pale" learn -o "$policy" -- "$hostile" threads 3
	[ "${lines[0]}" = "threads 149" ]
	lost "processes and threads beyond 150, which is as many as a run may have"
}

@test "who makes as many processes one after another is not held" {
	[ "$(id -u)" = 0 ] || skip "not root"
	run unshare --pid --mount --fork --mount-proc sh -c 'echo 1000 >/proc/sys/kernel/pid_max'
	[ "$status" = 0 ] && [ "$(cat /proc/sys/kernel/pid_max)" != 1000 ] || skip "no kernel.pid_max of a pid namespace"
	run -0 --separate-stderr in_small_pid_namespace timeout 60 "$pale" learn -o "$policy" -- /bin/sh -c 'i=0; while [ $i -lt 700 ]; do (:); i=$((i + 1)); done'
	is_complete
}

@test "a deep chain of processes that signal all of them is looked at once" {
	way() {
		acts "$1" chain 600
		[ "$(observed signal)" = "USR1 to self" ]
		is_complete
	}
	each_way way
}

@test "files of many folders, more than are kept, become folders in bounded memory" {
	[ "$(id -u)" = 0 ] || skip "not root"
	# A file system that has no room for them: each is asked for, none is made.
	local names=${PALE_LEARN_NAMES:-30000} folders=${PALE_LEARN_FOLDERS:-3000} limit_kb=$((400 * 1024))
	way() {
		local option=
		[ "$1" = root ] || option=--unprivileged
		mkdir -p "$dir/data/names"
		run -0 --separate-stderr unshare --mount bash -euc '
			mount -t tmpfs -o "size=1G,nr_inodes=$(($3 + 100))" none "$1"
			seq 0 $(($3 - 1)) | (cd "$1" && xargs mkdir -m 777)
			shift
			exec timeout $((60 + $1 / 1000)) /usr/bin/python3 -c "
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)" "${@:3}"' \
			bash "$dir/data/names" "$names" "$folders" "$pale" learn $option --profile t -o "$policy" -- "$hostile" names "$dir/data/names" "$folders" "$names"
		[ "${lines[0]}" = ok ]
		echo "# $names names of $folders folders, $1: ${lines[1]} kB" >&3
		[ "${lines[1]}" -lt $limit_kb ]
		[ "$(wc -c <"$policy.runs")" -lt $((64 << 20)) ]
		# None is lost but by name, and that is said.
		jq -e --argjson n "$names" --arg folder "$dir/data/names/" '.complete and
			([.observations[] | select(.operation == "create" and (.object | startswith($folder))) | .count // 1] | add == $n)' "$policy.runs"
		jq -e 'any(.observations[]; .folded)' "$policy.runs"
		grep -F "$dir/data/names/**" "$policy"
		grep -F "more names below it than a run keeps" "$policy"
	}
	# A million takes minutes, and is looked at alike in both ways.
	if [ "$names" -gt 100000 ]; then
		way root
	else
		each_way way
	fi
}

@test "a program with a long name that touches many files" {
	local n program=$dir/data i
	n=$(printf 'n%.0s' {1..200})
	for i in {1..18}; do program+=/$n; done
	mkdir -p "$program"
	for i in {0..299}; do mkdir -p "$dir/data/$i"; done
	cp "$hostile" "$program/hostile"
	run -0 --separate-stderr learn -o "$policy" -- "$program/hostile" names "$dir/data" 300 12000
	[ "$(wc -c <"$policy.runs")" -lt $((48 << 20)) ]
	is_complete
}

@test "no standard descriptors, for pale and the program" {
	way() {
		local option=
		[ "$1" = root ] || option=--unprivileged
		run -0 timeout 60 sh -c '"$@" <&- >&- 2>&-' sh "$pale" learn $option -o "$policy" -- /bin/bash -c "readlink /proc/\$PPID/fd/{0,1,2} >$dir/out/pale
			readlink /proc/\$\$/fd/{0,1,2} >$dir/out/program || true"
		[ "$(cat "$dir/out/pale")" = "$(printf '/dev/null\n%.0s' 1 2 3)" ]
		[ ! -s "$dir/out/program" ]
		is_complete
	}
	each_way way
}

@test "who is started with SIGCHLD ignored ends with its command" {
	way() {
		local option=()
		[ "$1" = root ] || option=(--unprivileged)
		run -0 --separate-stderr timeout 20 env --ignore-signal=CHLD "$pale" learn "${option[@]}" -o "$policy" -- /bin/sh -c 'exit 7'
		[[ $stderr == *"/bin/sh ended with 7"* ]]
		is_complete
	}
	each_way way
}

@test "names that could drive a terminal" {
	local name=$'\e]0;owned\a\e[31m\nready: yes\r\xff\xfe"\\'
	mkdir "$dir/data/$name"
	cp "$hostile" "$dir/data/$name/$name"
	way() {
		local option=()
		[ "$1" = root ] || option=(--unprivileged)
		run -0 --separate-stderr learn "${option[@]}" -o "$policy" -- "$dir/data/$name/$name" undumpable "$page"
		[[ "$stderr$(cat "$policy" "$policy.runs")" != *[$'\e\a\r']* ]]
		run -0 "$pale" check "$policy"
		is_complete
		rm "$policy"*
		# One that fails is called by its name.
		run -0 --separate-stderr learn "${option[@]}" -o "$policy" -- "$dir/data/$name/$name" nothing
		[[ $stderr == *'\x1b]0;owned\x07\x1b[31m\x0aready: yes\x0d\xff\xfe"'*' ended with 2'* ]]
		[[ $stderr != *[$'\e\a\r']* ]]
	}
	each_way way
}

@test "paths longer than PATH_MAX, in one go and step by step" {
	way() {
		rm -rf "$dir/data/deep"
		mkdir -m 777 "$dir/data/deep"
		acts "$1" long-paths "$dir/data/deep"
		lost "observations that nothing in a policy can say" "paths that are longer than the kernel tells"
	}
	each_way way
}

@test "paths that begin in a folder that is gone" {
	way() {
		acts "$1" deleted-folder "$dir/data"
		[[ $(observed read) == *"$page"* ]]
		# The folder itself; what is not in it cannot be made.
		lost "files without a path, of which no rule speaks"
	}
	each_way way
}

@test "links of procfs to what is open, to roots and to itself" {
	way() {
		acts "$1" magic-links "$page"
		# By its own name each time, and pipes are no files.
		jq -e --arg page "$page" '[.observations[] | select(.operation == "read" and .object == $page) | .count] == [3]' "$policy.runs"
		observed read | grep -x "$hostile"
		run -1 grep -E '/proc|/dev/fd' "$policy.runs"
		is_complete
	}
	each_way way
}

@test "programs that are executed by descriptor, by a thread, and after vfork" {
	local act
	way() {
		for act in exec-descriptor exec-thread exec-vfork; do
			rm -f "$policy"*
			local option=()
			[ "$1" = root ] || option=(--unprivileged)
			run -0 learn "${option[@]}" -o "$policy" -- "$hostile" $act "$dir/data/true"
			[ "$(observed exec)" = "$(printf '%s\n' "$hostile" "$dir/data/true")" ]
			# What the new program does is its own.
			jq -e --arg true "$dir/data/true" 'any(.observations[]; .executable == $true and .operation == "map")' "$policy.runs"
			is_complete
		done
	}
	each_way way
}

@test "calls with addresses of nothing fail as they would, and are no loss but where nothing is told" {
	way() {
		acts "$1" pointers "$page"
		[ "$(observed read | grep -c "^$dir")" = 1 ]
		lost "mounts and signals of which this recorder cannot tell what they are"
	}
	each_way way
}

@test "numbers of no call, and of x32, are counted each once" {
	[ "$(uname -m)" = x86_64 ] || skip "not x86_64"
	way() {
		acts "$1" numbers
		jq -e '.lost == [{"why": "calls that no table knows", "count": 4}]' "$policy.runs"
		jq -e '[.observations[] | select(.abi == "x32") | .object] == ["getppid", "open"]' "$policy.runs"
	}
	each_way way
}

@test "clone3 makes a process, which is seen" {
	way() {
		acts "$1" clone3 "$page"
		jq -e 'any(.observations[]; .operation == "fork")' "$policy.runs"
		jq -e 'any(.observations[]; .object == "clone3")' "$policy.runs"
		is_complete
	}
	each_way way
}

@test "a process that may not be looked at" {
	[ "$(id -u)" = 0 ] || skip "not root"
	acts root undumpable "$page"
	observed read | grep -x "$page"
	is_complete
	rm "$policy"*
	run -0 --separate-stderr nobody timeout 60 "$pale" learn -o "$policy" -- "$hostile" undumpable "$page"
	[ "$output" = ok ]
	lost "calls of processes that may not be looked at"
}

@test "paths in memory that nobody else may read are lost, not overlooked" {
	way() {
		acts "$1" secret "$page"
		[[ $output != *memfd_secret* ]] || skip "no memfd_secret(2)"
		lost "calls with arguments in memory that nobody else may read"
		rm -f "$policy"*
		mkdir -m 777 "$dir/data/$1"
		acts "$1" secret-below-name "$page" "$dir/data/$1"
		lost "calls with arguments in memory that nobody else may read"
		rm -f "$policy"*
		acts "$1" faults "$page" /etc/hostname
		[[ $output == *userfaultfd* ]] || lost "calls with arguments in memory that nobody else may read"
	}
	each_way way
}

@test "files that become code after they were mapped" {
	way() {
		acts "$1" late-code "$dir/data/true"
		if [ "$(id -u)" = 0 ]; then
			observed map | grep -x "$dir/data/true"
			is_complete
		else
			lost "files that became code by mprotect(2)"
		fi
		# Memory that is no file is nobody's business.
		rm "$policy"*
		acts "$1" late-code "$dir/data/true" not
		[[ $(observed map) != *"$dir/data/true"* ]]
		is_complete
	}
	each_way way
	[ "$(id -u)" = 0 ] || return 0
	rm "$policy"*
	run -0 --separate-stderr nobody timeout 60 "$pale" learn -o "$policy" -- "$hostile" late-code "$dir/data/true"
	lost "files that became code by mprotect(2)"
}

@test "all descriptors are closed, all signals blocked" {
	way() {
		rm -f "$dir/data/new"
		local option=()
		[ "$1" = root ] || option=(--unprivileged)
		run -0 learn "${option[@]}" -o "$policy" -- "$hostile" close-all "$dir/data/new"
		[ -e "$dir/data/new" ]
		observed create | grep -x "$dir/data/new"
		is_complete
		rm -f "$policy"* "$dir/data/new"
		"$pale" learn "${option[@]}" -o "$policy" -- "$hostile" block-signals "$dir/data/new" >"$dir/said" 2>&1 &
		local i
		for i in {1..200}; do [ -e "$dir/data/new" ] && break; sleep 0.02; done
		kill -TERM $!
		wait $!
		grep -x ok "$dir/said"
		jq -e --arg new "$dir/data/new" 'any(.observations[]; .object == $new and (.phases // ["init"] | contains(["shutdown"])))' "$policy.runs"
		is_complete
	}
	each_way way
}

@test "a seccomp filter of its own holds; a listener of its own is refused by Linux, and that is said" {
	way() {
		acts "$1" own-filter "$page"
		is_complete
		rm "$policy"*
		acts "$1" own-filter-prctl "$page"
		is_complete
		rm "$policy"*
		acts "$1" own-listener
		[ "${lines[0]}" = "listener: Device or resource busy" ]
		lost "a seccomp listener of the program's own: Linux refuses a second one"
	}
	[ "$("$hostile" own-listener | head -n 1)" = "listener: made" ]
	each_way way
}

@test "a tracer of its own sees each call, but not by seccomp, and that is said" {
	way() {
		acts "$1" trace-calls "$page"
		jq -e --arg page "$page" '[.observations[] | select(.operation == "read" and .object == $page) | .count] == [20]' "$policy.runs"
		is_complete
		rm "$policy"*
		acts "$1" own-tracer "$page"
		[ "${lines[0]}" = "tracer: not asked" ]
		lost "calls of which the program's own tracer would be told by seccomp: they go on without it"
	}
	[ "$("$hostile" own-tracer "$page" | head -n 1)" = "tracer: asked" ]
	each_way way
}

@test "what goes around calls with a path: io_uring and handles" {
	way() {
		acts "$1" uring "$page"
		[[ $output == *io_uring:* ]] || lost "what is done through io_uring(7)"
		rm "$policy"*
		acts "$1" by-handle "$page" "$dir/data"
		[[ $output != *opened* ]] || lost "files that are opened by handle, without a path"
	}
	each_way way
}

@test "an observer that waits for the program's own answer lets it go on" {
	[ "$(id -u)" = 0 ] || skip "not root"
	way() {
		local begin=$SECONDS
		acts "$1" permits "$dir/data/true" /etc/hostname
		[[ $output != *fanotify* ]] || skip "no fanotify(7) with permissions"
		[ $((SECONDS - begin)) -lt 20 ]
		lost "calls that went on unseen, as one could not be looked at in time"
	}
	each_way way
}

@test "a stopped observer is waited for" {
	"$pale" learn -o "$policy" -- /bin/sh -c "while [ ! -e $dir/data/go ]; do : <$page; done" &
	local recorder=$! i
	for i in {1..200}; do [ -e "$policy.recording" ] && break; sleep 0.02; done
	for i in 1 2 3; do
		kill -STOP $recorder
		sleep 1
		kill -CONT $recorder
		sleep 0.1
	done
	kill -STOP $recorder
	sleep 3
	kill -CONT $recorder
	touch "$dir/data/go"
	wait $recorder
	is_complete
}

@test "another root and other namespaces, made without privilege" {
	way() {
		acts "$1" new-root "$dir/data"
		[ "$(observed userns)" = "" ]
		jq -e 'any(.observations[]; .operation == "userns")' "$policy.runs"
		jq -e --arg page "$page" '[.observations[] | select(.operation == "read" and .object == $page) | .count] == [2]' "$policy.runs"
		is_complete
	}
	each_way way
	[ "$(id -u)" = 0 ] || return 0
	rm "$policy"*
	# As nobody, who gets all capabilities in there.
	run -0 nobody timeout 60 "$pale" learn -o "$policy" -- "$hostile" new-root "$dir/data"
	observed read | grep -x "$page"
	is_complete
}

@test "who has more rights than pale in a user namespace of its own is not taken for refused" {
	[ "$(id -u)" = 0 ] || skip "not root"
	mkdir -m 700 "$dir/data/closed"
	echo page >"$dir/data/closed/page"
	chown -R 65534:65534 "$dir/data/closed"
	chmod 0 "$dir/data/closed"
	run -0 --separate-stderr nobody timeout 60 "$pale" learn -o "$policy" -- unshare --user --map-root-user "$hostile" read "$dir/data/closed/page"
	[ "$output" = ok ]
	lost "calls of processes that may not be looked at"
	rm "$policy"*
	run -0 --separate-stderr nobody timeout 60 "$pale" learn -o "$policy" -- "$hostile" read "$dir/data/closed/page"
	[[ $output == *"Permission denied" ]]
	is_complete
}

@test "another root by pivot_root is where paths begin, and mounts are lost" {
	[ "$(id -u)" = 0 ] || skip "not root"
	mkdir "$dir/data/root"
	cat >"$dir/data/job" <<END
#!/bin/sh
set -e
mount --bind $dir/data $dir/data/root
cd $dir/data/root
mkdir -p old
pivot_root . old
exec ./old$build/tests/live/hostile undumpable /page
END
	chmod +x "$dir/data/job"
	run -0 --separate-stderr learn -o "$policy" -- unshare --mount "$dir/data/job"
	jq -e 'any(.observations[]; .operation == "pivot")' "$policy.runs"
	lost "mounts and signals of which this recorder cannot tell what they are"
}

@test "the loader of a program is seen below another root, and where the program has no path" {
	local loader=/lib64/ld-linux-x86-64.so.2 file
	[ "$(id -u)" = 0 ] && [ -e $loader ] || skip "not root, or not x86_64"
	for file in $(ldd "$hostile" | grep -o '/[^ ]*'); do
		install -D "$file" "$dir/data/root$file"
	done
	install "$hostile" "$page" "$dir/data/root"
	way() {
		local option=()
		[ "$1" = root ] || option=(--unprivileged)
		run -0 learn "${option[@]}" -o "$policy" -- chroot "$dir/data/root" /hostile read /page
		# Twice: chroot's own is the other one.
		[ "$(observed map | grep -c 'ld-linux')" = 2 ]
		jq -e --arg root "$dir/data/root" 'any(.observations[]; .operation == "map" and .object == $root + "/lib64/ld-linux-x86-64.so.2" and .executable == $root + "/hostile")' "$policy.runs"
		is_complete
		rm "$policy"*
		cp "$hostile" "$dir/data/gone"
		exec 9<"$dir/data/gone"
		rm "$dir/data/gone"
		run -0 learn "${option[@]}" -o "$policy" -- /proc/self/fd/9 read "$page"
		exec 9<&-
		observed map | grep ld-linux
		is_complete
	}
	each_way way
}

@test "what may be read is asked of the files of its own mount namespace" {
	[ "$(id -u)" = 0 ] || skip "not root"
	mkdir -m 700 "$dir/data/hidden"
	echo ours >"$dir/data/hidden/page"
	run -0 learn -o "$policy" -- unshare --mount sh -c "mount -t tmpfs -o mode=755 none $dir/data/hidden && echo theirs >$dir/data/hidden/page &&
		exec setpriv --reuid 65534 --regid 65534 --clear-groups --bounding-set=-all --inh-caps=-all $hostile read $dir/data/hidden/page"
	observed read | grep -x "$dir/data/hidden/page"
	# And the other way round, what is closed there is not learned.
	rm "$policy"*
	chmod 755 "$dir/data/hidden"
	run -0 learn -o "$policy" -- unshare --mount sh -c "mount -t tmpfs -o mode=700 none $dir/data/hidden && echo theirs >$dir/data/hidden/page &&
		setpriv --reuid 65534 --regid 65534 --clear-groups --bounding-set=-all --inh-caps=-all $hostile read $dir/data/hidden/page; true"
	[[ $(observed read) != *hidden/page* ]]
}

@test "root's calls that only count are lost with a process that leaves the cgroup" {
	[ "$(id -u)" = 0 ] && [ -d /sys/fs/cgroup/unified ] || skip "not root, or no unified hierarchy"
	acts root leave-group /sys/fs/cgroup/unified
	if [ "$(jq -r .recorder "$policy.runs")" = tracepoint ]; then
		lost "calls of processes that left the cgroup"
	fi
	rm "$policy"*
	acts unprivileged leave-group /sys/fs/cgroup/unified
	observed syscall | grep -x sync
	is_complete
}

@test "set-user-ID programs have no privilege where pale has none, and that is said" {
	[ "$(id -u)" = 0 ] || skip "not root"
	install -m 4755 "$(command -v id)" "$dir/data/id"
	run -0 --separate-stderr nobody timeout 60 "$pale" learn -o "$policy" -- "$dir/data/id" -u
	[ "$output" = 65534 ]
	lost "what set-user-ID programs do with their privilege, which they do not get here"
	rm "$policy"*
	run -0 --separate-stderr learn -o "$policy" -- setpriv --reuid 65534 --regid 65534 --clear-groups "$dir/data/id" -u
	[ "$output" = 0 ]
	is_complete
}

@test "it is killed by a fault, and by itself" {
	way() {
		local option=() signal
		[ "$1" = root ] || option=(--unprivileged)
		for signal in SEGV KILL ABRT; do
			rm -f "$policy"*
			run -0 --separate-stderr learn "${option[@]}" -o "$policy" -- /bin/sh -c "ulimit -c 0; : <$page; kill -$signal \$\$"
			lost "what the program would have done: SIG$signal ended it"
			observed read | grep -x "$page"
			[[ $stderr == *"/bin/sh was ended by signal "* ]]
		done
	}
	each_way way
}

@test "it kills who watches it, or the keeper" {
	way() {
		local option=() i
		[ "$1" = root ] || option=(--unprivileged)
		rm -f "$dir/data/done"
		run -137 --separate-stderr "$pale" learn "${option[@]}" -o "$policy" -- \
			/bin/sh -c "sleep 1.5; kill -KILL \$PPID; : <$page; echo >$dir/data/done"
		for i in {1..200}; do [ -s "$dir/data/done" ] && break; sleep 0.02; done
		[ -s "$dir/data/done" ]
		jq -e '.complete == false and .lost == [{"why": "what came after the last time that the recording was saved", "count": 1}]' "$policy.recording"
		rm -f "$policy"*
		# The observer goes on without a keeper.
		run -0 --separate-stderr learn "${option[@]}" -o "$policy" -- /bin/sh -c "kill -KILL \$(pgrep -P \$PPID -x pale-keeper); : <$page"
		observed read | grep -x "$page"
	}
	each_way way
}

@test "the keeper has nothing open but whom it watches and the calls" {
	way() {
		local option=()
		[ "$1" = root ] || option=(--unprivileged)
		run -0 --separate-stderr learn "${option[@]}" -o "$policy" -- /bin/sh -c "readlink /proc/\$(pgrep -P \$PPID -x pale-keeper)/fd/* >$dir/out/open"
		[ "$(sort "$dir/out/open")" = "$(printf 'anon_inode:%s\n' '[pidfd]' 'seccomp notify')" ]
	}
	each_way way
}

@test "killed with many processes at work, each goes on to its own end" {
	"$pale" learn -o "$policy" -- /bin/bash -c "for i in {1..30}; do (for n in {1..200}; do : <$page; done; echo \$i >$dir/data/end-\$i) & done; wait; ls $dir/data | grep -c end- >$dir/data/ended" 2>/dev/null &
	local recorder=$! i
	sleep 0.4
	kill -KILL $recorder
	wait $recorder || true
	for i in {1..400}; do [ -s "$dir/data/ended" ] && break; sleep 0.05; done
	[ "$(cat "$dir/data/ended")" = 30 ]
	# Killed at once there was nothing to save yet.
	[ ! -e "$policy" ]
	[ ! -e "$policy.recording" ] || jq -e '.complete == false' "$policy.recording"
}
