# SPDX-License-Identifier: Apache-2.0
# tests/learn/eval: what it says of a small program, which is what the scripts did, and of what it cannot evaluate.
# shellcheck shell=bash disable=SC2016,SC2154

bats_require_minimum_version 1.5.0

setup() {
	build=$(realpath "${PALE_BUILD:-build}")
	eval=$PWD/tests/learn/eval
	try=$build/tests/live/try
	dir=$(mktemp -d /srv/pale-learn-eval-XXXXXX)
	chmod 755 "$dir"
	cp "$try" "$dir/try"
	script learn '"$PROGRAM" read /etc/hostname; "$PROGRAM" create "$WORK/new"'
	script heldout '"$PROGRAM" read /etc/hostname'
}

teardown() {
	rm -rf "$dir"
}

script() { # NAME TEXT
	printf '#!/bin/sh\nset -e\n%s\n' "$2" >"$dir/$1"
	chmod +x "$dir/$1"
}

evaluate() { # OPTION…
	timeout 120 "$eval" --build "$build" --runs 2 --heldout 1 --roots /etc "$@" "$dir/try" "$dir/learn" "$dir/heldout"
}

figure() { # JQ-FILTER
	jq -c "$1" <<<"$output"
}

@test "what was learned is allowed, and attacks are not" {
	run -0 --separate-stderr evaluate --keep "$dir/kept"
	[ "$(figure '[.heldout[].share]')" = '[1,1,1,1]' ]
	[ "$(figure .missed)" = '[]' ]
	[ "$(figure .jaccard)" = 1 ]
	[ "$(figure '[.enforced.worked, .enforced.violations]')" = '[true,0]' ]
	[ "$(figure '.attacks | .asked >= 50 and .asked == .denied')" = true ]
	# Two starts in each of two runs.
	[ "$(figure '[.learned.A.runs, .learned.B.runs]')" = '[4,4]' ]
	[ "$(figure .over_permission.write.unused)" = 0 ]
	grep -x ' *allow read /etc/hostname' "$dir/kept/A.pale"
	[[ ${stderr_lines[0]} = "eval: try: learning A, run 1 of 2" ]]
}

@test "what the held-out runs do beside that is told, and refused" {
	script heldout '"$PROGRAM" read /etc/hostname; "$PROGRAM" read /etc/hosts; "$PROGRAM" connect 127.0.0.1 "$PORT1" || true'
	run -0 --separate-stderr evaluate --keep "$dir/kept"
	[ "$(figure '.heldout.paths.refused')" = '["read /etc/hosts"]' ]
	[[ $("$build/pale" query -I profiles "$dir/kept/A.pale" read /etc/hosts) = "deny "* ]]
	[ "$(figure '.heldout.connections | [.seen, .allowed, (.refused[0] | test("connect tcp 127.0.0.1:"))]')" = '[1,0,true]' ]
	[ "$(figure '.heldout.paths.share < 1')" = true ]
	[ "$(figure '[.enforced.worked, .enforced.status != 0, .enforced.violations > 0]')" = '[false,true,true]' ]
	figure '.missed[]' | grep -q 'connections 0.0000 < 0.99'
	figure '.missed[]' | grep -q 'the held-out script did not work under the policy'
}

@test "an attack that the program was seen to do is not denied; its job is not asked" {
	script learn '"$PROGRAM" read /etc/shadow || true'
	[ "$(id -u)" = 0 ] || skip "not root"
	run -0 --separate-stderr evaluate
	[ "$(figure '.attacks.allowed')" = '[{"action":"passwords","what":"read the passwords of users","passed":["read /etc/shadow"]}]' ]
	local asked
	asked=$(figure .attacks.asked)
	script learn '# job: passwords: it checks them
"$PROGRAM" read /etc/shadow'
	run -0 --separate-stderr evaluate
	[ "$(figure '[.attacks.asked, .attacks.denied, .attacks.left_out]')" = "[$((asked - 1)),$((asked - 1)),[{\"action\":\"passwords\",\"why\":\"it checks them\"}]]" ]
}

