#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# ok/NAME.runs, merged into ok/NAME.hand.pale where there is one, must become exactly ok/NAME.pale and say ok/NAME.err; the policy must be
# right and formatted, and the same from any order of the runs, one after another, and from itself. Its options are in NAME.options. The
# files in bad/ must give exactly the text of bad/NAME.err, and exit 1. Prints TAP.
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

shown() { # files whose differences tell what went wrong
	head -n 30 | sed 's/^/# /'
}

# learn NAME RUNS…: one after another into $work/NAME.pale.
learn() {
	local name=$1 runs
	shift
	rm -f "$work/$name.pale" "$work/$name.pale.runs"
	[ ! -e "$here/ok/$name.hand.pale" ] || cp "$here/ok/$name.hand.pale" "$work/$name.pale"
	for runs in "$@"; do
		cp "$runs" "$work/these.runs"
		if [ -e "$work/$name.pale" ]; then set -- --merge "$name.pale"; else set -- -o "$name.pale"; fi
		# shellcheck disable=SC2046
		(cd "$work" && "$pale" learn "$@" $(cat "$here/ok/$name.options" 2>/dev/null) --from these.runs) >"$work/out" 2>"$work/err" || return
	done
}

cd "$here/ok" || exit 1
for f in *.runs; do
	name=${f%.runs}
	learn "$name" "$f"
	status=$?
	if [ "$accept" = --accept ]; then
		cp "$work/$name.pale" "$name.pale"
		cp "$work/err" "$name.err"
	fi
	if [ $status -eq 0 ] && [ ! -s "$work/out" ] && cmp -s "$work/$name.pale" "$name.pale" && cmp -s "$work/err" "$name.err" &&
		"$pale" check -q "$name.pale" 2>"$work/check" && "$pale" fmt --check "$name.pale" >"$work/check" 2>&1; then
		result ok "ok/$f"
	else
		result not-ok "ok/$f (status $status)"
		{ diff "$name.pale" "$work/$name.pale"; diff "$name.err" "$work/err"; cat "$work/check"; } 2>&1 | shown
	fi
	# Each run by itself, the last one first; and then all of them again.
	rm -f "$work"/part-*
	tac "$f" | split -l 1 - "$work/part-"
	learn "$name" "$work"/part-* "$f"
	if cmp -s "$work/$name.pale" "$name.pale" && cmp -s "$work/err" "$name.err"; then
		result ok "ok/$f from any order"
	else
		result not-ok "ok/$f from any order"
		{ diff "$name.pale" "$work/$name.pale"; diff "$name.err" "$work/err"; } 2>&1 | shown
	fi
	# What is hand-written is there, byte for byte.
	if [ -e "$name.hand.pale" ]; then
		sed '/^ *# learned: .*anew by/,/^ *# learned: end/d' "$name.pale" | grep -v '^$' >"$work/left"
		if grep -v '^$' "$name.hand.pale" | cmp -s - "$work/left"; then
			result ok "ok/$name.hand.pale is not touched"
		else
			result not-ok "ok/$name.hand.pale is not touched"
			diff "$name.hand.pale" "$work/left" | shown
		fi
	fi
done

cd "$here/bad" || exit 1
for f in *.runs *.pale; do
	name=${f%.*}
	case $f in
	*.pale)
		cp "$f" "$work/$f"
		cp ../ok/one.runs "$work/$f.runs"
		(cd "$work" && "$pale" learn --merge "$f" -o none.pale) >"$work/out" 2>"$work/err"
		;;
	*) "$pale" learn --from "$f" >"$work/out" 2>"$work/err" ;;
	esac
	status=$?
	[ "$accept" = --accept ] && cp "$work/err" "$name.err"
	if [ $status -eq 1 ] && [ ! -s "$work/out" ] && [ ! -e "$work/none.pale" ] && cmp -s "$work/err" "$name.err"; then
		result ok "bad/$f"
	else
		result not-ok "bad/$f (status $status)"
		diff "$name.err" "$work/err" | shown
	fi
done

# What the files say of readiness, for programs; and weights that `pale build` takes.
cd "$work" || exit 1
if "$pale" learn --from "$here/ok/server.runs" --json --weights w --ready >json 2>err &&
	[ "$(jq -r '.ready, .runs, .complete, .singletons, .new[0], .new[1], (.policy | startswith("# What"))' json | tr '\n' ' ')" = "true 4 4 0 0 0 true " ] &&
	grep -qx 'read 20000' w && cp "$here/ok/server.pale" . && "$pale" build --weights w server.pale -o built >out 2>err; then
	result ok "readiness in JSON, and weights"
else
	result not-ok "readiness in JSON, and weights"
	cat json err | shown
fi
"$pale" learn --from "$here/ok/partial.runs" --ready >out 2>err
if [ $? -eq 1 ] && grep -q 'run partial-1 is partial' err; then result ok "a partial run is never ready"; else result not-ok "a partial run is never ready"; fi

# A policy that is there is not lost, and neither are its runs.
echo 'profile mine { allow read /x }' >mine.pale
"$pale" learn --from "$here/ok/one.runs" -o mine.pale >out 2>err
if [ $? -eq 2 ] && grep -q -- '--merge mine.pale adds to it' err && [ "$(cat mine.pale)" = 'profile mine { allow read /x }' ]; then
	result ok "-o leaves a policy that is there"
else
	result not-ok "-o leaves a policy that is there"
fi

# It has the mode of what was there.
echo 'profile mine { }' >real.pale
chmod 640 real.pale
ln -s real.pale link.pale
"$pale" learn --from "$here/ok/one.runs" --merge link.pale >out 2>err
if [ "$(stat -c %a link.pale)" = 640 ]; then result ok "a link's mode is nobody's"; else result not-ok "a link's mode is nobody's"; fi

# What holds for any runs.
seed=$((RANDOM * 32768 + RANDOM))
if "$here/properties" "$pale" "$seed" >out 2>&1; then
	result ok "properties, from seed $seed"
else
	result not-ok "properties, from seed $seed"
	shown <out
fi
echo "1..$n"
