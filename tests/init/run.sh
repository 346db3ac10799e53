#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# ok/NAME.Dockerfile must become exactly ok/NAME.pale, which must be right and formatted; the files in bad/ must give exactly the text of
# bad/NAME.err, nothing on stdout, and exit 1. Prints TAP.
#
#	run.sh BUILD [--accept]	(--accept writes the texts anew: read the difference)
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

cd "$here/ok" || exit 1
for f in *.Dockerfile; do
	name=${f%.*}
	"$pale" init "$f" >"$work/$name.pale" 2>"$work/err"
	status=$?
	[ "$accept" = --accept ] && cp "$work/$name.pale" .
	if [ $status -eq 0 ] && [ ! -s "$work/err" ] && cmp -s "$work/$name.pale" "$name.pale" &&
		"$pale" check -q "$name.pale" 2>"$work/err" && "$pale" fmt --check "$name.pale" >"$work/err" 2>&1; then
		result ok "ok/$f"
	else
		result not-ok "ok/$f (status $status)"
		{ diff "$name.pale" "$work/$name.pale"; cat "$work/err"; } 2>&1 | head -n 20 | sed 's/^/# /'
	fi
done

cd "$here/bad" || exit 1
for f in *.Dockerfile; do
	name=${f%.*}
	"$pale" init "$f" >"$work/out" 2>"$work/err"
	status=$?
	[ "$accept" = --accept ] && cp "$work/err" "$name.err"
	if [ $status -eq 1 ] && [ ! -s "$work/out" ] && cmp -s "$work/err" "$name.err"; then
		result ok "bad/$f"
	else
		result not-ok "bad/$f (status $status)"
		diff "$name.err" "$work/err" | head -n 20 | sed 's/^/# /'
	fi
done

# refused NAME PATTERN: $work/in is an error whose text matches, within a minute.
refused() {
	timeout 60 "$pale" init "$work/in" >"$work/out" 2>"$work/err"
	status=$?
	if [ $status -eq 1 ] && [ ! -s "$work/out" ] && grep -Eq "$2" "$work/err"; then
		result ok "$1"
	else
		result not-ok "$1 (status $status)"
		head -n 5 "$work/err" | cut -c 1-200 | sed 's/^/# /'
	fi
}

printf 'FROM debian\nRUN a\0b\n' >"$work/in"
refused "a NUL byte" "in:2:6: error: a NUL byte in a Dockerfile"
: >"$work/in"
refused "an empty file" "no FROM is in it"
{ printf 'FROM debian\nENV A0=xxxxxxxxxxxxxxxx\n'; for i in $(seq 1 30); do printf 'ENV A%d=$A%d$A%d\n' "$i" $((i - 1)) $((i - 1)); done; } >"$work/in"
refused "variables that multiply" "longer than 65536 bytes"
{ printf 'FROM debian\nENV A=%060000d\n' 0; for i in $(seq 1 5000); do printf 'ENV A%d=$A\n' "$i"; done; } >"$work/in"
refused "variables on many lines" "in:282:10: error: up to here more than 16777216 bytes of variables are put in"
{ printf 'FROM debian\nUSER '; for i in $(seq 1 40); do printf '${A:-'; done; printf x; for i in $(seq 1 40); do printf '}'; done; printf '\n'; } >"$work/in"
refused "variables inside variables" "more than 16 deep"
refused_dir=$work/in
rm "$work/in"
refused "no file" "No such file"
mkdir "$refused_dir"
refused "a folder" "Is a directory"

# What is written is whole, and nothing that is there is lost.
cd "$work" || exit 1
"$pale" init "$here/ok/go.Dockerfile" -o made.pale >out 2>err
if [ $? -eq 0 ] && [ ! -s out ] && cmp -s made.pale "$here/ok/go.pale"; then result ok "-o writes the file"; else result not-ok "-o writes the file"; fi
"$pale" init "$here/ok/node.Dockerfile" -o made.pale >out 2>err
if [ $? -eq 2 ] && grep -q 'made.pale is there already' err && cmp -s made.pale "$here/ok/go.pale"; then
	result ok "-o leaves a file that is there"
else
	result not-ok "-o leaves a file that is there"
fi
echo "1..$n"
