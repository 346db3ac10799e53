#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The project $EXAMPLE of examples/, in a repository of its own, as whoever copied it has it: what its CI passes, and what it stops.

# shellcheck disable=SC2016,SC2030,SC2031,SC2086,SC2164

bats_require_minimum_version 1.5.0

setup_file() {
	# Where nobody else looks in, either: the unprivileged one's programs and files.
	stage=$(mktemp -d /var/tmp/pale-example-XXXXXX)
	chmod 755 "$stage"
	cd "$BATS_TEST_DIRNAME/../.."
	cp -r profiles "${PALE_BUILD:-build}/pale" "$stage/"
	chmod -R a+rX "$stage"
	export stage
}

teardown_file() {
	rm -rf "$stage"
}

setup() {
	tests=$BATS_TEST_DIRNAME
	case $EXAMPLE in
	c) name=hits text=hits.c config=hits.conf program=/opt/hits/hits port=8080 ;;
	python) name=notes text=notes.py config=notes.ini program=$(realpath /usr/bin/python3) port=8000 ;;
	node) name=links text=links.js config=links.json program=/usr/bin/node port=3000 ;;
	esac
	policy=$name.pale
	export PATH=$stage:/usr/sbin:/usr/bin:/sbin:/bin PALE_PATH=$stage/profiles TMPDIR=$stage HOME=$stage LC_ALL=C.UTF-8
	unset BASE GIT_DIR GIT_WORK_TREE
	# A project may be a folder of a repository.
	cd "$BATS_TEST_DIRNAME/../../examples/$EXAMPLE"
	project=$stage/repository/project
	rm -rf "$stage/repository"
	mkdir -p "$project"
	git ls-files -z --cached --others --exclude-standard . | xargs -0 cp -r --parents -t "$project"
	cd "$project"
	git init -q -b main "$stage/repository"
	git config user.name somebody
	git config user.email somebody@example.org
	git add .
	git commit -q -m 'as it stands'
	git update-ref refs/remotes/origin/main HEAD
}

# line TEXT: the number of the first line of the policy that has it.
line() {
	grep -nF -m 1 -e "$1" $policy | cut -d : -f 1
}

# allows RULE: one more, in the policy.
allows() {
	sed -i "s|^    limit|    $1\n&|" $policy
}

# does C PYTHON NODE: once more, as the service starts.
does() {
	case $EXAMPLE in
	c) printf '\n__attribute__((constructor)) static void more(void)\n{\n\t%s;\n}\n' "$1" >>$text ;;
	python) sed -i "s|^def main():|&\n    with __import__('contextlib').suppress(OSError): $2|" $text ;;
	node) echo "try { $3; } catch {}" >>$text ;;
	esac
}

# Without the folder of main's version, and numbers of processes.
stable() {
	sed -E "s|$stage/tmp\.[^/]*|MAIN|; s|\(pid [0-9]+|(pid N|"
}

ci() {
	./ci.sh 2>&1 | stable
	return "${PIPESTATUS[0]}"
}

# has TEXT: among the lines of the output.
has() {
	grep -qxF -e "$1" <<<"$output" || { printf 'no line is: %s\n%s\n' "$1" "$output" && false; }
}

lacks() {
	! grep -F -e "$1" <<<"$output"
}

# after HEADING TEXT: what follows that line of the output.
after() {
	diff <(printf '%s\n' "$2") <(sed "1,/^# $1/d" <<<"$output")
}

@test "$EXAMPLE: CI passes as it stands" {
	run -0 ci
	n=$(sed -n '/^test /,/^}/p' $policy | grep -cE '^    (allow|deny) ')
	[ "$n" -gt 30 ]
	[ "$(grep -c '^ok ' <<<"$output")" = "$n" ]
	has "1..$n"
	has "MAIN/$policy and $policy allow the same"
	[ "${lines[-1]}" = 'smoke.sh: served, and nothing was reported' ]
	lacks 'not ok'
	# Nothing stays behind.
	[ -z "$(git status --porcelain)" ]
	[ -z "$(find "$stage" -maxdepth 1 -name 'tmp.*')" ]
}

@test "$EXAMPLE: CI of who has no privilege passes" {
	chown -R 65534:65534 "$stage/repository"
	mkdir "$stage/own"
	chown 65534 "$stage/own"
	TMPDIR=$stage/own HOME=$stage/own run -0 setpriv --reuid 65534 --regid 65534 --clear-groups --bounding-set -all ./ci.sh
	[ "${lines[-1]}" = 'smoke.sh: served, and nothing was reported' ]
}

# What begins each CI's output, and what follows when nothing is wrong.
first='# Is the policy right, and does it refuse what it should?'
last='# Is it enough for the service?'

@test "$EXAMPLE: a policy that allows more than main's fails" {
	profile=$(line "profile $name")
	allows 'network { allow listen tcp *:9090 }'
	run -1 ci
	after 'Does it allow' "+ $name: listen tcp 0.0.0.0:9090
    old  MAIN/$policy:$profile: deny listen by default
    new  $policy:$(line 9090): allow listen tcp *:9090
1 allowed that was not, 0 no longer"
}

