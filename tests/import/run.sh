#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# ok/NAME.json, .aa (AppArmor) and .yaml (KubeArmor) must become exactly ok/NAME.pale, with ok/NAME.err on stderr where there is one, and the policy must be right;
# the files in bad/ must give exactly the text of bad/NAME.err, nothing on stdout, and exit 1. The options of a file are in
# NAME.options. Also what sizes and bytes no file of the repository should hold. Prints TAP.
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

options() { # FILE: its options, by default those that make the output the same on every machine
	if [ -e "$1.options" ]; then cat "$1.options"; else echo "--abi x86_64 --apparmor-dir ../apparmor.d"; fi
}

cd "$here/ok" || exit 1
for f in *.json *.aa *.yaml; do
	name=${f%.*}
	# shellcheck disable=SC2046
	"$pale" import $(options "$name") "$f" >"$work/$name.pale" 2>"$work/err"
	status=$?
	if [ "$accept" = --accept ]; then
		cp "$work/$name.pale" .
		rm -f "$name.err"
		[ ! -s "$work/err" ] || cp "$work/err" "$name.err"
	fi
	[ -e "$name.err" ] || : >"$work/none"
	expected=$name.err
	[ -e "$expected" ] || expected=$work/none
	if [ $status -eq 0 ] && cmp -s "$work/$name.pale" "$name.pale" && cmp -s "$work/err" "$expected" &&
		"$pale" check -q "$work/$name.pale" 2>"$work/check"; then
		result ok "ok/$f"
	else
		result not-ok "ok/$f (status $status)"
		{ diff "$name.pale" "$work/$name.pale"; diff "$expected" "$work/err"; cat "$work/check"; } 2>&1 |
			head -n 20 | sed 's/^/# /'
	fi
done

cd "$here/bad" || exit 1
for f in *.json *.aa *.yaml; do
	name=${f%.*}
	# shellcheck disable=SC2046
	"$pale" import $(options "$name") "$f" >"$work/out" 2>"$work/err"
	status=$?
	[ "$accept" = --accept ] && cp "$work/err" "$name.err"
	if [ $status -eq 1 ] && [ ! -s "$work/out" ] && cmp -s "$work/err" "$name.err"; then
		result ok "bad/$f"
	else
		result not-ok "bad/$f (status $status)"
		diff "$name.err" "$work/err" | head -n 20 | sed 's/^/# /'
	fi
done

# refused NAME PATTERN: $work/in.json is an error whose text matches; within a minute.
refused() {
	timeout 60 "$pale" import --abi x86_64 "$work/in.json" >"$work/out" 2>"$work/err"
	status=$?
	if [ $status -eq 1 ] && [ ! -s "$work/out" ] && grep -Eq "$2" "$work/err"; then
		result ok "$1"
	else
		result not-ok "$1 (status $status)"
		head -n 5 "$work/err" | cut -c 1-200 | sed 's/^/# /'
	fi
}

repeat() { # TEXT TIMES
	awk -v s="$1" -v n="$2" 'BEGIN { for (i = 0; i < n; i++) printf "%s", s }'
}

{ repeat '[' 100000; repeat ']' 100000; } >"$work/in.json"
refused "nesting" "not JSON: maximum parsing depth reached"
{ printf '{"defaultAction":"SCMP_ACT_ERRNO","syscalls":['; repeat '{"names":["read"],"action":"SCMP_ACT_ALLOW"},' 200000; } >"$work/in.json"
refused "more than 1 MiB" "longer than 1048576 bytes"
printf '{"defaultAction":"SCMP_ACT_ERRNO\0"}' >"$work/in.json"
refused "a NUL byte" "not JSON"
printf '{"defaultAction":"\xc3\x28"}' >"$work/in.json"
refused "no UTF-8" "not JSON: unable to decode byte 0xc3"
{ printf '{"defaultAction":"SCMP_ACT_ERRNO","syscalls":['; repeat '7,' 100000; printf '7]}'; } >"$work/in.json"
refused "mistakes without end" "syscalls\[0\]: expected an object, found a number"
: >"$work/in.json"
refused "an empty file" "of no format that can be imported"
rm "$work/in.json"
refused "no file" "No such file"
mkdir "$work/in.json"
refused "a folder" "Is a directory"
rmdir "$work/in.json"
{
	printf '{"defaultAction":"SCMP_ACT_ERRNO","syscalls":['
	awk 'BEGIN { for (i = 0; i < 2000; i++)
		printf "{\"names\":[\"ioctl\"],\"action\":\"SCMP_ACT_ALLOW\",\"args\":[{\"index\":1,\"value\":%d,\"op\":\"SCMP_CMP_EQ\"}]},", i }'
	printf '{"names":["read"],"action":"SCMP_ACT_ALLOW"}]}'
} >"$work/in.json"
refused "too many conditions" "more than 1024 different conditions on 'ioctl'"
{
	printf '{"defaultAction":"SCMP_ACT_ERRNO","syscalls":['
	awk 'BEGIN { for (i = 0; i < 60; i++) printf "{\"names\":[\"socket\"],\"action\":\"SCMP_ACT_ALLOW\",\"args\":[" \
		"{\"index\":0,\"value\":%d,\"op\":\"SCMP_CMP_EQ\"},{\"index\":1,\"value\":%d,\"op\":\"SCMP_CMP_EQ\"}," \
		"{\"index\":2,\"value\":%d,\"op\":\"SCMP_CMP_EQ\"}]},", 3 * i, 3 * i, 3 * i }'
	printf '{"names":["read"],"action":"SCMP_ACT_ALLOW"}]}'
} >"$work/in.json"
refused "too many cases" "tell more than 65536 cases apart"

