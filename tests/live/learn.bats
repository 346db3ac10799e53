# SPDX-License-Identifier: Apache-2.0
# `pale learn -- COMMAND` on this host, as root and as nobody: what is seen, what is lost, and that the policy then holds.
# shellcheck shell=bash disable=SC2016,SC2034,SC2154

bats_require_minimum_version 1.5.0

setup() {
	build=$(realpath "${PALE_BUILD:-build}")
	. tests/live/learn.bash
	learn_setup
}

teardown() {
	rm -rf "$dir"
}

learn() { # OPTION… -- COMMAND…
	timeout 60 "$pale" learn --profile t "$@"
}

enforced() { # COMMAND…: under the policy; what it reports is in $dir/report
	timeout 60 "$pale" run -p "$policy" --allow-partial --report "$dir/report" -- "$@"
}

@test "what a small program did becomes these rules and no others" {
	local program=$dir/data/try
	cp "$try" "$program"
	cat >"$dir/data/job" <<END
#!/bin/dash
$program read $dir/data/page
$program create $dir/data/new
$program rename $dir/data/new $dir/data/newer
$program chmod $dir/data/newer
$program unlink $dir/data/newer
$program mkdir $dir/data/folder
$program read /etc/no-such-file
/usr/bin/sleep 60 &
/usr/bin/sleep 0.3
kill -TERM \$!
END
	chmod +x "$dir/data/job"
	local how
	for how in --unprivileged ""; do
		rm -rf "$policy"* "$dir/data/folder"
		# shellcheck disable=SC2086
		run -0 --separate-stderr learn $how -o "$policy" -- "$dir/data/job"
		diff <(rules "$policy") - <<END
    include libc
    process {
        allow exec $dir/data/job, $program, /usr/bin/dash, /usr/bin/sleep
        allow signal TERM to self
    }
    file {
        allow create $dir/data/folder/
        allow delete, rename, setattr $dir/data/newer
        allow read $dir/data/page
        allow write, create, rename $dir/data/new
    }
END
		jq -e '.complete and .program == "/usr/bin/dash"' "$policy.runs"
		[ "$(observed fork)" = "" ]
		[ ! -e "$policy.recording" ]
		# Each executable's own.
		jq -e --arg program "$program" --arg page "$dir/data/page" '[.observations[] | select(.object == $page) | .executable] == [$program]' "$policy.runs"
	done
}

@test "root has calls counted in the kernel that need no more than that" {
	[ "$(id -u)" = 0 ] || skip "not root"
	local how options program='import os, socket
s = socket.socket()
for i in range(1000): s.getsockopt(socket.SOL_SOCKET, socket.SO_TYPE); os.getppid()
os.sync()'
	for how in tracepoint seccomp-notify; do
		rm -f "$policy"*
		options=()
		[ $how = tracepoint ] || options=(--unprivileged)
		run -0 --separate-stderr learn "${options[@]}" --weights "$dir/weights" -o "$policy" -- /usr/bin/python3 -c "$program"
		jq -e --arg how "$how" '.recorder == $how and .complete' "$policy.runs"
		jq -e '[.observations[] | select(.object == "getsockopt") | .count // 1] == [1000]' "$policy.runs"
		rules "$policy" | grep -E '^ *allow .*sync'
		# Not the launcher's own.
		[[ $(observed syscall) != *seccomp* ]]
		case $how in
		tracepoint) grep -x 'getppid 1000' "$dir/weights" ;;
		*) run -1 grep getppid "$dir/weights" ;;
		esac
	done
	run -1 compgen -G '/sys/fs/cgroup/unified/pale-learn-*'
}

@test "addresses, families of sockets and code that is mapped" {
	run -0 learn -o "$policy" -- /bin/sh -c "$try bind 127.0.0.1 7107; $try connect 127.0.0.1 7108; $try udp 127.0.0.1 7109; $try unix $dir/none; $try socket 16; true"
	[ "$(observed listen)" = "tcp 127.0.0.1:7107" ]
	[ "$(observed connect)" = "$(printf '%s\n' 'tcp 127.0.0.1:7108' 'udp 127.0.0.1:7109')" ]
	[ "$(observed socket)" = "netlink(ROUTE)" ]
	observed map | grep -x '/usr/lib/x86_64-linux-gnu/libc.so.6'
	observed map | grep -x '/usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2'
	grep -x ' *allow socket netlink(ROUTE)' "$policy"
}

