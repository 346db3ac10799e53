# SPDX-License-Identifier: Apache-2.0
# What the scripts share: . "$(dirname "$0")/../lib.sh"
# shellcheck shell=bash

set -euo pipefail

until_ok() { # SECONDS COMMAND…
	local seconds=$1 i
	shift
	for ((i = 0; i < seconds * 20; i++)); do
		if "$@" >/dev/null 2>&1; then return; fi
		sleep 0.05
	done
	echo "not so after $seconds s: $*" >&2
	return 1
}

same() { # EXPECTED GOT
	[ "$1" = "$2" ] || { echo "expected '$1', got '$2'" >&2; return 1; }
}

# start [-u USER] COMMAND…: as $server, in the background.
start() {
	local who=()
	if [ "$1" = -u ]; then
		who=(setpriv --reuid "$2" --regid "$(id -g "$2")" --clear-groups)
		[ "$(id -u)" = 0 ] || who=()
		shift 2
	fi
	"${who[@]}" "$@" >>server.log 2>&1 &
	server=$!
}

# stop [SIGNAL]: and it ends by that or with 0.
stop() {
	local number=$((128 + $(kill -l "${1-TERM}"))) status=0
	kill "-${1-TERM}" "$server"
	wait "$server" || status=$?
	[ $status -eq 0 ] || [ $status -eq "$number" ] || { echo "ended with $status" >&2; cat server.log >&2; return 1; }
}
