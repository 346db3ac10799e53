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

# A build whose `pale learn` makes of all runs the policy $dir/wrong.pale.
wrong_build() {
	mkdir -p "$dir/build/tests/learn"
	cp "$build/tests/learn/ask" "$dir/build/tests/learn"
	cat >"$dir/build/pale" <<-EOF
		#!/bin/bash
		if [[ \$1 = learn && " \$* " =~ " --from "[^\ ]*" -o "([^\ ]*) ]]; then
			"$build/pale" "\$@" || exit
			exec cp "$dir/wrong.pale" "\${BASH_REMATCH[1]}"
		fi
		exec "$build/pale" "\$@"
	EOF
	chmod 755 "$dir/build/pale"
}

# A policy that allows all that attackers do.
everything() {
	cat <<-EOF
		profile try {
			process {
				allow exec /**
				allow exec drift /**
				allow exec anonymous
				allow ptrace any
				allow signal to any
				allow userns
			}
			file {
				allow read, write, append, create, delete, rename, link, setattr, map, ioctl, lock /**
				allow map drift /**
			}
			network {
				allow connect tcp, udp *:*
				allow listen tcp *:*
				allow connect unix /**
				allow socket raw
				allow socket packet
			}
			mount {
				allow mount proc on /**
				allow bind / on /**
				allow pivot
			}
			capability { allow $(sed -n 's/^\tcapability //p' tests/learn/attacks | sort -u | paste -sd,) }
			syscall { allow $(sed -n 's/^\tsyscall \([a-z0-9_]*\).*/\1/p' tests/learn/attacks | sort -u | paste -sd,) }
		}
	EOF
}

figure() { # JQ-FILTER
	jq -c "$1" <<<"$output"
}

@test "what was learned is allowed, and attacks are not" {
	sed -i '2a echo "run $RUN"' "$dir/learn"
	run -0 --separate-stderr evaluate --keep "$dir/kept"
	[ "$(figure '[.heldout[].share]')" = '[1,1,1,1]' ]
	[ "$(figure .recorded)" = '{"runs":1,"complete":1}' ]
	[ "$(figure .missed)" = '[]' ]
	[ "$(figure .jaccard)" = 1 ]
	[ "$(figure '[.enforced.worked, .enforced.violations]')" = '[true,0]' ]
	[ "$(figure '.attacks | .asked >= 50 and .asked == .denied')" = true ]
	[ "$(grep -h '^run ' "$dir/kept/learn-A-2.output" "$dir/kept/learn-B-1.output" "$dir/kept/heldout-1.output")" = $'run 2\nrun 3' ]
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
	figure '.missed[]' | grep -qx '"learning A, run 1 of 2: the script failed (status 3)"'
	# Held-out runs that fail without a policy, too, say nothing of it.
	script learn '"$PROGRAM" read /etc/hostname'
	script heldout '"$PROGRAM" read /etc/hostname; exit 1'
	run -0 --separate-stderr evaluate
	[ "$(figure .missed)" = '["held out, run 1 of 1: the script failed (status 1)"]' ]
}

@test "policies that allow everything, or nothing, are not called good" {
	wrong_build
	everything >"$dir/wrong.pale"
	PALE_PATH=profiles "$build/pale" check -q "$dir/wrong.pale"
	run -0 --separate-stderr evaluate --build "$dir/build"
	[ "$(figure '.attacks | [.denied, .share]')" = '[0,0]' ]
	[ "$(figure '[.attacks.allowed[].passed | length] | add')" = "$(grep -c $'^\t' tests/learn/attacks)" ]
	[ "$(figure '.over_permission.write | .allowed == .unused and .share == 1')" = true ]
	figure '.missed[]' | grep -qx '"attacks 0.0000 < 0.97"'
	tests/learn/table <(echo "$output") >"$dir/table" 2>"$dir/missed" && return 1
	grep -q ': attacks 0.0000 < 0.97' "$dir/missed"

	echo 'profile try { }' >"$dir/wrong.pale"
	run -0 --separate-stderr evaluate --build "$dir/build"
	[ "$(figure '[.heldout.paths.allowed, .enforced.worked, .attacks.share]')" = '[0,false,1]' ]
	figure '.missed[]' | grep -qx '"paths 0.0000 < 0.98"'
	figure '.missed[]' | grep -qx '"the held-out script did not work under the policy"'
	tests/learn/table <(echo "$output") >"$dir/table" 2>"$dir/missed" && return 1
	grep -q ': paths 0.0000 < 0.95' "$dir/missed"
}

@test "a table of figures, and what is missed" {
	run -0 --separate-stderr evaluate
	echo "$output" >"$dir/good.json"
	jq '.heldout.paths |= (.seen = 100 | .allowed = 96 | .share = 0.96)' "$dir/good.json" >"$dir/less.json"
	run -0 --separate-stderr tests/learn/table "$dir/good.json"
	[[ $output = *"| good | 1.000 ("* ]]
	# Above what each must have, and below what all together must.
	run -1 --separate-stderr tests/learn/table "$dir/less.json"
	[ "$stderr" = "missed: all: paths 0.9600 < 0.98" ]
	[[ $output = *"| less | "*" | 0.960 (96/100) | "*"| all | "*" | **0.960 (96/100)** | "* ]]
	jq '.jaccard = 0.9 | .missed = ["jaccard 0.9000 < 0.95"]' "$dir/good.json" >"$dir/less.json"
	run -1 --separate-stderr tests/learn/table "$dir/less.json"
	[ "$stderr" = $'missed: all: jaccard 0.9000 < 0.95\nmissed: less: jaccard 0.9000 < 0.95' ]
	printf 'before\n<!-- figures -->\nold\n<!-- end of figures -->\nafter\n' >"$dir/page.md"
	run -0 --separate-stderr tests/learn/table --write "$dir/page.md" "$dir/good.json"
	[ "$(sed -n '1,2p;$p' "$dir/page.md")" = $'before\n<!-- figures -->\nafter' ]
	[ "$(grep -c -e '^| good |' -e '^old$' "$dir/page.md")" = 1 ]
}