@test "root's capabilities are those that its calls need" {
	[ "$(id -u)" = 0 ] || skip "not root"
	touch "$dir/data/owned"
	run -0 learn -o "$policy" -- /usr/bin/chown nobody "$dir/data/owned"
	[ "$(observed capability)" = chown ]
	rm "$policy"*
	run -0 learn -o "$policy" -- /usr/bin/setpriv --reuid 65534 --regid 65534 --clear-groups /usr/bin/chown 0 "$dir/data/owned"
	# And not those that it does not have.
	[ "$(observed capability)" = "$(printf '%s\n' setgid setuid)" ]
	rm "$policy"*
	install -m 600 -o nobody "$dir/data/page" "$dir/data/others"
	run -0 learn -o "$policy" -- /usr/bin/cat "$dir/data/others"
	[ "$(observed capability)" = dac_read_search ]
}

@test "nobody may use it, and what is closed to nobody is not learned" {
	[ "$(id -u)" = 0 ] || skip "not root"
	chmod 777 "$dir/out"
	install -m 600 "$dir/data/page" "$dir/data/closed"
	run -0 setpriv --reuid 65534 --regid 65534 --clear-groups timeout 60 "$pale" learn -o "$policy" -- \
		/bin/sh -c "$try read $dir/data/page; $try read $dir/data/closed; $try create $dir/no; true"
	observed read | grep -x "$dir/data/page"
	# Root without capabilities is nobody, too.
	run -0 setpriv --bounding-set=-all --inh-caps=-all timeout 60 "$pale" learn -o "$dir/out/root.pale" -- "$try" read "$dir/data/page"
	[[ $(observed read) != *"$dir/data/closed"* ]]
	[ "$(observed create)" = "" ]
	[ "$(observed capability)" = "" ]
	jq -e .complete "$policy.runs"
}

@test "paths with line ends, quotes and bytes that are no text" {
	local name
	for name in $'a\nb' $'q"\\' $'\xff\xfe' $'tab\t'; do
		echo x >"$dir/data/$name"
	done
	run -0 learn -o "$policy" -- /bin/sh -c "cd $dir/data && for f in *; do $try read \"\$f\"; done"
	observed read | grep -xF "$dir/data/a\\x0ab"
	observed read | grep -xF "$dir/data/q\"\\\\"
	observed read | grep -xF "$dir/data/\\xff\\xfe"
	run -0 "$pale" check "$policy"
	run -0 enforced /bin/sh -c "cd $dir/data && for f in *; do $try read \"\$f\"; done"
	[ ! -s "$dir/report" ]
}

@test "who takes a client is at work, whoever sees that" {
	local how
	for how in --unprivileged ""; do
		rm -f "$policy"*
		# shellcheck disable=SC2086
		run -0 learn $how -o "$policy" -- /usr/bin/python3 -c "import os, socket
s = socket.create_server(('127.0.0.1', 7110))
os.stat('$dir/data'); os.close(os.open('$dir/data', os.O_RDONLY))
c = socket.create_connection(('127.0.0.1', 7110))
s.accept()
os.close(os.open('$dir/data/page', os.O_RDONLY))"
		# "init" goes without saying.
		jq -e --arg page "$dir/data/page" --arg data "$dir/data/" '[.observations[] | select(.operation == "read") | select(.object == $page or .object == $data) | .phases // ["init"]] == [["init"], ["steady"]]' "$policy.runs"
	done
}

@test "files without a path are lost, and signals to others are not to its own" {
	run -0 learn -o "$policy" -- /usr/bin/python3 -c 'import os
fd = os.memfd_create("x")
os.close(os.open("/proc/self/fd/%d" % fd, os.O_RDONLY))'
	jq -e '.complete == false and .lost == [{"why": "files without a path, of which no rule speaks", "count": 1}]' "$policy.runs"
	rm "$policy"*
	setsid /usr/bin/sleep 60 3>&- &
	local other=$! n
	for n in {1..100}; do [ "$(ps -o pgid= "$other" | tr -d ' ')" = "$other" ] && break; sleep 0.02; done
	run -0 learn -o "$policy" -- /bin/bash -c "set -m; /usr/bin/sleep 60 & kill -TERM -- -\$!; kill -USR1 -- -$other"
	[ "$(observed signal)" = "$(printf '%s\n' 'TERM to self' 'USR1 to any')" ]
	local status=0
	wait "$other" || status=$?
	[ $status = 138 ]
}

