#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What each NAME.pale compiles to, byte for byte: NAME.apparmor, NAME.seccomp.json, NAME.listing (the filter's instructions) and
# NAME.explain (the table), and NAME.doc (its sentences). The policies hold tests of their own, so that what is golden is also right.
# Then what a build owes whatever it builds: the same bytes from anywhere, and all its files or none. Prints TAP.
#
#	run.sh BUILD [--accept]	(--accept writes the expected files anew: read the difference)
set -u
build=$(realpath "$1")
accept=${2-}
here=$(realpath "$(dirname "$0")")
pale=$build/pale
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
n=0

result() { # STATUS WHAT
	n=$((n + 1))
	[ "$1" -eq 0 ] && echo "ok $n - $2" || echo "not ok $n - $2"
}

# Says what is wrong of a result that was told before.
note() {
	head -n 20 "$@" | sed 's/^/# /'
}

golden() { # EXPECTED MADE
	[ "$accept" = --accept ] && cp "$2" "$1"
	cmp -s "$1" "$2"
	result $? "${1##*/}"
	cmp -s "$1" "$2" || diff "$1" "$2" | note
}

cd "$here" || exit 1
for policy in *.pale; do
	name=${policy%.pale}
	held=$("$pale" check "$policy" 2>"$work/err" | sed -n 's/.* \([0-9]*\) expectations hold$/\1/p')
	[ "${held:-0}" -gt 0 ] && [ ! -s "$work/err" ]
	result $? "$policy: its ${held:-} tests hold"
	note "$work/err"
	"$pale" build "$policy" -o "$work/out-$name" >"$work/said" 2>"$work/err"
	result $? "$policy is built"
	note "$work/err"
	"$build/tests/golden/list_filter" "$work/out-$name/$name.x86_64.bpf" >"$work/$name.listing"
	"$pale" explain "$policy" >"$work/$name.explain"
	"$pale" doc "$policy" >"$work/$name.doc"
	golden "$name.apparmor" "$work/out-$name/$name.apparmor"
	golden "$name.seccomp.json" "$work/out-$name/$name.seccomp.json"
	golden "$name.listing" "$work/$name.listing"
	golden "$name.explain" "$work/$name.explain"
	golden "$name.doc" "$work/$name.doc"
done

# The same bytes: again, by another name for the same file, and from a copy elsewhere.
mkdir "$work/elsewhere" && cp -r . "$work/elsewhere/copy"
for policy in *.pale; do
	name=${policy%.pale}
	"$pale" build "$here/$policy" -o "$work/again-$name" >"$work/said" 2>&1 &&
		diff -r "$work/out-$name" "$work/again-$name" >"$work/diff"
	result $? "$policy: by its absolute name, the same bytes"
	(cd / && "$pale" build "$work/elsewhere/copy/$policy" -o "$work/copy-$name" >"$work/said" 2>&1) &&
		diff -r "$work/out-$name" "$work/copy-$name" >"$work/diff"
	result $? "$policy: from a copy elsewhere, the same bytes"
done
# A library that lies in two places is one library.
printf 'use base/libc\nprofile lib { include libc }\n' >"$work/lib.pale"
cp -r "$here/../../profiles" "$work/profiles"
"$pale" build -I "$here/../../profiles" "$work/lib.pale" -o "$work/lib-1" >"$work/said" 2>&1 &&
	PALE_PATH=$work/profiles "$pale" build "$work/lib.pale" -o "$work/lib-2" >"$work/said" 2>&1 &&
	diff -r "$work/lib-1" "$work/lib-2" >"$work/diff"
result $? "a fragment of the library: wherever it lies, the same bytes"

# Builds that fail leave nothing: fails STATUS WHAT DIR COMMAND…
fails() {
	local status=$1 what=$2 dir=$3 got
	shift 3
	"$@" >"$work/said" 2>"$work/err"
	got=$?
	[ $got -eq "$status" ] && [ -s "$work/err" ] && [ ! -s "$work/said" ] && [ ! -e "$dir" ]
	result $? "$what: exit $status, and nothing is left"
	[ $got -eq "$status" ] || echo "# exit $got"
	[ ! -e "$dir" ] || ls -la "$dir" | note
}

