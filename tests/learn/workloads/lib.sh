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

words=(anchor basket candle dragon engine feather garden hammer island jacket kettle ladder marble needle orchard pepper quarry ribbon saddle
	temple umbrella velvet window yellow zipper almond bridge copper dinner editor forest ginger hollow indigo jungle kitten lemon mirror
	nickel olive parrot quiver rocket silver tunnel urchin violin walnut barrel cactus dinghy falcon goblet helmet insect jigsaw lantern
	magnet napkin oyster)

# word N: the N-th word of this run, 1 to 6; each of ten runs has other ones.
word() {
	echo "${words[(RUN - 1) * 6 + $1 - 1]}"
}
