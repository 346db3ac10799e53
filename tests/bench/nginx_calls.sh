#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# nginx_calls.sh REQUESTS: how often Debian's nginx makes each call from its start, over that many requests, to its end, in the
# form that `pale build --weights` takes.
set -euo pipefail
cd "$(dirname "$0")/../.."
PALE_BUILD=build
. tests/nginx.bash

counts=$(mktemp)
stage=
trap '[ -z "$stage" ] || stage_stop; rm -f "$counts"' EXIT
stage_start
on_stage strace -f -qq -c -U name,calls -o "$counts" nginx -g 'daemon off;' &
traced=$!
in_time nginx_serves >&2
on_stage curl -s -o /dev/null "http://127.0.0.1/?[1-$1]"
nginx_quit >&2
wait $traced
awk '$1 ~ /^[a-z0-9_]+$/ && $2 ~ /^[0-9]+$/ && $1 != "total" { print $1, $2 }' "$counts"
