# SPDX-License-Identifier: Apache-2.0
# What the scripts of this folder share: sourced by stage.sh.

# Set by a script: its policy, and the user that runs the program, root if none is named; --audit, where nothing is to be refused.
policy=
user=
audit=

# Each run of pale starts its own.
reports=/run/reports
mkdir $reports

as_user() {
	if [ -n "$user" ]; then
		setpriv --reuid "$user" --regid "$user" --init-groups "$@"
	else
		"$@"
	fi
}

# confined COMMAND…: under the policy.
confined() {
	local report
	report=$(mktemp $reports/XXXXXX)
	chmod 666 "$report"
	as_user /run/pale/pale run -I /run/pale/profiles -p "$policy" --allow-partial ${audit:+$audit} --mechanisms seccomp,landlock,cgroup --report "$report" -- "$@"
}

fail() {
	printf '%s\n' "$@" >&2
	cat $reports/* 2>/dev/null | jq -r '"reported: \(.operation) \(.object) \(.outcome) by \(.process.executable) \(.syscall.name // "") \(
		.syscall.arguments // [])"' >&2
	exit 1
}

nothing_reported() {
	[ -n "$(ls $reports)" ] || fail 'nothing was run under the policy'
	[ -z "$(cat $reports/*)" ] || fail "reported under $policy:"
}

# reported OPERATION OBJECT: refused, and told with this object, a regular expression for the whole of it.
reported() {
	cat $reports/* 2>/dev/null | jq -es --arg operation "$1" --arg object "^($2)\$" \
		'any(.operation == $operation and (.object | test($object)) and .outcome == "refused")' >/dev/null || fail "not reported: $1 $2"
}

# in_time COMMAND…: until it succeeds, for a minute: machines may be slow.
in_time() {
	local end=$((SECONDS + ${PATIENCE:-60}))
	until "$@" 2>/dev/null; do
		((SECONDS < end)) || fail "waited in vain for: $*"
		sleep 0.05
	done
}

# is EXPECTED COMMAND…: its output.
is() {
	local expected=$1 output
	shift
	output=$("$@") || fail "ended with $?: $*"
	[ "$output" = "$expected" ] || fail "'$output' instead of '$expected': $*"
}

# The same where what no rule allows kills: nothing that the program needs hides behind a fallback of its own.
strict() {
	sed 's/^profile .*{$/&\n    on violation kill/' "$policy" >/run/strict.pale
	policy=/run/strict.pale
	works
}
