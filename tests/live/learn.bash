# SPDX-License-Identifier: Apache-2.0
# What the suites of `pale learn -- COMMAND` share, on this host and in the guest, where all takes longer.
# shellcheck shell=bash disable=SC2034,SC2154

. tests/nginx_conf.bash

learn_setup() {
	pale=$build/pale
	try=$build/tests/live/try
	# Not in /tmp, for which there is a fragment.
	dir=$(mktemp -d /srv/pale-learn-XXXXXX)
	chmod 755 "$dir"
	mkdir -m 777 "$dir/data"
	mkdir "$dir/out"
	echo page >"$dir/data/page"
	policy=$dir/out/t.pale
	export PALE_PATH=$PWD/profiles
}

rules() { # POLICY: that were learned, one a line, without comments
	sed -n '/# learned: rules/,/# learned: end/p' "$1" | grep -v '^ *#' | sed ':a; /,$/ { N; s/,\n  */, /; ba }'
}

observed() { # OPERATION: objects, as they are in the file of runs
	jq -r --arg operation "$1" '.observations[] | select(.operation == $operation) | .object // ""' "$policy.runs" | sort -u
}

until_true() { # COMMAND…: $tries times, ten a second
	local i
	for ((i = 0; i < ${tries:-200}; i++)); do "$@" && return; sleep 0.1; done
	return 1
}

# Asks, once it answers, for what is there and what is not, and has it end.
nginx_answers() {
	until_true curl -s -o /dev/null http://127.0.0.1:817/page.html
	[ "$(curl -s http://127.0.0.1:817/page.html)" = page ]
	[ "$(curl -s -o /dev/null -w '%{http_code}\n' http://127.0.0.1:817/none)" = 404 ]
	kill -QUIT "$(cat "$dir/nginx.pid")"
}

# In two runs into $policy; then it runs under that without a report.
nginx_is_learned() {
	local n learner
	nginx_conf "$dir" 817 2
	echo page >"$dir/www/page.html"
	"$pale" learn --profile t -o "$policy" --runs 2 -- "${nginx[@]}" 2>"$dir/said" 3>&- &
	learner=$!
	for n in 1 2; do
		nginx_answers
		until_true grep -q "run $n of 2" "$dir/said"
	done
	wait $learner
	jq -se 'length == 2 and all(.complete)' "$policy.runs"
	# The folders for bodies are made and given away in the first run.
	[ "$(observed capability)" = "$(printf '%s\n' chown net_bind_service setgid setuid)" ]
	"$pale" run -p "$policy" --allow-partial --report "$dir/report" -- "${nginx[@]}" 2>"$dir/said" 3>&- &
	nginx_answers
	wait $!
	[ ! -s "$dir/report" ]
}
