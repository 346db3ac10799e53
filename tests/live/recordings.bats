# SPDX-License-Identifier: Apache-2.0
# Containers that are recorded instead of confined, as pale-runtime and paled do it with runc: from before their program, to what is handed out.
# Without BPF-LSM calls and programs are seen, and the runs say that it is no more; with it nothing is lost.
# shellcheck shell=bash disable=SC2016,SC2034,SC2154

bats_require_minimum_version 1.5.0

setup() {
	[ "$(stat -L -c %i /proc/self/ns/pid)" = 4026531836 ] || skip 'this is not the initial process namespace'
	unified=$(findmnt --noheadings --output TARGET --types cgroup2 | head -n 1)
	[ -n "$unified" ] || skip "no unified hierarchy"
	PALE_BUILD=$(realpath "${PALE_BUILD:-build}")
	work=$(mktemp -d /srv/pale-recordings-XXXXXX)
	chmod 755 "$work"
	id=pale-test-$$
	export PALE_BUILD work id unified
	. tests/live/refused_calls.bash
	. tests/live/recorder.bash
	mkdir -p "$work"/{profiles,run,bundle/rootfs/{bin,dev,proc,sys,tmp}}
	cp /bin/busybox "$work/bundle/rootfs/bin/"
	for a in sh sleep ls sync true; do ln -s busybox "$work/bundle/rootfs/bin/$a"; done
	(cd "$work/bundle" && runc spec)
	printf 'recording: true\nrecorder: off\n' >"$work/paled.conf"
	recorder=tracepoint
	blind=('files, network and capabilities: this recorder sees calls and programs')
	if grep -qsw bpf /sys/kernel/security/lsm; then
		recorder=bpf-lsm
		blind=()
	fi
}

teardown() {
	[ -z "${keeper:-}" ] || kill -KILL "$keeper" 2>/dev/null || :
	if [ -d "$work/freezer" ]; then
		[ ! -d "$work/freezer/recorder" ] || echo THAWED >"$work/freezer/recorder/freezer.state"
		until_true 20 has_no_recorder || :
		[ ! -d "$work/freezer/recorder" ] || rmdir "$work/freezer/recorder"
		umount "$work/freezer"
	fi
	find /sys/fs/cgroup -depth -type d -path "*/pale-test-$$*" -exec rmdir {} + 2>/dev/null || :
	rm -rf "$work"
}

# begin [COMMAND…]: paled, by COMMAND.
begin() {
	local before
	touch "$work/log"
	before=$(grep -c "^paled: ready" "$work/log") || :
	PALE_PATH=$PWD/profiles unshare --mount --propagation private --fork --kill-child "$@" "$PALE_BUILD/paled" --run "$work/run" --log "$work/events" \
		--profiles "$work/profiles" --config "$work/paled.conf" --recorder "$work/recorder.db" --recordings "$work/recordings" 2>>"$work/log" 3>&- &
	keeper=$!
	is_there() { [ "$(grep -c '^paled: ready' "$work/log")" -gt "$before" ]; }
	until_true 100 is_there
	paled=$(pgrep --parent $keeper)
	export paled
}

# bundle SHELL-COMMANDS [FILTER]
bundle() {
	jq --arg shell "$1" '.process.terminal = false | .process.args = ["/bin/sh", "-c", $shell] | .root.readonly = false |
		.annotations = { "pale.dev/recording": "shop/web", "io.kubernetes.cri.container-name": "c", "io.kubernetes.cri.sandbox-name": "web-7f",
			"io.kubernetes.cri.sandbox-namespace": "shop", "io.kubernetes.cri.sandbox-uid": "u-1" } |
		del(.process.rlimits, .linux.resources, .linux.seccomp) | '"${2:-.}" "$work/bundle/config.json" >"$work/new"
	mv "$work/new" "$work/bundle/config.json"
}

# alone SHELL-COMMANDS: with what follows, in namespaces of their own.
alone() {
	timeout 100 unshare --mount --pid --fork --kill-child --mount-proc bash -euc '
		. tests/live/refused_calls.bash
		. tests/live/recorder.bash
		runtime() {
			"$PALE_BUILD/pale-runtime" --pale-runtime "$(command -v runc)" --pale-socket "$work/run" --root "$work/runc" "$@"
		}
		create() {
			runtime create --bundle "$work/bundle" "$1" </dev/null
		}
		state() {
			ask events "{\"version\": 1, \"method\": \"recordings\"}" | jq -r --arg id "$1" ".recordings[] | select(.id == \$id) | .state"
		}
		is_done() {
			[ "$(state "${1:-$id}")" = done ]
		}
		is_running() {
			[ "$(state $id)" = running ]
		}
		is_forgotten() {
			[ -z "$(state "$1")" ]
		}
		is_saved() {
			grep -qs "\"sync\"" "$work/recordings/$id.run"
		}
		'"$1"
}

