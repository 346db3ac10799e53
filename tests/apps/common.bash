# SPDX-License-Identifier: Apache-2.0
# The acts of the applications, sourced by stage.sh after tests/programs/common.bash. NAME.bash sets
#	policy		what it runs under
#	user		who starts it, root if nobody is named
#	program		its own file
#	static		not empty where that is static, so that nothing can be preloaded
#	attacks		the words that attack prints where nothing is refused, one a line
#	inexact		what is reported since this host's mechanisms know no better: lines of an outcome other than refused, an operation, and a regular
#			expression for the object
#	refused		what is reported of that under the policy: lines of an operation and a regular expression for the object
# and defines
#	set_up		optional: files, and servers that it talks to, none of them confined
#	start RUN	starts it by RUN, and returns when it serves; once more by "$run" where exercise has it end and begin again
#	exercise	its clients: serve, log, reload, write its data
#	attack		what an attacker would have it do, through its own interfaces: prints a word for each thing that worked
#	stop		as who operates it stops it
#
# Besides, in each attack, the program is taken over as it starts (hijack.c).
# shellcheck shell=bash disable=SC2154

# What whoever has taken over a program has it do (hijack.c), where nothing is refused.
all_acts=$'connected\nexecuted\nread\nwritten'

static=
hijack=
attacks=
refused=
inexact=
log=/run/said
: >$log
chmod 666 $log

# Another's file, another's folder and another's server.
echo secret >/srv/secret
install -d -m 777 /srv/elsewhere
install -d /srv/inner
echo inner >/srv/inner/index.html
busybox httpd -f -vv -p 127.0.0.1:9 -h /srv/inner 2>/srv/inner/log &
in_time busybox wget -q -O /dev/null http://127.0.0.1:9/

# With what it said last.
trap '[ $? = 0 ] || tail -n 20 $log >&2' EXIT

set_up() {
	:
}

# daemon RUN… COMMAND…: in the background. ends, signal and main_process are about that.
daemon() {
	{
		[ -z "$hijack" ] || export LD_PRELOAD=/usr/local/lib/hijack.so HIJACK="$program"
		"$@"
	} </dev/null >>$log 2>&1 &
	server=$!
}

# main_process: of those of the program the one that began first.
main_process() {
	local process
	for process in $(cd /proc && printf '%s\n' [0-9]* | sort -n); do
		if [ "$(readlink "/proc/$process/exe")" = "$program" ]; then
			echo "$process"
			return
		fi
	done
	fail "no process of $program runs"
}

signal() {
	kill -s "$1" "$(main_process)"
}

# ends [SIGNAL]: it does, by itself or by that signal.
ends() {
	local status=0
	[ $# = 0 ] || signal "$1"
	wait "$server" || status=$?
	[ $status = 0 ] || [ $status = $((128 + $(kill -l "${1:-TERM}"))) ] || fail "it ended with $status"
}

# prints EXPRESSION COMMAND…: in a line. (Of a pipe into grep -q, which ends first, the command may fail.)
prints() {
	local expression=$1 output
	shift
	output=$("$@") && grep -q -e "$expression" <<<"$output"
}

# logged EXPRESSION FILE: in a line.
logged() {
	in_time grep -q -e "$1" "$2"
}

syslog() { # SOCKET FILE: what comes to the one is written to the other
	mkdir -p "${1%/*}" "${2%/*}"
	touch "$2"
	socat -u "UNIX-RECVFROM:$1,fork,mode=666" "OPEN:$2,append" &
	in_time test -S "$1"
}

# words COMMAND…: the words it prints, in order, each once.
words() {
	"$@" | sort -u
}

hijacked() {
	sed -n 's/^.*hijacked: \([a-z]*\)$/\1/p' $log | sort -u
}

begin() {
	run=$1
	start "$run"
}

taken_over() {
	cp build/hijack.so /usr/local/lib/
	[ -n "$static" ] || hijack=yes
	begin "$1"
	hijack=
}

# Without a policy it works, and so does each attack.
act_bare() {
	set_up
	taken_over as_user
	exercise
	is "$(sort -u <<<"$attacks")" words attack
	[ -n "$static" ] || is "$all_acts" hijacked
	stop
}

act_works() {
	local outcome operation object
	set_up
	begin confined
	exercise
	stop
	while read -r outcome operation object; do
		[ -z "$outcome" ] || forgive "$outcome" "$operation" "$object"
	done <<<"$inexact"
	nothing_reported
}

# forgive OUTCOME OPERATION OBJECT: takes it out of the reports.
forgive() {
	local report
	for report in "$reports"/*; do
		jq -c --arg outcome "$1" --arg operation "$2" --arg object "^($3)\$" \
			'select(.outcome == "refused" or .outcome != $outcome or .operation != $operation or (.object | test($object) | not))' "$report" >/run/left
		cp /run/left "$report"
	done
}

act_refused() {
	local operation object
	set_up
	taken_over confined
	is '' words attack
	stop
	if [ -z "$static" ]; then
		is '' hijacked
		refused+=$'\nread /srv/secret\ncreate /srv/elsewhere/hijacked\nconnect tcp 127.0.0.1:9\nexec /usr/bin/id'
	fi
	while read -r operation object; do
		[ -z "$operation" ] || reported "$operation" "$object"
	done <<<"$refused"
}

# To write a policy from: what is learned of all that the other acts want to work.
learned() {
	as_user /run/pale/pale learn -I /run/pale/profiles -o "$(mktemp -u /run/learned/XXXXXX.pale)" -- "$@"
}

act_learn() {
	install -d -m 1777 /run/learned
	set_up
	begin learned
	exercise
	stop
	cat /run/learned/*.pale
}

# To mend a policy: what it would have refused.
act_audit() {
	audit=--audit
	set_up
	begin confined
	exercise
	stop || true
	cat $reports/* | jq -r '"\(.operation) \(.object) by \(.process.executable) \(.syscall.name // "") \(.syscall.arguments // [])"' | sort | uniq -c
}