@test "it ends at once, fails, or is not there" {
	run -0 --separate-stderr learn -o "$policy" -- /usr/bin/true
	[[ $stderr == *"run 1 of 1: looked at "*" calls"* ]]
	[ "$(jq -c .complete "$policy.runs")" = true ]
	rm "$policy"*
	run -0 --separate-stderr learn -o "$policy" -- /bin/sh -c 'exit 7'
	[[ $stderr == *"; /bin/sh ended with 7"* ]]
	rm "$policy"*
	run -3 --separate-stderr learn -o "$policy" -- pale-no-such-command
	[ "$stderr" = "pale learn: pale-no-such-command: command not found" ]
	[ ! -e "$policy" ]
	printf 'no program' >"$dir/data/text"
	chmod +x "$dir/data/text"
	run -3 --separate-stderr learn -o "$policy" -- "$dir/data/text"
	[ "$stderr" = "pale learn: execute $dir/data/text: Exec format error" ]
	[ ! -e "$policy" ]
	[ ! -e "$policy.recording" ]
}

@test "many processes, also such as outlive the command" {
	run -0 learn -o "$policy" -- /bin/bash -c "for i in {1..200}; do (: <$dir/data/page) & done; (sleep 0.3; : >$dir/data/late) & exit 0"
	observed create | grep -x "$dir/data/late"
	jq -e --arg page "$dir/data/page" '[.observations[] | select(.operation == "read" and .object == $page) | .count] == [200]' "$policy.runs"
	jq -e .complete "$policy.runs"
}

@test "a program that is killed makes the run partial" {
	run -0 --separate-stderr learn -o "$policy" -- /bin/sh -c "$try read $dir/data/page; kill -KILL \$\$"
	jq -e '.complete == false and .lost == [{"why": "what the program would have done: SIGKILL ended it", "count": 1}]' "$policy.runs"
	observed read | grep -x "$dir/data/page"
	[[ $stderr == *"not ready"* ]]
}

@test "mounts make the run partial, and it says why" {
	run -0 learn -o "$policy" -- unshare --mount "$try" mount
	jq -e '.complete == false and (.lost[0].why | startswith("mounts and signals"))' "$policy.runs"
}

@test "pale is killed: the program goes on unharmed, and what was saved is partial" {
	cat >"$dir/data/job" <<END
#!/bin/sh
$try read $dir/data/page
: >$dir/data/begun
while [ ! -e $dir/data/go ]; do sleep 0.05; done
$try create $dir/data/after && mv $dir/data/after $dir/data/done
END
	chmod +x "$dir/data/job"
	"$pale" learn -o "$policy" -- "$dir/data/job" &
	local recorder=$!
	for i in {1..200}; do [ -e "$policy.recording" ] && grep -q "$dir/data/begun" "$policy.recording" && break; sleep 0.05; done
	kill -KILL "$recorder"
	wait "$recorder" || true
	touch "$dir/data/go"
	for i in {1..200}; do [ -e "$dir/data/done" ] && break; sleep 0.05; done
	[ -e "$dir/data/done" ]
	jq -e '.complete == false and .lost == [{"why": "what came after the last time that the recording was saved", "count": 1}]' "$policy.recording"
	# What is only counted by then, too.
	[ "$(id -u)" != 0 ] || jq -e 'any(.observations[]; .operation == "syscall" and .object == "wait4")' "$policy.recording"
	# It is not written over, and can be learned from.
	run -3 --separate-stderr learn -o "$policy" -- /usr/bin/true
	[ "${stderr_lines[0]}" = "pale learn: $policy.recording is of runs that no policy was made of: File exists" ]
	run -0 learn --from "$policy.recording" -o "$policy"
	rules "$policy" | grep -x " *allow read $dir/data/page"
	# The keeper ends with the program.
	for i in {1..100}; do pgrep -x pale-keeper >/dev/null || break; sleep 0.05; done
	run -1 pgrep -x pale-keeper
	run -1 compgen -G '/sys/fs/cgroup/unified/pale-learn-*'
}

