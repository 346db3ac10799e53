#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# in/NAME.pale must be formatted to exactly out/NAME.pale, and that stay as it is. Formatted already are the profiles, and what
# `pale import` writes. Prints TAP.
#
#	run.sh BUILD [--accept]	(--accept writes out/ anew: read the difference)
set -u
pale=$(realpath "$1/pale")
accept=${2-}
here=$(realpath "$(dirname "$0")")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
n=0

result() { # ok|not-ok NAME
	n=$((n + 1))
	if [ "$1" = ok ]; then echo "ok $n - $2"; else echo "not ok $n - $2"; fi
}

cd "$here" || exit 1
for f in in/*.pale; do
	name=${f#in/}
	"$pale" fmt "$f" >"$work/out" 2>"$work/err"
	status=$?
	[ "$accept" = --accept ] && cp "$work/out" "out/$name"
	if [ $status -eq 0 ] && [ ! -s "$work/err" ] && cmp -s "$work/out" "out/$name" && "$pale" fmt --check "out/$name" >"$work/again" 2>&1; then
		result ok "$name"
	else
		result not-ok "$name (status $status)"
		diff "out/$name" "$work/out" | cat "$work/err" - | head -n 30 | sed 's/^/# /'
	fi
done

cd "$here/../.." || exit 1
for f in profiles/*/*.pale tests/import/ok/*.pale; do
	if "$pale" fmt --check "$f" >"$work/out" 2>&1 && [ ! -s "$work/out" ]; then
		result ok "$f is formatted"
	else
		result not-ok "$f is formatted"
		"$pale" fmt "$f" 2>&1 | diff "$f" - | head -n 30 | sed 's/^/# /'
	fi
done
echo "1..$n"
