# SPDX-License-Identifier: Apache-2.0
# What `pale` says to whom, and what it exits with: 0 done, 1 the policy is wrong, 2 usage.
# shellcheck shell=bash disable=SC2154

bats_require_minimum_version 1.5.0

setup() {
	build=$(realpath "${PALE_BUILD:-build}")
	pale=$build/pale
	cd "$BATS_TEST_TMPDIR" || return 1
	cat >right.pale <<'END'
profile right {
    abi x86_64
    file { allow read /etc/** except /etc/keys/** }
    syscall { allow ioctl(cmd == FIONBIO) }
    profile helper { file { allow read /helper } }
    process { allow exec /usr/bin/helper as helper }
}
test "reads" for right { allow read /etc/hosts; deny read /etc/keys/a }
END
	printf 'profile wrong {\n    file { allow raed /etc/web }\n    network { allow conect tcp *:1 }\n}\n' >wrong.pale
	printf 'profile untrue { file { allow read /a } }\ntest "t" for untrue { allow read /b; deny read /b }\n' >untrue.pale
}

# usage COMMAND…: exits 2, says nothing on stdout, and something on stderr.
usage() {
	run --separate-stderr -2 "$@"
	[ -z "$output" ]
	[ -n "$stderr" ]
}


@test "pale alone is a usage error and lists the commands" {
	usage "$pale"
	for c in check build explain query doc test fmt import learn init lsp run status install-runtime uninstall-runtime; do
		grep -Eq "^  $c +[a-z]" <<<"$stderr"
	done
}

@test "help goes to stdout and exits 0, in every spelling" {
	for words in --help -h help "help help" "help --help"; do
		# shellcheck disable=SC2086
		run --separate-stderr -0 "$pale" $words
		[ -z "$stderr" ]
		[[ $output == "usage: pale COMMAND"* ]]
	done
	run --separate-stderr -0 "$pale" help check
	[ -z "$stderr" ]
	told=$output
	for words in "check --help" "check -h" "check --help wrong.pale" "--help check"; do
		# shellcheck disable=SC2086
		run --separate-stderr -0 "$pale" $words
		[ "$output" = "$told" ]
	done
	[[ $told == "usage: pale check "* && $told == *"--json"* && $told == *"--help"* && $told == *"example:"* ]]
}

@test "every command has a help of at most 80 columns" {
	[ -z "$("$pale" help | grep -E '^.{81}')" ]
	for c in $("$pale" --help | sed -n 's/^  \([a-z-]*\) .*/\1/p'); do
		run -0 "$pale" help "$c"
		[[ $output == "usage: pale $c"* ]]
		# The usage line and the example are as they are.
		[ -z "$(sed -e 1d -e '/^example:/,$d' <<<"$output" | grep -E '^.{81}')" ]
	done
}

@test "--version" {
	run --separate-stderr -0 "$pale" --version
	[[ $output =~ ^pale\ [0-9]+\.[0-9]+ ]]
}

@test "an unknown command is named, with a near one" {
	usage "$pale" chekc wrong.pale
	[[ $stderr == "pale: unknown command 'chekc'"*"did you mean 'check'?"* ]]
	usage "$pale" help chekc
	[[ $stderr == *"did you mean 'check'?"* ]]
	usage "$pale" xyzzy
	[[ $stderr != *"did you mean"* ]]
	usage "$pale" ""
	usage "$pale" --hlep
	[[ $stderr == "pale: unknown option '--hlep'"*"did you mean '--help'?"* ]]
}

@test "an unknown option is named, with a near one" {
	usage "$pale" check --jsno right.pale
	[[ $stderr == "pale check: unknown option '--jsno'"*"did you mean '--json'?"*"usage: pale check"* ]]
	usage "$pale" check -x right.pale
	[[ $stderr == "pale check: unknown option '-x'"* ]]
	# An abbreviation would change its meaning with the next option.
	usage "$pale" check --jso right.pale
	usage "$pale" check --quiet=yes right.pale
	usage "$pale" build right.pale -o
}

@test "a wrong number of arguments is a usage error" {
	usage "$pale" check
	usage "$pale" build right.pale
	usage "$pale" explain right.pale right.pale
	usage "$pale" explain --html --json right.pale
	usage "$pale" doc
	usage "$pale" query right.pale
	usage "$pale" query
	usage "$pale" test
}

@test "what is hostile on the command line drives no terminal" {
	run --separate-stderr -2 "$pale" $'\033[31mred'
	[[ $stderr != *$'\033'* && $stderr == *'\x1b[31mred'* ]]
	run --separate-stderr -1 "$pale" check $'\033[31m.pale'
	[[ $stderr != *$'\033'* ]]
	printf 'profile p { allow raed /x }\n' >$'\033[31m.pale'
	run --separate-stderr -1 "$pale" check $'\033[31m.pale'
	[[ $stderr != *$'\033'* && $stderr == '\x1b[31m.pale:1:19: error:'* ]]
	run --separate-stderr -1 "$pale" query right.pale $'\033[31m' /x
	[[ $stderr != *$'\033'* ]]
}

@test "a missing file, a folder, a file that may not be read: exit 1 and the reason" {
	for c in check explain test "query --json" query; do
		operation=
		[[ $c != query* ]] || operation="read /x"
		# shellcheck disable=SC2086
		run --separate-stderr -1 "$pale" $c nowhere.pale $operation
		[[ $stderr == *"cannot read 'nowhere.pale': No such file or directory"* ]]
		# shellcheck disable=SC2086
		run --separate-stderr -1 "$pale" $c . $operation
		[[ $stderr == *"cannot read '.': Is a directory"* ]]
	done
	run --separate-stderr -1 "$pale" check -- --right.pale
	[[ $stderr == *"cannot read '--right.pale'"* ]]
}

@test "check: each file is told of, and one that is wrong makes exit 1" {
	run --separate-stderr -0 "$pale" check right.pale right.pale
	[ "${#lines[@]}" -eq 2 ]
	[ "${lines[0]}" = "right.pale: right: 1 profile, 4 rules, 2 expectations hold" ]
	[ -z "$stderr" ]
	run --separate-stderr -1 "$pale" check wrong.pale right.pale untrue.pale nowhere.pale
	[ "${#lines[@]}" -eq 1 ]
	[[ $stderr == *"wrong.pale:2:18: error: unknown operation 'raed'"*"hint: did you mean 'read'?"* ]]
	[[ $stderr == *"wrong.pale:3:21: error:"*"did you mean 'connect'?"* ]]
	[[ $stderr == *"untrue.pale:2:"*"error:"* ]]
	[[ $stderr == *"cannot read 'nowhere.pale'"* ]]
	run --separate-stderr -0 "$pale" check -q right.pale
	[ -z "$output$stderr" ]
}

@test "test: TAP, and exit 1 when an expectation does not hold" {
	run --separate-stderr -0 "$pale" test right.pale
	[ "${lines[0]}" = "ok 1 - reads: allow read /etc/hosts" ]
	[ "${lines[2]}" = "1..2" ]
	run --separate-stderr -1 "$pale" test untrue.pale
	[[ ${lines[0]} == "not ok 1 - t: allow read /b" ]]
	[[ $output == *"ok 2 - t: deny read /b"*"1..2" ]]
	printf 'profile p { file { allow read /a } }\ntest "a # skip" for p { allow read /b }\n' >skip.pale
	run --separate-stderr -1 "$pale" test skip.pale
	run ! grep -Eq '[^\\]# *skip' <<<"$output"
}

@test "query: the verdict is the first word, and the exit is 0 whatever it is" {
	run --separate-stderr -0 "$pale" query right.pale read /etc/hosts
	[[ ${lines[0]} == allow\ *"right.pale:3:12: allow read"* ]]
	run --separate-stderr -0 "$pale" query right.pale write /etc/passwd
	[[ ${lines[0]} == deny\ *"right.pale:1:"* ]]
	run --separate-stderr -0 "$pale" query right.pale syscall ioctl
	[[ ${lines[0]} == "depends on its arguments" ]]
	run --separate-stderr -0 "$pale" query right.pale:right/helper read /etc/hosts
	[[ $output == deny* ]]
	run --separate-stderr -1 "$pale" query right.pale:nobody read /x
	[[ $stderr == *"no profile 'nobody'"* ]]
	run --separate-stderr -1 "$pale" query right.pale raed /x
	[[ $stderr == *"did you mean 'read'?"* ]]
	run --separate-stderr -1 "$pale" query wrong.pale read /x
	[ -z "$output" ]
}

@test "explain and build: exit 1 and no output for a policy that is wrong" {
	run --separate-stderr -1 "$pale" explain wrong.pale
	[ -z "$output" ]
	run --separate-stderr -1 "$pale" explain --json wrong.pale
	[ -z "$output" ]
	run --separate-stderr -1 "$pale" explain --profile nobody right.pale
	[ -z "$output" ]
	run --separate-stderr -1 "$pale" build wrong.pale -o out
	[ -z "$output" ] && [ ! -e out ]
	run --separate-stderr -0 "$pale" build right.pale -o out
	[ "$(ls out | wc -l)" -eq 6 ]
}

@test "build: names the AppArmor profile that an engine without pale-runtime is told of" {
	run --separate-stderr -0 "$pale" build right.pale -o out
	[[ $(head -n 5 out/right.apparmor) =~ $'\nprofile "'(pale\.right\.[0-9a-f]{12})'"' ]]
	[ "${lines[-1]}" = "  docker run --security-opt seccomp=out/right.seccomp.json --security-opt apparmor=${BASH_REMATCH[1]} IMAGE" ]
	[ "${lines[-2]}" = '  apparmor_parser -r out/right.apparmor' ]
}

@test "fmt: to stdout, from stdin, and what is no policy is left alone" {
	run --separate-stderr -0 "$pale" fmt right.pale
	[ -z "$stderr" ]
	[ "$output" = "$(cat right.pale)" ]
	[ "$(printf 'use  nowhere' | "$pale" fmt -)" = "use nowhere" ]
	cp wrong.pale before.pale
	for o in "" -w --check; do
		# shellcheck disable=SC2086
		run --separate-stderr -1 "$pale" fmt $o wrong.pale
		[ -z "$output" ]
		[[ $stderr == *"wrong.pale:2:18: error: unknown operation 'raed'"* ]]
		cmp wrong.pale before.pale
	done
	run --separate-stderr -1 "$pale" fmt - <wrong.pale
	[[ $stderr == "standard input:2:18: error:"* ]]
	run --separate-stderr -1 "$pale" fmt -w nowhere.pale
	[[ $stderr == *"cannot read 'nowhere.pale': No such file or directory"* ]]
	usage "$pale" fmt
	usage "$pale" fmt right.pale right.pale
	usage "$pale" fmt -w --check right.pale
	usage "$pale" fmt -w -
}

@test "fmt --check names what would change, fmt -w changes it and nothing else" {
	printf 'use   a\n' >a.pale
	printf 'use b\n' >b.pale
	printf 'use   c\r\n' >c.pale
	chmod 640 a.pale
	ln -s c.pale link.pale
	run --separate-stderr -1 "$pale" fmt --check a.pale b.pale c.pale
	[ "$output" = $'a.pale\nc.pale' ] && [ -z "$stderr" ]
	b=$(stat -c '%i %z' b.pale)
	run --separate-stderr -1 "$pale" fmt -w a.pale wrong.pale b.pale link.pale
	[ -z "$output" ]
	[[ $stderr == *wrong.pale* ]]
	[ "$(cat a.pale c.pale)" = $'use a\nuse c' ]
	[ "$(stat -c %a a.pale)" = 640 ]
	[ -L link.pale ]
	[ "$(stat -c '%i %z' b.pale)" = "$b" ]
	run --separate-stderr -0 "$pale" fmt --check a.pale b.pale c.pale link.pale
	[ -z "$output$stderr" ]
	run ! compgen -G '.*.pale.*'
}

@test "fmt -w: what cannot be written stays as it was, and nothing is left beside it" {
	mkdir full
	printf 'use   a\n' >full/a.pale
	# Through a pipe, since the limit is one of every file.
	run -1 bash -c 'set -o pipefail; (trap "" XFSZ; ulimit -f 0; exec "$1" fmt -w full/a.pale) 2>&1 | cat' - "$pale"
	[[ $output == "pale fmt: cannot write '"*"/full/a.pale': File too large"* ]]
	[ "$(cat full/a.pale)" = "use   a" ]
	[ "$(ls -A full)" = a.pale ]
}

@test "learn: a policy of runs, on stdout or beside its runs, and what is missing is a usage error" {
	printf '{"pale-run":1,"id":"a","time":1,"recorder":"x","program":"/bin/x","complete":true,"observations":[{"operation":"read","object":"/srv/a"}]}' >a.json
	run --separate-stderr -0 "$pale" learn --from a.json
	[[ $output == *"allow read /srv/a"* && $stderr == *"not ready"* ]]
	run --separate-stderr -1 "$pale" learn --from a.json --ready
	run --separate-stderr -0 "$pale" learn --from a.json -o learned.pale
	[ -z "$output" ] && [ -e learned.pale.runs ]
	run --separate-stderr -0 "$pale" query learned.pale read /srv/a
	usage "$pale" learn
	[[ $stderr == "pale learn: nothing to learn from: --from FILE"* ]]
	usage "$pale" learn --from a.json -o learned.pale
	usage "$pale" learn --from a.json --profile self
	[[ $stderr == "pale learn: 'self' cannot name a profile"* ]]
	usage "$pale" learn --from a.json more
	mv learned.pale.runs kept
	run --separate-stderr -1 "$pale" learn --from a.json --merge learned.pale
	[[ $stderr == "pale learn: learned.pale has learned rules, but not the runs that they are of: learned.pale.runs"* ]]
	printf 'profile x { allow read /x }\n' >learned.pale
	usage "$pale" learn --merge learned.pale
	[[ $stderr == "pale learn: no run to learn from: learned.pale has none beside it"* ]]
	run --separate-stderr -1 "$pale" learn --from missing.json
	[[ $stderr == "pale learn: "*"missing.json"*"No such file or directory" ]]
}

@test "init: a policy of a Dockerfile" {
	printf 'FROM debian\nCMD ["/srv/x"]\n' >Dockerfile
	run --separate-stderr -0 "$pale" init Dockerfile
	[[ $output == *"profile x {"*"allow exec /srv/x"* && -z $stderr ]]
	usage "$pale" init
	usage "$pale" init --profile any Dockerfile
}

@test "import: a policy on stdout, options that name nothing are usage errors" {
	printf '{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[{"names":["read"],"action":"SCMP_ACT_ALLOW"}]}' >small.json
	run --separate-stderr -0 "$pale" import --abi x86_64 --capabilities '' small.json
	[ -z "$stderr" ]
	[[ $output == *"profile small {"*"only read"* && $output != *capability* ]]
	"$pale" import small.json -o small.pale
	run --separate-stderr -0 "$pale" query small.pale syscall read
	[[ $output == allow* ]]
	run --separate-stderr -1 "$pale" import wrong.pale
	[ -z "$output" ] && [ -n "$stderr" ]
	usage "$pale" import
	usage "$pale" import --capabilities chown,cap_foo small.json
	usage "$pale" import --capabilities chwon small.json
	[[ $stderr == "pale import: unknown capability 'chwon', did you mean 'chown'?"* ]]
	usage "$pale" import --abi x86_65 small.json
	[[ $stderr == "pale import: unknown ABI 'x86_65', did you mean 'x86_64'?"* ]]
	usage "$pale" import --abi x86_64,x86_64 small.json
	usage "$pale" import --abi '' small.json
	usage "$pale" import --kernel 6 small.json
	usage "$pale" import --kernel 6.1-rc1 small.json
	usage "$pale" import --profile any small.json
	run --separate-stderr -1 "$pale" import small.json -o small.json/small.pale
	[ -n "$stderr" ]
}

@test "lsp: an editor that goes without a word is exit 1, and an operand a usage error" {
	run --separate-stderr -1 "$pale" lsp </dev/null
	[ -z "$output$stderr" ]
	run --separate-stderr -1 "$pale" lsp --stdio <<<'no header'
	[[ $output == "Content-Length: "*'"code":-32700'* ]]
	usage "$pale" lsp right.pale
	# Nobody listens.
	run -1 bash -c 'printf "Content-Length: 2\r\n\r\n{}" | "$1" lsp >/dev/full' - "$pale"
}

@test "--json is one valid document, with every key" {
	"$pale" query --json right.pale read /etc/keys/a >q.json
	jq -e '.verdict == "deny" and .file == "right.pale" and .line == 1 and (.rule_id | test("^[0-9a-f]{16}$"))' q.json
	"$pale" query --json right.pale syscall ioctl >q.json
	jq -e '.verdict == "depends" and (.allowed_with | length > 0) and (.refused_with | length > 0)' q.json
	"$pale" query --json right.pale syscall read | jq -e '.verdict == "allow"'
	"$pale" explain --json right.pale >e.json
	[ "$(jq -s length e.json)" -eq 1 ]
	jq -e '.right.rules | length > 20 and all(has("id", "text", "lines", "coverage"))' e.json
	jq -e '[.right.rules[].coverage.capabilities.capability // empty] | length > 0' e.json
	run --separate-stderr -1 "$pale" check --json wrong.pale right.pale nowhere.pale
	[ -z "$output" ]
	printf '%s' "$stderr" >c.json
	[ "$(jq -s length c.json)" -eq 1 ]
	jq -e 'length == 3 and .[0].line == 2 and .[0].column == 18 and .[0].length == 4 and .[0].severity == "error"' c.json
	jq -e '.[0].hint == "did you mean '\''read'\''?" and .[2].file == null' c.json
	run --separate-stderr -0 "$pale" check --json right.pale
	[ "$stderr" = "[]" ] && [ -z "$output" ]
	run --separate-stderr -1 "$pale" query --json wrong.pale read /x
	printf '%s' "$stderr" | jq -e 'length == 2'
}

@test "--json keeps a file name that is not UTF-8" {
	cp wrong.pale $'wr\xffng.pale'
	cp right.pale $'r\xffght.pale'
	run --separate-stderr -1 "$pale" check --json $'wr\xffng.pale'
	printf '%s' "$stderr" | jq -e '.[0].file == "wr\\xffng.pale"'
	"$pale" query --json $'r\xffght.pale' read /etc/hosts | jq -e '.file == "r\\xffght.pale"'
	"$pale" explain --json $'r\xffght.pale' | jq -e '.right.rules[0].lines[0].file == "r\\xffght.pale"'
}

@test "colours only on a terminal, and not against NO_COLOR" {
	esc=$'\033'
	run -1 "$pale" check wrong.pale
	[[ $output != *"$esc"* ]]
	run -1 env -u NO_COLOR TERM=xterm script -qec "$pale check wrong.pale" /dev/null
	[[ $output == *"$esc[1;31merror:"* ]]
	run -1 env TERM=xterm NO_COLOR=1 script -qec "$pale check wrong.pale" /dev/null
	[[ $output == *"error: unknown operation"* && $output != *"$esc"* ]]
	# Set but empty is not set (no-color.org).
	run -1 env TERM=xterm NO_COLOR= script -qec "$pale check wrong.pale" /dev/null
	[[ $output == *"$esc[1;31merror:"* ]]
	run -1 env -u NO_COLOR TERM=dumb script -qec "$pale check wrong.pale" /dev/null
	[[ $output != *"$esc"* ]]
	# Errors in a file though stdout is a terminal.
	run -1 env TERM=xterm script -qec "$pale check wrong.pale 2>errors" /dev/null
	[ -s errors ]
	run ! grep -q "$esc" errors
	run -0 env TERM=xterm script -qec "$pale check --json right.pale" /dev/null
	[[ $output != *"$esc"* ]]
}

@test "output that cannot be written is an error" {
	run --separate-stderr -1 bash -c '"$1" explain right.pale >/dev/full' - "$pale"
	[[ $stderr == *"cannot write the output: No space left on device"* ]]
	run --separate-stderr -1 bash -c '"$1" query right.pale read /x >/dev/full' - "$pale"
	run --separate-stderr -1 bash -c '"$1" help >/dev/full' - "$pale"
}

@test "diff tells what changed, with witnesses, and gates widening" {
	cat >old.pale <<'END'
profile web {
    abi x86_64
    process { allow exec /bin/tool as tool }
    file { allow read /srv/** owner; deny read /srv/keys/** }
    syscall { only read, ioctl(cmd == 5) }
    limit { memory 1M }
    profile tool { syscall { only read } }
}
END
	sed 's/ owner; deny.* }$/ }/; s/cmd == 5/cmd in 5..6/; s/ as tool//; s/1M/2M/' old.pale >new.pale
	run --separate-stderr -0 "$pale" diff old.pale new.pale
	[ -z "$stderr" ]
	diff - <(printf '%s\n' "$output") <<'END'
+ web: read /srv/a  (of another owner)
    old  old.pale:1: deny read by default
    new  new.pale:4: allow read /srv/**
+ web: read /srv/keys/a
    old  old.pale:4: deny read /srv/keys/**
    new  new.pale:4: allow read /srv/**
+ web: syscall ioctl cmd=0x6
    old  old.pale:1: deny syscall by default
    new  new.pale:5: only read, ioctl(cmd in 5..6)
+ web: limit memory
    old  old.pale:6: limit memory 1M
    new  new.pale:6: limit memory 2M
> web: exec /bin/tool
    old  old.pale:3: allow exec /bin/tool as tool
    new  new.pale:3: allow exec /bin/tool
- web/tool: read /bin/tool
    old  old.pale:3: allow exec /bin/tool as tool (its entry)
    new  new.pale:7: deny read by default
- web/tool: map /bin/tool
    old  old.pale:3: allow exec /bin/tool as tool (its entry)
    new  new.pale:7: deny map by default
4 allowed that were not, 2 no longer, 1 in another profile
END
	run -1 "$pale" diff --no-widening old.pale new.pale
	run -1 "$pale" diff --no-widening new.pale old.pale
	run -0 "$pale" diff --no-widening old.pale old.pale
	[ "$output" = "old.pale and old.pale allow the same" ]
	run --separate-stderr -0 "$pale" diff --json new.pale old.pale
	jq -e 'map(.change) | sort == ["allowed", "allowed", "enters", "refused", "refused", "refused", "refused"]' <<<"$output"
	run --separate-stderr -1 "$pale" diff old.pale wrong.pale
	[[ $stderr == *"unknown operation 'raed'"* ]]
	run --separate-stderr -1 "$pale" diff old.pale:none new.pale
	[[ $stderr == *"no profile 'none'"* ]]
	usage "$pale" diff old.pale
}
