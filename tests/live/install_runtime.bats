# SPDX-License-Identifier: Apache-2.0
# `pale install-runtime` and its reverse: what they write and say, and what the engines themselves make of it.
# shellcheck shell=bash disable=SC2154

bats_require_minimum_version 1.5.0

setup() {
	here=$(realpath "$BATS_TEST_DIRNAME")
	pale=$(realpath "${PALE_BUILD:-build}")/pale
	cd "$BATS_TEST_TMPDIR" || return 1
	root=$PWD/root
	mkdir -p "$root"/usr/bin "$root"/usr/sbin "$root"/etc/{containerd,docker}
	for p in bin/pale-runtime bin/other-runtime bin/containerd bin/podman bin/crio sbin/dockerd; do
		printf '#!/bin/sh\n' >"$root/usr/$p"
		chmod +x "$root/usr/$p"
	done
	printf 'version = 2\n' >"$root/etc/containerd/config.toml"
	printf '{\n    "debug": true\n}\n' >"$root/etc/docker/daemon.json"
}

# install OPTION…, uninstall OPTION…
install() {
	"$pale" install-runtime --root "$root" --runtime /usr/bin/pale-runtime "$@"
}

uninstall() {
	"$pale" uninstall-runtime --root "$root" "$@"
}

# like FOLDER FOLDER: the same files with the same content and mode.
like() {
	diff -r --no-dereference "$1" "$2"
	diff <(cd "$1" && find . -printf '%p %m %l\n' | sort) <(cd "$2" && find . -printf '%p %m %l\n' | sort)
}

# refuses ENGINE FILE MESSAGE [HINT]: exits 3 with just that, and changes nothing.
refuses() {
	cp -a "$root" before
	run --separate-stderr -3 install -e "$1"
	[ "$stderr" = "pale install-runtime: $1: ${3//FILE/$root$2}${4:+$'\n'  hint: $4}" ] || {
		printf '%s\n' "$stderr" >&2
		return 1
	}
	[ -z "$output" ]
	like before "$root"
	rm -r before
}

# config_toml, daemon_json TEXT: containerd's file from standard input, Docker's.
config_toml() {
	cat >"$root/etc/containerd/config.toml"
}

daemon_json() {
	printf '%s' "$1" >"$root/etc/docker/daemon.json"
}

# in_private_etc COMMAND: as a script of bash whose changes of /etc are its own, with $pale and $stub, a pale-runtime that is runc.
in_private_etc() {
	[ "$(id -u)" -eq 0 ] || skip "not root"
	cp -a /etc etc
	printf '#!/bin/sh\nexec runc "$@"\n' >stub
	chmod +x stub
	pale=$pale stub=$PWD/stub etc=$PWD/etc unshare --mount --pid --net --fork --kill-child --mount-proc bash -euc '
		mount --bind "$etc" /etc
		cp -a /etc "$etc.before"
		'"$1"
}

# needs PROGRAM: `make test` does without engines; `make test-runtime` installs them, and nothing is left out there.
needs() {
	command -v "$1" >/dev/null || {
		[ -z "${PALE_ENGINES:-}" ] || { echo "$1 is not installed" && return 1; }
		skip "$1 is not installed: make deps-runtime"
	}
}

