# SPDX-License-Identifier: Apache-2.0
# What debian/ says of the packages agrees with what the repository says. `make deb` builds them, `make test-deb` installs them.
# shellcheck shell=bash disable=SC2154

bats_require_minimum_version 1.5.0

setup() {
	cd "$BATS_TEST_DIRNAME/../.." || return 1
	build=$(realpath "${PALE_BUILD:-build}")
}

build_depends() {
	sed -n '/^Build-Depends:/,/^[^ #]/ s/^ \([^ ,]*\).*/\1/p' debian/control
}

@test "packages are built with what the repository is built with" {
	# debhelper's own, and what is build-essential and so is never named.
	make --no-print-directory --silent --eval='names: ; @printf "%s\n" $(DEPS_BUILD)' names | grep -vxE 'gcc|libc6-dev|make' | sort >"$BATS_TEST_TMPDIR/make"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/make")" -ge 15 ]
	build_depends | grep -vxE 'debhelper-compat|dh-sequence-.*' | sort | diff "$BATS_TEST_TMPDIR/make" -
}

@test "their version is the programs'" {
	version=$(dpkg-parsechangelog -S Version)
	[ "$("$build/pale" --version)" = "pale $version" ]
}

@test "each file that is installed is in one package" {
	make --no-print-directory --silent B="$build" DESTDIR="$BATS_TEST_TMPDIR/root" prefix=/usr unitdir=/lib/systemd/system install
	grep -hoE '^(usr|lib)/[^ ]*' debian/*.install >"$BATS_TEST_TMPDIR/patterns"
	cd "$BATS_TEST_TMPDIR/root"
	while read -r pattern; do
		compgen -G "$pattern" >"$BATS_TEST_TMPDIR/matches" || {
			echo "$pattern is not there" >&2
			false
		}
		while read -r match; do find "$match" ! -type d; done <"$BATS_TEST_TMPDIR/matches"
	done <"$BATS_TEST_TMPDIR/patterns" | sort >"$BATS_TEST_TMPDIR/packaged"
	find usr lib ! -type d | sort | diff - "$BATS_TEST_TMPDIR/packaged"
}

@test "the configuration that they install has each key of paled.conf(5)" {
	sed -n '/^# KEYS/,/^# RESPONSES/ s/^\*\([a-z-]*\)\*:.*/\1/p' docs/man/paled.conf.5.scd | sort >"$BATS_TEST_TMPDIR/keys"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/keys")" -ge 10 ]
	sed -n 's/^# \?\([a-z-]*\):\( .*\)\?$/\1/p' debian/paled.conf | sort | diff "$BATS_TEST_TMPDIR/keys" -
}

# purge: the package's script, of a system in a folder, which has some of everything.
purge() {
	# Never this machine's.
	[ -n "$system" ] && [ -d "$system/run/pale" ]
	sed '/^#DEBHELPER#/d' debian/paled.postrm >"$BATS_TEST_TMPDIR/postrm"
	DPKG_ROOT=$system unshare --mount sh "$BATS_TEST_TMPDIR/postrm" "$1"
}

a_system() {
	system=$BATS_TEST_TMPDIR/system
	rm -rf "$system"
	mkdir -p "$system"/{run/pale/{containers,loaded},var/lib/{pale,other},var/log/pale,etc/pale/profiles}
	touch "$system"/{var/lib/pale/recorder.db,var/log/pale/events.jsonl,etc/pale/install-runtime.json,etc/pale/profiles/web.pale}
}

left() {
	(cd "$system" && find . -mindepth 1 | sort | paste -sd ' ')
}

always='./etc ./etc/pale ./etc/pale/install-runtime.json ./etc/pale/profiles ./etc/pale/profiles/web.pale ./run'

@test "purging paled takes its state, and what is in /etc but its own stays" {
	a_system
	purge purge
	[ "$(left)" = "$always ./var ./var/lib ./var/lib/other ./var/log" ]
	# It never ran.
	a_system
	rmdir "$system"/run/pale/*
	purge purge
	[ "$(left)" = "$always ./var ./var/lib ./var/lib/other ./var/log" ]
}

@test "purging leaves what containers are under, and what another paled serves" {
	a_system
	mkdir "$system/run/pale/containers/c1"
	purge purge
	[ "$(left)" = "$always ./run/pale ./run/pale/containers ./run/pale/containers/c1 ./run/pale/loaded ./var ./var/lib ./var/lib/other ./var/log" ]
	a_system
	python3 -c 'import os, socket; os.chdir(os.sys.argv[1]); socket.socket(socket.AF_UNIX).bind("control")' "$system/run/pale"
	purge purge
	[ "$(left)" = "$always ./run/pale ./run/pale/containers ./run/pale/control ./run/pale/loaded ./var ./var/lib ./var/lib/other ./var/log" ]
}

@test "nothing else but purging does" {
	for action in remove upgrade failed-upgrade abort-install abort-upgrade disappear; do
		a_system
		before=$(left)
		purge $action
		[ "$(left)" = "$before" ]
	done
}
