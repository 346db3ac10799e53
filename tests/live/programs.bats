# SPDX-License-Identifier: Apache-2.0
# Real programs, each under a policy whose calls are derived from its other rules: what they are for goes unreported, and what the policy
# does not allow, seen to work without it, is refused and reported. What they do is in tests/programs.
# shellcheck shell=bash

setup() {
	PALE_BUILD=$(realpath "${PALE_BUILD:-build}")
	export PALE_BUILD
}

# It ends in any case, with all that it started.
stage() {
	timeout --kill-after=5 300 tests/programs/stage.sh "$@"
}

@test "redis-server: sets, gets, saves in the background, rewrites its log" { stage redis works; }
@test "redis-server: its data saved elsewhere is refused" { stage redis refused; }
@test "postgres: initdb, tables, a parallel query, a checkpoint" { stage postgresql works; }
@test "postgres: programs and files outside are refused to a superuser of the database" { stage postgresql refused; }
@test "python3: HTTP, JSON, threads, processes, asyncio, SQLite" { stage python works; }
@test "python3: another's file, a connection out, another program are refused" { stage python refused; }
@test "node: HTTP, files, a worker thread, child processes" { stage node works; }
@test "node: another's file, a connection out, another program are refused" { stage node refused; }
@test "git: commit, merge, gc, clone over file://, push" { stage git works; }
@test "git: a hook, an alias that runs a program, another's file are refused" { stage git refused; }
@test "curl: fetches, several at once, and fails where it should" { stage curl works; }
@test "curl: another port, another's file, writing elsewhere are refused" { stage curl refused; }
@test "busybox: a script of sh, wc, tar, ls, find, sed, awk" { stage busybox works; }
@test "busybox: another's file, writing elsewhere, a socket, another program are refused" { stage busybox refused; }
@test "a Go program: HTTP, goroutines, signals, a child process" { stage go works; }
@test "a Go program: another's file, a connection out, another program are refused" { stage go refused; }
@test "a static musl program: threads, names, sockets, processes" { stage musl works; }
@test "a static musl program: another's file, a connection out, another program are refused" { stage musl refused; }

@test "each works where what no rule allows kills" {
	for program in redis postgresql python node git curl busybox go musl; do
		stage $program strict
	done
}

@test "none of their policies has a syscall block of its own" {
	for policy in profiles/apps/{redis,postgresql,python,node,git,curl,go}.pale tests/programs/{busybox,musl}.pale; do
		! grep -E '^ *(syscall|(allow|audit) syscall)' "$policy" || return 1
	done
}
