# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh disable=SC2034,SC2154
# What ci.sh and smoke.sh, which are the same for every service, have to know of this one.
name=notes
port=8000
command='/usr/bin/python3 /opt/notes/notes.py /opt/notes/notes.ini'

# What has to be done before it can run.
build() {
	:
}

# Its files, as the Dockerfile copies them.
lay_out() {
	cp notes.py notes.ini /opt/notes/
}

# Its client: is ANSWER CURL-ARGUMENT…, request CURL-ARGUMENT…, logs TEXT.
use() {
	is 1 --data-binary 'milk and bread' "$url/notes"
	is 2 --data-binary 'call Ada' "$url/notes"
	is 'milk and bread' "$url/notes/1"
	is '' -X DELETE "$url/notes/1"
	is 404 -o /dev/null -w '%{http_code}' "$url/notes/1"
	logs '"GET /notes/1 HTTP/1.1" 200'
}

# The same after it ended and was started again.
use_again() {
	is 'call Ada' "$url/notes/2"
}
