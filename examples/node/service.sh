# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh disable=SC2034,SC2154
# What ci.sh and smoke.sh, which are the same for every service, have to know of this one.
name=links
port=3000
command='/usr/bin/node /opt/links/links.js /opt/links/links.json'

# What has to be done before it can run.
build() {
	:
}

# Its files, as the Dockerfile copies them.
lay_out() {
	cp links.js links.json /opt/links/
}

# Its client: is ANSWER CURL-ARGUMENT…, request CURL-ARGUMENT…, logs TEXT.
use() {
	kept=$(request -d https://www.debian.org/ "$url/links") || fail 'it keeps no address'
	is https://www.debian.org/ -o /dev/null -w '%{redirect_url}' "$url/$kept"
	is 400 -o /dev/null -w '%{http_code}' -d javascript:alert "$url/links"
	is 404 -o /dev/null -w '%{http_code}' "$url/none"
	logs '201 POST /links'
}

# The same after it ended and was started again.
use_again() {
	is https://www.debian.org/ -o /dev/null -w '%{redirect_url}' "$url/$kept"
}
