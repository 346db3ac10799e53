# SPDX-License-Identifier: Apache-2.0
# What stages of learn_container.bats share, within their namespaces.
# shellcheck shell=bash disable=SC2154

create() { # ID
	runc create --bundle "$dir/bundle" "$1" </dev/null >/dev/null
}

first() { # ID: its first process
	jq .init_process_pid "/run/runc/$1/state.json"
}

# learn OPTION…: in the background, until it records.
learn() {
	"$pale" learn --profile t -o "$policy" "$@" 2>"$dir/said" &
	learner=$!
	for n in {1..200}; do
		grep -q 'is recorded' "$dir/said" && return
		kill -0 "$learner" 2>/dev/null || break
		sleep 0.05
	done
	cat "$dir/said"
	return 1
}

# It ends by itself.
ended() {
	wait "$learner" || {
		cat "$dir/said"
		return 1
	}
}

end() {
	kill -TERM "$learner"
	ended
}

# inside GROUP COMMAND…: in it, from the start.
inside() {
	local group=$1
	shift
	(
		echo "$BASHPID" >"$unified/$group/cgroup.procs"
		exec "$@"
	)
}
