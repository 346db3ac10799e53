#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# ok/*.pale must be right; bad/*.pale must give exactly the text of bad/NAME.err, and exit 1; warn/*.pale must give that of
# warn/NAME.err, and exit 0; and what generated.sh and examples.sh find. Prints TAP.
#
#	run.sh BUILD [--accept]	(--accept writes the .err files anew: read the difference)
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
for f in *.pale; do
	if "$pale" check -q -I lib "$f" >"$work/out" 2>&1 && [ ! -s "$work/out" ]; then
		result ok "ok/$f"
	else
		result not-ok "ok/$f"
		sed 's/^/# /' "$work/out"
	fi
done

for folder in bad warn; do
	want=$([ $folder = bad ] && echo 1 || echo 0)
	cd "$here/$folder" || exit 1
	for f in *.pale; do
		"$pale" check -q -I lib "$f" >"$work/out" 2>"$work/err"
		status=$?
		[ "$accept" = --accept ] && cp "$work/err" "${f%.pale}.err"
		if [ $status -eq "$want" ] && [ -s "$work/err" ] && [ ! -s "$work/out" ] && cmp -s "$work/err" "${f%.pale}.err"; then
			result ok "$folder/$f"
		else
			result not-ok "$folder/$f (status $status)"
			diff "${f%.pale}.err" "$work/err" | head -n 20 | sed 's/^/# /'
		fi
	done
done

for script in generated examples; do
	while IFS= read -r line; do
		case $line in
		"ok "*) result ok "${line#ok }" ;;
		"not ok "*) result not-ok "${line#not ok }" ;;
		*) echo "$line" ;;
		esac
	done < <("$here/$script.sh" "$pale" "$work")
done
echo "1..$n"