cd "$work" || exit 1
printf 'profile p { file { allow raed /x } }\n' >syntax.pale
printf 'profile p { file { allow read /x } }\ntest "t" for p { allow read /y }\n' >untrue.pale
printf 'fragment f { file { allow read /x } }\n' >fragment.pale
printf 'profile a { file { allow read /x } }\nprofile b { file { allow read $nope } }\n' >second.pale
{
	echo 'profile p { abi x86_64; syscall {'
	for i in $(seq 700); do echo "allow ioctl(cmd == $((i * 77777)) and fd == $i)"; done
	echo '} }'
} >conditions.pale
fails 1 "a syntax error" out "$pale" build syntax.pale -o out
fails 1 "a test that does not hold" out "$pale" build untrue.pale -o out
fails 1 "no profile" out "$pale" build fragment.pale -o out
fails 1 "an error in the second profile" out "$pale" build second.pale -o out
fails 1 "a missing file" out "$pale" build nowhere.pale -o out
fails 1 "conditions beyond a filter's budget" out "$pale" build conditions.pale -o out
grep -q "ioctl" err
result $? "the budget's error names the call"
fails 2 "no folder is named" out "$pale" build "$here/files.pale"
fails 1 "a folder in a folder that is missing" out "$pale" build "$here/files.pale" -o out/deep
: >occupied
fails 1 "a file where the folder should be" occupied/x "$pale" build "$here/files.pale" -o occupied

# As somebody who may not write there; root may everywhere.
mkdir locked && chmod 555 locked
as_nobody=()
[ "$(id -u)" != 0 ] || as_nobody=(setpriv --reuid 65534 --regid 65534 --clear-groups --bounding-set -all --inh-caps -all)
chmod 755 "$work"
cp -r "$here" "$work/readable" && chmod -R a+rX "$work/readable"
fails 1 "a folder that may not be written" locked/files.apparmor "${as_nobody[@]}" "$pale" build readable/files.pale -o locked
[ -z "$(ls -A locked)" ]
result $? "and the folder stays as it was"

# What was there stays when a later file cannot be written.
cp -r "$work/out-files" kept && rm kept/files.lsm && mkdir kept/files.lsm && cp -r kept before
echo old | tee kept/files.apparmor >before/files.apparmor
"$pale" build "$here/files.pale" -o kept >said 2>err
[ $? -eq 1 ] && diff -r before kept >diff
result $? "a build that fails leaves the files of the one before"

# A full disk, at every file in turn: whole or nothing.
cat >full.sh <<'EOT'
set -e
mount -t tmpfs -o size="$1" none /mnt
! mountpoint -q /mnt/out
status=0
"$2" build "$3" -o /mnt/out >/dev/null 2>"$4" || status=$?
made=$(find /mnt -type f | wc -l)
left=$(find /mnt -mindepth 1 | wc -l)
[ $status -eq 0 ] && [ "$made" -eq 6 ] && exit 0
[ $status -eq 1 ] && [ "$left" -eq 0 ] && grep -q 'No space left' "$4" && exit 1
echo "status $status, $made files, $left names" >&2
exit 2
EOT
own_mounts=(unshare --mount)
[ "$(id -u)" = 0 ] || own_mounts=(unshare --map-root-user --mount)
whole=0 nothing=0 else=0
for pages in 1 2 3 4 6 8 10 14 18 22 26 30 34 40 50 64 80 100; do
	"${own_mounts[@]}" sh full.sh $((pages * 4))k "$pale" "$here/files.pale" "$work/err" 2>>"$work/full"
	case $? in
	0) whole=$((whole + 1)) ;;
	1) nothing=$((nothing + 1)) ;;
	*) else=$((else + 1)) ;;
	esac
done
[ $whole -gt 0 ] && [ $nothing -gt 5 ] && [ $else -eq 0 ]
result $? "on a full disk all files or none ($nothing times none, $whole times all)"
[ $else -eq 0 ] || note "$work/full"
echo "1..$n"
