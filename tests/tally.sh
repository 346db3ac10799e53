#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Runs suites, keeps their TAP under BUILD/test/, shows what failed, and adds up. The last line is "N passed, N failed", with ", N skipped"
# when there were any. A program that dies or prints no result counts as a failure.
#
#	tally.sh BUILD SUITE[/KERNEL]…     the kernel of those that boot a guest
set -u -o pipefail
build=$1
shift
out=$build/test
passed=0 failed=0 skipped=0
rm -rf "$out"
mkdir -p "$out"

# Runs a command whose output is TAP: tap NAME COMMAND…
tap() {
	local name=$1 log started=$SECONDS p f s status
	log=$out/${name//\//-}.tap
	shift
	"$@" >"$log" 2>"$log.err" </dev/null
	status=$?
	s=$(grep -ciE '^ok .*# *skip' "$log")
	p=$(($(grep -c '^ok ' "$log") - s))
	f=$(grep -c '^not ok ' "$log")
	if [ $status -ne 0 ] && [ "$f" -eq 0 ]; then
		f=1
		echo "not ok - $name ended with status $status" >>"$log"
	elif [ $((p + f + s)) -eq 0 ]; then
		f=1
		echo "not ok - $name printed no result" >>"$log"
	fi
	passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
	printf '  %-34s %5d passed' "$name" "$p"
	[ "$f" -gt 0 ] && printf ', %d failed' "$f"
	[ "$s" -gt 0 ] && printf ', %d skipped' "$s"
	printf '  (%d s)\n' $((SECONDS - started))
	if [ "$f" -gt 0 ]; then
		grep -A 25 '^not ok ' "$log" | head -n 120
		tail -n 30 "$log.err"
	fi
}

suite_unit() {
	local t
	for t in "$build"/tests/unit/test_*; do
		case $t in *.o | *.d) continue ;; esac
		tap "unit/${t##*/}" env CMOCKA_MESSAGE_OUTPUT=TAP "$t"
	done
}

suite_lang() {
	tap lang tests/lang/run.sh "$build"
}

suite_lsp() {
	tap lsp tests/lsp/run.sh "$build"
	tap lsp/neovim env PALE_BUILD="$build" bats --tap tests/lsp/neovim.bats
}

suite_editors() {
	tap editors tests/editors/run.sh "$build"
}

suite_textmate() {
	tap textmate tests/editors/textmate.sh
}

suite_import() {
	tap import tests/import/run.sh "$build"
}

suite_learn() {
	tap learn tests/learn/run.sh "$build"
	tap learn/init tests/init/run.sh "$build"
}

suite_fmt() {
	tap fmt tests/fmt/run.sh "$build"
}

suite_verdict() {
	tap verdict "$build/tests/verdict/run_verdict" tests/verdict/*.verdict
}

suite_golden() {
	tap golden tests/golden/run.sh "$build"
}

suite_layers() {
	tap layers tests/layers.sh "$build"
}

# What a cluster would be told, without one.
suite_manifests() {
	tap manifests env PALE_BUILD="$(realpath "$build")" bats --tap tests/kube/manifests.bats
}

suite_host() {
	local t
	for t in tests/live/*.bats; do
		tap "host/$(basename "$t" .bats)" env PALE_BUILD="$build" bats --tap "$t"
	done
}

# Of test-long: what tests/live/learn_hostile.bats does with fewer names.
suite_names() {
	tap names env PALE_BUILD="$build" PALE_LEARN_NAMES=1000000 PALE_LEARN_FOLDERS=100000 bats --tap --filter 'files of many folders' \
		tests/live/learn_hostile.bats
	grep '^# ' "$out/names.tap"
}

suite_vm() {
	local kernel=$1 suites
	suites=$(ls tests/vm/*.bats "$build"/tests/vm/test_* | grep -v -e /boot.bats -e /workloads.bats -e /paled.bats -e /refused_calls.bats -e /upgrade.bats -e /response.bats -e /exceptions.bats -e /learn.bats -e /learn_tasks.bats -e '\.[od]$')
	tap "vm/selftest/$kernel" tests/vm/selftest.sh "$kernel"
	# shellcheck disable=SC2086
	tap "vm/$kernel" tests/vm/run.sh --kernel "$kernel" --timeout 1500 tests/vm/boot.bats $suites
}

# Of the guest's suites those that ask most of its kernel.
suite_lsm() {
	tap "lsm/$1" tests/vm/run.sh --kernel "$1" --timeout 600 tests/vm/boot.bats "$build/tests/vm/test_lsm"
}

# APPS: which of them, or all.
suite_apps() {
	# shellcheck disable=SC2086
	tap apps tests/apps/run "$build" ${APPS:-}
}

suite_examples() {
	local project
	for project in examples/*/; do
		project=$(basename "$project")
		tap "examples/$project" env PALE_BUILD="$build" EXAMPLE="$project" bats --tap tests/examples/project.bats
	done
}

# The packages, in each release of Debian that they are for.
suite_deb() {
	local release
	tap deb/packages env PALE_BUILD="$build" bats --tap tests/deb/packages.bats
	for release in bookworm trixie; do
		tap "deb/$release" env PALE_BUILD="$build" PALE_RELEASE=$release bats --tap tests/deb/release.bats
	done
}

