# SPDX-License-Identifier: Apache-2.0
# `pale audit` of a node: real containers of runc, one for each fault, in namespaces of their own with a /run of its own, where runc keeps
# its containers; and of manifests, which `pale audit --cluster` hands on to kubectl-pale.
# shellcheck shell=bash disable=SC2016,SC2154

bats_require_minimum_version 1.5.0

setup() {
	build=$(realpath "${PALE_BUILD:-build}")
	pale=$build/pale
	id=pale-audit-$$
	export PALE_PATH=$PWD/profiles build pale id
	cd "$BATS_TEST_DIRNAME/../.."
}

teardown() {
	find /sys/fs/cgroup -depth -type d -path "*/$id*" -exec rmdir {} + 2>/dev/null || :
	[ -z "${dir:-}" ] || rm -rf "$dir"
}

as_root() {
	[ "$(id -u)" = 0 ] || skip "not root"
	dir=$(mktemp -d /srv/pale-audit-XXXXXX)
	chmod 755 "$dir"
	export dir
	mkdir -p "$dir/bundle/rootfs"/{bin,dev,proc,sys,tmp,data,run} "$dir/data"
	cp /bin/busybox "$dir/bundle/rootfs/bin/"
	for a in sh sleep nc; do ln -s busybox "$dir/bundle/rootfs/bin/$a"; done
	(cd "$dir/bundle" && runc spec)
}

# As few rights as a container can have: what is left is that no policy of Pale's holds it.
held='.process.terminal = false | .process.args = ["/bin/sleep", "60"] | .process.user = {uid: 7, gid: 7} | .process.noNewPrivileges = true |
	.process.capabilities = {bounding: [], effective: [], permitted: []} | .root.readonly = true | del(.process.rlimits, .linux.resources) |
	.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["mount"], action: "SCMP_ACT_ERRNO"}]}'

# bundle FILTER
bundle() {
	jq --arg dir "$dir" "$held | $1" "$dir/bundle/config.json" >"$dir/new"
	mv "$dir/new" "$dir/bundle/config.json"
}

# stage SHELL-COMMANDS: in namespaces of their own, with a loopback interface.
stage() {
	timeout 100 unshare --mount --pid --net --fork --kill-child --mount-proc bash -euc '
		mount -t tmpfs tmpfs /run
		ip link set lo up
		begin() { # [ID [BUNDLE]]
			runc create --bundle "${2:-$dir/bundle}" "${1:-$id}" </dev/null >/dev/null
			runc start "${1:-$id}"
		}
		'"$1"
}

# What `pale audit` of the container finds, one control a line.
found() {
	jq -r '.findings[].control' "$dir/said" | sort
}

# audit FILTER: a container of its own kind, and what is said of it, in $dir/said.
audit() {
	bundle "$1"
	stage "${2:-} "'begin
		"$pale" audit --json $id >$dir/said || echo $? >$dir/status
		runc delete --force $id'
}

@test "a container with few rights lacks a policy, and nothing else" {
	as_root
	audit .
	[ "$(found)" = no-profile ]
	[ "$(cat "$dir/status")" = 1 ]
	jq -e --arg id "$id" '.containers == 1 and .unseen == [] and (.findings[0] | .kind == "Container" and .name == $id and .cis == null and
		.evidence == [{path: "paled", value: null}] and .patch == null and (.policy | length > 0))' "$dir/said"
	stage 'begin
		"$pale" audit --severity medium $id >$dir/said
		runc delete --force $id'
	grep -x '0 findings; 1 container looked at' "$dir/said"
}

# plant NAME FILTER CONTROL[=SEVERITY][,ANOTHER…] EVIDENCE-PATH EVIDENCE-VALUE [PREPARATION]: what is found beside no-profile, and of the first control
# its evidence, as regular expressions of jq's.
plant() {
	local first=${3%%,*}
	rm -rf "$dir"
	as_root
	audit "$2" "${6:-}"
	diff <({ echo no-profile; tr , '\n' <<<"$3" | sed 's/=.*//; /^$/d'; } | sort) <(found) || {
		echo "of $1" >&2
		return 1
	}
	[ -n "$3" ] || return 0
	jq -e --arg c "${first%=*}" --arg s "${first#*=}" --arg path "$4" --arg value "$5" '.findings[] | select(.control == $c) |
		($s == $c or .severity == $s) and any(.evidence[]; (.path | test($path)) and (.value | tostring | test($value)))' "$dir/said" >/dev/null || {
		echo "of $1:" >&2
		jq -c .findings "$dir/said" >&2
		return 1
	}
}

