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