@test "$EXAMPLE: one that allows less passes, for what main allows is what counts" {
	allows 'network { allow listen tcp *:9090 }'
	git commit -qam 'main had it, too'
	git update-ref refs/remotes/origin/main HEAD
	git checkout -q HEAD~ -- $policy
	run -0 ci
	has '0 allowed that were not, 1 no longer'
}

@test "$EXAMPLE: BASE names another branch to compare with" {
	git branch release
	allows 'network { allow listen tcp *:9090 }'
	git commit -qam 'main has more'
	git update-ref refs/remotes/origin/main HEAD
	run -0 ci
	BASE=release run -1 ci
	has "# Does it allow nothing that it does not allow on release?"
	[ "${lines[-1]}" = '1 allowed that was not, 0 no longer' ]
}

@test "$EXAMPLE: it fails where there is nothing to compare with" {
	git update-ref -d refs/remotes/origin/main
	run -1 ci
	[ "${lines[-1]}" = 'ci.sh: there is no origin/main to compare with: fetch it, or name another as BASE' ]
	BASE=none run -1 ci
	[ "${lines[-1]}" = 'ci.sh: there is no none to compare with: fetch it, or name another as BASE' ]
}

@test "$EXAMPLE: the first policy passes" {
	git rm -q --cached $policy
	git commit -qm 'without a policy'
	git update-ref refs/remotes/origin/main HEAD
	run -0 ci
	has 'It is new.'
}

@test "$EXAMPLE: an expectation of the policy's own that does not hold fails" {
	allows 'file { allow read /etc/shadow }'
	run -1 ci
	diff - <(echo "$output") <<-END
		$first
		$policy:$(line 'deny read /etc/shadow'):5: error: test "$(sed -n 's/^test "\(what someone.*\)" for .*/\1/p' $policy)" fails: expected deny, the policy says allow
		$(printf '%5d' "$(line 'deny read /etc/shadow')") |     deny read /etc/shadow
		      |     ^~~~~~~~~~~~~~~~~~~~~
		$policy:$(line '{ allow read /etc/shadow'):12: note: this rule decides
		$(printf '%5d' "$(line '{ allow read /etc/shadow')") |     file { allow read /etc/shadow }
		      |            ^~~~~~~~~~~~~~~~~~~~~~
	END
}

@test "$EXAMPLE: a mistake in the policy fails" {
	allows 'file { allow raed /etc/hostname }'
	run -1 ci
	diff - <(echo "$output") <<-END
		$first
		$policy:$(line raed):18: error: unknown operation 'raed'
		$(printf '%5d' "$(line raed)") |     file { allow raed /etc/hostname }
		      |                  ^~~~
		  hint: did you mean 'read'?
	END
}

@test "$EXAMPLE: a service that reads a file more fails" {
	does 'FILE *f = fopen("/etc/hostname", "re"); if (f) fclose(f)' 'open("/etc/hostname").close()' 'fs.readFileSync("/etc/hostname")'
	run -1 ci
	has "$last"
	has 'smoke.sh: the policy does not allow what it did:'
	has "$policy:$(line "profile $name"):1: denied: read /etc/hostname  (pid N $program, landlock)"
	has "  hint: 'allow read /etc/hostname' would allow it"
	lacks 'served, and nothing was reported'
}

@test "$EXAMPLE: one that writes where Landlock cannot stop it fails" {
	does "FILE *f = fopen(\"/srv/$name/other\", \"we\"); if (f) fclose(f)" "open('/srv/$name/other', 'w').close()" "fs.writeFileSync('/srv/$name/other', '')"
	run -1 ci
	has 'smoke.sh: the policy does not allow what it did:'
	has "$policy:$(line "profile $name"):1: not enforced: create /srv/$name/other  (pid N $program, landlock)"
	lacks 'served, and nothing was reported'
}

@test "$EXAMPLE: one that listens elsewhere fails" {
	sed -i "s/$port/4444/" $config
	run -1 ci
	has 'smoke.sh: it does not serve'
	grep -q "^$policy:$(line "profile $name"):1: denied: listen tcp .*:4444  (pid N $program, landlock)" <<<"$output"
}

@test "$EXAMPLE: one that answers wrongly fails" {
	sed -i 's/404/405/; s/HTTP_NOT_FOUND/HTTP_GONE/' $text
	run -1 ci
	grep -q "^smoke.sh: '4[01][05]' instead of '404': " <<<"$output"
}

@test "$EXAMPLE: one that ends badly fails" {
	case $EXAMPLE in
	c) sed -i 's/	MHD_stop_daemon(server);/&\n	return 3;/' $text ;;
	python) sed -i 's/^    server.server_close()/&\n    sys.exit(3)/' $text ;;
	node) sed -i "s/^process.on('SIGTERM'.*/process.on('SIGTERM', () => process.exit(3));/" $text ;;
	esac
	run -1 ci
	has 'smoke.sh: it ended with 3'
}