@test "what is written, and what is said" {
	cp -a "$root" before
	run --separate-stderr -0 install
	[ -z "$stderr" ]
	diff - <(printf '%s\n' "$output") <<END-OF-OUTPUT
containerd: written to $root/etc/containerd/config.toml
containerd: to take effect: systemctl restart containerd
crio: written to $root/etc/crio/crio.conf.d/99-pale.conf
crio: to take effect: systemctl restart crio
podman: written to $root/etc/containers/containers.conf.d/99-pale.conf
podman: takes effect with the next container
docker: written to $root/etc/docker/daemon.json
docker: to take effect: systemctl reload docker

Pods choose the runtime by a RuntimeClass (runtimeClassName: pale). Once for the cluster:
kubectl apply -f - <<'END'
apiVersion: node.k8s.io/v1
kind: RuntimeClass
metadata:
  name: pale
handler: pale
END
END-OF-OUTPUT
	diff - "$root/etc/containerd/config.toml" <<'END'
version = 2

# BEGIN pale install-runtime; pale uninstall-runtime takes this out.
# Beside another handler containerd's own no longer counts.
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.pale]
runtime_type = "io.containerd.runc.v2"
pod_annotations = ["pale.dev/*", "*.pale.dev/*"]
container_annotations = ["pale.dev/*", "*.pale.dev/*"]
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.pale.options]
BinaryName = "/usr/bin/pale-runtime"
# END pale install-runtime
END
	diff - "$root/etc/crio/crio.conf.d/99-pale.conf" <<'END'
# Written by pale install-runtime; pale uninstall-runtime removes it.
[crio.runtime.runtimes.pale]
runtime_path = "/usr/bin/pale-runtime"
runtime_type = "oci"
END
	diff - "$root/etc/containers/containers.conf.d/99-pale.conf" <<'END'
# Written by pale install-runtime; pale uninstall-runtime removes it.
[engine.runtimes]
pale = ["/usr/bin/pale-runtime"]
END
	diff - "$root/etc/docker/daemon.json" <<'END'
{
    "debug": true,
    "runtimes": {"pale": {"path": "/usr/bin/pale-runtime"}}
}
END
	cp -a "$root" after
	run --separate-stderr -0 install
	[ -z "$stderr" ] && [ "${#lines[@]}" -eq 4 ]
	[ "$(grep -c ": already installed in $root/etc/" <<<"$output")" -eq 4 ]
	like after "$root"
	run --separate-stderr -0 uninstall
	[ -z "$stderr" ]
	diff - <(printf '%s\n' "$output") <<END
containerd: taken out of $root/etc/containerd/config.toml
containerd: to take effect: systemctl restart containerd
crio: taken out of $root/etc/crio/crio.conf.d/99-pale.conf
crio: to take effect: systemctl restart crio
podman: taken out of $root/etc/containers/containers.conf.d/99-pale.conf
podman: takes effect with the next container
docker: taken out of $root/etc/docker/daemon.json
docker: to take effect: systemctl reload docker
END
	like before "$root"
	run --separate-stderr -0 uninstall
	[ "$output" = $'containerd: nothing was installed\ncrio: nothing was installed\npodman: nothing was installed\ndocker: nothing was installed' ]
	like before "$root"
}

@test "--default is podman's and Docker's, and the runtime that was theirs comes back" {
	daemon_json '{"default-runtime" : "crun", "runtimes": {"crun": {"path": "/usr/bin/crun"}}}'
	cp -a "$root" before
	install --default
	diff - "$root/etc/containers/containers.conf.d/99-pale.conf" <<'END'
# Written by pale install-runtime; pale uninstall-runtime removes it.
[engine]
runtime = "pale"

[engine.runtimes]
pale = ["/usr/bin/pale-runtime"]
END
	[ "$(cat "$root/etc/docker/daemon.json")" = \
		'{"default-runtime" : "pale", "runtimes": {"crun": {"path": "/usr/bin/crun"}, "pale": {"path": "/usr/bin/pale-runtime"}}}' ]
	run ! grep -r default_runtime "$root/etc"
	# What is asked for now counts.
	run -0 install
	[[ $output == *"podman: written to "*"docker: written to "* ]]
	jq -e '."default-runtime" == "crun"' "$root/etc/docker/daemon.json"
	install --default
	uninstall
	like before "$root"
}

