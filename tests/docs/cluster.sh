#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# cluster.sh BUILD [--accept]: what the tutorial says of Kubernetes, and after it the README, in a cluster of one node that has Pale's images, and one of
# docs/tutorial. As in tests/kube/operator.bats: the node has no systemd that restarts containerd, and this machine's kernel cannot enforce all
# of a policy, which paled.conf has to allow.
set -euo pipefail
status=0
cd "$(dirname "$(realpath "$0")")/../.."
. operator/images/archive.bash
here=$PWD
PALE_BUILD=$(realpath "$1")
PALE_KUBE=$PALE_BUILD/kube-docs
export PALE_BUILD PALE_KUBE
scratch=$(mktemp -d)
end() {
	trap '' INT TERM HUP
	cd "$here"
	tests/kube/down.sh "$PALE_KUBE"
	rm -rf "$scratch"
}
trap end EXIT
trap 'exit 143' INT TERM HUP

# As docker build would make it, without a daemon.
root=$scratch/root/srv/pages
mkdir -p "$root" "$scratch/root/etc/pages"
cc -O2 -static -o "$root/pages" docs/tutorial/pages.c
cp -r docs/tutorial/www "$root/"
echo s3cret >"$scratch/root/etc/pages/key"
archive_image docker.io/library/pages:latest "$scratch/root" '{"Cmd": ["/srv/pages/pages"]}' "$scratch/pages.tar"

tests/kube/up.sh --bare "$PALE_KUBE"
tests/kube/in ctr --address /run/containerd/containerd.sock --namespace k8s.io images import "$scratch/pages.tar" >/dev/null
# What the page changes is not the repository's, whose operator/deploy it names.
mkdir -p "$scratch/checkout/operator"
cp -r operator/deploy "$scratch/checkout/operator/"
# shellcheck disable=SC2016
sed -i 's,value: ""$,value: "kill $(cat '"$PALE_KUBE"'/containerd.pid)",' "$scratch/checkout/operator/deploy/runtime/install.yaml"
sed -i 's,^  paled.conf: |$,&\n    allow-partial: true,' "$scratch/checkout/operator/deploy/base/node-daemonset.yaml"
cd "$scratch/checkout"
PATH=$PALE_BUILD:$PATH "$here/tests/kube/in" "$here/tests/docs/run.py" "$here/docs/tutorial.md" cluster "${@:2}" >"$scratch/tutorial" || status=$?
# The README's reader has not read the tutorial.
"$here/tests/kube/in" kubectl label namespace shop pale.dev/inject- >&2
PATH=$PALE_BUILD:$PATH "$here/tests/kube/in" "$here/tests/docs/run.py" "$here/README.md" cluster >"$scratch/readme" || status=$?
grep -hv '^1\.\.' "$scratch/tutorial" "$scratch/readme"
exit $status