{ printf 'profile a { '; repeat '/{a,' 20000; } >"$work/in.json"
refused "braces without end" "nested more than 50 deep|expected permissions"
{ printf 'profile a { '; repeat '/a r, ' 1000000; printf '}'; } >"$work/in.json"
refused "a profile of more than 4 MiB" "longer than 4 MiB"
{ repeat 'profile a { ' 10000; } >"$work/in.json"
refused "profiles inside each other" "more than 32 deep"
printf 'profile a { /a\0b r, }' >"$work/in.json"
refused "a NUL byte in a profile" "the control character .x00"
{ for i in 1 2 3 4 5 6 7 8 9; do printf '@{V%d}=@{V%d}@{V%d} b\n' $((i + 1)) "$i" "$i"; done; printf '@{V1}=a b\nprofile a { /@{V10} r, }\n'; } >"$work/in.json"
"$pale" import "$work/in.json" >"$work/out" 2>"$work/err"
if [ $? -eq 0 ] && grep -q 'LEFT OUT.*more than 2000' "$work/out"; then result ok "variables that multiply"; else result not-ok "variables that multiply"; fi
{ printf 'kind: KubeArmorPolicy\nspec: '; repeat '[' 5000; } >"$work/in.json"
refused "lists inside lists" "nested more than 64 deep|not YAML"
{ printf 'kind: KubeArmorPolicy\nspec:\n'; awk 'BEGIN { print " a0: &a0 [x,x]"; for (i = 1; i < 40; i++) printf " a%d: &a%d [*a%d,*a%d]\n", i, i, i-1, i-1 }'; } >"$work/in.json"
refused "aliases that multiply" "in.json:4:.*an alias"
{ printf 'kind: KubeArmorPolicy\n'; repeat '# a comment\n' 200000; } >"$work/in.json"
refused "more than 1 MiB of YAML" "longer than 1048576 bytes"

# A policy is written whole or not at all.
cd "$work" || exit 1
rm -rf "$work/in.json"
"$pale" import --abi x86_64 "$here/ok/names.json" -o made.pale >out 2>err
if [ $? -eq 0 ] && [ ! -s out ] && cmp -s made.pale "$here/ok/names.pale"; then
	result ok "-o writes the file"
else
	result not-ok "-o writes the file"
fi
"$pale" import "$here/bad/action.json" -o made.pale >out 2>err
if [ $? -eq 1 ] && cmp -s made.pale "$here/ok/names.pale"; then
	result ok "-o leaves the file when there is a mistake"
else
	result not-ok "-o leaves the file when there is a mistake"
fi

# Debian's own profiles: each becomes a policy that is right.
if root=$("$here/apparmor.sh" 2>"$work/err"); then
	carried=0 left=0 wider=0 files=0
	for f in "$root"/usr/share/apparmor/extra-profiles/* "$root"/etc/apparmor.d/*; do
		[ -f "$f" ] && [ "${f##*/}" != README ] || continue
		files=$((files + 1))
		timeout 60 "$pale" import --apparmor-dir "$root/etc/apparmor.d" "$f" >"$work/made.pale" 2>"$work/err"
		status=$?
		if [ $status -ne 0 ] || ! "$pale" check -q "$work/made.pale" 2>"$work/err"; then
			result not-ok "Debian's ${f##*/} (status $status)"
			head -n 5 "$work/err" | sed 's/^/# /'
			continue
		fi
		carried=$((carried + $(grep -cE '^ +(allow|audit|deny|quiet|limit) ' "$work/made.pale")))
		left=$((left + $(grep -c '# LEFT OUT' "$work/made.pale")))
		wider=$((wider + $(grep -c '# WIDER' "$work/made.pale")))
	done
	[ $files -gt 100 ] && result ok "Debian's profiles" || result not-ok "Debian's profiles: $files"
	echo "# $files files: $carried rules carried over, $left left out, $wider wider"
else
	result not-ok "Debian's profiles cannot be fetched"
	sed 's/^/# /' "$work/err"
fi
echo "1..$n"
