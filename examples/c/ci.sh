#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What each change has to pass. BASE is what it is to go into: origin/main, if nobody says otherwise. What is this service's own stands in service.sh.
set -eu
cd "$(dirname "$0")"
. ./service.sh
policy=$name.pale
base=${BASE:-origin/main}

echo '# Is the policy right, and does it refuse what it should?'
pale check "$policy"
pale test "$policy"

echo "# Does it allow nothing that it does not allow on $base?"
git rev-parse --quiet --verify "$base^{commit}" >/dev/null || {
	echo "ci.sh: there is no $base to compare with: fetch it, or name another as BASE" >&2
	exit 1
}
main=$(mktemp -d)
trap 'rm -rf "$main"' EXIT
if git cat-file -e "$base:./$policy" 2>/dev/null; then
	git show "$base:./$policy" >"$main/$policy"
	pale diff --no-widening "$main/$policy" "$policy"
else
	echo 'It is new.'
fi

echo '# Is it enough for the service?'
build
./smoke.sh
