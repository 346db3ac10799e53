# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
url=http://127.0.0.1:$PORT1
export NOTES=$WORK/notes
mkdir -m 777 notes
cp "$(dirname "$0")/server.js" .

serve() {
	start -u nobody "$PROGRAM" "$WORK/server.js" "$PORT1"
	until_ok 60 curl -sf "$url/"
}

put() { # NAME TEXT
	same 201 "$(printf '%s' "$2" | curl -s -o /dev/null -w '%{http_code}' -T - "$url/$1")"
}
