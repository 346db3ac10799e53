# SPDX-License-Identifier: Apache-2.0
# What containers do is recorded, all of it, and what is missing is counted. The containers, paled and its database are real; so is what
# is done to them.
# shellcheck shell=bash disable=SC2154

bats_require_minimum_version 1.5.0

setup_file() {
	PALE_BUILD=$(realpath "${PALE_BUILD:-build}")
	work=$(mktemp -d)
	export PALE_BUILD work
	. tests/live/refused_calls.bash
	. tests/live/recorder.bash
	# PROC_PID_INIT_INO
	[ "$(stat -L -c %i /proc/self/ns/pid)" = 4026531836 ] || skip 'this is not the initial process namespace'
	start_recording
	make_acting_bundle
	# shellcheck disable=SC2016
	record web 'enter many 2000
		enter generations 3 || echo "generations $?" >>$work/results
		for i in $(seq 20); do enter threads 12 || echo "threads $?" >>$work/results; done
		enter leaderless || echo "leaderless $?" >>$work/results
		enter connects
		enter hostile
		enter mkdir || echo "mkdir $?" >>$work/results'
}

teardown_file() {
	. tests/live/refused_calls.bash
	. tests/live/recorder.bash
	find_paled
	stop_paled
	rm -rf "$work"
}

setup() {
	. tests/live/refused_calls.bash
	. tests/live/recorder.bash
	find_paled
}

