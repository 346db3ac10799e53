# SPDX-License-Identifier: Apache-2.0
# `make install` into a staging folder, and what is installed at work.
# shellcheck shell=bash disable=SC2154

bats_require_minimum_version 1.5.0

setup() {
	build=${PALE_BUILD:-build}
	root=$BATS_TEST_TMPDIR/root
	make --no-print-directory --silent B="$build" DESTDIR="$root" prefix=/usr install
	cd "$BATS_TEST_TMPDIR" || return 1
	printf 'use base/libc\nprofile p { include libc }\n' >uses.pale
}

@test "the program, its manual pages and completions and the whole library are installed, and nothing else" {
	here=$(realpath "$BATS_TEST_DIRNAME/../..")
	[ -x "$root/usr/bin/pale" ]
	[ "$("$root/usr/bin/pale-runtime-crun" --version | head -n 1)" = "$(crun --version | head -n 1)" ]
	[ "$("$root/usr/bin/pale-runtime" --version | head -n 1)" = "$(runc --version | head -n 1)" ]
	diff -r "$root/usr/share/pale/profiles" "$here/profiles"
	mapfile -t commands < <("$root/usr/bin/pale" help | sed -n 's/^  \([a-z-]*\) .*/\1/p')
	[ "${#commands[@]}" -ge 8 ]
	{
		printf 'bin/%s\n' pale paled pale-export pale-runtime pale-operator kubectl-pale kubectl_complete-pale
		printf 'share/man/man1/pale-%s.1\n' "${commands[@]}"
		printf 'share/man/man1/kubectl-pale%s.1\n' '' -status -events -explain -audit
		printf 'share/man/man8/pale-operator%s.8\n' '' -webhook -controller -node
		echo share/man/man1/pale.1
		printf 'share/man/%s\n' man5/pale-export.conf.5 man5/pale-runs.5 man5/pale.5 man5/paled.conf.5 man7/pale-protocol.7 man8/pale-export.8 \
			man8/pale-runtime.8 man8/paled.8
		printf 'lib/systemd/system/%s\n' pale-export.service paled.service paled-{register,control,events}.socket
		printf 'lib/%s.conf\n' sysusers.d/pale sysusers.d/pale-export tmpfiles.d/pale
		echo share/pale/grafana/pale.json
		printf 'share/bash-completion/completions/%s\n' pale pale-operator kubectl-pale
		printf 'share/zsh/site-functions/_%s\n' pale pale-operator kubectl-pale
		printf 'share/fish/vendor_completions.d/%s.fish\n' pale pale-operator kubectl-pale
	} | sort >expected
	(cd "$root/usr" && find . -type f | sed 's,^\./,,' | grep -v '^share/pale/profiles/' | sort) | diff expected -
	[ -z "$(find "$root" -perm /022 ! -type l)" ]
}

@test "the installed pale finds its library, from anywhere" {
	# Beside neither the policy nor the sources.
	unset PALE_PATH
	run --separate-stderr -0 "$root/usr/bin/pale" check uses.pale
	cd /
	run --separate-stderr -0 "$root/usr/bin/pale" check "$BATS_TEST_TMPDIR/uses.pale"
	run --separate-stderr -0 "$root/usr/bin/pale" build "$BATS_TEST_TMPDIR/uses.pale" -o "$BATS_TEST_TMPDIR/out"
	# It was that library.
	cd "$BATS_TEST_TMPDIR"
	mv "$root/usr/share/pale" "$root/usr/share/gone"
	run --separate-stderr -1 "$root/usr/bin/pale" check uses.pale
	[[ $stderr == *"cannot find 'base/libc.pale'"* ]]
}

@test "man and the shells find what is installed" {
	export LC_ALL=C.UTF-8
	run -0 man -M "$root/usr/share/man" -w pale-check
	[ "$output" = "$root/usr/share/man/man1/pale-check.1" ]
	run -0 man -M "$root/usr/share/man" -w 5 pale
	[ "$output" = "$root/usr/share/man/man5/pale.5" ]
	run -0 zsh -f -c 'fpath=("$1" $fpath); autoload -Uz compinit; compinit -D -u; print $_comps[pale]' - \
		"$root/usr/share/zsh/site-functions"
	[ "$output" = _pale ]
	run -0 env HOME="$BATS_TEST_TMPDIR" PATH="$root/usr/bin:$PATH" XDG_DATA_DIRS="$root/usr/share" fish -c "complete -C 'pale ch'"
	[[ $output == check* ]]
	run -0 bash --norc -c 'source "$1"; complete -p pale' - "$root/usr/share/bash-completion/completions/pale"
	[ "$output" = "complete -F _pale pale" ]
	run -0 env PATH="$root/usr/bin:$PATH" kubectl_complete-pale ev
	[ "$output" = "events
:4" ]
	run -0 env PATH="$root/usr/bin:$PATH" kubectl_complete-pale explain --context
	[ "$output" = "--context
:4" ]
}

@test "every profile that is installed is right" {
	cd "$root/usr/share/pale/profiles"
	find . -name '*.pale' -exec "$root/usr/bin/pale" check -q {} +
}