# has CAPABILITY…: the process has them, though it is not root.
has() {
	printf '.process.capabilities = ({} | .bounding = %s | .effective = .bounding | .permitted = .bounding | .inheritable = .bounding | .ambient = .bounding)' \
		"$(jq -nc '$ARGS.positional' --args "$@")"
}

@test "what processes run with: each fault is found alone, with where it was seen" {
	as_root
	plant root '.process.user.uid = 0' root-user '^/proc/[0-9]+/status Uid$' '^0$'
	plant filter 'del(.linux.seccomp)' no-seccomp '^/proc/[0-9]+/status Seccomp$' '^0$'
	plant escalation '.process.noNewPrivileges = false' privilege-escalation '/status NoNewPrivs$' '^0$'
	plant raw "$(has CAP_NET_RAW)" raw-sockets,kept-capabilities '/status CapPrm$' '^net_raw$'
	# Who may gain privileges may come to have what the bounding set leaves.
	plant "raw that can be gained" '.process.capabilities.bounding = ["CAP_NET_RAW"] | .process.noNewPrivileges = false' raw-sockets,privilege-escalation '/status CapBnd$' '^net_raw$'
	plant "raw that nobody can gain" '.process.capabilities.bounding = ["CAP_NET_RAW"]' ''
	plant ptrace "$(has CAP_SYS_PTRACE)" added-capabilities=high '/status CapPrm$' '^sys_ptrace$'
	plant kept "$(has CAP_CHOWN CAP_NET_BIND_SERVICE)" kept-capabilities=low '/status CapPrm$' '^chown,net_bind_service$'
}

@test "namespaces and files of the node" {
	as_root
	plant pid 'del(.linux.namespaces[] | select(.type == "pid"))' host-pid '^/proc/[0-9]+/ns/pid$' "^the node's$"
	plant ipc 'del(.linux.namespaces[] | select(.type == "ipc"))' host-ipc '/ns/ipc$' "^the node's$"
	plant network 'del(.linux.namespaces[] | select(.type == "network"))' host-network '/ns/net$' "^the node's$"
	plant folder '.mounts += [{destination: "/data", type: "bind", source: ($dir + "/data"), options: ["rbind"]}]' host-path=medium '/mountinfo /data$' '^/srv/pale-audit-.*/data$'
	plant "to be read alone" '.mounts += [{destination: "/data", type: "bind", source: ($dir + "/data"), options: ["rbind", "ro"]}]' host-path=low '/mountinfo /data \(ro\)$' /data
	plant kubelet '.mounts += [{destination: "/data", type: "bind", source: "/var/lib/kubelet/pki", options: ["rbind", "ro"]}]' node-files '/mountinfo /data \(ro\)$' '^/var/lib/kubelet/pki$' \
		'mount -t tmpfs tmpfs /var/lib; mkdir -p /var/lib/kubelet/pki;'
	plant "an emptyDir" '.mounts += [{destination: "/data", type: "bind", source: "/var/lib/kubelet/pods/u/volumes/kubernetes.io~empty-dir/d", options: ["rbind"]}]' '' '' '' \
		'mount -t tmpfs tmpfs /var/lib; mkdir -p /var/lib/kubelet/pods/u/volumes/kubernetes.io~empty-dir/d;'
	plant socket '.mounts += [{destination: "/data/s", type: "bind", source: "/run/docker.sock", options: ["bind"]}]' runtime-socket '/mountinfo /data/s$' '^/run/docker.sock$' \
		'nc -lU /run/docker.sock & until [ -S /run/docker.sock ]; do sleep 0.05; done; touch "$dir/bundle/rootfs/data/s";'
	plant "the folder it is in" '.mounts += [{destination: "/data", type: "bind", source: "/run", options: ["bind"]}]' runtime-socket '/mountinfo /data$' '^/run$'
	plant token '.mounts += [{destination: "/run/secrets/kubernetes.io/serviceaccount", type: "tmpfs", source: "tmpfs", options: ["ro"]}]' service-account-token '/serviceaccount$' '^mounted$' \
		'mkdir -p "$dir/bundle/rootfs/run/secrets/kubernetes.io/serviceaccount";'
	plant proc 'del(.linux.maskedPaths, .linux.readonlyPaths)' unmasked-proc '/mountinfo$' 'nothing below /proc'
	plant "a root that can be written" '.root.readonly = false' writable-root '/mountinfo /$' '^rw$'
}

