#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What each change has to pass. BASE is what it is to go into: origin/main, if nobody says otherwise.
set -eu
cd "$(dirname "$0")"
base=${BASE:-origin/main}

echo '# Is the policy right, and does it refuse what it should?'
pale check hits.pale
pale test hits.pale

echo "# Does it allow nothing that it does not allow on $base?"
git rev-parse --quiet --verify "$base^{commit}" >/dev/null || {
	echo "ci.sh: there is no $base to compare with: fetch it, or name another as BASE" >&2
	exit 1
}
main=$(mktemp -d)
trap 'rm -rf "$main"' EXIT
if git cat-file -e "$base:./hits.pale" 2>/dev/null; then
	git show "$base:./hits.pale" >"$main/hits.pale"
	pale diff --no-widening "$main/hits.pale" hits.pale
else
	echo 'It is new.'
fi

echo '# Is it enough for the service?'
make -s hits
./smoke.sh
