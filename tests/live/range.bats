# SPDX-License-Identifier: Apache-2.0
# What of the range needs no guest: the policies of its rows, and the report that is made of what the guest told.
# shellcheck shell=bash disable=SC2154

bats_require_minimum_version 1.5.0

setup() {
	root=$(realpath "$BATS_TEST_DIRNAME/../..")
	build=$(realpath "${PALE_BUILD:-build}")
	range=$root/tests/attacks/range
	export PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=$range
}

# told ROW ENGINE KIND SCORE [MORE]: a result as in_guest.py prints it.
told() {
	printf '# @range {"row": "%s", "engine": "%s", "kind": "%s", "score": "%s", "status": 0%s}\n' "$1" "$2" "$3" "$4" "${5:+, $5}"
}

engine() {
	printf '# @range {"engine": "%s", "title": "%s", "what": "what <%s> is"}\n' "$1" "$1" "$1"
}

# run_of PALE-SCORE PALE-REPORT
run_of() {
	engine bare
	engine docker
	engine pale
	for who in bare docker pale; do
		told memfd $who twin passes "$([ $who != pale ] || echo '"report": "", "events": []')"
	done
	told memfd bare attack missed
	told memfd docker attack missed
	told memfd pale attack "$1" "\"report\": \"$2\", \"events\": []"
	echo 'ok 1 - one'
	echo '# 26   open of the 32-bit ABI                               yes   yes   yes      yes     bpf-lsm'
	echo '# @catalogue {"number": "26", "title": "open of the 32-bit ABI", "docker": {"effect": true, "twin": 0, "status": 0}}'
}

@test "the policies of all rows are right, and so are those that allow the attack" {
	python3 - "$BATS_TEST_TMPDIR" <<-'END'
		import sys
		import rows
		for row in rows.ROWS:
		    for lifted in (False, True):
		        with open(f"{sys.argv[1]}/{row.name}-{lifted}.pale", "w") as f:
		            f.write(rows.source(row, lifted))
	END
	files=("$BATS_TEST_TMPDIR"/*.pale)
	[ ${#files[@]} -gt 80 ]
	run -0 "$build/pale" check -I "$root/profiles" "$BATS_TEST_TMPDIR"/*.pale
}

@test "the table, the JSON and the page say what became of each" {
	run -0 "$range/table.py" "$BATS_TEST_TMPDIR" < <(run_of before '')
	[[ $output == *'21   memfd   works  missed  blocked  right'* ]]
	[[ $output == *'CI      code injection  1        0       1'* ]]
	[[ $output == *'docker                     1      0        1       0'* ]]
	run -0 jq -er '.actions[0].cells | .docker.attack, .pale.attack, .pale.report' "$BATS_TEST_TMPDIR/range.json"
	[ "$output" = $'missed\nbefore\nright' ]
	grep -q 'what &lt;docker&gt; is' "$BATS_TEST_TMPDIR/range.html"
}

@test "what Pale misses is called so, and a wrong report by what is wrong" {
	run -0 "$range/table.py" "$BATS_TEST_TMPDIR" < <(run_of missed 'nothing was told')
	[[ $output == *'21   memfd   works  missed  missed  nothing was told'* ]]
	[[ $output == *'CI      code injection  1        0       0'* ]]
}

@test "a result that is not ok, and none at all, fail" {
	run -1 "$range/table.py" "$BATS_TEST_TMPDIR" < <(run_of before '' && echo 'not ok 2 - two')
	run -1 "$range/table.py" "$BATS_TEST_TMPDIR" </dev/null
}
