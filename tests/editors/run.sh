#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The syntax files are what their templates and the compiler's words make; Vim shows sample.pale as vim.runs says. Prints TAP.
#
#	run.sh BUILD [--accept]	(--accept writes vim.runs anew: read the difference)
set -u
build=$1
accept=${2-}
here=$(dirname "$0")
vim=$PWD/grammar/editors/vim
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
n=0

result() { # STATUS WHAT
	n=$((n + 1))
	[ "$1" -eq 0 ] && echo "ok $n - $2" || echo "not ok $n - $2"
}

for f in grammar/editors/*/*/*.in; do
	"$build/grammar/editors/generate" <"$f" >"$work/made" && cmp -s "$work/made" "${f%.in}"
	result $? "${f%.in} is what 'make editors' makes"
	! grep -Eq '@[a-z]+:[a-z]+@' "${f%.in}"
	result $? "${f%.in} has no word list left out"
done

"$build/pale" check -q "$here/sample.pale"
result $? "the sample is a policy"

editor() { # FILE COMMAND…
	HOME=$work timeout 60 vim -es -u NONE -i NONE -N --cmd "set rtp^=$vim" -c 'filetype plugin on' -c 'syntax on' "$@" </dev/null \
		>"$work/out" 2>&1
}

RUNS=$work/runs editor -c "edit $here/sample.pale" -c "source $here/runs.vim"
[ "$accept" = --accept ] && cp "$work/runs" "$here/vim.runs"
cmp -s "$work/runs" "$here/vim.runs"
result $? "Vim shows the sample so"
diff "$here/vim.runs" "$work/runs" | head -n 20 | sed 's/^/# /'

# Every policy there is: what Vim takes longer than a second for, or has an error with, is a pattern that is wrong.
for f in profiles/*/*.pale; do
	RUNS=$work/runs editor -c "edit $f" -c "source $here/runs.vim" && [ -s "$work/runs" ] && [ ! -s "$work/out" ]
	result $? "Vim shows $f"
done

editor -c "edit $here/sample.pale" -c "call writefile([&ft, &cms, &sua, &sw], '$work/settings')" -c 'qall!'
[ "$(paste -sd' ' "$work/settings")" = "pale # %s .pale 4" ]
result $? "Vim knows the file's type"
echo "1..$n"