@test "the acts ended as they should" {
	run -0 sort "$work/results"
	[ "$(uniq <<<"$output")" = 'generations 115
leaderless 8
mkdir 1
threads 9' ]
	[ "$(grep -c threads "$work/results")" = 20 ]
}

@test "every one of 2,000 processes is recorded, with its start, program and end" {
	recorded 'select(.process.arguments[1] == "one" and (.process.arguments | length) == 3) | .process.arguments[2]' --kind exec |
		sort -n >"$work/executed"
	seq 0 1999 | cmp - "$work/executed"
	# Each ended once, as its number has it; each began once, and its parent is the one.
	"$PALE_BUILD/pale" events --run "$work/run" --kind start,exec,exit --json | jq -s '
		def key: "\(.process.host_pid).\(.process.start_ns)";
		(map(select(.kind == "exec" and .process.arguments[1] == "one" and (.process.arguments | length) == 3) |
			{ key: key, value: (.process.arguments[2] | tonumber) }) | from_entries) as $ones |
		map(select($ones[key] != null)) | group_by(.kind) | map({ key: .[0].kind, value: . }) | from_entries |
		{ starts: (.start | length), exits: (.exit | length),
			wrong: (.exit | map(select(.exit_code != $ones[key] % 7)) | length),
			parents: (.start | map(.parent) | unique | length), distinct: (.exit | map(key) | unique | length) }' -c >"$work/ones"
	[ "$(cat "$work/ones")" = '{"starts":2000,"exits":2000,"wrong":0,"parents":1,"distinct":2000}' ] || { cat "$work/ones"; return 1; }
}

@test "an entry says who, when and where" {
	recorded 'select(.process.arguments[2] == "7" and (.process.arguments | length) == 3)' --kind exec | jq -e '
		.container.id == "web" and .process.executable == "/bin/acts" and .process.filename == "/bin/acts" and
		.process.arguments == ["acts", "one", "7"] and .process.uid == 0 and .process.pid > 1 and
		.process.host_pid != .process.pid and .parent.host_pid > 1 and (.time | endswith("Z"))'
}

@test "the first process of a container is recorded, and those that enter it" {
	[ "$(count '.process.arguments == ["/bin/acts", "wait"] and .process.pid == 1' --kind exec)" = 1 ]
	[ "$(count '.process.arguments == ["/bin/acts", "many", "2000"]' --kind exec)" = 1 ]
	[ "$(count '.process.pid == 1 and .signal == 9' --kind exit)" = 1 ]
}

@test "a process of many threads ends once" {
	recorded 'select(.exit_code == 9) | "\(.process.host_pid).\(.process.start_ns)"' --kind exit >"$work/ended"
	[ "$(wc -l <"$work/ended")" = 20 ]
	[ "$(sort -u "$work/ended" | wc -l)" = 20 ]
	[ "$(count '.exit_code == 8' --kind exit)" = 1 ]
}

@test "connections are recorded" {
	[ "$(count '.protocol == "tcp" and .object == "127.0.0.1:9" and .port == 9 and .address == "127.0.0.1"' --kind connect)" = 1 ]
	[ "$(count '.protocol == "tcp" and .object == "127.0.0.1:10"' --kind connect)" = 1 ]
	[ ! -s /proc/net/if_inet6 ] || [ "$(count '.protocol == "tcp" and .object == "[::1]:10" and .address == "::1"' --kind connect)" = 1 ]
	# Where there is a unified group for the container, of UDP, too.
	grep -q 'by UDP is not recorded' "$work/log" || [ "$(count '.protocol == "udp" and .object == "127.0.0.1:53"' --kind connect)" = 1 ]
}

@test "the tree shows generations, what each did and how it ended" {
	"$PALE_BUILD/pale" events --run "$work/run" --tree web >"$work/tree"
	# Without times and numbers.
	run -0 sed -n '/acts generations 3/,/\[exit 115\]/p' "$work/tree"
	grep -A 3 'acts generations 3' "$work/tree" | sed 's/^[^ ]*Z //; s/\([ ]*\)[0-9]* /\1N /' >"$work/generations"
	cat "$work/generations"
	[ "$(cat "$work/generations")" = 'N /bin/acts generations 3  [exit 115]
  N acts generations 2  [exit 115]
    N acts generations 1  [killed by TERM]
      N (executed nothing)  [exit 5]' ]
	grep -A 1 '/bin/acts mkdir  \[exit 1\]' "$work/tree" | grep 'Z   · denied: syscall mkdir  recorded_acts.pale:20:9 | deny mkdir$'
	grep -A 2 '/bin/acts connects' "$work/tree" | grep '· connect tcp 127.0.0.1:9$'
}

@test "arguments are text, whatever they hold, and cut where they are too long" {
	recorded 'select(.process.arguments[3] != null)' --kind exec | jq -e '.process.arguments ==
		["acts", "one", "0", "<script>document.title=\"x\"</script>", "a\nb", "\\x1b[2J\\x1b]0;x\\x07", "\\xff\\xfe", "it'"'"'s", ""] or
		(.process.arguments_truncated and (.process.arguments[3] | length) == 4096 - 11)'
	[ "$(count '.process.arguments_truncated' --kind exec)" = 1 ]
	[ "$(count '.process.arguments[6] == "\\xff\\xfe"' --kind exec)" = 1 ]
	# No terminal is driven.
	"$PALE_BUILD/pale" events --run "$work/run" --kind exec >"$work/text"
	"$PALE_BUILD/pale" events --run "$work/run" --tree web >>"$work/text"
	! LC_ALL=C grep -q $'[\x01-\x08\x0b-\x1f\x7f]' "$work/text"
	grep -F "'<script>document.title=\"x\"</script>' 'a\\x0ab' '\\x1b[2J\\x1b]0;x\\x07' '\\xff\\xfe' 'it'\\''s' ''" "$work/text"
}

@test "kinds, times and containers choose" {
	[ "$(recorded .kind --kind exit,connect | sort -u | paste -sd ' ')" = 'connect exit' ]
	[ "$(count true --since 2099-01-01)" = 0 ]
	[ "$(count true --kind exec --container nobody)" = 0 ]
	[ "$(count true --kind exec --container we)" = "$(count true --kind exec)" ]
	last=$(recorded .time --kind exec | tail -n 1)
	run -0 "$PALE_BUILD/pale" events --run "$work/run" --kind exec --until "${last%.*}" --json
	[ "$(grep -c . <<<"$output")" -lt "$(count true --kind exec)" ]
	run -2 "$PALE_BUILD/pale" events --run "$work/run" --kind exec,exes
	[ "${lines[0]}" = "pale events: unknown kind 'exes', did you mean 'exec'?" ]
	run -2 "$PALE_BUILD/pale" events --run "$work/run" --until never
	[ "${lines[0]}" = "pale events: 'never' is no time" ]
	run -2 "$PALE_BUILD/pale" events --run "$work/run" --tree web --json
	[ "${lines[0]}" = "pale events: '--tree' goes with '--since' and '--until' alone" ]
	# As ever.
	[ "$("$PALE_BUILD/pale" events --run "$work/run" --json | jq -r .kind | sort -u | paste -sd ' ')" = 'forgotten registered started violation' ]
}

@test "policies and containers that come and go are recorded" {
	[ "$(recorded '.change' --kind policy | paste -sd ' ')" = 'profile-loaded started registered forgotten' ]
	recorded . --kind policy | jq -se '.[0].profile == "acts" and .[2].container.id == "web" and .[2].digest == .[0].digest'
	cp tests/programs/recorded_acts.pale "$work/other.pale"
	sed -i 's/profile acts/profile other/' "$work/other.pale"
	"$PALE_BUILD/pale" load --run "$work/run" -I profiles "$work/other.pale"
	"$PALE_BUILD/pale" unload --run "$work/run" other
	echo 'profile x { y }' >"$work/profiles/wrong.pale"
	told_wrong() { [ "$(count '.change == "profile-wrong" and .error != null' --kind policy)" -ge 1 ]; }
	until_true 20 told_wrong
	rm "$work/profiles/wrong.pale"
	[ "$(count '.change == "profile-loaded" and .profile == "other"' --kind policy)" = 1 ]
	[ "$(count '.change == "profile-unloaded" and .profile == "other"' --kind policy)" = 1 ]
}

@test "a page on a container shows all of it, and nothing on it does anything" {
	"$PALE_BUILD/pale" report web --html --run "$work/run" -o "$work/page.html"
	python3 -B tests/live/report_page.py "$work/page.html"
	run -3 "$PALE_BUILD/pale" report nobody --html --run "$work/run"
	[ "$output" = "pale report: nothing was recorded of a container 'nobody'" ]
	run -2 "$PALE_BUILD/pale" report web --run "$work/run"
	[ "${lines[0]}" = "pale report: '--html' is missing" ]
	run -3 "$PALE_BUILD/pale" report web --html --run "$work/run" -o "$work/none/page.html"
	[ "$output" = "pale report: open $work/none/page.html: No such file or directory" ]
}

@test "no program is attached when nothing runs" {
	# This /proc, where others have their own.
	links() { find "/proc/$paled/fd/" -lname 'anon_inode:bpf*link*' | wc -l; }
	detached() { [ "$(links)" = 0 ]; }
	until_true 20 detached
}

@test "a container without a pid namespace goes by its cgroup, and by its processes' parents" {
	group=$(unified)/pale-recorder-$$
	mkdir "$group"
	mkfifo "$work/begin"
	# It is registered as it waits; then one of its own, one that leaves the group, and one that connects.
	bash -c 'echo $$ >"$0/cgroup.procs"; read -r <"$1"; /bin/true inside; (echo $BASHPID >"$2/cgroup.procs"; exec /bin/true outside)
		exec 3<>/dev/udp/127.0.0.1/53; exec /bin/sleep 1000' "$group" "$work/begin" "$(unified)" 3>&- &
	local first=$! answer
	in_group() { [ "$(cat "$group/cgroup.procs")" = "$first" ]; }
	until_true 20 in_group
	answer=$(ask register "{\"version\":1,\"method\":\"register\",\"id\":\"bare\",\"pid\":$first}")
	[ "$(jq .ok <<<"$answer")" = true ] || { echo "$answer"; return 1; }
	echo >"$work/begin"
	sleeps() { [ "$(readlink "/proc/$first/exe")" = "$(realpath /bin/sleep)" ]; }
	until_true 20 sleeps
	# Who comes from elsewhere.
	bash -c 'echo $$ >"$0/cgroup.procs"; exec /bin/true entered' "$group"
	kill -KILL $first
	wait $first || :
	ask register '{"version":1,"method":"forget","id":"bare"}'
	rmdir "$group"
	[ "$(recorded '.process.arguments | join(" ")' --kind exec --container bare | sort | paste -sd ,)" = \
		'/bin/sleep 1000,/bin/true entered,/bin/true inside,/bin/true outside' ]
	[ "$(recorded .object --kind connect --container bare)" = 127.0.0.1:53 ]
	[ "$(count ".signal == 9 and .process.host_pid == $first" --kind exit --container bare)" = 1 ]
}

@test "what finds no room in the kernel's buffer is counted" {
	# shellcheck disable=SC2016
	record stopped 'touch $work/stop; until [ -e $work/stopped ]; do sleep 0.05; done
		runc --root $work/runc exec stopped /bin/acts many 7000
		touch $work/go; until [ -e $work/gone ]; do sleep 0.05; done' &
	until_true 60 [ -e "$work/stop" ]
	kill -STOP "$paled"
	touch "$work/stopped"
	until_true 60 [ -e "$work/go" ]
	kill -CONT "$paled"
	touch "$work/gone"
	wait $!
	all_counted() {
		seen=$("$PALE_BUILD/pale" events --run "$work/run" --kind start,exec,exit,gap --container stopped --json |
			jq -s 'map(if .kind == "gap" then .entries // 0 elif .process.pid == 1 then 0 else 1 end) | add')
		# Of the one that makes them its own three, and those of runc's that enter.
		[ "$seen" -ge 21003 ] && [ "$seen" -le 21030 ]
	}
	until_true 30 all_counted || { echo "seen $seen"; return 1; }
	[ "$(count '.entries > 100 and .reason == "the kernel'"'"'s buffer was full"' --kind gap --container stopped)" -ge 1 ]
}

@test "after kill -9 there is a gap, and what runs is recorded on" {
	# shellcheck disable=SC2016
	record lasting 'enter one 1 || :
		touch $work/kill; until [ -e $work/killed ]; do sleep 0.05; done
		enter one 2 || :
		enter generations 2 || :' &
	local recording=$!
	until_true 60 [ -e "$work/kill" ]
	# What was done a second ago is there.
	sleep 1.5
	kill -KILL "$paled"
	until_true 20 has_ended "$keeper"
	start_recording
	touch "$work/killed"
	wait $recording
	[ "$(count '.reason == "paled was not running" and .from != null and .until != null' --kind gap)" = 1 ]
	[ "$(count '.process.arguments == ["/bin/acts", "one", "1"]' --kind exec --container lasting)" = 1 ]
	[ "$(count '.process.arguments == ["/bin/acts", "one", "2"]' --kind exec --container lasting)" = 1 ]
	[ "$(count '.process.arguments == ["acts", "generations", "1"]' --kind exec --container lasting)" = 1 ]
	[ "$(count '.process.arguments[1] == "one"' --kind exec --container web)" = 2002 ]
}

@test "what finds no room is counted by a daemon that ends, too" {
	# shellcheck disable=SC2016
	record ending 'touch $work/stop-2; until [ -e $work/stopped-2 ]; do sleep 0.05; done
		runc --root $work/runc exec ending /bin/acts many 7000
		touch $work/go-2; until [ -e $work/gone-2 ]; do sleep 0.05; done' &
	local recording=$!
	until_true 60 [ -e "$work/stop-2" ]
	# Just after it has looked what was lost, which it does every few seconds, and writes then that it is alive.
	sleep 1.5
	written=$(stat -c %y "$work/lib/recorder.db-wal")
	looked() { [ "$(stat -c %y "$work/lib/recorder.db-wal")" != "$written" ]; }
	until_true 20 looked
	kill -STOP "$paled"
	touch "$work/stopped-2"
	until_true 60 [ -e "$work/go-2" ]
	kill -TERM "$paled"
	kill -CONT "$paled"
	until_true 20 has_ended "$keeper"
	start_recording
	touch "$work/gone-2"
	wait $recording
	counted() {
		seen=$("$PALE_BUILD/pale" events --run "$work/run" --kind start,exec,exit,gap --container ending --json |
			jq -s 'map(select(.container.id == "ending") | if .kind == "gap" then .entries // 0 elif .process.pid == 1 then 0 else 1 end) | add')
		[ "$seen" -ge 21003 ] && [ "$seen" -le 21030 ]
	}
	until_true 30 counted || { echo "seen $seen"; return 1; }
	[ "$(count '.entries > 100 and .reason == "the kernel'"'"'s buffer was full"' --kind gap --container ending)" = 1 ]
}

@test "a full disk stops the recorder and nothing else" {
	kill "$paled"
	until_true 20 has_ended "$keeper"
	start_recording "mount -t tmpfs -o size=1m,mode=700 tmpfs $work/lib; head -c 2m /dev/zero >$work/lib/full 2>/dev/null || :"
	record crowded 'enter many 300; enter mkdir || :'
	# Enforced and told, as ever; and not recorded.
	until_true 20 grep -q '"container":{"id":"crowded"}.*"object":"mkdir"\|"object":"mkdir".*"container":{"id":"crowded"}' "$work/events"
	until_true 20 grep -q '^paled: recorder: recording stops: ' "$work/log"
	run -3 "$PALE_BUILD/pale" events --run "$work/run" --kind exec
	nsenter --target "$paled" --mount rm "$work/lib/full"
	until_true 30 grep -q '^paled: recorder: recording goes on' "$work/log"
	record roomy 'enter one 1 || :'
	[ "$(count '.process.arguments[1] == "one"' --kind exec --container roomy)" = 1 ]
	# Counted by container; starts, execs and ends of 300 and what else there was.
	missing=$(recorded 'select(.container.id == "crowded") | .entries' --kind gap)
	[ "$missing" -ge 909 ] && [ "$missing" -le 1000 ] || { echo "missing $missing"; return 1; }
	kill "$paled"
	until_true 20 has_ended "$keeper"
}

@test "a database that is damaged is set aside" {
	head -c 20000 /dev/urandom >"$work/noise"
	dd if="$work/noise" of="$work/lib/recorder.db" conv=notrunc bs=1000 seek=5 status=none
	start_recording
	until_true 20 grep -q "^paled: recorder: $work/lib/recorder.db: set aside as $work/lib/recorder.db.damaged, and begun anew: " "$work/log"
	[ -s "$work/lib/recorder.db.damaged" ]
	[ "$(count '.reason == "the database could not be used and was set aside" and .error != null' --kind gap)" = 1 ]
	record anew 'enter one 1 || :'
	[ "$(count '.process.arguments[1] == "one"' --kind exec)" = 1 ]
	kill "$paled"
	until_true 20 has_ended "$keeper"
}

@test "off is off" {
	mv "$work/lib/recorder.db" "$work/kept"
	rm -f "$work/lib"/*
	start_recording 'echo "recorder: off" >>'"$work/paled.conf"
	run -3 "$PALE_BUILD/pale" events --run "$work/run" --kind exec
	[ "$output" = 'pale events: paled does not record' ]
	[ -z "$(ls "$work/lib")" ]
}
