# SPDX-License-Identifier: Apache-2.0
# tests/docs/run.py passes a page that is right, and none that is wrong in one way. And each command of README.md and docs/tutorial.md stands
# in a stage that `make test-docs` runs, or in one that is said not to be run.
# shellcheck shell=bash disable=SC2016,SC2030,SC2031,SC2154

bats_require_minimum_version 1.5.0

setup() {
	here=$(realpath "$BATS_TEST_DIRNAME/../..")
	unset DOCS_LISTED DOCS_WAIT_S
	export TMPDIR=$BATS_TEST_TMPDIR/tmp
	mkdir "$TMPDIR" "$BATS_TEST_TMPDIR/at"
	cd "$BATS_TEST_TMPDIR/at" || return 1
	cat >page.md <<-'END'
		# A page

		Prose, and `$ no command`.

		<!-- stage: none -->

		    touch never

		<!-- stage: first -->

		```text two.txt
		one
		two
		```

		```console
		$ cat two.txt
		one
		two

		$ wc -l \
		    <two.txt
		2
		$ printf 'a\n\nb\n'
		a

		b
		$ cd .
		$ ls /none
		ls: cannot access …: No such file or directory
		$ seq 5
		1
		…
		4
		5
		$ seq 3
		…
		$ sleep 100 & echo $! >pid
		$ echo "12 KiB, 7 ms, (pid 44), digest 0123456789ab, 2026-01-02T03:04:05Z"
		5 KiB, 88 ms, (pid 1), digest ba9876543210, 2025-06-07T08:09:10Z
		```

		<!-- stage: second -->

		    cat two.txt       prints it
		    cp two.txt -t . -S .o || cp two.txt -T three
		                      continued
	END
}

try() {
	"$here/tests/docs/run.py" page.md "${1-first}" "${@:2}"
}

# wrong SED [STAGE]: the page fails, once SED has changed it, and nothing is left behind.
wrong() {
	sed -i "$1" page.md
	run -1 try "${2:-first}"
	[ -z "$(ls -A "$TMPDIR")" ]
}

# fails COMMAND: this one alone is not ok.
fails() {
	[ "$(grep '^not ok ' <<<"$output" | sed 's/^.*\.md:[0-9]*: //')" = "$1" ]
}

@test "a page that is right" {
	run -0 try
	[ "${lines[0]}" = "ok 1 - $(realpath --relative-to="$here" page.md):17: cat two.txt" ]
	[ "$(grep -c '^ok ' <<<"$output")" = 9 ]
	[ "${lines[-1]}" = 1..9 ]
	[ ! -e never ]
	# What was left in the background ended, and nothing of it stays.
	[ -z "$(ls -A "$TMPDIR")" ]
	pid=$(<pid)
	for _ in {1..50}; do ! grep -qs '^State:.[RSD]' "/proc/$pid/status" || sleep 0.1; done
	run ! grep -s '^State:.[RSD]' "/proc/$pid/status"
}

@test "another line, one more, one less, other spaces" {
	cp page.md right.md
	for change in 's/^two$/to/' 's/^two$/&\nthree/' '/^2$/d' 's/^2$/ 2/' 's/^4$/3/' '0,/^$ wc/ s/^one$/ONE/'; do
		cp right.md page.md
		# The file has what the page says, too.
		sed -i '/^```text/,/^```$/ s/^/=/' page.md
		sed -i "/^=/! { $change }" page.md
		sed -i 's/^=//' page.md
		run -1 try
	done
}

@test "output that is not shown" {
	wrong 's/^\$ cd \.$/$ echo more/'
	fails 'echo more'
	wrong 's/^\$ echo more$/$ echo more >\&2/'
	fails 'echo more >&2'
}

@test "a command that is to print nothing, and fails" {
	wrong 's/^\$ cd \.$/$ false/'
	fails false
	[[ $output == *'#   (run.py: status 1)'* ]]
}

