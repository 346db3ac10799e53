#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Puts what each PROGRAM prints from its tables and what stands under DOCS together, as it is installed under $(datadir).
#
#	make.sh DOCS SHARE PROGRAM…
set -eu
docs=$1 share=$2
shift 2

# scdoc dates its pages; the same sources give the same pages.
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || date +%s)}
export SOURCE_DATE_EPOCH

bash=$share/bash-completion/completions zsh=$share/zsh/site-functions fish=$share/fish/vendor_completions.d
mkdir -p "$share/man/man1" "$share/man/man5" "$share/man/man7" "$share/man/man8" "$bash" "$zsh" "$fish"

for page in "$docs"/man/*.scd; do
	name=${page##*/}
	name=${name%.scd}
	"${SCDOC:-scdoc}" <"$page" >"$share/man/man${name##*.}/$name"
done

# What completes pale's command line completes others' by other names.
completion() { # SHELL NAME
	sed "s/\(^\|[^_[:alnum:]]\)pale\b/\1$2/g; s/_pale/_$(echo "$2" | tr - _)/g" "$docs/complete/pale.$1"
}

for program; do
	for page in $("$program" pages); do
		"$program" man "${page%.*}" >"$share/page"
		[ ! -e "$docs/man/end/$page.scd" ] || cat "$docs/man/end/$page.scd" >>"$share/page"
		"${SCDOC:-scdoc}" <"$share/page" >"$share/man/man${page##*.}/$page"
	done
	rm "$share/page"

	name=$("$program" name)
	{ "$program" complete bash && completion bash "$name"; } >"$bash/$name"
	{ echo "#compdef $name" && "$program" complete zsh && completion zsh "$name"; } >"$zsh/_$name"
	{ completion fish "$name" && "$program" complete fish; } >"$fish/$name.fish"
done
