# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
url=http://127.0.0.1:$PORT1
mkdir site

serve() { # OPTION…
	start -u nobody "$PROGRAM" httpd -f -p "127.0.0.1:$PORT1" -h "$WORK/site" "$@"
	until_ok 60 curl -sf "$url/"
}