@test "one of which anything is expected, and that fails" {
	wrong 's/^\$ seq 3$/$ seq 3; false/'
	fails 'seq 3; false'
}

@test "one that does not end, whatever is expected of it" {
	export DOCS_WAIT_S=2
	wrong 's/^\$ seq 3$/$ sleep 50/'
	fails 'sleep 50'
	# What comes after it cannot be tried.
	[ "${lines[-1]}" = 1..7 ]
}

@test "one that ends the shell" {
	export DOCS_WAIT_S=2
	wrong 's/^\$ cd \.$/$ exit 0/'
	fails 'exit 0'
}

@test "what varies is not zero" {
	cp page.md right.md
	for change in 's/"12 KiB/"0 KiB/' 's/, 7 ms/, 0.0 ms/' 's/(pid 44/(pid 0/' 's/0123456789ab/000000000000/' 's/2026-01-02T03/1970-01-01T00/'; do
		cp right.md page.md
		sed -i "/^\\$ echo/ { $change }" page.md
		run -1 try
		[ "$(grep -c '^not ok ' <<<"$output")" = 1 ]
	done
}

@test "what varies is there, and is of its kind" {
	cp page.md right.md
	for change in 's/12 KiB, //' 's/12 KiB/12 MiB/' 's/7 ms/x ms/' 's/0123456789ab/0123/' 's/-02T03:04:05Z//'; do
		cp right.md page.md
		sed -i "/^\\$ echo/ { $change }" page.md
		run -1 try
	done
}

@test "a stage that the page does not have, or of which nothing is run" {
	for stage in none third frist first,third ''; do
		run -1 try "$stage"
		[ "$output" = "run.py: $(realpath --relative-to="$here" page.md) has nothing for stage ${stage#first,}" ]
	done
	printf '<!-- stage: third -->\n\n```text file\n```\n' >>page.md
	run -1 try third
}

@test "commands before any stage" {
	cp page.md right.md
	wrong '/stage: none/d'
	[ "$output" = 'run.py: line 6: no stage is named for this command' ]
	cp right.md page.md
	wrong '/stage: none/d; /touch never/d; /stage: first/d'
	[ "$output" = 'run.py: line 13: no stage is named for these commands' ]
}

@test "blocks that would be passed over" {
	cp page.md right.md
	wrong 's/^```console/```sh/'
	[ "$output" = 'run.py: line 16: a block of commands is one of ```console' ]
	cp right.md page.md
	wrong 's/^```console/``` console and more/'
	[ "$output" = 'run.py: line 16: a block begins with ```LANGUAGE or ```LANGUAGE FILE' ]
	cp right.md page.md
	wrong '20,$ { /^```$/d }'
	[ "$output" = 'run.py: line 16: this block does not end' ]
	cp right.md page.md
	wrong 's/^```console/&\nno command/'
	[ "$output" = 'run.py: line 17: a block of commands begins with one' ]
}

@test "listed commands succeed, and write what they name" {
	printf 'one\n' >two.txt
	run -0 try second
	[ "${lines[0]%% - *}" = 'ok 1' ]
	[ "${lines[-1]}" = 1..2 ]
	wrong 's/^    cat two.txt /    cat none /' second
	fails 'cat none'
	wrong 's/^    cat none /    touch -o three /' second
	sed -i 's/^    touch -o three /    sort two.txt -o three /' page.md
	run -0 try second
	wrong 's/^    sort two.txt -o three /    true two.txt -o four /' second
	fails 'true two.txt -o four'
}

@test "listed commands have a fresh folder each" {
	mkdir listed
	echo one >listed/two.txt
	export DOCS_LISTED=$PWD/listed DOCS_WORD=two.txt
	sed -i 's/^    cat two.txt .*/    mv two.txt new\n    cat WORD\n    [ ! -e new ]/' page.md
	run -0 try second
	[ "$(ls listed)" = two.txt ]
	DOCS_LISTED=$PWD/none run -1 try second
	[ "$(grep -c '^not ok ' <<<"$output")" = 4 ]
}

