#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Imports point one way, and mk/check-layers.sh sees it when one does not. Prints TAP.
#
#	layers.sh BUILD
set -u
build=$1
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
n=0

result() { # STATUS WHAT
	n=$((n + 1))
	[ "$1" -eq 0 ] && echo "ok $n - $2" || echo "not ok $n - $2"
}

said=$(mk/check-layers.sh "$build")
result $? "imports point one way"
[ -z "$said" ] || sed 's/^/# /' <<<"$said"

# What the compiler would write if a source included the header.
while read -r source header; do
	rm -rf "$scratch/b"
	mkdir -p "$scratch/b/${source%/*}"
	printf '%s: %s \\\n %s\n\n%s:\n' "$scratch/b/${source%.c}.o" "$source" "$header" "$header" \
		>"$scratch/b/${source%.c}.d"
	said=$(mk/check-layers.sh "$scratch/b")
	[ $? -eq 1 ] && [ "$said" = "$source must not see $header" ]
	result $? "a $header in $source is seen"
done <<EOT
compiler/base/text.c compiler/glob.h
compiler/dfa.c compiler/policy.h
compiler/library.c compiler/policy.h
compiler/fmt.c compiler/resolve.h
compiler/decide.c compiler/ast.h
compiler/emit_seccomp.c compiler/resolve.h
compiler/emit_apparmor.c compiler/emit_landlock.h
compiler/landlock_lower.c compiler/apparmor_rules.h
compiler/emit_oci.c compiler/emit_seccomp.h
compiler/learn_run.c compiler/compile.h
compiler/learn_paths.c compiler/emit_lsm.h
compiler/dockerfile.c compiler/policy.h
compiler/cmd_check.c enforcer/host.h
compiler/lsp_hover.c compiler/emit_seccomp.h
compiler/cmd_check.c compiler/lsp.h
compiler/library.c compiler/lsp.h
enforcer/run.c compiler/lsp.h
enforcer/apply.c compiler/parse.h
enforcer/export/config.c enforcer/load_lsm.h
enforcer/export/fold.c enforcer/daemon/daemon.h
enforcer/daemon/daemon.c enforcer/export/output.h
enforcer/report.c enforcer/export/output.h
compiler/options.c docs/docs.h
docs/docs.c compiler/decide.h
operator/cluster/cluster.c operator/webhook/admission.h
operator/webhook/admission.c operator/kube/kube_watch.h
operator/follow_cluster.c operator/webhook/server.h
operator/webhook/admission.c operator/plugin/api.h
operator/webhook/admission.c enforcer/proc.h
operator/webhook/admission.c operator/posture/audited_pod.h
operator/posture/pod_checks.c operator/kube/kube_watch.h
operator/posture/pod_checks.c operator/plugin/api.h
operator/posture/pod_checks.c enforcer/proc.h
operator/cmd_webhook.c docs/docs.h
EOT

rm -rf "$scratch/b"
mkdir "$scratch/b"
! mk/check-layers.sh "$scratch/b" >/dev/null
result $? "where nothing was built nothing is right"
echo "1..$n"
