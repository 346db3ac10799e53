#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# run.sh RUNTIME ENGINE SUITE…: the suites on the machine, or in the guest, and prints TAP. runc runs here; crun raises limits that take a
# capability which root may lack here, and Docker Engine changes the machine's network, so that these two run in the guest, and with them
# what needs a security module of the kernel. PLACE=guest has runc run there, too. $PALE_BUILD is the build directory, KERNEL the guest's.
set -euo pipefail
cd "$(dirname "$(realpath "$0")")/../.."

usage() {
	echo "run.sh: $*" >&2
	echo 'usage: run.sh runc|crun none|podman|containerd|docker SUITE…' >&2
	exit 2
}

[ $# -ge 3 ] || usage 'a runtime, an engine and a suite are needed'
runtime=$1 engine=$2
shift 2
case $runtime in runc | crun) ;; *) usage "$runtime: no such runtime" ;; esac
case $engine in none | podman | containerd | docker) ;; *) usage "$engine: no such engine" ;; esac
for suite in "$@"; do
	[ -f "$suite" ] || usage "$suite: no such suite"
done
[ "$(id -u)" = 0 ] || usage 'containers of engines are started as root'

PALE_BUILD=$(realpath "${PALE_BUILD:-build}")
export PALE_BUILD
place=${PLACE:-host}
[ "$runtime $engine" = "${runtime#crun} ${engine#docker}" ] || place=guest
if [ "$place" = host ]; then
	exec tests/runtime/stage.sh "$runtime" "$engine" "$@"
fi

# The guest sees this machine's files, and makes no images itself.
tests/runtime/images.sh "$PALE_BUILD/tests/runtime/attack" >/dev/null
program=$PALE_BUILD/tests/runtime/$runtime-$engine
{
	echo '#!/bin/bash'
	printf 'export PALE_BUILD=%q XDG_CACHE_HOME=%q\n' "$PALE_BUILD" "${XDG_CACHE_HOME:-$HOME/.cache}"
	# Of the benchmark, and of who waits for what fails.
	for variable in PALE_PAIRS PALE_PATIENCE; do
		[ -z "${!variable:-}" ] || printf 'export %s=%q\n' $variable "${!variable}"
	done
	printf 'exec %q' "$PWD/tests/runtime/stage.sh"
	printf ' %q' "$runtime" "$engine" "$@"
	echo
} >"$program"
chmod +x "$program"
exec tests/vm/run.sh --kernel "${KERNEL:-6.1}" --timeout "${TIMEOUT:-900}" "$program"
