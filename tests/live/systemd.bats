# SPDX-License-Identifier: Apache-2.0
# The units that are installed, as systemd reads them; and its socket activation.
# shellcheck shell=bash disable=SC2154

bats_require_minimum_version 1.5.0

setup() {
	build=$(realpath "${PALE_BUILD:-build}")
	root=$BATS_TEST_TMPDIR/root
	make --no-print-directory --silent B="$build" DESTDIR="$root" prefix=/usr install
	units=$root/usr/lib/systemd/system
}

@test "the units are right" {
	# The program is where the unit says, below the root.
	sed "s,/usr/bin/paled,$root/usr/bin/paled," "$units/paled.service" >"$BATS_TEST_TMPDIR/paled.service"
	sed "s,/usr/bin/pale-export,$root/usr/bin/pale-export," "$units/pale-export.service" >"$BATS_TEST_TMPDIR/pale-export.service"
	cp "$units"/*.socket "$BATS_TEST_TMPDIR"
	grep -qx 'ExecStart=/usr/bin/pale-export' "$units/pale-export.service"
	grep -qx 'ExecStart=/usr/bin/paled' "$units/paled.service"
	cd "$BATS_TEST_TMPDIR"
	run -0 systemd-analyze verify --man=no --recursive-errors=no paled.service pale-export.service paled-{register,control,events}.socket
	[ -z "$output" ]
}

@test "nothing in the unit gives it mounts of its own" {
	# What is pinned below /run/pale is in the host's mount namespace.
	run -1 grep -E '^(Protect(System|Home|KernelTunables|KernelModules|KernelLogs|ControlGroups|Proc|Hostname)|Private(Tmp|Devices|Mounts|Network|Users)|ReadOnlyPaths|ReadWritePaths|InaccessiblePaths|Bind(ReadOnly)?Paths|TemporaryFileSystem|MountFlags|RootDirectory|DynamicUser|ProcSubset)=' \
		"$units/paled.service"
	grep -qx 'RuntimeDirectoryPreserve=yes' "$units/paled.service"
	grep -qx 'KillMode=process' "$units/paled.service"
}

@test "the unit leaves it what it needs" {
	# Each that privileges.c keeps, and what takes the others away.
	mapfile -t kept < <(sed -n 's/^\t\(CAP_[A-Z_]*\),.*/\1/p' "$BATS_TEST_DIRNAME/../../enforcer/daemon/privileges.c")
	[ "${#kept[@]}" -ge 5 ]
	bounding=" $(sed -n 's/^CapabilityBoundingSet=//p' "$units/paled.service") "
	for c in "${kept[@]}" CAP_SETPCAP; do
		[[ $bounding == *" $c "* ]] || {
			echo "$c is missing" >&2
			false
		}
	done
}

@test "what sends events on has no privilege, and a network" {
	run -0 grep -cE '^(User=pale-export|CapabilityBoundingSet=|NoNewPrivileges=yes|ProtectSystem=strict|PrivateUsers=yes)$' "$units/pale-export.service"
	[ "$output" = 5 ]
	run -0 systemd-analyze security --offline=true --threshold=20 "$units/pale-export.service"
	run -1 grep -E '^RestrictAddressFamilies=.*INET' "$units/paled.service"
	run -0 grep -E '^RestrictAddressFamilies=.*INET' "$units/pale-export.service"
}

@test "groups and folders" {
	mkdir -p "$root/etc"
	run -0 systemd-sysusers --root="$root" "$root"/usr/lib/sysusers.d/pale{,-export}.conf
	cut -d: -f1 "$root/etc/group" | sort | diff - <(printf 'pale\npale-export\npale-read\n')
	grep -q '^pale-export:' "$root/etc/passwd"
	grep -qE '^pale-read:[^:]*:[0-9]+:pale-export$' "$root/etc/group"
	echo 'root:x:0:0::/:' >"$root/etc/passwd"
	echo 'root:x:0:' >>"$root/etc/group"
	run -0 systemd-tmpfiles --root="$root" --create "$root/usr/lib/tmpfiles.d/pale.conf"
	[ "$(stat -c %a "$root"/{run/pale,etc/pale,etc/pale/profiles,var/log/pale,var/lib/pale} | paste -sd ' ')" = '755 755 755 750 700' ]
}

@test "systemd's own socket activation" {
	run -0 timeout --kill-after=5 60 unshare --mount --pid --net --fork --kill-child --mount-proc bash -euo pipefail -c '
		build=$1 dir=$2
		mkdir -p "$dir/profiles" "$dir/run"
		echo "profile web { }" >"$dir/profiles/web.pale"
		systemd-socket-activate -l "$dir/run/events" -l "$dir/run/register" -l "$dir/run/control" --fdname=events:register:control \
			"$build/paled" --run "$dir/run" --profiles "$dir/profiles" --log "$dir/log" --config "$dir/none" \
			--recorder "$dir/recorder" &
		until [ -S "$dir/run/control" ]; do sleep 0.05; done
		# The first who asks starts it.
		"$build/pale" events --run "$dir/run" --json | grep -q started
		"$build/pale" load --run "$dir/run" <(echo "profile other { }") || true
		"$build/pale" ps --run "$dir/run"' - "$build" "$BATS_TEST_TMPDIR"
	[[ $output == *CONTAINER*NAME*PROFILE* ]]
	[ -S "$BATS_TEST_TMPDIR/run/events" ]
}
