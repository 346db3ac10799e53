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

@test "what failed otherwise, or took too long, counts as blocked nowhere" {
	run -0 "$range/table.py" "$BATS_TEST_TMPDIR" < <(run_of failed '' | sed 's/"effect": true, "twin": 0, "status": 0/"effect": false, "twin": 0, "status": 124/')
	[[ $output == *'21   memfd   works  missed  failed  right'* ]]
	[[ $output == *'CI      code injection  1        0       0'* ]]
	[[ $output == *'docker                     1      0        0       0'* ]]
	run -0 jq -er '.actions[0].cells.pale.attack, .catalogue[0].under.docker' "$BATS_TEST_TMPDIR/range.json"
	[ "$output" = $'failed\nfailed' ]
}

@test "a result that is not ok, and none at all, fail" {
	run -1 "$range/table.py" "$BATS_TEST_TMPDIR" < <(run_of before '' && echo 'not ok 2 - two')
	run -1 "$range/table.py" "$BATS_TEST_TMPDIR" </dev/null
}

# in_guest.py's, which is imported, and not run.
judge() {
	python3 -c '
import sys
import in_guest
import rows
def event(operation, object, executable="/usr/bin/range-action", mechanism="seccomp", rule="deny syscall by default", line=None,
          outcome="refused"):
    return {"operation": operation, "object": object, "process": {"executable": executable}, "mechanism": mechanism,
            "outcome": outcome, "rule": rule, "default": line is None, "line": line or LINE}
def row(name):
    return next(r for r in rows.ROWS if r.name == name)
def report(name, *events):
    global LINE
    return in_guest.judge_report(row(name), list(events))
LINE = 1 + rows.source(rows.ROWS[0]).splitlines().index("profile runtime-exe {")
'"$1"
}

@test "a report is right if it tells each thing, who did it and which line, and nothing else" {
	run -0 judge '
print(report("bpf", event("syscall", "bpf")) or "right")
print(report("bpf", event("syscall", "bpf"), event("syscall", "bpf")) or "right")
print(report("drop-tmp", event("exec", "/tmp/dropped", "range-action", "apparmor")) or "right")
print(report("token", event("read", rows.TOKEN, "/usr/bin/range-helper", line=3)))
print(report("fork-storm") or "right")
print(report("bpf"))
print(report("bpf", event("syscall", "bpf_or_so")))
print(report("bpf", event("syscall", "bpf"), event("capability", "bpf")))
print(report("bpf", event("syscall", "bpf", "range-action")))
print(report("bpf", event("syscall", "bpf", "/usr/bin/range-helper")))
print(report("bpf", event("syscall", "bpf", "/tmp/range-action")))
print(report("drop-tmp", event("exec", "/tmp/dropped (unlinked)", "range-action", "apparmor")))
print(report("drop-tmp", event("exec", "/tmp/dropped", "range-helper", "apparmor")))
print(report("drop-tmp", event("exec", "/tmp/dropped", "range-action", "bpf-lsm")))
print(report("kubelet", *(event("connect", f"tcp 10.0.5.1:{p}") for p in range(10240, 10250))))
print(report("proc-mem", event("read", "/proc/12/mem")))
print(report("bpf", event("syscall", "bpf", outcome="audited")))
print(report("fork-storm", event("fork", "")))
print(report("block-device", event("capability", "mknod")))'
	[ "$output" = "right
right
right
told of line 3
right
nothing was told
told of syscall bpf_or_so
told of capability bpf
told of the process range-action
told of the process /usr/bin/range-helper
told of the process /tmp/range-action
told of exec /tmp/dropped (unlinked)
told of the process range-helper
told of the process range-action
not told of connect tcp 10.0.5.1:10250
not told of write /proc/*/mem
told as audited
told of fork 
told of capability mknod" ]
}

@test "what did not come to its attack is not called blocked" {
	run -0 judge '
for kind, effect, status, output, failed in (
        ("attack", False, 1, "begun\n", ""), ("attack", True, 0, "begun\n", ""), ("attack", True, 137, "begun\n", ""),
        ("attack", False, 1, "", ""), ("attack", False, 1, "not begun\n", ""), ("attack", False, -9, "begun\n", "it took too long"),
        ("attack", True, -9, "begun\n", "it took too long"),
        ("twin", False, 0, "begun\n", ""), ("twin", False, 1, "begun\n", ""), ("twin", False, 0, "begun\n", "it took too long")):
    print(in_guest.score(row("bpf"), kind, effect, status, output, failed))
for name, status in ("bpf", 0), ("bpf", 2), ("bpf", 127), ("bpf", 255), ("bpf", 13), ("grow", 137), ("spin", 0):
    print(in_guest.score(row(name), "attack", False, status, "begun\n", ""))'
	[ "$output" = "before
missed
after
not begun
not begun
not begun
after
passes
broken
broken
failed
failed
failed
failed
before
before
before" ]
}
