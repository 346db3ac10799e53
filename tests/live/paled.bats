# SPDX-License-Identifier: Apache-2.0
# paled on a host without BPF-LSM: what its clients see of it, and what hostile ones do to it. The acts are in paled_acts.py and
# paled_hostile.py.
# shellcheck shell=bash

setup_file() {
	PALE_BUILD=$(realpath "${PALE_BUILD:-build}")
	export PALE_BUILD
	# It waits as long as a request may take, and the other tests do not wait for it.
	(
		hostile half >"$BATS_FILE_TMPDIR/half" 2>&1
		echo $? >"$BATS_FILE_TMPDIR/half.status"
	) 3>&- &
}

alone() {
	timeout --kill-after=5 120 unshare --mount --pid --net --fork --kill-child --mount-proc python3 -B "$BATS_TEST_DIRNAME/$1" "$2"
}
act() { alone paled_acts.py "$1"; }
hostile() { alone paled_hostile.py "$1"; }

@test "the folder of policies is followed, and a file that is wrong keeps what it said" { act folder; }
@test "a folder of policies that is made later is followed, too" { act appears; }
@test "load, replace and unload" { act loads; }
@test "the store holds what is used, under a name that says what it is" { act store; }
@test "after kill -9 profiles and containers are what they were" { act restarts; }
@test "ps tells states, and forget forgets" { act states; }
@test "the owner that is told of a container stands in ps and events, also after kill -9" { act describes; }
@test "in a container it joins the node's groups and network, and is told what the node's runtime can do" { act elsewhere; }
@test "seccomp sections are files for pods that name them" { act seccomp_files; }
@test "what ran before is told, and why it is not confined" { act runs_already; }
@test "events: since when, of which container, and a line that was cut off" { act tells; }
@test "watch follows, and a slow reader holds up nobody" { act watches; }
@test "commands say why they could not ask" { act away; }
@test "SIGHUP takes a configuration that is right, and no other" { act hangup; }
@test "an image's name, digest and label choose, and an engine that does not say leaves nothing to choose" { act images; }
@test "the example of paled.conf(5) means what it says" { act manual; }
@test "sockets that a manager made are served, and left" { act activation; }
@test "a manager is told what it does" { act notify; }
@test "without BPF-LSM an exception is refused, and nothing is half done" { act excepts; }
@test "names of files, profiles and containers do not lead elsewhere" { hostile names; }
@test "annotations do not fill the log" { hostile names_are_short; }
@test "requests that are too long are refused" { hostile long_requests; }
@test "what is no request is refused" { hostile garbage; }
@test "a wrong type in each member of each method" { hostile members; }
@test "ten thousand who connect and say nothing" { hostile idle; }
@test "what was planted below the run directory is not followed" { hostile planted; }
@test "users who are in none of the groups" { hostile strangers; }
@test "descriptors that are sent along do not stay" { hostile descriptors; }

@test "half a request is not waited for" {
	until [ -s "$BATS_FILE_TMPDIR/half.status" ]; do sleep 0.1; done
	cat "$BATS_FILE_TMPDIR/half" >&2
	[ "$(cat "$BATS_FILE_TMPDIR/half.status")" = 0 ]
}
