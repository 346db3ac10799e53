# SPDX-License-Identifier: Apache-2.0
# The manifests of operator/deploy, as far as they can be judged without an API server: manifests.py has the rules.
# shellcheck shell=bash

# Debian's, which has the package python3-yaml.
rules() { /usr/bin/python3 -B "$BATS_TEST_DIRNAME/manifests.py" "$@"; }

@test "schemas are structural, described, and shown" { rules schemas; }
@test "and would not be, with a mistake" { rules mistakes; }
@test "what the webhook reads is what the schemas have" { rules objects; }
@test "so is what the controller writes and reads of nodes" {
	local life
	for life in "${PALE_BUILD:-build}"/tests/unit/test_controller{,_{profile,rollout,recording}_life}; do PALE_OBJECTS=$BATS_TEST_TMPDIR/objects "$life"; done
	rules written "$BATS_TEST_TMPDIR/objects"
}
@test "webhooks are asked about pods, fail closed, and leave kube-system alone" { rules webhooks; }
@test "roles are least: no wildcard, no Secrets" { rules rights; }
@test "Pale's own pods are not root, and write nothing" { rules pods; }
@test "kustomize makes all of it" { rules kustomize; }