# taken over: its text does what attack.* does, too.
taken_over() {
	local own=/opt/$name/$config
	case $EXAMPLE in
	c) { echo "#define ATTACKED \"$own\"" && cat "$tests/attack.c"; } >>$text ;;
	python) { echo "ATTACKED = '$own'" && cat "$tests/attack.py" $text; } >new ;;
	node) { echo "const ATTACKED = '$own';" && cat "$tests/attack.js" $text; } >new ;;
	esac
	[ ! -e new ] || mv new $text
	[ ! -e Makefile ] || make -s $name
}

words() {
	sed -n 's/^attack: //p' <<<"$output" | sort | tr '\n' ' '
}

@test "$EXAMPLE: what an attacker has it do works without the policy" {
	taken_over
	PATH=$tests/bare:$PATH run -1 ./smoke.sh
	has 'smoke.sh: the policy does not allow what it did:'
	[ "$(words)" = 'connected executed listened read written ' ]
}

@test "$EXAMPLE: under the policy it is refused and reported, and CI fails" {
	taken_over
	run -1 ci
	has 'smoke.sh: the policy does not allow what it did:'
	[ "$(words)" = '' ]
	own=$(line "modify /opt/$name")
	has "$policy:$(line "profile $name"):1: denied: read /etc/shadow  (pid N $program, landlock)"
	has "$policy:$own:9: denied: write /opt/$name/$config  (pid N $program, landlock)"
	has "$policy:$(line "profile $name"):1: denied: exec /usr/bin/dash  (pid N $program, landlock)"
	has "$policy:$(line "profile $name"):1: denied: listen tcp 127.0.0.1:4444  (pid N $program, landlock)"
	grep -q "^$policy:$(line "profile $name"):1: denied: connect tcp 127.0.0.1:4444 " <<<"$output"
}

@test "$EXAMPLE: the policy allows what the Dockerfile says, and little that pale init would not" {
	run --separate-stderr -0 pale init Dockerfile -o init.pale
	run -0 pale diff init.pale $policy
	grep -q '^-' <<<"$output"
	case $EXAMPLE in
	c) grep '^+' <<<"$output" | diff - <(echo '+ hits: read /etc/gnutls/config') ;;
	*) [ "$(grep -c '^+' <<<"$output")" = 0 ] ;;
	esac
	# What it expects of any image's policy holds of this one.
	sed -n '/^test "what attackers try"/,/^}/p' init.pale | sed "s/ for .* {/ for $name {/" >tests
	[ "$(grep -c '^    deny' tests)" -gt 40 ]
	sed -n "s/^    allow listen /&/p" init.pale | tail -n 1 | sed "s/.*/test \"port\" for $name {\n&\n}/" >>tests
	grep -q "^    allow listen tcp 0.0.0.0:$port\$" tests
	cat tests >>$policy
	pale check -q $policy
}

@test "$EXAMPLE: the smoke run has the files and the command of the Dockerfile" {
	grep '^COPY ' Dockerfile | grep -v Makefile | sed 's/^COPY \(--from=build \/src\/\)\?/cp /' >copies
	[ -s copies ]
	sed -n 's/^	\(cp .*\)/\1/p' service.sh | diff copies -
	command=$(sed -n 's/^ENTRYPOINT //p' Dockerfile | jq -r 'join(" ")')
	grep -qxF -e "command='$command'" service.sh
	grep -qx "EXPOSE $(sed -n 's/^port=//p' service.sh)" Dockerfile
}

@test "$EXAMPLE: what does not know the service is the same in each project" {
	for other in c python node; do
		for file in ci.sh smoke.sh .github/workflows/pale.yml; do
			diff $file "$tests/../../examples/$other/$file"
			[ "$(stat -c %a $file)" = "$(stat -c %a "$tests/../../examples/$other/$file")" ]
		done
	done
	run -1 grep -nE 'hits|notes|links|[^0-9](8080|8000|3000)' ci.sh smoke.sh .github/workflows/pale.yml
}

@test "$EXAMPLE: the workflow calls ci.sh, with the branch that the change goes into" {
	run -0 python3 - <<-'END'
		import json
		import yaml
		flow = yaml.safe_load(open(".github/workflows/pale.yml"))
		steps = [step for job in flow["jobs"].values() for step in job["steps"]]
		# "on" is true in YAML 1.1.
		print(json.dumps([flow[True], [[step.get(key) for key in ("uses", "with", "run", "env")] for step in steps]]))
	END
	[ "$output" = '["pull_request", [["actions/checkout@v4", {"fetch-depth": 0}, null, null], [null, null, "./ci.sh", {"BASE": "origin/${{ github.base_ref }}"}]]]' ]
}

@test "$EXAMPLE: its policy is laid out as all are, and it can be compiled for every mechanism" {
	pale fmt --check $policy
	pale build $policy -o out
	[ -s out/$name.seccomp.json ] && [ -s out/$name.apparmor ] && [ -s out/$name.lsm ]
}
