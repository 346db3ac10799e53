# SPDX-License-Identifier: Apache-2.0
# docs/detection.md says which line reports what: each of its questions is asked.
# shellcheck shell=bash disable=SC2154

bats_require_minimum_version 1.5.0

setup() {
	cd "$BATS_TEST_DIRNAME/../.." || return 1
	pale=$(realpath "${PALE_BUILD:-build}")/pale
}

# column N of the table's rows, without the blanks around it
rows() {
	sed -n '/^| Falco.s rule /,$p' docs/detection.md | tail -n +3
}
column() {
	awk -F' *[|] *' -v n=$(($1 + 1)) '{ print $n }'
}

@test "each row that claims something names a line, and the line answers its question with audit" {
	asked=0
	while IFS= read -r row; do
		name=$(column 1 <<<"$row") covered=$(column 3 <<<"$row") by=$(column 4 <<<"$row") question=$(column 5 <<<"$row")
		if [ "$covered" = no ]; then
			[ -z "$by$question" ] && [ -n "$(column 6 <<<"$row")" ]
			continue
		fi
		[[ $covered == yes || $covered == partly && -n $(column 6 <<<"$row") ]]
		[[ $by =~ ^\[(detect-[a-z]+):([0-9]+)\]\(\.\./(profiles/base/detect-[a-z]+\.pale)#L([0-9]+)\)$ ]]
		fragment=${BASH_REMATCH[1]} line=${BASH_REMATCH[2]} file=${BASH_REMATCH[3]}
		[ "$file" = "profiles/base/$fragment.pale" ] && [ "$line" = "${BASH_REMATCH[4]}" ]
		[[ $question =~ ^\`([^\`]+)\`$ ]]
		read -ra words <<<"${BASH_REMATCH[1]}"
		run -0 "$pale" query --json -I profiles "$file:only-$fragment" "${words[@]}"
		said=$(jq -r '[.verdict, .reported, .file, .line, (.rule | startswith("audit"))] | map(tostring) | join(" ")' <<<"$output")
		[ "$said" = "allow true $file $line true" ] || {
			echo "$name: $said instead of $file:$line" >&2
			return 1
		}
		run -0 "$pale" query --json -I profiles profiles/apps/observe.pale "${words[@]}"
		[ "$(jq -r '"\(.verdict) \(.reported) \(.rule | startswith("audit"))"' <<<"$output")" = 'allow true true' ]
		asked=$((asked + 1))
	done < <(rows)
	[ $asked -ge 45 ]
}

@test "no rule of Falco's stands twice, and each maturity is there" {
	[ -z "$(rows | column 1 | sort | uniq -d)" ]
	[ "$(rows | column 2 | sort | uniq -c | awk '{ print $2 }' | xargs)" = 'incubating sandbox stable' ]
	[ "$(rows | column 2 | grep -c stable)" = 25 ]
	[ "$(rows | column 2 | grep -c incubating)" = 25 ]
}

@test "every fragment is in the list, and observe has them all" {
	for fragment in $(sed -n 's/^fragment \(detect-[a-z-]*\) {$/\1/p' profiles/base/detect-*.pale); do
		grep -q "\`$fragment\`\|^| \[$fragment\]" docs/detection.md
	done
	for file in profiles/base/detect-*.pale; do
		grep -q "base/$(basename "$file" .pale)" profiles/apps/observe.pale
	done
}

@test "observe lets every call pass that the tables know, and its filter compares only what is reported" {
	calls=$(awk -F, '!/^#/ && $2 != "" { print $1 }' grammar/vocab/syscalls.csv)
	listed=$(sed -n '/^group syscall @any-call/,/^$/p' profiles/base/anything.pale)
	for call in $calls; do
		grep -qw -- "$call" <<<"$listed" || {
			echo "$call is not in @any-call" >&2
			return 1
		}
	done
	run -0 "$pale" build -I profiles profiles/apps/observe.pale -o "$BATS_TEST_TMPDIR"
	[ "$(jq -c '[.defaultAction, .syscalls[].action] | unique' "$BATS_TEST_TMPDIR/observe.seccomp.json")" = '["SCMP_ACT_ALLOW","SCMP_ACT_LOG"]' ]
	run -0 "$pale" explain --json -I profiles profiles/apps/observe.pale
	# All that is reported is so by BPF-LSM or by the filter that a runtime loads.
	[ "$(jq -r '[.observe.rules[] | select(.text | startswith("audit")) | select([.coverage["bpf-lsm"], .coverage.oci | .[]? | .verdict] |
		any(. != "unenforced") | not) | .text] | join("; ")' <<<"$output")" = '' ]
}
