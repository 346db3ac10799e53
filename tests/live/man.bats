# SPDX-License-Identifier: Apache-2.0
# Manual pages: one for each command, without a warning, saying what its help says.
# shellcheck shell=bash disable=SC2154

bats_require_minimum_version 1.5.0

setup() {
	here=$(realpath "$BATS_TEST_DIRNAME")
	build=$(realpath "${PALE_BUILD:-build}")
	man=$build/share/man
	programs=(pale.1 kubectl-pale.1 pale-operator.8)
	pale=$build/pale
	export LC_ALL=C.UTF-8
}

# page FILE: its text on one line, blanks made one. A narrow one would break words at their hyphens.
page() {
	MANWIDTH=3000 MAN_KEEP_FORMATTING='' man --no-hyphenation --no-justification -E UTF-8 -l "$1" | tr -s ' \n' ' '
}

# has TEXT PART
has() {
	[[ $1 == *"$2"* ]] || {
		printf 'missing: %s\n' "$2" >&2
		return 1
	}
}

commands() { # [PROGRAM]
	"${1:-$pale}" help | sed -n 's/^  \([a-z-]*\) .*/\1/p'
}

@test "each command has a page, and nothing else has one" {
	for p in "${programs[@]}"; do
		[ "$(commands "$build/${p%.*}" | wc -l)" -ge 3 ]
		echo "man${p#*.}/$p"
		commands "$build/${p%.*}" | sed "s,.*,man${p#*.}/${p%.*}-&.${p#*.},"
	done >"$BATS_TEST_TMPDIR/expected"
	printf '%s\n' man5/{pale,pale-runs,pale-export.conf,paled.conf}.5 man7/pale-protocol.7 man8/{pale-export,pale-runtime,paled}.8 >>"$BATS_TEST_TMPDIR/expected"
	diff <(sort "$BATS_TEST_TMPDIR/expected") <(cd "$man" && printf '%s\n' man*/* | sort)
}

@test "no page draws a warning" {
	for p in "$man"/man*/*; do
		run --separate-stderr -0 man --warnings -E UTF-8 -l "$p"
		[ -z "$stderr" ]
	done
}

# says_its_help PROGRAM SECTION COMMAND
says_its_help() {
	local program=$build/$1 c=$3 text n=0
	text=$(page "$man/man$2/$1-$c.$2")
	has "$text" "$1-$c - $("$program" help | sed -n "s/^  $c  *//p")"
	has "$text" "SYNOPSIS $("$program" help "$c" | sed -n '1s/^usage: //p') DESCRIPTION"
	# Paragraphs, each on a line.
	while read -r paragraph; do
		has "$text" "$paragraph"
		n=$((n + 1))
	done < <("$program" help "$c" | sed '1,2d; /^options:$/,$d' | awk -v RS= '{ gsub(/\n/, " "); print }')
	# "-p, --policy FILE HELP"; a vocabulary is behind it in both.
	while read -r option; do
		has "$text" "${option%% (*, *)}"
		n=$((n + 1))
	done < <("$program" help "$c" | sed '1,/^options:$/d; /^$/,$d' |
		awk '/^  +-/ && line { print line; line = "" } { sub(/^ +/, ""); line = line (line ? " " : "") $0 } END { print line }' |
		tr -s ' ')
	[ "$n" -ge 2 ]
	has "$text" "$("$program" help "$c" | sed '1,/^example:$/d' | tr -s ' \n' ' ' | sed 's/^ //; s/ $//')"
	has "$text" " EXIT STATUS "
}

@test "a page says what the help of its command says" {
	for p in "${programs[@]}"; do
		for c in $(commands "$build/${p%.*}"); do
			says_its_help "${p%.*}" "${p#*.}" "$c"
		done
	done
}

@test "closed vocabularies stand in the pages" {
	has "$(page "$man/man1/pale-run.1")" "Any of: seccomp, landlock, apparmor, bpf-lsm, cgroup."
	text=$(page "$man/man1/pale-query.1")
	has "$text" "OPERATION is one of: exec run a program signal send a signal"
	[[ $text != *" limit "* ]]
	has "$(page "$man/man1/pale-import.1")" "net_bind_service, "
}

@test "pale(1) lists the commands, the exit status, the environment and the files" {
	text=$(page "$man/man1/pale.1")
	for c in $(commands); do
		has "$text" "pale-$c(1) $("$pale" help | sed -n "s/^  $c  *//p")"
	done
	for part in "EXIT STATUS 0 It is done" " 3 This host cannot do it" PALE_PATH NO_COLOR FILES share/pale/profiles; do
		has "$text" "$part"
	done
}

@test "kubectl-pale(1) and pale-operator(8) list their commands, and others' pages" {
	for p in kubectl-pale.1 pale-operator.8; do
		text=$(page "$man/man${p#*.}/$p")
		for c in $(commands "$build/${p%.*}"); do
			has "$text" "${p%.*}-$c(${p#*.}) $("$build/${p%.*}" help | sed -n "s/^  $c  *//p")"
		done
	done
	has "$(page "$man/man1/kubectl-pale-status.1")" "SEE ALSO kubectl-pale(1), kubectl(1), pale-operator(8), pale(5), kubectl-pale-events(1)"
	has "$(page "$man/man8/pale-operator-node.8")" "SEE ALSO pale-operator(8), kubectl-pale(1), paled(8), pale-runtime(8), pale-operator-webhook(8)"
	has "$(page "$man/man1/kubectl-pale.1")" " KUBECONFIG "
}

@test "pale-operator(8) has each metric of pale-operator" {
	text=$(page "$man/man8/pale-operator.8")
	mapfile -t words < <(grep -rohE '(HELP |head\(t, "|^static const char name\[\] = ")pale_[a-z_]+' "$here/../../operator" | grep -oE 'pale_[a-z_]+$' | sort -u)
	[ "${#words[@]}" -ge 3 ]
	for w in "${words[@]}"; do
		has "$text" "$w"
	done
}

@test "docs/kubernetes.md has the words of the webhook's refusals" {
	doc=$here/../../docs/kubernetes.md
	strings -n 8 "$build/pale-operator" | sed "s/%s/…/g" >"$BATS_TEST_TMPDIR/texts"
	mapfile -t messages < <(sed -n '/^## When something is refused/,/^A pod that was admitted/s/^| `\([^`]*\)` |.*/\1/p' "$doc")
	[ "${#messages[@]}" -ge 20 ]
	for m in "${messages[@]}"; do
		grep -qF -- "$m" "$BATS_TEST_TMPDIR/texts" || { echo "said by nobody: $m" >&2 && return 1; }
	done
}

@test "the policy in pale(5) is right" {
	sed -n '/^```$/,/^```$/p' "$here/../../docs/man/pale.5.scd" | sed '/^```$/d' >"$BATS_TEST_TMPDIR/page.pale"
	run -0 env PALE_PATH="$here/../../profiles" "$pale" check "$BATS_TEST_TMPDIR/page.pale"
	[[ $output == *"3 expectations hold"* ]]
}

@test "paled.conf(5) has each key that there is" {
	text=$(page "$man/man5/paled.conf.5")
	mapfile -t keys < <(sed -n 's/^\t{ "\([a-z-]*\)", read_.*/\1/p' "$here/../../enforcer/daemon/config.c")
	[ "${#keys[@]}" -ge 7 ]
	for k in "${keys[@]}"; do
		has "$text" " $k: "
	done
}

@test "paled(8) has each option that there is" {
	text=$(page "$man/man8/paled.8")
	mapfile -t options < <("$build/paled" --help | grep -o -e ' --[a-z]*')
	[ "${#options[@]}" -ge 5 ]
	for o in "${options[@]}"; do
		has "$text" "$o"
	done
}

@test "pale-export.conf(5) has each key that there is" {
	text=$(page "$man/man5/pale-export.conf.5")
	mapfile -t keys < <(sed -n 's/^\t{ "\([a-z-]*\)", .*read_.*/\1/p' "$here/../../enforcer/export/config.c")
	[ "${#keys[@]}" -ge 20 ]
	for k in type "${keys[@]}"; do
		[[ $text == *" $k: "* || $text == *" $k, "* ]] || has "$text" " $k:"
	done
}

@test "the example of pale-export.conf(5) is right" {
	sed -n '/^```$/,/^```$/p' "$here/../../docs/man/pale-export.conf.5.scd" | sed '/^```$/d' >"$BATS_TEST_TMPDIR/export.conf"
	run -0 "$build/pale-export" --config "$BATS_TEST_TMPDIR/export.conf" --check
	[ "$output" = "$BATS_TEST_TMPDIR/export.conf: 5 outputs" ]
}

@test "pale-export(8) has each option and each of the node's metrics" {
	text=$(page "$man/man8/pale-export.8")
	mapfile -t words < <("$build/pale-export" --help | grep -o -e ' --[a-z]*')
	[ "${#words[@]}" -ge 5 ]
	mapfile -t -O "${#words[@]}" words < <(grep -oh '"pale_[a-z_]*"' "$here"/../../enforcer/export/*.c | tr -d '"' | grep -v pale_export_ | sort -u)
	[ "${#words[@]}" -ge 10 ]
	for w in "${words[@]}"; do
		has "$text" "$w"
	done
}

@test "texts that are markup to scdoc and roff arrive as they are" {
	odd="it's \"odd\": [a] \$HOME \`id\` \$(id) %s \\n *b* _c_ ~ ^ # ; | & < > {d,e} …"
	sh "$here/../../docs/make.sh" "$here/../../docs" "$BATS_TEST_TMPDIR/odd" "$build/tests/live/odd_docs"
	p=$BATS_TEST_TMPDIR/odd/man/man1/pale-paint.1
	run --separate-stderr -0 man --warnings -E UTF-8 -l "$p"
	[ -z "$stderr" ]
	text=$(page "$p")
	has "$text" "pale-paint - $odd SYNOPSIS pale paint [OPTION…] WALL:[SIDE]'S COLOUR… DESCRIPTION $odd .TH of roff - a dash 'br | a table OPERANDS"
	has "$text" "COLOUR is one of: red $odd dark-green $odd blue $odd OPTIONS"
	has "$text" "-b, --brush FILE $odd -c, --colours LIST $odd Any of: red, dark-green, blue. --dry-run $odd"
	has "$text" "--only[=COLOUR] $odd One of: red, dark-green, blue. --room [A:B]'S $odd -h, --help show this"
	has "$text" "EXAMPLES pale paint .TH of roff \`\`\` \\n 'x' SEE ALSO"
	has "$(page "$BATS_TEST_TMPDIR/odd/man/man1/pale-bare.1")" "SYNOPSIS pale bare DESCRIPTION None. OPTIONS -h, --help show this EXIT STATUS"
}
