# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh disable=SC2034,SC2154
# What ci.sh and smoke.sh, which are the same for every service, have to know of this one.
name=hits
port=8080
command='/opt/hits/hits /opt/hits/hits.conf'

# What has to be done before it can run.
build() {
	make -s hits
}

# Its files, as the Dockerfile copies them.
lay_out() {
	cp hits /opt/hits/
	cp hits.conf /opt/hits/
}

# Its client: is ANSWER CURL-ARGUMENT…, request CURL-ARGUMENT…, logs TEXT.
use() {
	is 1 -X POST "$url/hit/blog"
	is 2 -X POST "$url/hit/blog"
	is 404 -X POST -o /dev/null -w '%{http_code}' "$url/hit/none"
	logs '200 POST /hit/blog'
}

# The same after it ended and was started again.
use_again() {
	is 'blog 2
shop 0' "$url/counts"
}
