#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Scripted sessions with `pale lsp`, *.session; session.c says how they are written. Prints TAP.
#
#	run.sh BUILD [--accept]	(--accept writes the server's answers anew: read the difference)
set -u
export PALE_PATH="" LC_ALL=C
build=$1
accept=${2-}
here=$(dirname "$0")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
n=0

for f in "$here"/*.session; do
	n=$((n + 1))
	if [ "$accept" = --accept ]; then
		"$build/tests/lsp/session" "$build/pale" "$f" --accept >"$work/new"
		status=$?
		if [ $status -eq 0 ]; then cp "$work/new" "$f"; else grep '^# line' "$work/new"; fi
	else
		"$build/tests/lsp/session" "$build/pale" "$f" >"$work/out" 2>&1
		status=$?
	fi
	name=$(basename "$f" .session)
	if [ $status -eq 0 ]; then echo "ok $n - $name"; else echo "not ok $n - $name"; fi
	[ $status -eq 0 ] || cat "$work/out" 2>/dev/null
done
echo "1..$n"
