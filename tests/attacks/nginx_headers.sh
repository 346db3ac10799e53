#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# nginx_headers.sh DIRECTORY
#
# Makes DIRECTORY/ngx_auto_config.h and ngx_auto_headers.h for the nginx that Debian built. nginx-dev
# has nginx's sources but not these two, which its configure writes; a module must see the same
# options as the server, or the server refuses its signature.
set -euo pipefail
sources=/usr/share/nginx/src
mkdir -p "$1"
to=$(realpath "$1")

[ -e $sources/conf_flags ] || {
	echo "nginx_headers.sh: the package nginx-dev is not installed" >&2
	exit 1
}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cp -rs $sources/. "$scratch"
cd "$scratch"
. ./conf_flags
./configure "${NGX_CONF_FLAGS[@]}" --builddir=objs >configure.log 2>&1 || {
	tail -n 20 configure.log >&2
	exit 1
}
cp objs/ngx_auto_headers.h objs/ngx_auto_config.h "$to"