@test "a container with all capabilities and no filter is privileged" {
	as_root
	# As many as this machine's own root has.
	mapfile -t all < <(setpriv --dump | sed -n 's/^Capability bounding set: //p' | tr , '\n' | sed 's/.*/CAP_\U&/')
	[ "${#all[@]}" -gt 30 ]
	audit "$(has "${all[@]}") | .process.user.uid = 0 | del(.linux.seccomp)"
	found | grep -x privileged
	jq -e '.findings[0] | .control == "privileged" and .severity == "critical" and .cis == "5.2.2"' "$dir/said"
}

@test "a process that was entered into a container with more than its first one is seen" {
	as_root
	bundle .
	stage 'begin
		runc exec --user 0 --cap CAP_SYS_ADMIN $id /bin/sleep 50 </dev/null &
		until [ "$(pgrep --count sleep)" = 2 ]; do sleep 0.05; done
		"$pale" audit --json $id >$dir/said || :
		runc delete --force $id'
	found | grep -x added-capabilities
	found | grep -x root-user
	# Of another process than the first one.
	[ "$(jq -r '[.findings[] | select(.control == "root-user" or .control == "added-capabilities").evidence[0].path | split("/")[2]] | unique | length' "$dir/said")" = 1 ]
}

@test "all containers, those that are named, and words that fit none" {
	as_root
	bundle '.annotations["pale.dev/name"] = "shop"'
	stage 'begin $id-a; begin $id-b
		"$pale" audit --json | jq -r "[.containers, ([.findings[].name] | unique | length)] | @tsv" >$dir/all
		"$pale" audit --json $id-a | jq .containers >$dir/one
		"$pale" audit --json shop | jq .containers >$dir/name
		"$pale" audit nobody 2>$dir/none || echo $? >>$dir/none
		runc delete --force $id-a; runc delete --force $id-b'
	[ "$(cat "$dir/all")" = $'2\t2' ]
	[ "$(cat "$dir/one")" = 1 ]
	[ "$(cat "$dir/name")" = 2 ]
	diff - "$dir/none" <<-'END'
		pale audit: no container 'nobody' runs here
		3
	END
}

@test "a container that is created and not started is none yet" {
	as_root
	hex=$(printf '0c%.0s' {1..32})
	export hex
	bundle ".linux.cgroupsPath = \"/$id/$hex\""
	stage 'runc create --bundle $dir/bundle $hex </dev/null >/dev/null
		"$pale" audit --json | jq .containers >$dir/created
		runc start $hex
		"$pale" audit --json | jq .containers >$dir/started
		runc delete --force $hex'
	[ "$(cat "$dir/created")" = 0 ]
	[ "$(cat "$dir/started")" = 1 ]
}

@test "a container that is known by its cgroup alone, and one that runs in it" {
	as_root
	group=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)/$id
	outer=$(printf 'a%.0s' {1..64}) inner=$(printf '0b%.0s' {1..32})
	export group outer inner
	mkdir -p "$group/docker/$outer/docker/$inner"
	stage 'for c in "$outer" "$outer/docker/$inner"; do
			unshare --mount sleep 50 & until [ "$(cat /proc/$!/comm)" = sleep ]; do sleep 0.05; done
			echo $! >"$group/docker/$c/cgroup.procs"
		done
		"$pale" audit --json | jq -c "[.containers, ([.findings[] | select(.control == \"no-seccomp\").name] | sort)]" >$dir/said
		kill %1 %2; wait || :'
	[ "$(cat "$dir/said")" = "[2,[\"$inner\",\"$outer\"]]" ]
}

@test "what cannot be looked at is told, and is not taken for right" {
	as_root
	bundle .
	# Whose namespaces are not to be seen.
	stage 'begin
		setpriv --bounding-set=-sys_ptrace "$pale" audit $id >$dir/said || echo $? >>$dir/said
		runc delete --force $id'
	grep -Ex "could not be looked at: container $id, process [0-9]+: Permission denied" "$dir/said"
	[ "$(tail -n 2 "$dir/said")" = $'0 findings; 0 containers looked at\n3' ]
	# The first process may be seen, and not which others are the container's.
	bundle '.process.user = {uid: 0, gid: 0}'
	stage 'begin
		runc exec --user 7 --cap CAP_SYS_ADMIN $id /bin/sleep 50 </dev/null &
		until [ "$(pgrep --count sleep)" = 2 ]; do sleep 0.05; done
		setpriv --bounding-set=-sys_ptrace "$pale" audit $id >$dir/said || echo $? >>$dir/said
		runc delete --force $id'
	grep -Ex "could not be looked at: container $id, process [0-9]+: Permission denied" "$dir/said"
	[ "$(tail -n 1 "$dir/said")" = 3 ]
}