suite_browser() {
	tap browser env PALE_BUILD="$build" bats --tap tests/browser/report.bats
}

# Of test-long: all that uses the BPF programs, where the kernel preempts them (enforcer/bpf/state.h).
suite_preempt() {
	tap "preempt/$1" tests/vm/run.sh --kernel "$1" --timeout 1800 --cmdline preempt=full tests/vm/boot.bats \
		"$build"/tests/vm/test_lsm{,_verdicts,_stress,_pins}
}

# Of test-long: each of its runs has its profiles compiled and the BPF programs verified by an emulator.
suite_workloads() {
	tap "workloads/$1" tests/vm/run.sh --kernel "$1" --timeout 900 tests/vm/workloads.bats
}

# Of test-long, as each starts a daemon or two, or learns, whose programs an emulator verifies: without AppArmor, whose profiles do not change under a container that runs.
suite_paled() {
	tap "paled/$1" tests/vm/run.sh --kernel "$1" --timeout 1800 --cmdline apparmor=0 tests/vm/paled.bats tests/vm/refused_calls.bats tests/vm/response.bats \
		tests/vm/exceptions.bats tests/vm/learn.bats tests/vm/learn_tasks.bats
}

# What docs/tutorial.md and README.md say of this machine, of container engines, of commands and of a cluster.
suite_docs() {
	case $1 in
	engines) tap docs/engines tests/docs/in_guest.sh "$build" engines ;;
	readme) tap docs/readme tests/docs/in_guest.sh "$build" readme apparmor=0 ;;
	*) tap "docs/$1" "tests/docs/$1.sh" "$build" ;;
	esac
}

# Containers as an engine starts them; $1 is RUNTIME-ENGINE.
suite_runtime() {
	local more=()
	# Of the machine's engines; the guest's were not tried.
	case $1 in runc-none | runc-podman | runc-containerd) more=(tests/runtime/audit.bats) ;; esac
	tap "runtime/$1" env PALE_BUILD="$build" tests/runtime/run.sh "${1%-*}" "${1#*-}" tests/runtime/bare.bats tests/runtime/confined.bats "${more[@]}"
}

# Of Kubernetes what needs no node, and not long: an API server that asks the webhook, and kubectl-pale.
suite_apiserver() {
	tap kube/admission env PALE_BUILD="$build" tests/kube/run.sh --control-plane \
		--filter 'gets all of it|says nothing|is the floor|kube-system|before its profile|nobody answers|taken away' tests/kube/webhook.bats
	tap kube/plugin env PALE_BUILD="$build" tests/kube/run.sh --control-plane tests/kube/plugin.bats
}

# Kubernetes: the chart, the images, and the client against an API server and etcd.
suite_kube() {
	tap kube/scripts bats --tap tests/kube/scripts.bats
	tap kube/chart bats --tap tests/kube/chart.bats
	tap kube/images env PALE_BUILD="$(realpath "$build")" bats --tap tests/kube/images.bats
	tap kube/client env PALE_BUILD="$build" tests/kube/run.sh --control-plane tests/kube/client.bats
	tap kube/webhook env PALE_BUILD="$build" tests/kube/run.sh --control-plane tests/kube/webhook.bats
	tap kube/controller env PALE_BUILD="$build" tests/kube/run.sh --control-plane tests/kube/controller.bats
	grep '^# ' "$out/kube-controller.tap"
	tap kube/plugin env PALE_BUILD="$build" tests/kube/run.sh --control-plane tests/kube/plugin.bats
	tap kube/audit env PALE_BUILD="$build" tests/kube/run.sh --control-plane tests/kube/audit.bats
}

suite_cluster() {
	tap kube/cluster env PALE_BUILD="$(realpath "$build")" bats --tap tests/kube/cluster.bats
	tap kube/node env PALE_BUILD="$(realpath "$build")" bats --tap tests/kube/node.bats
}

# The node's side with every mechanism: containerd and a kubelet in the guest.
suite_pod() {
	tap "pod/$1" env PALE_BUILD="$build" tests/kube/guest.sh "$1"
}

# All of it, as a user of a cluster has it.
suite_operator() {
	tap kube/operator env PALE_BUILD="$(realpath "$build")" bats --tap tests/kube/operator.bats
}

# With the real engines, all of them.
suite_engines() {
	tap engines env PALE_BUILD="$build" PALE_ENGINES=1 bats --tap tests/live/install_runtime.bats
}

# STRESS: how much of it, for the guest's command line.
suite_stress() {
	tap "stress/$1" tests/vm/run.sh --kernel "$1" --timeout 3000 --cmdline "$STRESS" tests/vm/boot.bats \
		"$build/tests/vm/test_lsm_stress" "$build/tests/vm/test_lsm_pins"
	grep '^# ' "$out/stress-$1.tap"
}

for suite in "$@"; do
	"suite_${suite%%/*}" "${suite#*/}"
done

printf '%d passed, %d failed' $passed $failed
[ $skipped -gt 0 ] && printf ', %d skipped' $skipped
printf '\n'
[ $failed -eq 0 ]
