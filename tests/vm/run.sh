#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# run.sh [--kernel 6.1|6.12] [--cmdline EXTRA] [--timeout SECONDS] [--count-instructions] TEST...
#
# Boots one guest, runs the named files in it in their order (*.bats with bats, others as programs
# that print TAP), and prints one TAP stream. Fails, with a "not ok" that says why, if a test failed
# or was skipped, a file did not report what it planned, the guest's kernel complained, or the guest
# did not come to its end. The guest's console is kept in build/vm/console.log.
# --count-instructions: a guest whose time is the number of its instructions, for benchmarks.
set -euo pipefail
. "$(dirname "$(realpath "$0")")/qemu.bash"

usage() {
	echo "run.sh: $*" >&2
	echo "usage: run.sh [--kernel VERSION] [--cmdline EXTRA] [--timeout SECONDS] [--count-instructions] TEST..." >&2
	exit 2
}

vm_kernel=6.1
vm_cmdline=
vm_count_instructions=
timeout=120
while [ $# -gt 0 ]; do
	case $1 in
	--kernel | --cmdline | --timeout)
		[ $# -ge 2 ] || usage "$1 needs a value"
		case $1 in
		--kernel) vm_kernel=$2 ;;
		--cmdline) vm_cmdline=$2 ;;
		--timeout) timeout=$2 ;;
		esac
		shift 2
		;;
	--count-instructions)
		vm_count_instructions=1
		shift
		;;
	-*) usage "unknown option $1" ;;
	*) break ;;
	esac