@test "scripts that start the program by its path, in the background, as a daemon" {
	[ "$(id -u)" = 0 ] || skip "not root"
	script learn "$dir/try read /etc/hostname"
	script heldout "$dir/try read /etc/hostname & wait \$!"
	run -0 --separate-stderr evaluate
	[[ $stderr = *"$dir/learn does not start \$PROGRAM: what it starts as $dir/try is taken for that"* ]]
	[ "$(figure '[.heldout.paths.share, .enforced.worked]')" = '[1,true]' ]
	# The command returns while a process of it goes on, which the script ends.
	printf '#!/bin/bash\n(echo $BASHPID >pid; exec sleep 30) &\n' >"$dir/daemon"
	chmod +x "$dir/daemon"
	script learn '"$PROGRAM"; while ! [ -s pid ]; do sleep 0.05; done; kill "$(cat pid)"'
	cp "$dir/learn" "$dir/heldout"
	run -0 --separate-stderr timeout 120 "$eval" --build "$build" --runs 1 --heldout 1 --roots /etc "$dir/daemon" "$dir/learn" "$dir/heldout"
	[ "$(figure '[.heldout.paths.share, .enforced.worked, .scripts]')" = '[1,true,[]]' ]
}

@test "the program's own exit status is the script's to see" {
	script learn 'status=0; "$PROGRAM" read /no/such/file || status=$?; echo "status $status" >&2; test $status -ne 0'
	cp "$dir/learn" "$dir/heldout"
	run -0 --separate-stderr evaluate
	[ "$(figure '.scripts')" = '[]' ]
}

@test "what cannot be evaluated" {
	run -2 --separate-stderr "$eval" a b
	[ "${stderr_lines[0]}" = "eval: takes PROGRAM LEARN-SCRIPT HELDOUT-SCRIPT, not 2 operands" ]
	run -2 --separate-stderr "$eval" pale-no-such-program "$dir/learn" "$dir/heldout"
	[ "${stderr_lines[0]}" = "eval: pale-no-such-program: command not found" ]
	run -2 --separate-stderr "$eval" "$dir/learned" "$dir/learn" "$dir/heldout"
	[ "${stderr_lines[0]}" = "eval: $dir/learned: not a program" ]
	run -2 --separate-stderr "$eval" "$dir/try" "$dir/none" "$dir/heldout"
	[ "${stderr_lines[0]}" = "eval: $dir/none: No such file or directory" ]
	run -2 --separate-stderr "$eval" "$dir/try" "$dir/learn" "$dir"
	[ "${stderr_lines[0]}" = "eval: $dir: not a file" ]
	run -2 --separate-stderr evaluate --runs none
	[ "${stderr_lines[0]}" = "eval: --runs takes a number from 1 to 1000, not 'none'" ]
	run -2 --separate-stderr evaluate --roots etc
	[ "${stderr_lines[0]}" = "eval: --roots takes directories from / on, not 'etc'" ]
	run -2 --separate-stderr evaluate --frobnicate
	[ "${stderr_lines[0]}" = "eval: there is no option --frobnicate" ]
	run -2 --separate-stderr evaluate --keep "$dir"
	[ "${stderr_lines[-2]}" = "eval: $dir is not empty" ]
	run -1 --separate-stderr "$eval" --build "$dir" "$dir/try" "$dir/learn" "$dir/heldout"
	[ "${stderr_lines[0]}" = "eval: $dir/pale: not built: run make" ]
	script learn '# job: dancing: it does'
	run -2 --separate-stderr evaluate
	[ "${stderr_lines[0]}" = "eval: $dir/learn: 'dancing' is no action of tests/learn/attacks" ]
	script learn '# job: shell'
	run -2 --separate-stderr evaluate
	[ "${stderr_lines[0]}" = "eval: $dir/learn: 'job: shell' says no reason" ]
	script learn "$(grep -o '^[a-z-]*' tests/learn/attacks | tail -n +20 | sed 's/.*/# job: &: all of it/')"
	run -2 --separate-stderr evaluate
	[[ ${stderr_lines[0]} =~ ^"eval: $dir/learn: leaves "[0-9]+" actions of attackers to ask about; at least 25 must stay"$ ]]
}

@test "scripts that do not start the program, do not end, or have it record nothing" {
	script learn 'true'
	run -1 --separate-stderr evaluate
	[ "${stderr_lines[-1]}" = "eval: $dir/learn: learning A, run 1 of 2: did not start \$PROGRAM (status 0)" ]
	script learn '"$PROGRAM" read /etc/hostname; sleep 100'
	run -1 --separate-stderr evaluate --timeout 2
	[[ $stderr = *"eval: $dir/learn: learning A, run 1 of 2: not done after 2 s"* ]]
}

@test "a script that fails is told, and what it did counts" {
	script learn '"$PROGRAM" read /etc/hostname; exit 3'
	run -0 --separate-stderr evaluate
	[[ $stderr = *"$dir/learn: learning A, run 2 of 2: status 3"* ]]
	[ "$(figure '.scripts[0]')" = '{"run":"learning A, run 1 of 2","status":3}' ]
}
