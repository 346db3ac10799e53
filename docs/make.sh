#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Puts what PROGRAM prints from its tables and what stands under DOCS together, as it is installed under $(datadir).
#
#	make.sh PROGRAM DOCS SHARE
set -eu
program=$1 docs=$2 share=$3

# scdoc dates its pages; the same sources give the same pages.
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || date +%s)}
export SOURCE_DATE_EPOCH

mkdir -p "$share/man/man1" "$share/man/man5" "$share/man/man7" "$share/man/man8" "$share/bash-completion/completions" "$share/zsh/site-functions" \
	"$share/fish/vendor_completions.d"

for page in $("$program" pages); do
	"$program" man "$page" >"$share/page"
	[ ! -e "$docs/man/$page.1.scd" ] || cat "$docs/man/$page.1.scd" >>"$share/page"
	"${SCDOC:-scdoc}" <"$share/page" >"$share/man/man1/$page.1"
done
rm "$share/page"
# Whole pages; those of section 1 above are the ends of pages.
for page in "$docs"/man/*.[5-8].scd; do
	name=${page##*/}
	name=${name%.scd}
	"${SCDOC:-scdoc}" <"$page" >"$share/man/man${name##*.}/$name"
done

"$program" complete bash >"$share/bash-completion/completions/pale"
cat "$docs/complete/pale.bash" >>"$share/bash-completion/completions/pale"
echo '#compdef pale' >"$share/zsh/site-functions/_pale"
"$program" complete zsh >>"$share/zsh/site-functions/_pale"
cat "$docs/complete/pale.zsh" >>"$share/zsh/site-functions/_pale"
cat "$docs/complete/pale.fish" >"$share/fish/vendor_completions.d/pale.fish"
"$program" complete fish >>"$share/fish/vendor_completions.d/pale.fish"