done
[ $# -gt 0 ] || usage "no test named"
[[ $timeout =~ ^[1-9][0-9]*$ ]] || usage "--timeout takes whole seconds"

tests=()
for test in "$@"; do
	path=$(realpath -e "$test" 2>/dev/null) || usage "$test: no such file"
	[[ -f $path && ($path = *.bats || -x $path) ]] || usage "$test: not executable"
	[[ $path != *$'\n'* ]] || usage "a test's path holds a newline"
	# The guest mounts its own /tmp, /run, /dev, /proc, /sys; only a checkout in them shows through.
	[[ $path = "$vm_checkout"/* || ! $path =~ ^/(tmp|run|dev|proc|sys)/ ]] ||
		usage "$test: the guest cannot see $path"
	tests+=("$path")
done

vm_dir=
qemu=
cleanup() {
	[ -z "$qemu" ] || kill "$qemu" 2>/dev/null || true
	[ -z "$vm_dir" ] || rm -rf "$vm_dir"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

vm_prepare
printf '%s\n' "${tests[@]}" >"$vm_dir/guest/tests"
date +%s >"$vm_dir/guest/started"
# What says which random cases a test draws, and how many.
: >"$vm_dir/guest/environment"
for variable in PALE_SEED PALE_POLICIES PALE_ROWS PALE_PROGRAMS PALE_ROUNDS PALE_SECONDS PALE_ENGINES; do
	[ -z "${!variable:-}" ] || printf '%s=%q\n' "$variable" "${!variable}" >>"$vm_dir/guest/environment"
done
vm_pack
mkfifo "$vm_dir/tap"
console=$vm_dir/console
: >"$console"

# Each run writes a console of its own, so that two at once in one checkout stay apart.
keep_console() {
	mkdir -p "$vm_checkout/build/vm"
	tr -d '\r' <"$console" >"$vm_dir/console.log"
	cp "$vm_dir/console.log" "$vm_checkout/build/vm/.console.$$"
	mv "$vm_checkout/build/vm/.console.$$" "$vm_checkout/build/vm/console.log"
}

# pdeathsig: qemu must not outlive this script, however that ends. timeout hands TERM on.
# Descriptor 3 makes sure that the pipe has had a writer, should qemu not come to open it.
setpriv --pdeathsig TERM timeout --kill-after=5 "$timeout" "${vm_qemu[@]}" \
	-serial "file:$console" -device virtio-serial-pci \
	-chardev "file,id=tap,path=$vm_dir/tap" -device virtserialport,chardev=tap,name=pale.tap \
	</dev/null >"$vm_dir/qemu.log" 2>&1 3>"$vm_dir/tap" &
qemu=$!

total=0    # results printed
bad=0      # of them "not ok"
file=      # the test file that is running
begun=0    # test files begun
finished=0 # the guest said that it was through

result() { # ok|'not ok' NAME
	total=$((total + 1))
	[ "$1" = ok ] || bad=$((bad + 1))
	printf '%s %d - %s\n' "$1" "$total" "$2"
}

comment() {
	sed 's/^/# /'
}

begin_file() {
	file=$(basename "$1")
	begun=$((begun + 1))
	plan=
	seen=0
	bad_before=$bad
}

end_file() { # EXIT-STATUS
	if [ -z "$plan" ]; then
		result 'not ok' "$file: reported no plan, and $seen results"
	elif [ "$plan" -ne "$seen" ]; then
		result 'not ok' "$file: planned $plan results, reported $seen"
	elif [ "$seen" -eq 0 ]; then
		result 'not ok' "$file: holds no test"
	fi
	if [ "$1" -ne 0 ] && [ "$bad" -eq "$bad_before" ]; then
		result 'not ok' "$file: exited with status $1, though no test failed"
	fi
	file=
}

# In the name of a result " # skip" is a directive to whoever reads the stream: the guest's are
# judged here and rewritten.
directive='(^|[[:space:]])#[[:space:]]*([Ss][Kk][Ii][Pp]|[Tt][Oo][Dd][Oo])([^[:alnum:]].*)?$'

test_result() { # ok|'not ok' NUMBER NAME
	local name=$3
	seen=$((seen + 1))
	if [[ $name =~ $directive ]]; then
		name=${name%"${BASH_REMATCH[0]}"}
		result 'not ok' "$file: $name (${BASH_REMATCH[2],,}${BASH_REMATCH[3]}; the guest must run every test)"
	elif [ -n "$2" ] && [ "$2" -ne "$seen" ]; then
		result 'not ok' "$file: $name (numbered $2, but it is result $seen)"
	else
		result "$1" "$file: $name"
	fi
}

while IFS= read -r line || [ -n "$line" ]; do
	line=${line%$'\r'}
	if [[ $line =~ ^'#@begin '(.*)$ ]]; then
		begin_file "${BASH_REMATCH[1]}"
	elif [[ $line =~ ^'#@end '([0-9]+)$ ]]; then
		end_file "${BASH_REMATCH[1]}"
	elif [ "$line" = '#@done' ]; then
		finished=1
	elif [ -z "$line" ] || [[ $line =~ ^TAP\ version ]]; then
		continue
	elif [ -z "$file" ]; then
		printf '# %s\n' "$line"
	elif [[ $line =~ ^1\.\.([0-9]+)[[:space:]]*(#.*)?$ ]]; then
		[ -z "$plan" ] || result 'not ok' "$file: a second plan, $line"
		plan=$((10#${BASH_REMATCH[1]}))
		reason=${BASH_REMATCH[2]}
		[[ ! $reason =~ $directive ]] || result 'not ok' "$file: skipped whole (${reason#\#})"
	elif [[ $line =~ ^(ok|not ok)([[:space:]]+([0-9]+))?([[:space:]]+-)?([[:space:]]+(.*))?$ ]]; then
		number=${BASH_REMATCH[3]}
		test_result "${BASH_REMATCH[1]}" "${number:+$((10#$number))}" "${BASH_REMATCH[6]}"
	elif [[ $line =~ ^Bail\ out! ]]; then
		result 'not ok' "$file: $line"
	elif [[ $line = '#'* ]]; then
		printf '%s\n' "$line"
	else
		printf '# %s\n' "$line"
	fi
done <"$vm_dir/tap"

status=0
wait "$qemu" || status=$?
qemu=
keep_console
log=$vm_dir/console.log

if [ "$finished" -eq 0 ] || [ "$status" -ne 0 ]; then
	if grep -q 'Kernel panic' "$log"; then
		why="guest: $(sed -n 's/.*\(Kernel panic.*\)/\1/p' "$log" | head -n 1)"
	elif [ "$status" -eq 124 ] || [ "$status" -eq 137 ]; then
		why="guest: timed out after $timeout s"
	elif [ "$status" -ne 0 ]; then
		why="guest: qemu ended with status $status"
	else
		why="guest: ended by itself before the tests did"
	fi
	[ -z "$file" ] || why+=", while $file ran"
	result 'not ok' "$why"
	[ -z "$file" ] || result 'not ok' "$file: planned ${plan:-nothing}, reported $seen, did not end"
	comment <"$vm_dir/qemu.log"
fi
for test in "${tests[@]:begun}"; do
	result 'not ok' "$(basename "$test"): did not run"
done

# What the kernel says of its own bugs; its lines carry a time stamp, unlike what tests write there.
complaints='\[ *[0-9]+\.[0-9]+\] .*(BUG:|WARNING:|Oops|general protection fault|Unable to handle|UBSAN:|KASAN:)'
if grep -qE "$complaints" "$log"; then
	result 'not ok' "guest: its kernel complained: $(grep -E "$complaints" "$log" | head -n 1)"
	awk '/^pale-vm: / { file = $0 } $0 ~ p { print "# " file ": " $0 }' p="$complaints" "$log"
fi

printf '1..%d\n' "$total"
if [ "$bad" -gt 0 ] || [ "$total" -eq 0 ]; then
	echo "# The console's last lines (all of it is in build/vm/console.log):"
	tail -n 30 "$log" | comment
	exit 1
fi