run_of() { # ID FILTER
	jq -c "$2" "$work/recordings/$1.run"
}
seen() {
	jq -r '.observations[] | [.operation, .object // "", (.phases // ["init"] | join(",")), if .exec then "exec" else "-" end] | join(" ")' \
		"$work/recordings/$id.run"
}
lost() {
	run_of "${1:-$id}" '[.lost[]?.why] | sort'
}
# lacks [WHY…]: the run, and beside that only what this kernel's recorder does not see.
lacks() {
	[ "$(run_of "$id" .recorder)" = "\"$recorder\"" ]
	[ "$(lost)" = "$(jq -cn '$ARGS.positional | sort' --args "${blind[@]}" "$@")" ]
}
# beside SHELL-COMMANDS: a container of which something has been saved goes on beside the test until $work/again, and then does these.
beside() {
	bundle '/bin/sync; while :; do /bin/sleep 0.1; done'
	begin
	alone 'create $id
		runtime start $id
		until_true 20 is_saved
		touch $work/saved
		until_true 60 [ -e $work/again ]
		'"$1"'
		runtime delete --force $id' &
	stage=$!
	until_true 60 [ -e "$work/saved" ]
}
go_on() {
	touch "$work/again"
	wait $stage
}
kinds() { # [ID]
	jq -r --arg id "${1:-$id}" 'select(.container.id? == $id) | .kind' "$work/events" | tr '\n' ' '
}
has_no_recorder() {
	[ "$(recorders)" = 0 ]
}
recorders() {
	pgrep -f "paled record-container .*$work/recordings/" | wc -l
}

later='what came after the last time that the recording was saved'