@test "files that were not there are made, with their folders, and go again" {
	rm -r "${root:?}/etc"
	cp -a "$root" before
	mkdir before/etc "$root/etc"
	install --default
	[ "$(cat "$root/etc/docker/daemon.json")" = $'{\n  "runtimes": {"pale": {"path": "/usr/bin/pale-runtime"}},\n  "default-runtime": "pale"\n}' ]
	[[ $(head -n 2 "$root/etc/containerd/config.toml") == *$'\nversion = 2' ]]
	uninstall
	like before "$root"
	# A folder in which there is something by then stays.
	install -e podman
	touch "$root/etc/containers/containers.conf.d/10-mine.conf"
	uninstall
	[ "$(find "$root/etc" | wc -l)" -eq 4 ]
}

@test "--dry-run changes nothing, and patch makes the same of what it prints" {
	daemon_json '{"debug": true}'
	cp -a "$root" before
	run --separate-stderr -0 install --dry-run
	like before "$root"
	[[ $output == "containerd: would be written to $root/etc/containerd/config.toml"* && $output == *'\ No newline at end of file'* ]]
	[[ $output != *"to take effect"* ]]
	printf '%s\n' "$output" >install.diff
	install
	cp -a "$root" after
	run --separate-stderr -0 uninstall --dry-run
	printf '%s\n' "$output" >uninstall.diff
	like after "$root"
	uninstall
	patch -s -p0 -d / <install.diff
	rm -r after/etc/pale
	like after "$root"
	patch -s -p0 -d / <uninstall.diff
	diff -r before/etc/containerd "$root/etc/containerd"
	diff -r before/etc/docker "$root/etc/docker"
	[ -z "$(find "$root/etc" -name 99-pale.conf)" ]
}

@test "engines: which are there, which are meant" {
	rm "$root/usr/bin/crio" "$root/usr/sbin/dockerd"
	run --separate-stderr -0 install
	[[ $output == *$'\ncrio: skipped: it is not installed\n'*$'\ndocker: skipped: it is not installed\n'* ]]
	[ ! -e "$root/etc/crio" ]
	uninstall
	run --separate-stderr -0 install -e podman
	[ "${#lines[@]}" -eq 2 ]
	run --separate-stderr -3 install -e podman,docker
	[ "$output" = "podman: already installed in $root/etc/containers/containers.conf.d/99-pale.conf" ]
	[ "$stderr" = "pale install-runtime: docker: it is not installed" ]
	run --separate-stderr -2 install -e podmn
	[[ $stderr == "pale install-runtime: unknown engine 'podmn', did you mean 'podman'?"* ]]
	rm "$root"/usr/bin/{containerd,podman}
	run --separate-stderr -3 install
	[[ $stderr == "pale install-runtime: no container engine was found" ]]
	# Taken out again although the engine is gone.
	run -0 uninstall
	[[ $output == *"podman: taken out of"* ]]
}

