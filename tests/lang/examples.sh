#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Each fenced block of grammar/LANGUAGE.md that is marked as Pale is a policy without a mistake, and its tests hold.
#
#	examples.sh PALE WORKDIR	(prints "ok NAME" or "not ok NAME", then "# …" about it)
set -u
pale=$1
reference=$(dirname "$0")/../../grammar/LANGUAGE.md
mkdir -p "$2/examples"

awk -v folder="$2/examples" '
/^```pale$/ { file = sprintf("%s/line-%04d.pale", folder, NR); next }
/^```/ { file = ""; next }
file != "" { print > file }' "$reference"

for f in "$2/examples"/*.pale; do
	name=examples/$(basename "$f" .pale)
	if "$pale" check "$f" >"$2/out" 2>&1 && grep -q ' [1-9][0-9]* expectations hold$' "$2/out"; then
		echo "ok $name"
	else
		echo "not ok $name"
		sed 's/^/# /' "$2/out"
	fi
done