@test "--probe connects from the container's network, and tells what was accepted" {
	as_root
	bundle .
	stage 'begin
		pid=$(jq .init_process_pid /run/runc/$id/state.json)
		ip link add v0 type veth peer name v1 netns $pid
		# As kube-proxy with IPVS gives a node the addresses of all Services.
		seq -f "address add 198.51.100.%g/32 dev v0" 100 | ip -batch -
		ip address add 192.0.2.1/24 dev v0
		ip address add 169.254.169.254/32 dev v0
		ip link set v0 up
		nsenter --net --target $pid sh -c "ip link set lo up; ip address add 192.0.2.2/24 dev v1; ip link set v1 up; ip route add default via 192.0.2.1"
		"$pale" audit --json $id | jq -r ".findings[].control" >$dir/unasked
		"$pale" audit --json --probe $id | jq -r ".findings[].control" >$dir/closed
		nc -lk -p 80 -s 169.254.169.254 & nc -lk -p 10250 -s 192.0.2.1 &
		sleep 0.5
		"$pale" audit --json --probe $id >$dir/said || :
		runc delete --force $id'
	[ "$(cat "$dir/unasked")" = no-profile ]
	[ "$(cat "$dir/closed")" = no-profile ]
	diff <(printf '%s\n' kubelet-port metadata-address no-profile) <(found)
	jq -e '[.findings[] | select(.control == "metadata-address" or .control == "kubelet-port").evidence[0]] | sort_by(.path | split(" ")[3]) |
		map(.value == "accepted" and (.path | test("^/proc/[0-9]+/ns/net connect tcp (169.254.169.254:80|192.0.2.1:10250)$"))) == [true, true]' "$dir/said"
}