@test "the runtime must be there, and what it is called must be text" {
	run --separate-stderr -3 install --runtime /usr/bin/nothing
	[ "$stderr" = "pale install-runtime: '$root/usr/bin/nothing' is no program
  hint: install pale-runtime first, or say with --runtime where it is" ]
	run --separate-stderr -3 install --runtime $'/usr/bin/a\nb'
	[ "$stderr" = "pale install-runtime: '/usr/bin/a\\x0ab' cannot be written to configuration files" ]
	run --separate-stderr -2 install --runtime pale-runtime
	[[ $stderr == "pale install-runtime: --runtime takes an absolute path"* ]]
	run --separate-stderr -3 "$pale" install-runtime --root "$PWD/nothing"
	[ "$stderr" = "pale install-runtime: cannot open the root '$PWD/nothing': No such file or directory" ]
	run --separate-stderr -2 install operand
	# Beside pale itself, unless said otherwise.
	run --separate-stderr -3 "$pale" install-runtime --root "$root"
	[[ $stderr == "pale install-runtime: '$root${pale%/*}/pale-runtime' is no program"* ]]
	# Quotes and backslashes arrive.
	cp "$root/usr/bin/pale-runtime" "$root/usr/bin/"$'a "b\\é'
	run --separate-stderr -0 install --runtime $'/usr/bin/a "b\\é'
	jq -e '.runtimes.pale.path == "/usr/bin/a \"b\\é"' "$root/etc/docker/daemon.json"
	for f in containerd/config.toml crio/crio.conf.d/99-pale.conf containers/containers.conf.d/99-pale.conf; do
		python3 -c 'import sys, tomllib; sys.exit("/usr/bin/a \"b\\é" not in str(tomllib.load(open(sys.argv[1], "rb"))).replace("\\\\", "\\"))' \
			"$root/etc/$f"
	done
}

@test "containerd: an import takes the place of the whole plugin before 2.0, so the handler goes where the settings are" {
	mkdir "$root/etc/containerd/conf.d"
	config_toml <<'END'
version = 2
imports = ["/etc/containerd/conf.d/*.toml"]
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"
END
	printf '[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]\nSystemdCgroup = true\n' >"$root/etc/containerd/conf.d/a.toml"
	printf '[debug]\nlevel = "info"\n' >"$root/etc/containerd/conf.d/z.toml"
	cp -a "$root" before
	run -0 install -e containerd
	[[ $output == "containerd: written to $root/etc/containerd/conf.d/a.toml"* ]]
	run ! grep -r runtimes.runc.*END "$root/etc"
	[ "$(tail -n 3 "$root/etc/containerd/conf.d/a.toml")" = $'BinaryName = "/usr/bin/pale-runtime"\nSystemdCgroup = true\n# END pale install-runtime' ]
	uninstall
	like before "$root"
	# From 2.0 on tables are merged, and a drop-in is enough.
	sed -i 's/^version.*/version = 3/; s/io.containerd.grpc.v1.cri/io.containerd.cri.v1.runtime/' "$root"/etc/containerd/{config,conf.d/a}.toml
	run -0 install -e containerd
	diff - "$root/etc/containerd/conf.d/99-pale.toml" <<'END'
# Written by pale install-runtime; pale uninstall-runtime removes it.
version = 3

[plugins."io.containerd.cri.v1.runtime".containerd.runtimes.pale]
runtime_type = "io.containerd.runc.v2"
pod_annotations = ["pale.dev/*", "*.pale.dev/*"]
container_annotations = ["pale.dev/*", "*.pale.dev/*"]
[plugins."io.containerd.cri.v1.runtime".containerd.runtimes.pale.options]
BinaryName = "/usr/bin/pale-runtime"
SystemdCgroup = true
END
	run -0 install -e containerd
	[[ $output == "containerd: already installed in $root/etc/containerd/conf.d/99-pale.toml" ]]
	# Without the import it is the main file's again.
	sed -i /^imports/d "$root/etc/containerd/config.toml"
	run -0 install -e containerd
	[[ $output == "containerd: written to $root/etc/containerd/config.toml"* ]]
	[ ! -e "$root/etc/containerd/conf.d/99-pale.toml" ]
}

@test "containerd: a CRI plugin that is disabled needs no handler" {
	config_toml <<<'disabled_plugins = ["cri"]'
	run --separate-stderr -0 install
	[[ ${lines[0]} == "containerd: skipped: its CRI plugin is disabled in '$root/etc/containerd/config.toml'" ]]
	[ "$(cat "$root/etc/containerd/config.toml")" = 'disabled_plugins = ["cri"]' ]
	refuses containerd /etc/containerd/config.toml "its CRI plugin is disabled in 'FILE'"
}

@test "what cannot be read or extended is left alone, and the other engines are written" {
	local f=/etc/containerd/config.toml
	config_toml <<<'version = '
	refuses containerd $f 'FILE:1:11: a value was expected'
	config_toml <<<'[plugins]'
	refuses containerd $f "'FILE' is of version 1, which is not known here" 'containerd config migrate prints it in a newer one'
	config_toml <<<'version = 4'
	refuses containerd $f "'FILE' is of version 4, which is not known here"
	config_toml <<<$'version = 2\nplugins = {}'
	refuses containerd $f "the runtime cannot be added to the file as it is: FILE:6:2: 'plugins' takes no further keys"
	config_toml <<<$'version = 2\n[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.pale]'
	refuses containerd $f "'FILE' has a handler 'pale' that pale install-runtime did not write"
	config_toml <<<$'version = 2\nimports = ["other.toml"]'
	printf 'a' >"$root/etc/containerd/other.toml"
	refuses containerd /etc/containerd/other.toml "FILE:1:2: '=' was expected"
	f=/etc/docker/daemon.json
	daemon_json ''
	refuses docker $f "FILE:1:0: '[' or '{' expected near end of file"
	daemon_json '{"a": 1, "a": 2}'
	refuses docker $f 'FILE:1:12: duplicate object key near '\''"a"'\'
	daemon_json '[]'
	refuses docker $f 'FILE:1:1: an object was expected'
	daemon_json '{"runtimes": null}'
	refuses docker $f 'FILE: "runtimes" is no object'
	daemon_json '{"default-runtime": 1}'
	refuses docker $f 'FILE: "default-runtime" is no string'
	daemon_json '{"runtimes": {"pale": {}}}'
	refuses docker $f "FILE has a runtime 'pale' that pale install-runtime did not write"
	rm "$root$f"
	ln -s nothing.json "$root$f"
	refuses docker $f "cannot read 'FILE': No such file or directory"
	rm "$root$f"
	mkdir "$root$f"
	refuses docker $f "'FILE' is no regular file"
	rmdir "$root$f"
	mkfifo "$root$f"
	run --separate-stderr -3 install -e docker
	[[ $stderr == *"daemon.json' is no regular file" ]]
	rm "$root$f"
	daemon_json '{'
	mkdir -p "$root/etc/containers/containers.conf.d"
	echo '# mine' >"$root/etc/containers/containers.conf.d/99-pale.conf"
	refuses podman /etc/containers/containers.conf.d/99-pale.conf "'FILE' is there, and pale install-runtime did not write it"
	run --separate-stderr -3 install
	[[ $output == "crio: written to "* && ${#lines[@]} -eq 10 ]]
	[ "$(wc -l <<<"$stderr")" -eq 3 ]
}

@test "what was changed by hand where pale had written is left alone" {
	install --default
	sed -i 's/pod_annotations = .*/pod_annotations = []/' "$root/etc/containerd/config.toml"
		sed -i 's,"path": "/usr/bin/pale-runtime","path": "/usr/bin/mine",' "$root/etc/docker/daemon.json"
	echo '# mine' >>"$root/etc/containers/containers.conf.d/99-pale.conf"
	cp -a "$root" before
	for command in uninstall install; do
		run --separate-stderr -3 $command
		for f in containerd:containerd/config.toml podman:containers/containers.conf.d/99-pale.conf docker:docker/daemon.json; do
			grep -Fxq "pale $command-runtime: ${f%%:*}: '$root/etc/${f#*:}' was changed where pale install-runtime had written" <<<"$stderr"
			cmp "before/etc/${f#*:}" "$root/etc/${f#*:}"
		done
		[ "$(grep -Fxc "  hint: take the runtime 'pale' out of it by hand, and try again" <<<"$stderr")" -eq 3 ]
	done
	# As the hint has it.
	config_toml <<<'version = 2'
	daemon_json '{}'
	rm "$root/etc/containers/containers.conf.d/99-pale.conf"
	run -0 uninstall
	run -0 install
	[ "$(grep -c ": written to " <<<"$output")" -eq 4 ]
}

@test "a key behind the block would become one of another table: left alone" {
	install -e containerd
	printf 'IoUid = 1\n' >>"$root/etc/containerd/config.toml"
	run --separate-stderr -3 uninstall
	[[ $stderr == *"config.toml' was changed where pale install-runtime had written"* ]]
}

@test "what others took out by then is no hindrance, to either command" {
	cp -a "$root" before
	install
	cp before/etc/containerd/config.toml "$root/etc/containerd/"
	rm "$root/etc/docker/daemon.json" "$root/etc/containers/containers.conf.d/99-pale.conf"
	run --separate-stderr -0 uninstall
	[ -z "$stderr" ]
	[ ! -e "$root/etc/docker/daemon.json" ]
	cp before/etc/docker/daemon.json "$root/etc/docker/"
	rm -rf "$root/etc/containers"
	like before "$root"
	install
	cp before/etc/containerd/config.toml "$root/etc/containerd/"
	run -0 install
	[[ $output == "containerd: written to "*$'\ndocker: already installed'* ]]
	uninstall
	like before "$root"
}

@test "a record that is damaged stops both" {
	install -e docker
	record=$root/etc/pale/install-runtime.json
	cp "$record" record
	for change in 'empty' '[]' '.version = 2' '.engines = []' '.folders = [1]' '.engines.docker.path = "x"' 'del(.engines.docker.path)' \
		'.engines.docker.edits = []' '.engines.docker.edits[0].new = ""' '.engines.docker.edits += [1]' '.engines.docker.adds = 1' \
		'.engines.docker.folders = null' '.engines.docker |= (.created = true | .edits += .edits)'; do
		jq "$change" record >"$record"
		for command in uninstall install; do
			run --separate-stderr -3 $command -e docker
			[ "$stderr" = "pale $command-runtime: docker: '$record' is no record of what was installed" ]
		done
	done
	cp record "$record"
	run -0 uninstall -e docker
}

@test "links stay links and lead nowhere out of the root; owner and mode stay" {
	mkdir -p "$root/usr/share/engines"
	mv "$root/etc/docker/daemon.json" "$root/usr/share/engines/docker.json"
	chmod 600 "$root/usr/share/engines/docker.json"
	[ "$(id -u)" -ne 0 ] || chown 12:34 "$root/usr/share/engines/docker.json"
	# Absolute: from the root that is meant.
	ln -s /usr/share/engines/docker.json "$root/etc/docker/daemon.json"
	ln -s ../../../../../../../../../../usr/share/engines "$root/etc/containers"
	mkdir "$root/usr/share/engines/containers.conf.d"
	cp -a "$root" before
	install -e docker,podman
	[ "$(readlink "$root/etc/docker/daemon.json")" = /usr/share/engines/docker.json ]
	jq -e .runtimes.pale "$root/usr/share/engines/docker.json"
	[ "$(stat -c %a "$root/usr/share/engines/docker.json")" = 600 ]
	[ "$(id -u)" -ne 0 ] || [ "$(stat -c %u:%g "$root/usr/share/engines/docker.json")" = 12:34 ]
	[ -f "$root/usr/share/engines/containers.conf.d/99-pale.conf" ]
	uninstall
	like before "$root"
}

@test "what cannot be written is an error, and nothing of that engine is left" {
	cp -a "$root" before
	# Through a pipe, since the limit is one of every file.
	run -3 bash -c 'set -o pipefail; (trap "" XFSZ; ulimit -f 0; exec "$@") 2>&1 | cat' - "$pale" install-runtime --root "$root" \
		--runtime /usr/bin/pale-runtime
	[ "$(grep -c "cannot write '.*': File too large" <<<"$output")" -eq 4 ]
	like before "$root"
	[ "$(id -u)" -eq 0 ] || return 0
	run -3 unshare --mount sh -euc 'mount --bind "$1" "$1"; mount -o remount,bind,ro "$1"; shift; exec "$@"' - "$root" \
		"$pale" install-runtime --root "$root" --runtime /usr/bin/pale-runtime
	[ "$(grep -c 'Read-only file system' <<<"$output")" -eq 4 ]
	like before "$root"
}

@test "random configuration: what is added, and that all of it comes back" {
	needs containerd
	run -0 python3 "$here/engine_configs.py" "$pale" "$root" "${PALE_SEED:-$RANDOM}" 60
	[[ $output == "60 configurations, seed "* ]]
}

@test "containerd of this machine starts its CRI plugin with the handler, beside its own one" {
	needs containerd
	in_private_etc '
		mount -t tmpfs tmpfs /run
		mount -t tmpfs tmpfs /var/lib/containerd
		plugin() {
			containerd --address /run/c.sock >"$etc.log" 2>&1 &
			for _ in $(seq 100); do
				ctr -a /run/c.sock plugins ls >"$etc.plugins" 2>/dev/null && break
				sleep 0.1
			done
			kill $!
			wait $! || true
			grep -E "io.containerd.grpc.v1 +cri +[^ ]+ +ok" "$etc.plugins"
		}
		printf "\n[plugins.\"io.containerd.grpc.v1.cri\"]\nrestrict_oom_score_adj = true\n" >>/etc/containerd/config.toml
		sed -i "/^  \[plugins.\"io.containerd.grpc.v1.cri\"\]/d" /etc/containerd/config.toml
		cp -a /etc "$etc.with"
		"$pale" install-runtime -e containerd --runtime "$stub"
		plugin
		grep -F "Runtimes:map[pale:" "$etc.log" | grep -F "BinaryName:$stub" | grep -qF "runc:{"
		"$pale" uninstall-runtime
		diff -r --no-dereference "$etc.with" /etc
	'
}

@test "podman of this machine finds the runtime, by name and as the default" {
	needs podman
	in_private_etc '
		mount -t tmpfs tmpfs /run
		name() { podman "$@" info --format "{{.Host.OCIRuntime.Name}} {{.Host.OCIRuntime.Path}}"; }
		default=$(name)
		"$pale" install-runtime -e podman --runtime "$stub"
		[ "$(name)" = "$default" ]
		[ "$(name --runtime pale)" = "pale $stub" ]
		"$pale" install-runtime -e podman --runtime "$stub" --default
		[ "$(name)" = "pale $stub" ]
		[ "$(name --runtime runc)" = "runc $(command -v /usr/bin/runc /usr/sbin/runc | head -n 1)" ]
		"$pale" uninstall-runtime
		[ "$(name)" = "$default" ]
		diff -r --no-dereference "$etc.before" /etc
	'
}

@test "dockerd of this machine takes the runtime, by name and as the default" {
	needs dockerd
	in_private_etc '
		mount -t tmpfs tmpfs /run
		mkdir "$etc.data"
		runtimes() {
			dockerd --bridge none --iptables=false --ip6tables=false --storage-driver vfs --data-root "$etc.data" \
				--exec-root /run/exec --pidfile /run/d.pid -H unix:///run/d.sock >"$etc.log" 2>&1 &
			for _ in $(seq 100); do
				docker -H unix:///run/d.sock version >/dev/null 2>&1 && break
				sleep 0.1
			done
			docker -H unix:///run/d.sock info --format "{{json .}}" | jq -c "[.DefaultRuntime, .Runtimes.pale.path, .Labels]"
			kill $!
			wait $! || true
		}
		printf "{\"labels\": [\"a=b\"]}" >/etc/docker/daemon.json
		"$pale" install-runtime -e docker --runtime "$stub"
		[ "$(runtimes)" = "[\"runc\",\"$stub\",[\"a=b\"]]" ]
		"$pale" install-runtime -e docker --runtime "$stub" --default
		[ "$(runtimes)" = "[\"pale\",\"$stub\",[\"a=b\"]]" ]
		"$pale" uninstall-runtime
		[ "$(cat /etc/docker/daemon.json)" = "{\"labels\": [\"a=b\"]}" ]
	'
}