@test "pale is killed in the midst of a call" {
	for i in {1..10}; do
		rm -f "$policy"* "$dir/data/done"
		"$pale" learn -o "$policy" -- /usr/bin/python3 -c "
import os
for i in range(20000):
    os.close(os.open('$dir/data/page', os.O_RDONLY))
os.close(os.open('$dir/data/done', os.O_WRONLY | os.O_CREAT))" &
		local recorder=$! n
		for n in {1..200}; do pgrep -P "$recorder" -x python3 >/dev/null && break; sleep 0.01; done
		sleep 0.1$i
		kill -KILL "$recorder"
		wait "$recorder" || true
		for n in {1..200}; do [ -e "$dir/data/done" ] && break; sleep 0.05; done
		[ -e "$dir/data/done" ]
	done
}

@test "a server, learned in three runs with a client, then enforced: the client sees no difference, an attack does" {
	mkdir "$dir/data/www"
	local n
	for n in 1 2 3 4; do echo "page $n" >"$dir/data/www/page-$n.html"; done
	server=(/usr/bin/python3 -m http.server --directory "$dir/data/www" --bind 127.0.0.1 7117)
	client() { # PID of who runs the server
		local n
		for n in {1..200}; do curl -s -o /dev/null http://127.0.0.1:7117/ && break; sleep 0.05; done
		for n in 1 2 3 4; do curl -s "http://127.0.0.1:7117/page-$n.html"; done
		curl -s -o /dev/null -w '%{http_code}\n' http://127.0.0.1:7117/none
		kill -TERM "$1"
	}
	local expected
	expected=$(printf 'page %d\n' 1 2 3 4 && echo 404)
	"$pale" learn --unprivileged --profile t -o "$policy" --runs 3 -- "${server[@]}" 2>"$dir/said" &
	for n in 1 2 3; do
		[ "$(client $!)" = "$expected" ]
		for i in {1..200}; do grep -q "run $n of 3" "$dir/said" && break; sleep 0.05; done
	done
	wait $!
	grep -x 'ready: another run would hardly show anything new' "$dir/said"
	jq -se 'length == 3 and all(.complete) and all([.observations[].phases[]] | contains(["init", "steady"]))' "$policy.runs"
	rules "$policy" | grep -x ' *allow listen tcp 127.0.0.1:7117'

	run -0 "$pale" check "$policy"
	"$pale" run -p "$policy" --allow-partial --report "$dir/report" -- "${server[@]}" 2>/dev/null &
	[ "$(client $!)" = "$expected" ]
	wait $! || true
	[ ! -s "$dir/report" ]

	attack() { # OPERATION OBJECT PYTHON: it works, and then it does not
		/usr/bin/python3 -c "$3"
		run -1 --separate-stderr enforced /usr/bin/python3 -c "$3"
		jq -se --arg operation "$1" --arg object "$2" \
			'any(.operation == $operation and .object == $object and .outcome == "refused")' "$dir/report"
	}
	attack read /etc/hostname 'open("/etc/hostname")'
	attack exec /usr/bin/dash 'import os; os.execv("/bin/sh", ["sh", "-c", "true"])'
	attack write "$dir/data/www/page-1.html" "open('$dir/data/www/page-1.html', 'w')"
	attack listen tcp\ 127.0.0.1:7118 'import socket; socket.socket().bind(("127.0.0.1", 7118))'
	attack syscall ptrace 'import ctypes, sys; sys.exit(ctypes.CDLL(None).ptrace(0, 0, 0, 0) != 0)'
}

@test "nginx, with the capabilities that root needs and workers that have none" {
	[ "$(id -u)" = 0 ] || skip "not root"
	nginx_is_learned
}

