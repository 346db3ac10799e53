#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# engines.sh BUILD: what the tutorial says of container engines, by in_guest.sh.
set -euo pipefail
cd "$(dirname "$(realpath "$0")")/../.."
build=$1
. tests/docs/engines.bash
exec tests/docs/run.py docs/tutorial.md engines
