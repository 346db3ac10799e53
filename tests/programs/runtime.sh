# SPDX-License-Identifier: Apache-2.0
# pale-runtime before the real runc, with plain bundles. paled is a MOCK here (tests/live/mock_paled.c), which answers from files below
# /run/answers and writes down what it was asked: what pale-runtime makes of its answers is what these acts show.

rootfs=/run/rootfs
bundle=/run/bundle
answers=/run/answers
asked=/run/asked
root=/run/runc-root
policy='{ "version": 1, "ok": true, "profile": "web", "digest": "d1", "file": "web.pale", "mode": "enforce", "sandbox": false,
	"mechanisms": ["seccomp", "capabilities"],
	"seccomp": { "defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_X86_64"],
		"syscalls": [{ "names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 1 }] },
	"capabilities": ["CAP_CHOWN", "CAP_KILL"], "no_new_privileges": true,
	"limits": { "open_files": 100, "processes": 50 }, "wait_ms": 5000 }'

mkdir -p $rootfs/{bin,dev,proc,sys,tmp} $bundle $answers /run/sockets
cp /bin/busybox $rootfs/bin/
for applet in sh sleep cat mkdir touch true; do
	ln -s busybox $rootfs/bin/$applet
done
runtime=(./built-runtime/pale-runtime --pale-config /run/runtime.conf --root $root --log /run/log --log-format json)
real=(runc --root $root)
printf 'sockets = /run/sockets\nwait = 1\n' >/run/runtime.conf

# answer METHOD JSON; without JSON there is no such container, and with "" no answer.
answer() {
	if [ $# = 1 ]; then
		rm -f $answers/"$1".json
	else
		printf '%s' "$2" >$answers/"$1".json
	fi
}
start_mock() {
	./built-runtime/mock_paled /run/sockets $answers $asked &
	mock=$!
	until [ -S /run/sockets/register ]; do sleep 0.05; done
}
stop_mock() {
	kill $mock
	wait $mock || true
	rm -f /run/sockets/register
}
all_answers() {
	answer prepare "$policy"
	answer lookup "$policy"
	answer register '{ "version": 1, "ok": true }'
	answer forget '{ "version": 1, "ok": true }'
}
# configure FILTER ARGUMENT…: a bundle with a container of this command, changed by jq.
configure() {
	local filter=$1
	shift
	rm -f $bundle/config.json
	(cd $bundle && runc spec)
	jq --arg rootfs $rootfs '.root = { path: $rootfs, readonly: false } | .process.terminal = false | .process.args = $ARGS.positional |
		del(.process.rlimits, .linux.resources, .linux.seccomp) |'" $filter" $bundle/config.json --args -- "$@" >$bundle/new
	mv $bundle/new $bundle/config.json
	rm -f $asked /run/log
}
# refused WORDS COMMAND…: exits with 1 and these words, which are in the log's last error, too.
refused() {
	local words=$1 status=0
	shift
	"$@" </dev/null >/run/out 2>&1 || status=$?
	[ $status = 1 ] || fail "status $status: $(cat /run/out)"
	grep -qxF "pale-runtime: $words" /run/out || fail "not '$words': $(cat /run/out)"
	jq -e --arg words "$words" -s 'last | .level == "error" and .msg == $words and (.time | length > 0)' /run/log >/dev/null ||
		fail "the log: $(cat /run/log)"
}
asked_for() {
	jq -s -c --arg method "$1" 'map(select(.method == $method)) | last' $asked
}
methods() {
	jq -r .method $asked | tr '\n' ' '
}
is() {
	[ "$1" = "$2" ] || fail "'$1', not '$2'"
}
create() {
	"${runtime[@]}" create --bundle $bundle "$@" </dev/null >/run/out 2>&1 || fail "create: $(cat /run/out)"
}
state() {
	"${real[@]}" state "$1" 2>/dev/null | jq -r .status
}

creates() {
	start_mock
	all_answers
	configure '.annotations = { "pale.dev/profile": "web", "a": "b" } | .process.capabilities.bounding += ["CAP_SYS_ADMIN"]' /bin/sleep 1000
	chmod 640 $bundle/config.json
	chown 1:2 $bundle/config.json
	create --pid-file /run/pid c1
	is "$(state c1)" created
	is "$(methods)" "prepare register "
	is "$(asked_for prepare | jq -c '[.version, .id, .runtime, .privileged, .annotations]')" \
		'[1,"c1","runc",false,{"pale.dev/profile":"web","a":"b"}]'
	is "$(asked_for register | jq -c '[.id, .digest, .mode, .bundle, .rootfs, .annotations, .own, .pid]')" \
		"[\"c1\",\"d1\",\"enforce\",\"$bundle\",\"$rootfs\",{\"pale.dev/profile\":\"web\",\"a\":\"b\"},{\"seccomp\":[],\"capabilities\":[\"CAP_CHOWN\"]},$(cat /run/pid)]"
	is "$(jq -c '.process | [.capabilities.bounding, .noNewPrivileges, .rlimits]' $bundle/config.json)" \
		'[["CAP_KILL"],true,[{"type":"RLIMIT_NOFILE","hard":100,"soft":100}]]'
	is "$(jq -c .linux.resources.pids.limit $bundle/config.json)" 50
	is "$(stat -c %a:%u:%g $bundle/config.json)" 640:1:2
	is "$(ls -A $bundle)" config.json
	"${runtime[@]}" start c1
	is "$(state c1)" running
	# It has what was written, from /proc.
	is "$(sed -n 's/^NoNewPrivs:\t//p; s/^CapBnd:\t//p; s/^Seccomp:\t//p' "/proc/$(cat /run/pid)/status" | tr '\n' ' ')" \
		"0000000000000020 1 2 "
	"${runtime[@]}" delete --force c1
	is "$(methods)" "prepare register forget "
	is "$(asked_for forget | jq -r .id)" c1
	[ -z "$(state c1)" ] || fail "it is still there"
	# Without a pid file of the engine's.
	configure . /bin/sleep 1000
	(cd $bundle && "/run/pale/${runtime[0]}" "${runtime[@]:1}" create c2 </dev/null)
	is "$(asked_for register | jq -r .pid)" "$("${real[@]}" state c2 | jq -r .pid)"
	is "$(ls -A $bundle)" config.json
	"${runtime[@]}" delete --force c2
}

# What is created and cannot be registered is gone again.
unregistered() {
	start_mock
	all_answers
	answer register '{ "version": 1, "ok": false, "errno": "EBUSY", "error": "no room for its maps", "hint": "fewer containers" }'
	configure . /bin/sleep 1000
	refused "create is refused: register with paled: no room for its maps (fewer containers)" "${runtime[@]}" create --bundle $bundle c1
	[ -z "$(state c1)" ] || fail "it is still there"
	# And what was never written stays.
	answer prepare '{ "version": 1, "ok": false, "errno": "EACCES", "error": "the profile is not for this image" }'
	configure . /bin/sleep 1000
	cp $bundle/config.json /run/before
	refused "create is refused: the profile is not for this image" "${runtime[@]}" create --bundle $bundle c1
	cmp $bundle/config.json /run/before
	# The real runtime's own failure is its own.
	all_answers
	configure '.process.args = []' ignored
	status=0
	"${runtime[@]}" create --bundle $bundle c1 </dev/null >/run/out 2>&1 || status=$?
	is $status 1
	is "$(methods)" "prepare "
	jq -e -s 'last | .msg | contains("args must not be empty")' /run/log >/dev/null || fail "the log: $(cat /run/log)"
}

unconfined() {
	start_mock
	answer prepare '{ "version": 1, "ok": true, "unconfined": true }'
	configure . /bin/sleep 1000
	cp $bundle/config.json /run/before
	create c1
	cmp $bundle/config.json /run/before
	is "$(methods)" "prepare "
	"${runtime[@]}" start c1
	# paled does not know it, and says again that no policy is meant for it.
	"${runtime[@]}" exec c1 /bin/mkdir /tmp/there
	is "$(methods)" "prepare lookup prepare "
	# Of the same container: its engine is asked of the image by where the bundle lies.
	is "$(asked_for prepare | jq -r .bundle)" "$(realpath $bundle)"
	"${runtime[@]}" update --pids-limit 7 c1
	# Were one meant for it, nobody would enter it without.
	answer prepare "$policy"
	refused "exec is refused: c1 is not registered with paled, though a policy is meant for it (start the container anew)" \
		"${runtime[@]}" exec c1 /bin/true
	refused "update is refused: c1 is not registered with paled, though a policy is meant for it (start the container anew)" \
		"${runtime[@]}" update --pids-limit 8 c1
	# Of what is not there the real runtime speaks.
	status=0
	"${runtime[@]}" exec c9 /bin/true </dev/null >/run/out 2>&1 || status=$?
	grep -q 'container does not exist' /run/out || fail "$(cat /run/out)"
	"${runtime[@]}" delete --force c1
}

away() {
	configure . /bin/sleep 1000
	refused "create is refused: connect to /run/sockets/register: No such file or directory" "${runtime[@]}" create --bundle $bundle c1
	configure '.annotations = { "pale.dev/on-missing": "deny" }' /bin/sleep 1000
	printf 'sockets = /run/sockets\nwait = 10\n' >/run/runtime.conf
	SECONDS=0
	refused "create is refused: connect to /run/sockets/register: No such file or directory" "${runtime[@]}" create --bundle $bundle c1
	[ $SECONDS -lt 8 ] || fail "it waited"
	configure '.annotations = { "pale.dev/on-missing": "perhaps" }' /bin/sleep 1000
	refused "create is refused: the annotation pale.dev/on-missing has to be wait, deny or allow, not 'perhaps'" \
		"${runtime[@]}" create --bundle $bundle c1
	# It comes while it is waited for, by a container and by an exec.
	all_answers
	configure . /bin/sleep 1000
	(sleep 0.5 && exec ./built-runtime/mock_paled /run/sockets $answers $asked) &
	mock=$!
	create c1
	is "$(methods)" "prepare register "
	"${runtime[@]}" start c1
	stop_mock
	(sleep 0.5 && exec ./built-runtime/mock_paled /run/sockets $answers $asked) &
	mock=$!
	"${runtime[@]}" exec c1 /bin/true
	stop_mock
	printf 'sockets = /run/sockets\nwait = 0\n' >/run/runtime.conf
	refused "exec is refused: connect to /run/sockets/register: No such file or directory" "${runtime[@]}" exec c1 /bin/true
	refused "update is refused: connect to /run/sockets/register: No such file or directory" "${runtime[@]}" update --memory 1 c1
	"${runtime[@]}" delete --force c1
	# allow needs the node's word when no daemon gives it.
	configure '.annotations = { "pale.dev/on-missing": "allow" }' /bin/sleep 1000
	refused "create is refused: connect to /run/sockets/register: No such file or directory (pale.dev/on-missing is allow, which holds without paled only where /etc/pale/runtime.conf has 'allow-without-paled = yes')" \
		"${runtime[@]}" create --bundle $bundle c1
	echo 'allow-without-paled = yes' >>/run/runtime.conf
	create c1
	grep -qxF 'pale-runtime: warning: container c1 runs UNCONFINED, since its pale.dev/on-missing is allow: connect to /run/sockets/register: No such file or directory' /run/out ||
		fail "$(cat /run/out)"
	jq -e -s 'last | .level == "warning"' /run/log >/dev/null
	"${runtime[@]}" delete --force c1
	# A daemon that goes away in the middle of an answer.
	start_mock
	answer prepare ''
	configure . /bin/sleep 1000
	refused "create is refused: paled closed the connection" "${runtime[@]}" create --bundle $bundle c1
}

missing() {
	local missing='{ "version": 1, "ok": false, "errno": "ENOENT", "error": "no profile web", "on_missing": "HOW" }'

	start_mock
	all_answers
	answer prepare "${missing/HOW/deny}"
	configure '.annotations = { "pale.dev/on-missing": "allow" }' /bin/sleep 1000
	refused "create is refused: no profile web" "${runtime[@]}" create --bundle $bundle c1
	is "$(methods)" "prepare "
	answer prepare "${missing/HOW/wait}"
	configure . /bin/sleep 1000
	refused "create is refused: no profile web" "${runtime[@]}" create --bundle $bundle c1
	[ "$(methods | wc -w)" -gt 1 ] || fail "it did not wait"
	# It comes.
	configure . /bin/sleep 1000
	(sleep 0.3 && printf '%s' "$policy" >$answers/new && mv $answers/new $answers/prepare.json) &
	create c1
	"${runtime[@]}" delete --force c1
	answer prepare "${missing/HOW/allow}"
	configure . /bin/sleep 1000
	create c1
	grep -qxF 'pale-runtime: warning: container c1 runs UNCONFINED, since its pale.dev/on-missing is allow: no profile web' /run/out ||
		fail "$(cat /run/out)"
	"${runtime[@]}" delete --force c1
}

# run becomes runc, and its hook registers.
runs() {
	start_mock
	all_answers
	configure '.hooks.createRuntime = [{ path: "/bin/sh", args: ["sh", "-c", "cat >/run/other-hook"] }]' \
		/bin/sh -c 'mkdir /tmp/there || echo refused'
	"${runtime[@]}" run --bundle $bundle c1 </dev/null >/run/out 2>&1 || fail "$(cat /run/out)"
	grep -qx refused /run/out || fail "$(cat /run/out)"
	is "$(methods)" "prepare register "
	is "$(asked_for register | jq -c '[.id, .digest, .mode, .bundle, .rootfs, .own, .annotations]')" \
		"[\"c1\",\"d1\",\"enforce\",\"$bundle\",\"$rootfs\",{\"seccomp\":[],\"capabilities\":[\"CAP_CHOWN\"]},{}]"
	is "$(asked_for register | jq .pid)" "$(jq .pid /run/other-hook)"
	# It is the last one, and stays one however often it is run.
	"${runtime[@]}" run --bundle $bundle c1 </dev/null >/run/out 2>&1 || fail "$(cat /run/out)"
	is "$(jq -c '.hooks.createRuntime | [length, .[1].args[1]]' $bundle/config.json)" '[2,"--pale-register"]'
	# What it cannot register does not run.
	answer register '{ "version": 1, "ok": false, "errno": "EBUSY", "error": "no room for its maps" }'
	configure . /bin/touch /tmp/ran
	status=0
	"${runtime[@]}" run --bundle $bundle c1 </dev/null >/run/out 2>&1 || status=$?
	[ $status != 0 ] && [ ! -e $rootfs/tmp/ran ] || fail "it ran"
	grep -q 'pale-runtime: register with paled: no room for its maps' /run/out || fail "$(cat /run/out)"
	[ -z "$(state c1)" ] || fail "it is still there"
	# Nor when the hook finds no daemon.
	answer register ''
	configure . /bin/touch /tmp/ran
	answer prepare "$(jq '.wait_ms = 300' <<<"$policy")"
	status=0
	"${runtime[@]}" run --bundle $bundle c1 </dev/null >/run/out 2>&1 || status=$?
	[ $status != 0 ] && [ ! -e $rootfs/tmp/ran ] || fail "it ran"
	grep -q 'pale-runtime: register with paled: paled closed the connection' /run/out || fail "$(cat /run/out)"
}

execs() {
	start_mock
	all_answers
	configure . /bin/sleep 1000
	create c1
	"${runtime[@]}" start c1
	status=0
	"${runtime[@]}" exec c1 /bin/mkdir /tmp/there 2>/dev/null || status=$?
	is $status 1
	is "$("${runtime[@]}" exec c1 /bin/sh -c 'exit 7' || echo $?)" 7
	refused "exec is refused: --cap: the policy does not allow CAP_SYS_ADMIN" "${runtime[@]}" exec --cap CAP_KILL --cap CAP_SYS_ADMIN c1 /bin/true
	# An engine's --privileged: a process.json of its own, by which runc goes.
	jq '.process | .args = ["/bin/cat", "/proc/self/status"] | .noNewPrivileges = false | del(.rlimits) |
		.capabilities |= map_values(["CAP_SYS_ADMIN", "CAP_CHOWN"])' $bundle/config.json >/run/process.json
	cp /run/process.json /run/wide.json
	is "$("${real[@]}" exec --process /run/wide.json c1 | sed -n 's/^NoNewPrivs:\t//p; s/^CapBnd:\t//p' | tr '\n' ' ')" "0000000000200001 0 "
	is "$("${runtime[@]}" exec --process /run/process.json c1 | sed -n 's/^NoNewPrivs:\t//p; s/^CapBnd:\t//p' | tr '\n' ' ')" \
		"0000000000000001 1 "
	# runc gives it none of the container's rlimits.
	jq '.args = ["/bin/sh", "-c", "ulimit -n"]' /run/wide.json >/run/process.json
	is "$("${runtime[@]}" exec --process /run/process.json c1)" 100
	jq '.args = ["/bin/sh", "-c", "ulimit -n"] | .rlimits = [{ type: "RLIMIT_NOFILE", hard: 1000, soft: 1000 }]' /run/wide.json >/run/process.json
	is "$("${runtime[@]}" exec --process /run/process.json c1)" 100
	# Hostile ones.
	ln -sf /run/wide.json /run/link.json
	refused "exec is refused: process.json: a symbolic link" "${runtime[@]}" exec --process /run/link.json c1
	jq '. + { Capabilities: .capabilities }' /run/wide.json >/run/process.json
	refused "exec is refused: process.json: process: 'Capabilities' is what some runtimes take for 'capabilities'" \
		"${runtime[@]}" exec --process /run/process.json c1
	"${runtime[@]}" delete --force c1
}

updates() {
	start_mock
	all_answers
	answer prepare "$(jq '.limits = { processes: 50 }' <<<"$policy")"
	answer lookup "$(jq '.limits = { processes: 50, memory: 100000000, cpu: 50 }' <<<"$policy")"
	configure . /bin/sleep 1000
	create c1
	pids() {
		cat /sys/fs/cgroup/pids/"$(sed -n 's/.*:pids://p' "/proc/$("${real[@]}" state c1 | jq .pid)/cgroup")"/pids.max
	}
	is "$(pids)" 50
	"${runtime[@]}" update --pids-limit 20 c1
	is "$(pids)" 20
	echo '{ "pids": { "limit": 30 } }' | "${runtime[@]}" update --resources - c1
	is "$(pids)" 30
	echo '{ "pids": { "limit": 40 } }' >/run/resources.json
	"${runtime[@]}" update -r /run/resources.json c1
	is "$(pids)" 40
	refused "update is refused: update: resources.pids.limit: the policy's limit is processes 50" "${runtime[@]}" update --pids-limit 51 c1
	refused "update is refused: update: resources.pids.limit: the policy's limit is processes 50" "${runtime[@]}" update --pids-limit=-1 c1
	refused "update is refused: update: resources.memory.limit: the policy's limit is memory 100000000" "${runtime[@]}" update --memory 100000001 c1
	refused "update is refused: update: resources.memory.swap: the policy's limit is memory 100000000" "${runtime[@]}" update --memory-swap -1 c1
	refused "update is refused: --memory: a whole number is needed where a policy limits it, not '1g'" "${runtime[@]}" update --memory 1g c1
	refused "update is refused: update: resources.cpu: the policy's limit is cpu 50%" "${runtime[@]}" update --cpu-quota 60000 --cpu-period 100000 c1
	refused "update is refused: update: resources.cpu: the policy limits the CPU, and so quota and period have to be given together" \
		"${runtime[@]}" update --cpu-quota 60000 c1
	echo '{ "unified": { "pids.max": "max" } }' >/run/resources.json
	refused "update is refused: update: resources.unified.pids.max: the policy's limit is processes 50" "${runtime[@]}" update -r /run/resources.json c1
	echo '{ "pids": { "Limit": 1000 } }' >/run/resources.json
	refused "update is refused: update: resources.pids: 'Limit' is what some runtimes take for 'limit'" "${runtime[@]}" update -r /run/resources.json c1
	is "$(pids)" 40
	"${runtime[@]}" delete --force c1
}

# Nothing that pale-runtime does not act on is changed on its way.
passes_on() {
	start_mock
	rm -f $asked
	is "$("${runtime[@]}" --version)" "$(runc --version)"
	is "$("${runtime[@]}" features)" "$(runc features)"
	is "$("${runtime[@]}" list -q)" ""
	is "$("${runtime[@]}" create --help)" "$(runc create --help)"
	status=0
	"${runtime[@]}" state nobody >/run/out 2>&1 || status=$?
	is $status 1
	grep -q 'container does not exist' /run/out || fail "$(cat /run/out)"
	[ ! -e $asked ] || fail "it asked: $(cat $asked)"
	refused "restore is refused: a container is not restored under Pale: its processes would start with what they had, not under a policy" \
		"${runtime[@]}" restore --image-path /run/x c1
	refused "create: pale-runtime does not know the option '--bundel' of runc, and so not what it does (did you mean '--bundle'?)" \
		"${runtime[@]}" create --bundel /run/bundle c1
	status=0
	./built-runtime/pale-runtime --pale-runtime /run/pale/built-runtime/pale-runtime state c1 2>/run/out || status=$?
	is "$status $(cat /run/out)" "1 pale-runtime: the real runtime, /run/pale/built-runtime/pale-runtime, is pale-runtime"
	echo 'runk = /bin/true' >/run/wrong.conf
	status=0
	./built-runtime/pale-runtime --pale-config /run/wrong.conf state c1 2>/run/out || status=$?
	is "$status $(cat /run/out)" "1 pale-runtime: /run/wrong.conf:1: unknown name 'runk'"
	# Without --log it goes to standard error alone.
	status=0
	./built-runtime/pale-runtime --pale-config /run/runtime.conf create a b 2>/run/out || status=$?
	is "$status $(cat /run/out)" "1 pale-runtime: create is refused: create takes one container id"
}

hostile() {
	start_mock
	all_answers
	configure . /bin/sleep 1000
	mv $bundle/config.json /run/elsewhere.json
	ln -s /run/elsewhere.json $bundle/config.json
	refused "create is refused: config.json: a symbolic link" "${runtime[@]}" create --bundle $bundle c1
	rm $bundle/config.json
	mkfifo $bundle/config.json
	refused "create is refused: config.json: not a regular file" "${runtime[@]}" create --bundle $bundle c1
	rm $bundle/config.json
	refused "create is refused: open config.json: No such file or directory" "${runtime[@]}" create --bundle $bundle c1
	truncate -s 5M $bundle/config.json
	refused "create is refused: config.json: longer than 4194304 bytes" "${runtime[@]}" create --bundle $bundle c1
	[ ! -e $asked ] || ! grep -q . $asked || fail "it asked: $(cat $asked)"
	configure '.root.path = "no-such"' /bin/sleep 1000
	refused "create is refused: the container's root, $bundle/no-such: No such file or directory" "${runtime[@]}" create --bundle $bundle c1
	configure '.annotations = { "run.oci.seccomp_bpf_data": "AAAA" }' /bin/sleep 1000
	refused "create is refused: config.json: annotations.run.oci.seccomp_bpf_data: the container brings a filter of its own that would replace the policy's" \
		"${runtime[@]}" create --bundle $bundle c1
	# An answer that is not understood confines nobody.
	for change in 'del(.digest)' '.limits.colours = 3' '.capabilities = "all"' '.mechanisms = 1' '.wait_ms = -1' '.unconfined = 1'; do
		answer prepare "$(jq "$change" <<<"$policy")"
		configure . /bin/sleep 1000
		status=0
		"${runtime[@]}" create --bundle $bundle c1 </dev/null >/run/out 2>&1 || status=$?
		[ $status = 1 ] && grep -q "^pale-runtime: create is refused: paled's answer: " /run/out || fail "$change: $status $(cat /run/out)"
	done
	# Who is privileged, as paled is told.
	answer prepare '{ "version": 1, "ok": true, "unconfined": true }'
	# All that this machine's root has.
	all=$(while IFS=, read -r cap number; do
		[ $((0x$(sed -n 's/^CapBnd:\t//p' /proc/self/status) >> number & 1)) = 0 ] || printf '"CAP_%s",' "${cap^^}"
	done < <(grep '^[a-z_]*,[0-9]*$' capabilities.csv))
	configure ".process.capabilities |= map_values([${all%,}]) | del(.linux.maskedPaths)" /bin/true
	create c1
	is "$(asked_for prepare | jq .privileged)" true
	"${runtime[@]}" delete --force c1
	configure ".process.capabilities |= map_values([${all%,}])" /bin/true
	create c1
	is "$(asked_for prepare | jq .privileged)" false
	"${runtime[@]}" delete --force c1
}
