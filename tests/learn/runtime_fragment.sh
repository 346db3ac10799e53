#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# runtime_fragment.sh runc|crun: prints profiles/base/RUNTIME-VERSION.pale anew: which system calls the installed runtime makes in a
# container between its creation and the exec of its program, as `pale learn --container` records them under the phase "runtime". Of
# containers with and without no_new_privs, of root and of another user, several times each, since Go's runtime does not make the same
# calls each time. As root, on Linux 6.1 or newer.
set -euo pipefail
cd "$(dirname "$(realpath "$0")")/../.."
export runtime=$1 build=${PALE_BUILD:-build} PALE_PATH=$PWD/profiles

if [ "${2:-}" != --inside ]; then
	exec unshare --mount --pid --fork --kill-child --mount-proc "$0" "$1" --inside
fi

mount -t tmpfs tmpfs /run
work=/run/work
mkdir -p $work/bundle/rootfs/{bin,dev,proc,sys}
cp /bin/busybox $work/bundle/rootfs/bin/true
# crun wants nothing but the unified hierarchy; the groups are made here, as what it needs to make one of its own may be missing.
umount -R /sys/fs/cgroup
mount -t cgroup2 none /sys/fs/cgroup
# Whatever happens, no group stays behind.
trap 'rmdir /sys/fs/cgroup/pale-fragment-*/ 2>/dev/null || :' EXIT

declare -A create=([runc]='runc --log /dev/null create' [crun]='crun --cgroup-manager=disabled create')
version=$($runtime --version | sed -n "1s/$runtime version \([0-9]*\.[0-9]*\).*/\1/p")
name=$runtime-${version/./-}

options=()
containers=()
for privileges in true false; do
	for user in 0 1000; do
		bundle=$work/$privileges-$user
		cp -r $work/bundle "$bundle"
		(cd "$bundle" && runc spec)
		jq --argjson keep "$privileges" --argjson user "$user" '.process.noNewPrivileges = $keep | .process.user = { uid: $user, gid: $user } |
			.process.terminal = false | .process.args = ["/bin/true"] | del(.process.rlimits, .linux.resources, .linux.seccomp)' \
			"$bundle/config.json" >$work/new
		mv $work/new "$bundle/config.json"
		for n in {1..8}; do
			id=pale-fragment-$privileges-$user-$n
			mkdir "/sys/fs/cgroup/$id"
			jq --arg id "/$id" '.linux.cgroupsPath = $id' "$bundle/config.json" >$work/new
			mv $work/new "$bundle/config.json"
			(
				echo "$BASHPID" >"/sys/fs/cgroup/$id/cgroup.procs"
				exec ${create[$runtime]} --bundle "$bundle" "$id" </dev/null >&2
			)
			containers+=("$id")
			options+=(--container "$id")
		done
	done
done

"$build/pale" learn -o $work/t.pale "${options[@]}" 2>$work/said &
learner=$!
until grep -q 'is recorded' $work/said; do
	kill -0 $learner || { cat $work/said >&2; exit 1; }
	sleep 0.1
done
for id in "${containers[@]}"; do
	$runtime start "$id" >&2
done
wait $learner || { cat $work/said >&2; exit 1; }
for id in "${containers[@]}"; do
	$runtime delete --force "$id" >&2 2>/dev/null || :
done

calls=$(jq -rs '[.[].observations[] | select(.operation == "syscall" and ((.phases // []) | index("runtime"))) |
	.object + if .arguments then "(" + ([.arguments | to_entries[] | "\(.key) == \(.value)"] | join(" and ")) + ")" else "" end] |
	unique | join(", ")' $work/t.pale.runs)
[ -n "$calls" ]
cat >"$work/$name.pale" <<END
# SPDX-License-Identifier: Apache-2.0
# What $runtime $version calls in a container between its creation (\`$runtime create\`) and the execve(2) of the container's program, written
# by tests/learn/runtime_fragment.sh $runtime, of ${#containers[@]} containers. No policy includes it by itself. What a seccomp filter has to let
# pass is more where the runtime loads that before it gives up its privileges, and with \`$runtime exec\`: base/$runtime has that.

fragment $name {
    syscall {
        allow $calls
    }
}

profile only-$name {
    include $name
    syscall { only exit }
}

test "the way to the program" for only-$name {
    allow syscall execve
    deny  syscall clone
    deny  syscall setuid
    deny  syscall seccomp
    deny  syscall mount
    deny  syscall setns
    deny  read /etc/passwd
    deny  exec /usr/bin/dash
}
END
"$build/pale" fmt -w "$work/$name.pale"
"$build/pale" check "$work/$name.pale" >&2
cat "$work/$name.pale"