@test "only those may go on that are for that, and pale audit alone may find something" {
	mkdir bin
	# shellcheck disable=SC2016
	printf '#!/bin/sh\ncase $1 in status) exec sleep 60 ;; audit) exit "$2" ;; check) exit 1 ;; esac\n' >bin/pale
	chmod +x bin/pale
	export PATH=$PWD/bin:$PATH DOCS_WAIT_S=2
	wrong 's/^    cat two.txt .*/    pale status/' second
	fails 'pale status'
	sed -i 's/^    cp .*/    true/' page.md
	wrong 's/^    pale status/    pale check/' second
	fails 'pale check'
	wrong 's/^    pale check/    pale audit 3/' second
	fails 'pale audit 3'
	sed -i 's/^    pale audit 3/    pale audit 1/' page.md
	run -0 try second
}

@test "--accept writes what was printed, and nothing else" {
	sed -i '16,$ s/^two$/2/; s/^5$/6/; s/^5 KiB/0 KiB/' page.md
	cp page.md before.md
	run -0 try first --accept
	[ "$(grep -c '^not ok ' <<<"$output")" = 3 ]
	run diff before.md page.md
	diff - <(grep '^[<>]' <<<"$output") <<-'END'
		< 2
		> two
		< …
		> 2
		> 3
		< 6
		> 5
		< 0 KiB, 88 ms, (pid 1), digest ba9876543210, 2025-06-07T08:09:10Z
		> 12 KiB, 7 ms, (pid 44), digest 0123456789ab, 2026-01-02T03:04:05Z
	END
	run -0 try
}

@test "--accept takes neither a silent failure, nor what does not end, nor what is listed" {
	echo one >two.txt
	export DOCS_WAIT_S=2
	cp page.md right.md
	for change in 's/^\$ cd \.$/$ false/' 's/^\$ seq 3$/$ sleep 50/' 's/^    cat two/    cat none/'; do
		cp right.md page.md
		sed -i "$change" page.md
		cp page.md before.md
		run -1 try first,second --accept
		cmp before.md page.md
	done
}

# What scripts of tests/docs do with a page: SCRIPT PAGE STAGE, of each.
tried() {
	local script
	for script in "$here"/tests/docs/*.sh; do
		sed -nE "s|.*/run\.py\"? \"?(\\\$here/)?(README\.md\|docs/tutorial\.md)\"? ([a-z,]+).*|\2 \3|p" "$script" | while read -r page stages; do
			tr , '\n' <<<"$stages" | sed "s|^|$(basename "$script" .sh) $page |"
		done
	done
}

@test "each stage of README.md and docs/tutorial.md is run by make test-docs, or none" {
	cd "$here" || return 1
	tried >"$BATS_TEST_TMPDIR/tried"
	for page in README.md docs/tutorial.md; do
		sed -n "s|^ *<!-- stage: \(.*\) -->.*|$page \1|p" "$page"
	done | grep -v ' none$' | sort -u >"$BATS_TEST_TMPDIR/stages"
	[ "$(grep -c . "$BATS_TEST_TMPDIR/stages")" -ge 6 ]
	cut -d ' ' -f 2- "$BATS_TEST_TMPDIR/tried" | sort | diff "$BATS_TEST_TMPDIR/stages" -
	cut -d ' ' -f 1 "$BATS_TEST_TMPDIR/tried" | sort -u | paste -sd ' ' >"$BATS_TEST_TMPDIR/scripts"
	env -u DOCS -u MAKEFLAGS make --no-print-directory --silent --eval='scripts: ; @printf "%s\n" $(DOCS)' scripts | sort | paste -sd ' ' | diff "$BATS_TEST_TMPDIR/scripts" -
	# None is passed over before its first stage, nor stands in a block that does not count.
	for page in README.md docs/tutorial.md; do
		run -1 tests/docs/run.py "$page" none
		[ "$output" = "run.py: $page has nothing for stage none" ]
	done
}