@test "under a policy: who is held, and what the policy's rules say of what could be reached" {
	as_root
	mkdir -p "$dir/profiles"
	cat >"$dir/profiles/shop.pale" <<-'END'
		use base/libc, base/runc
		profile shop {
			include libc, runc-privileged
			file { allow read, map /** ; deny read /run/secrets/** }
			process { allow exec /**; allow exec drift /** }
			network { allow connect tcp *:10250 }
		}
	END
	# The token's name is a link, which nobody has to follow.
	sed 's/profile shop/profile link/; s|/run/secrets/\*\*|/run/secrets/kubernetes.io/serviceaccount/token|' "$dir/profiles/shop.pale" >"$dir/profiles/link.pale"
	printf 'allow-partial: true\nrecorder: off\n' >"$dir/paled.conf"
	bundle '.annotations["pale.dev/profile"] = "shop" | .annotations["pale.dev/name"] = "c" | .process.capabilities.bounding = ["CAP_NET_RAW"] | .process.noNewPrivileges = false |
		.mounts += [{destination: "/run/secrets/kubernetes.io/serviceaccount", type: "tmpfs", source: "tmpfs", options: ["ro"]}]'
	mkdir -p "$dir/bundle/rootfs/run/secrets/kubernetes.io/serviceaccount"
	stage 'PALE_PATH=$PWD/profiles "$build/paled" --run /run/pale --log $dir/events --profiles $dir/profiles --config $dir/paled.conf 2>$dir/log &
		until grep -q "^paled: ready" $dir/log; do sleep 0.1; done
		runtime=("$build/pale-runtime" --pale-runtime "$(command -v runc)" --pale-socket /run/pale)
		"${runtime[@]}" create --bundle $dir/bundle $id </dev/null >/dev/null
		"${runtime[@]}" start $id
		"$pale" audit --json c >$dir/said || :
		"${runtime[@]}" delete --force $id
		sed -i "s/shop/link/" $dir/bundle/config.json
		"${runtime[@]}" create --bundle $dir/bundle $id </dev/null >/dev/null
		"${runtime[@]}" start $id
		"$pale" audit --json c >$dir/link || :
		"${runtime[@]}" delete --force $id
		kill %1; wait' || { cat "$dir/log"; false; }
	[ "$(jq .containers "$dir/said")" = 1 ]
	run ! grep -w no-profile "$dir/said"
	# What the policy refuses weighs less, and names the rule.
	jq -e '[.findings[] | select(.control == "service-account-token") | .severity, .evidence[1]] ==
		["low", {path: "policy shop", value: "refused by shop.pale:4:30: deny read /run/secrets/**"}]' "$dir/said" ||
		{ jq -c '.findings[]' "$dir/said"; false; }
	jq -e '[.findings[] | select(.control == "service-account-token") | .severity, .evidence[2].value] ==
		["medium", "allowed by link.pale:4:8: allow read, map /**"]' "$dir/link" || { jq -c '.findings[]' "$dir/link"; false; }
}

@test "SARIF has what its schema asks for" {
	as_root
	bundle '.process.user.uid = 0'
	stage 'begin
		"$pale" audit --sarif $id >$dir/said || :
		runc delete --force $id'
	jq -e '.version == "2.1.0" and (."$schema" | test("sarif-schema-2.1.0.json$")) and (.runs | length == 1) and
		(.runs[0] | .tool.driver as $d | $d.name == "pale audit" and ($d.rules | length > 20) and
			all($d.rules[]; (.id | test("^[a-z-]+$")) and .shortDescription.text and .fullDescription.text and .help.text and
				(.defaultConfiguration.level | IN("note", "warning", "error")) and (.properties.tags | length > 0)) and
			($d.rules | map(.id) | (unique | length) == length) and
			(.results | length == 2) and all(.results[]; . as $r | $d.rules[$r.ruleIndex].id == $r.ruleId and ($r.level | IN("note", "warning", "error")) and
				($r.message.text | length > 0) and ($r.locations | length > 0) and all($r.locations[]; .logicalLocations[0].fullyQualifiedName)) and
			.invocations[0].executionSuccessful)' "$dir/said"
}

@test "who is not root is told so" {
	[ "$(id -u)" = 0 ] || skip "not root"
	run --separate-stderr -3 setpriv --reuid 65534 --clear-groups "$pale" audit
	[ "${stderr_lines[0]}" = "pale audit: only root sees with what containers run" ]
}

@test "options that do not belong together" {
	for line in "--file x|--file is of a cluster: --cluster" "--namespace x|--namespace is of a cluster: --cluster" \
		"--cluster --probe|--probe is of a node, and not of a cluster" "--cluster --run x|--run is of a node, and not of a cluster" \
		"--cluster web|'web' is of a node, and not of a cluster" "--json --sarif|--json or --sarif" "--severity hihg|unknown severity 'hihg'"; do
		# shellcheck disable=SC2086
		run --separate-stderr -2 "$pale" audit ${line%|*}
		[[ ${stderr_lines[0]} == "pale audit: ${line#*|}"* ]] || {
			echo "$line: $stderr"
			return 1
		}
	done
}

@test "--cluster hands on to kubectl-pale" {
	cd "$BATS_TEST_TMPDIR"
	printf 'kind: Pod\nmetadata: {name: web, namespace: shop}\nspec:\n  hostPID: yes\n  containers: [{name: c, image: i}]\n' >pod.yaml
	run -1 "$pale" audit --cluster -f pod.yaml --severity high
	mine=$output
	run -1 "$build/kubectl-pale" audit --file=pod.yaml --severity=high
	[ "$output" = "$mine" ]
	[[ $mine == *"high       host-pid   5.2.3   shop/Pod/web   -           spec.hostPID: true"* ]]
	run -1 "$pale" audit --cluster -f - --json <pod.yaml
	[ "$(jq -r '.findings[0].control' <<<"$output")" = host-pid ]
	run -1 "$pale" audit --cluster -f pod.yaml --sarif
	jq -e '.runs[0].results[0] | .ruleId == "host-pid" and (.locations[0].physicalLocation | .artifactLocation.uri == "pod.yaml" and .region.startLine == 4)' <<<"$output"
	# A name that is no URI as it is.
	cp pod.yaml 'a b#%1:[é].yaml'
	run -1 "$pale" audit --cluster -f 'a b#%1:[é].yaml' --sarif
	[ "$(jq -r '.runs[0].results[0].locations[0].physicalLocation.artifactLocation.uri' <<<"$output")" = 'a%20b%23%251%3A%5B%C3%A9%5D.yaml' ]
	# Alone, and nowhere in $PATH.
	mkdir bin
	cp "$pale" bin/
	PATH=/usr/bin:/bin run --separate-stderr -3 bin/pale audit --cluster -f pod.yaml
	[ "${stderr_lines[0]}" = "pale audit: execute kubectl-pale: No such file or directory" ]
}

@test "manifests: YAML and JSON, several documents, and what is none" {
	cd "$BATS_TEST_TMPDIR"
	pale=$build/kubectl-pale
	printf 'kind: Pod\nmetadata: {name: a}\nspec: {hostIPC: "true", hostPID: on, containers: [{name: c}]}\n---\n# nothing\n---\nkind: ConfigMap\n' >two.yaml
	run -1 "$pale" audit -f two.yaml --json --severity high
	[ "$(jq -c '[.objects, (.findings | map(.control))]' <<<"$output")" = '[1,["host-pid"]]' ]
	kubectl create deployment web --image=i --dry-run=client -o json >d.json
	run -1 "$pale" audit -f d.json -f two.yaml --json
	[ "$(jq -c '[.objects, (.findings | map(.kind) | unique)]' <<<"$output")" = '[2,["Deployment","Pod"]]' ]
	run -1 "$pale" audit -f d.json --sarif
	jq -e 'all(.runs[0].results[].locations[].physicalLocation; .region.startLine > 1)' <<<"$output"
	cat d.json d.json >both.json
	run -1 "$pale" audit -f both.json --json
	[ "$(jq .objects <<<"$output")" = 2 ]
	printf 'kind: Pod\nmetadata: {name: a}\nspec: {containers: {}}\n' >no.yaml
	run -3 "$pale" audit -f no.yaml
	[ "${lines[0]}" = "could not be looked at: Pod/a: spec.containers is no list" ]
	for line in 'a: [|a.yaml:2:1: not YAML: while parsing a flow node, did not find expected node content' '- a|a.yaml:1:1: a document that is no object' \
		'spec: {hostPID: !!bool "true"}|a.yaml:1:17: a tag' 'spec: {<<: {hostPID: true}}|a.yaml:1:8: a merge key' 'a: !!map {}|a.yaml:1:4: a tag' 'a: !!seq []|a.yaml:1:4: a tag' '|a.yaml: no object in it' \
		'{"a": }|a.yaml:1:' '[1]|a.yaml:1:1: a value that is no object'; do
		printf '%s\n' "${line%%|*}" >a.yaml
		run --separate-stderr -1 "$pale" audit -f a.yaml
		[[ ${stderr_lines[0]} == "kubectl-pale audit: ${line#*|}"* ]] || {
			echo "$line: $stderr"
			return 1
		}
	done
	run --separate-stderr -3 "$pale" audit -f nowhere.yaml
	[[ ${stderr_lines[0]} == "kubectl-pale audit: "*nowhere.yaml*"No such file or directory" ]]
	run --separate-stderr -2 "$pale" audit -f a.yaml -n shop
	[ "${stderr_lines[0]}" = "kubectl-pale audit: a file is looked at, or a cluster" ]
}

@test "docs/audit.md has the controls as they are" {
	printf 'kind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: c}]}\n' >"$BATS_TEST_TMPDIR/pod.yaml"
	run -1 "$build/kubectl-pale" audit -f "$BATS_TEST_TMPDIR/pod.yaml" --sarif
	diff <(jq -r '.runs[0].tool.driver.rules[] | [.id, (.properties.tags | map(select(startswith("CIS-")) | ltrimstr("CIS-")) | .[0] // ""),
		{"2.0": "low", "5.5": "medium", "8.0": "high", "9.5": "critical"}[.properties."security-severity"]] | join("|")' <<<"$output") \
		<(sed -n 's/^| `\([a-z-]*\)` | \([0-9.]*\) *| *\([a-z]*\) |.*/\1|\2|\3/p' docs/audit.md)
	# What it shows is what is printed.
	printf 'kind: Deployment\nmetadata: {name: web, namespace: shop}\nspec: {template: {spec: {containers: [{name: web, securityContext: {privileged: true}}]}}}\n' >"$BATS_TEST_TMPDIR/pod.yaml"
	run -1 "$build/kubectl-pale" audit -f "$BATS_TEST_TMPDIR/pod.yaml" --severity critical
	diff <(sed -n '/^privileged, CIS/,/patch/p' <<<"$output") <(sed -n '/^privileged, CIS/,/patch/p' docs/audit.md)
}
