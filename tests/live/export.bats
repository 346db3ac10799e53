# SPDX-License-Identifier: Apache-2.0
# pale-export and receivers of all that it sends on loopback. The acts are in export_acts.py; most have a mock of paled's events socket,
# which says what happens when, and one has paled.
# shellcheck shell=bash

setup_file() {
	PALE_BUILD=$(realpath "${PALE_BUILD:-build}")
	export PALE_BUILD
}

act() {
	timeout --kill-after=5 120 unshare --mount --pid --net --fork --kill-child --mount-proc python3 -B "$BATS_TEST_DIRNAME/export_acts.py" "$1"
}

@test "every format over every transport, with what containers could choose" { act formats; }
@test "TLS goes to who proves its name, and to nobody else" { act tls; }
@test "HTTP over TLS goes to who proves its name, and to nobody else" { act https; }
@test "a receiver that is down gets everything once it is up" { act outage; }
@test "what a receiver of syslog had not read when it was gone is sent again" { act reset; }
@test "kill -9 loses nothing" { act kill; }
@test "kill -9 loses nothing of what waits for the next try" { act kill_waiting; }
@test "paled that is started anew, and what it says was missed: each event once" { act once; }
@test "paled itself, killed and started anew" { act real; }
@test "events that are logged behind later ones" { act late; }
@test "a log of paled's that does not go back far enough is told" { act gap; }
@test "what the spool cannot hold is counted and told in its place" { act cap; }
@test "what is the same becomes one, and the counts add up" { act folds; }
@test "Retry-After, and receivers that refuse for good" { act retries; }
@test "who hangs or does not read holds up nobody" { act slow; }
@test "a name server that does not answer holds up nobody" { act resolver; }
@test "a full disk is a counted gap" { act full_disk; }
@test "half a line on a full standard output spoils no other one" { act full_stdout; }
@test "metrics pass promtool, are those of the dashboard, and do not multiply" { act numbers_of_it; }
@test "nobody's user suffices, and only root's socket is believed" { act unprivileged; }
@test "the real journald" { act journald; }
@test "what is wrong in the configuration is said with its place" { act mistakes; }
@test "kinds and profiles of one's own" { act chosen; }