@test "a container is recorded from before its program to its end, and handed out" {
	bundle '/bin/sync; /bin/ls / >/dev/null; exec /bin/sleep 60'
	begin
	alone 'create $id
		[ "$(state $id)" = running ]
		"$PALE_BUILD/pale" ps --run "$work/run" --json >$work/ps
		ask events "{\"version\": 1, \"method\": \"recording\", \"id\": \"$id\"}" >$work/early
		runtime start $id
		until_true 20 is_saved
		runtime exec $id /bin/true
		runtime delete --force $id
		until_true 20 is_done
		ask events "{\"version\": 1, \"method\": \"recording\", \"id\": \"$id\"}" >$work/answer'
	jq -e --arg id "$id" '.[] | select(.id == $id) | .state == "unconfined" and .recording == "shop/web"' "$work/ps"
	jq -e '.ok == false and .errno == "EAGAIN" or (.run | contains("\"complete\":false"))' "$work/early"
	jq -e --arg id "$id" '.id == $id and .recording == "shop/web" and .pod_uid == "u-1" and .pod == "web-7f" and .namespace == "shop" and .name == "c" and
		.state == "done"' "$work/answer"
	jq -je .run "$work/answer" | cmp - "$work/recordings/$id.run"
	[[ $(run_of "$id" .id) =~ ^\"u-1:c:[0-9]{13}\"$ ]]
	lacks
	seen | grep -x 'exec /bin/busybox init -'
	seen | grep -x 'syscall sync init -'
	seen | grep -x 'syscall fstatfs runtime -'
	seen | grep -x 'fork  init exec' || seen | grep -E '^exec /bin/busybox .*exec$'
	[ "$(kinds)" = 'registered recording-begun forgotten recording-ended ' ] || [ "$(kinds)" = 'registered recording-begun recording-ended forgotten ' ]
	# A policy is made of it as of any other.
	run -0 env PALE_PATH="$PWD/profiles" "$PALE_BUILD/pale" learn --from "$work/recordings/$id.run" -o "$work/web.pale"
	grep -x ' *allow exec /bin/busybox' "$work/web.pale"
}

@test "a recording is ended while its container goes on, and forgotten" {
	bundle '/bin/sync; exec /bin/sleep 60'
	begin
	alone 'create $id
		runtime start $id
		until_true 20 is_saved
		ask events "{\"version\": 1, \"method\": \"end-recording\", \"id\": \"$id\"}" | jq -e ".errno == \"ENOSYS\""
		ask control "{\"version\": 1, \"method\": \"end-recording\", \"id\": \"$id\"}" | jq -e .ok
		until_true 20 is_done
		[ "$(runtime state $id | jq -r .status)" = running ]
		cp $work/recordings/$id.run $work/
		ask control "{\"version\": 1, \"method\": \"forget-recording\", \"id\": \"$id\"}" | jq -e .ok
		[ -z "$(state $id)" ]
		ask control "{\"version\": 1, \"method\": \"forget-recording\", \"id\": \"$id\"}" | jq -e ".errno == \"ENOENT\""
		runtime delete --force $id'
	[ "$(ls "$work/recordings")" = "" ]
	[ "$(recorders)" = 0 ]
	mv "$work/$id.run" "$work/recordings/"
	lacks
}

@test "paled is killed: what was saved is partial and never more, and the container goes on" {
	beside '[ "$(runtime state $id | jq -r .status)" = running ]
		is_done
		runtime exec $id /bin/true'
	kill -KILL "$paled"
	until_true 10 has_no_recorder
	[ "$(run_of "$id" .complete)" = false ]
	touch "$work/recordings"/{.x.run.AbCdEf,other.run}
	begin
	[ "$(ls -A "$work/recordings")" = "$id.json"$'\n'"$id.run" ]
	go_on
	lacks "$later"
	[ "$(run_of "$id" .complete)" = false ]
	seen | grep -x 'syscall sync init -'
}

@test "paled is told to end: likewise" {
	beside is_done
	kill -TERM "$paled"
	until_true 20 has_ended "$keeper"
	begin
	go_on
	lacks "$later"
}

@test "the recorder is killed: the run is partial, that is told, and nothing else ends" {
	beside 'until_true 60 is_done
		[ "$(runtime state $id | jq -r .status)" = running ]'
	pkill -KILL -f "paled record-container .*$work/recordings/"
	go_on
	lacks "$later"
	jq -es 'any(.[]; .kind == "recording-failed" and .recording == "shop/web" and .error == "its recorder was killed by signal 9")' "$work/events"
	kill -0 "$paled"
}

@test "a recording that cannot begin leaves a run that says why, and the container starts" {
	bundle 'exec /bin/sleep 60'
	begin setpriv --bounding-set -bpf,-perfmon,-sys_admin --inh-caps -bpf,-perfmon,-sys_admin
	alone 'create $id
		is_done
		runtime start $id
		until_true 20 [ "$(runtime state $id | jq -r .status)" = running ]
		runtime delete --force $id'
	[ "$(run_of "$id" '[.complete, (.observations | length), (.lost | length)]')" = '[false,0,1]' ]
	why=$(run_of "$id" '.lost[0].why')
	[[ $why == *'Operation not permitted"' ]]
	jq -es --argjson why "$why" 'any(.[]; .kind == "recording-failed" and .error == $why)' "$work/events"
	grep -F "paled: container '$id' is not recorded: " "$work/log"
	# Who makes policies of runs takes it.
	run -1 --separate-stderr env PALE_PATH="$PWD/profiles" "$PALE_BUILD/pale" learn --from "$work/recordings/$id.run" --json --ready
	jq -e --argjson why "$why" '.complete == 0 and (.reasons[0] | contains($why))' <<<"$output"
}

@test "one more than can be recorded at once says so in its run" {
	bundle 'exec /bin/sleep 60'
	begin
	alone 'for n in 1 2 3 4 5 6 7 8 9; do create $id-$n; done
		[ "$(state $id-8)" = running ]
		is_done $id-9
		for n in 1 9; do runtime start $id-$n; done
		for n in 1 2 3 4 5 6 7 8 9; do runtime delete --force $id-$n; done
		for n in 2 3 4 5 6 7 8; do until_true 20 is_forgotten $id-$n; done
		until_true 20 is_done $id-1'
	[ "$(lost "$id-9")" = '["8 containers are recorded, as many as can be at once"]' ]
	# Of those whose program was never executed there is nothing to tell.
	[ "$(find "$work/recordings" -name '*.run' | wc -l)" = 2 ]
	[ "$(recorders)" = 0 ]
}

@test "created and started in one: by the hook, and from its start all the same" {
	bundle '/bin/sync; /bin/ls / >/dev/null'
	begin
	alone 'runtime run --bundle "$work/bundle" $id </dev/null
		until_true 20 is_done'
	lacks
	seen | grep -x 'syscall sync init -'
	seen | grep -x 'exec /bin/busybox init -'
}

@test "a node that does not let containers ask, and who asks for both" {
	bundle 'exec /bin/sleep 60'
	printf 'recorder: off\n' >"$work/paled.conf"
	begin
	run -1 alone 'create $id'
	[[ $output == *"annotation pale.dev/recording: this node lets no container be recorded instead of confined ('recording: true' in paled.conf does)"* ]]
	printf 'recorder: off\nrecording: true\n' >"$work/paled.conf"
	kill -HUP "$paled"
	bundle 'exec /bin/sleep 60' '.annotations["pale.dev/profile"] = "web"'
	asked() {
		run -1 alone 'create $id'
		[[ $output == *"annotation pale.dev/recording: profile 'web' is named, too, and what is recorded runs under none"* ]]
	}
	until_true 20 asked
	bundle 'exec /bin/sleep 60' ".annotations[\"pale.dev/recording\"] = \"$(printf %0513d 0)\""
	run -1 alone 'create $id'
	[[ $output == *"annotation pale.dev/recording has more than 512 bytes"* ]]
	[ ! -e "$work/recordings/$id.json" ]
}

@test "a pod's sandbox is not recorded" {
	bundle 'exec /bin/sleep 60' '.annotations["io.kubernetes.cri.container-type"] = "sandbox"'
	begin
	alone 'create $id
		runtime start $id
		[ -z "$(state $id)" ]
		runtime delete --force $id'
}

@test "what a container did before it is started again is dropped, which is told" {
	bundle '/bin/sync; exec /bin/sleep 60'
	begin
	alone 'for n in 1 2; do
			create $id
			runtime start $id
			until_true 20 is_saved
			runtime delete --force $id
			[ $n = 2 ] || until_true 20 is_done
		done
		until_true 20 is_done'
	[ "$(kinds | grep -o 'recording-[a-z]*' | tr '\n' ' ')" = 'recording-begun recording-ended recording-dropped recording-begun recording-ended ' ]
	jq -es --arg id "$id" 'any(.[]; .kind == "recording-dropped" and .container.id == $id and .recording == "shop/web")' "$work/events"
	grep -F "paled: the recording of container '$id' for shop/web is dropped: it is started again, and nobody has taken it" "$work/log"
	lacks
}

@test "paled answers while a recorder that it killed has not ended, and begins the next of that container after it" {
	# What is frozen in the older hierarchy does not even end by SIGKILL.
	mkdir "$work/freezer"
	mount -t cgroup -o freezer pale-test "$work/freezer"
	frozen=$work/freezer/recorder
	mkdir "$frozen"
	beside 'ask control "{\"version\": 1, \"method\": \"forget-recording\", \"id\": \"$id\"}" | jq -e .ok
		[ -z "$(state $id)" ]
		touch $work/forgotten
		runtime delete --force $id
		create $id &
		until_true 20 is_running
		[ ! -e $work/recordings/$id.run ]
		touch $work/waits
		wait $!
		runtime start $id
		until_true 20 is_saved'
	pgrep -f "paled record-container .*$work/recordings/" >"$frozen/cgroup.procs"
	echo FROZEN >"$frozen/freezer.state"
	touch "$work/again"
	until_true 20 [ -e "$work/forgotten" ]
	until_true 20 [ -e "$work/waits" ]
	[ "$(recorders)" = 1 ]
	echo THAWED >"$frozen/freezer.state"
	wait $stage
	until_true 20 grep -q recording-ended "$work/events"
	lacks
}

@test "a recording of which nothing can be kept fails, and the container starts" {
	bundle 'exec /bin/sleep 60'
	begin
	rmdir "$work/recordings"
	touch "$work/recordings"
	alone 'create $id
		runtime start $id
		until_true 20 [ "$(runtime state $id | jq -r .status)" = running ]
		is_done
		runtime delete --force $id'
	jq -es 'any(.[]; .kind == "recording-failed" and .error == "what it is of could not be kept")' "$work/events"
	[ "$(recorders)" = 0 ]
}