@test "calls of another ABI are seen" {
	[ "$(uname -m)" = x86_64 ] || skip "not x86_64"
	run -0 learn -o "$policy" -- "$build/tests/live/try_x86" "$dir/data/page"
	[ "$output" = ok ] || [ "${lines[0]}" = ok ]
	observed read | grep -x "$dir/data/page"
	jq -e '[.observations[] | select(.operation == "syscall" and .abi == "x86") | .object] == ["open"]' "$policy.runs"
	jq -e .complete "$policy.runs"
}

@test "a namespace of its own" {
	[ "$(id -u)" = 0 ] || skip "not root"
	run -0 learn -o "$policy" -- unshare --pid --fork --mount-proc=/proc --kill-child /bin/sh -c "$try read $dir/data/page; : </proc/self/stat; sleep 9 & kill \$!"
	observed read | grep -x "$dir/data/page"
	observed read | grep -x /proc/self/stat
	observed signal | grep -x 'TERM to self'
	observed capability | grep -x sys_admin
	# mount(2)
	jq -e '.complete == false and (.lost | length == 1)' "$policy.runs"
}

@test "many names of one folder become the folder" {
	run -0 learn -o "$policy" -- /usr/bin/python3 -c "
import os
for i in range(3000):
    os.close(os.open('$dir/data/%d' % i, os.O_WRONLY | os.O_CREAT))"
	jq -e --arg folder "$dir/data/" '[.observations[] | select(.operation == "create" and .folded)] | length == 1 and .[0].object == $folder and .[0].count == 3000' "$policy.runs"
	jq -e .complete "$policy.runs"
	[ "$(wc -c <"$policy.runs")" -lt 300000 ]
	rules "$policy" | grep -F "$dir/data/**"
}

@test "options that do not fit" {
	run -2 --separate-stderr "$pale" learn -- /usr/bin/true
	[ "${stderr_lines[0]}" = "pale learn: no file for what is recorded: -o FILE or --merge FILE" ]
	run -2 --separate-stderr "$pale" learn -o "$policy" --runs 0 -- /usr/bin/true
	[ "${stderr_lines[0]}" = "pale learn: --runs takes a number from 1 to 1000, not '0'" ]
	run -2 --separate-stderr "$pale" learn --from x --runs 2
	[ "${stderr_lines[0]}" = "pale learn: --runs is of a COMMAND" ]
}

@test "runs are added to a policy" {
	run -0 learn -o "$policy" -- "$try" read "$dir/data/page"
	cp "$policy" "$dir/first"
	run -0 learn --merge "$policy" --runs 2 -- "$try" create "$dir/data/more"
	[ "$(wc -l <"$policy.runs")" = 3 ]
	rules "$policy" | grep -x " *allow read $dir/data/page"
	rules "$policy" | grep -x " *allow write, create $dir/data/more"
}

@test "what people write while the command runs is not lost" {
	run -0 learn -o "$policy" -- "$try" read "$dir/data/page"
	run -0 learn --merge "$policy" -- /bin/sh -c "echo '# By hand.' >>$policy; $try create $dir/data/more"
	grep -x '# By hand.' "$policy"
	rules "$policy" | grep -x " *allow write, create $dir/data/more"
	# And a policy that was not there when it began.
	local other=$dir/out/other.pale
	run -1 --separate-stderr learn -o "$other" -- /bin/sh -c "echo '# By hand.' >$other"
	[ "${stderr_lines[-1]}" = "pale learn: $other is there by now: it is not written over" ]
	[ "$(cat "$other")" = '# By hand.' ]
	jq -e .complete "$other.recording"
}

@test "a program without a path" {
	local how n
	for how in --unprivileged ""; do
		rm -rf "$policy"*
		cp "$try" "$dir/data/gone"
		exec 9<"$dir/data/gone"
		rm "$dir/data/gone"
		# shellcheck disable=SC2086
		run -0 learn $how -o "$policy" -- /proc/self/fd/9 read "$dir/data/page"
		exec 9<&-
		observed read | grep -x "$dir/data/page"
		jq -e '[.observations[] | select(.operation == "exec" and .class == "anonymous")] | length == 1' "$policy.runs"
		# What the kernel counts, too.
		[ -n "$how" ] || [ "$(id -u)" != 0 ] || observed syscall | grep -x exit_group
	done
}
