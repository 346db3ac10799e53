#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# in_guest.sh BUILD SCRIPT [CMDLINE]: a script of this folder, with BUILD as its argument, in the guest, whose kernel has AppArmor and BPF-LSM, and
# CMDLINE on its command line. Prints TAP.
set -euo pipefail
cd "$(dirname "$(realpath "$0")")/../.."
build=$(realpath "$1")
program=$build/tests/docs/$2
mkdir -p "${program%/*}"
printf '#!/bin/bash\nexec %q %q\n' "$PWD/tests/docs/$2.sh" "$build" >"$program"
chmod +x "$program"
exec tests/vm/run.sh --kernel "${KERNEL:-6.1}" --timeout 1500 --cmdline "${3:-}" "$program"
