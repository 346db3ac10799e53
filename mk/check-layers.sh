#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Imports point one way: base, ast, resolve, policy, then {decide, emit, bundle}, then the enforcer. Read from the
# dependency files that the compiler wrote, so that an include by way of another header counts too.
#
#	check-layers.sh BUILD
set -eu
build=$1

# Each line: which sources, and which headers they may never see (extended regular expressions over paths).
rules='
^compiler/base/                       ^(compiler/[^/]*[.]h|gen/|enforcer/|operator/)
^compiler/(dfa|glob|nfa)              ^(compiler/(ast|parse|resolve|lower|policy|decide|emit_|compile|coverage)|gen/|enforcer/|operator/)
^compiler/(parse|library|vocab)       ^(compiler/(lower|policy|decide|emit_|coverage|bundle|artefacts)|enforcer/|operator/)
^compiler/(ast_|fmt)                   ^(compiler/(resolve|lower|policy[.]h|decide|emit_|compile|coverage|bundle|artefacts)|enforcer/|operator/)
^compiler/(decide|path_auto|syscall_) ^(compiler/(ast|parse|resolve|lower|emit_|coverage|compile)|gen/pale|enforcer/|operator/)
^compiler/(emit|verify|cover|apparm|landl|lsm_|seccomp|cbpf|cells|bundle|artef)  ^(compiler/(ast|parse|resolve|lower|compile|expect)|gen/pale|enforcer/|operator/)
^compiler/(import|policy_text)        ^(compiler/(ast|parse|resolve|lower|emit_|verify|cover|expect)|gen/pale|enforcer/|operator/)
^compiler/(learn_(run|object))         ^(compiler/(ast|parse|resolve|lower|emit_|verify|cover|expect|compile)|gen/pale|enforcer/|operator/)
^compiler/(learn|dockerfile|init_|attack_) ^(compiler/(emit_|verify|cover_|apparm|landl|lsm_|seccomp|cbpf|bundle|import|lsp)|enforcer/|operator/|docs/)
^compiler/dockerfile                   ^compiler/(ast|parse|resolve|lower|policy|decide|compile|learn)
^compiler/lsp                         ^(compiler/(emit_|verify|cover_|apparm|landl|lsm_|seccomp|cbpf|bundle|import)|enforcer/|operator/|docs/)
^(enforcer/|compiler/(base/|[^cl]|c[^m]|cmd_[^l]|l[^s]|lsm)) ^compiler/lsp
^compiler/                            ^(enforcer/|operator/|docs/)
^enforcer/                            ^(compiler/(ast|parse|resolve|lower|expect)|gen/pale|operator/|docs/)
^enforcer/export/                     ^(compiler/(emit_|verify|cover|decide|bundle)|gen/pale|skel/|enforcer/(bpf|runtime|load_|lsm_|run[.]|apply)|enforcer/daemon/[^en]|enforcer/daemon/event[.]h)
^enforcer/([^e]|daemon/|runtime/)     ^enforcer/export/
^docs/                                ^(compiler/(ast|parse|resolve|lower|decide|emit_|expect)|gen/pale)
^operator/cluster/                    ^(enforcer/|operator/(kube|webhook)/)
^operator/webhook/                    ^(enforcer/([^hn]|h[^t]|ht[^t]|n[^o]|no[^d])|operator/kube/)
^operator/controller/                 ^(enforcer/|operator/(kube|webhook)/)
^operator/(cluster|webhook|controller|kube)/  ^operator/manager/
^operator/                            ^(compiler/(ast|parse|resolve|lower|expect)|gen/pale|enforcer/export/(config|exporter|output|format|metrics|send_|spool|fold)|docs/)
^operator/([^n]|node/((profile|pod|violation|run)_|event_report)) ^enforcer/export/(feed|seen|paled_lines)
^operator/posture/                    ^(enforcer/([^np]|n[^o]|no[^d]|p[^o])|operator/([^cmpw]|plugin/|controller/|manager/))
^operator/(cluster|webhook|controller|kube|manager|node)/  ^operator/posture/
^operator/follow_cluster              ^(enforcer/|operator/(webhook|controller|node)/)
^operator/[^p]                        ^operator/plugin/
^operator/kube/                       ^(compiler/[^b]|enforcer/[^c]|operator/[^km]|gen/|skel/)
'

# Which sources and headers are one back end: they see nothing of another one.
backends='
seccomp  ^compiler/(emit_seccomp|verify_seccomp|cbpf)
oci      ^compiler/(emit_oci)
apparmor ^compiler/(emit_apparmor|apparmor_)
landlock ^compiler/(emit_landlock|landlock_)
lsm      ^compiler/(emit_lsm|lsm_)
'

# "a.o: a.c x.h \" → the source, then its headers, one a line, without the empty rules that -MP adds. A source that is gone
# has left its dependencies behind.
for folder in compiler enforcer operator docs; do
	[ ! -d "$build/$folder" ] || find "$build/$folder" -name '*.d'
done | sort | while read -r d; do
	source=${d#"$build"/}
	[ -e "${source%.d}.c" ] || continue
	sed -e 's/\\$//' -e '/^[^ ].*:$/d' "$d" | tr ' ' '\n' | sed -n "s|^\./||; s|^$build/||; /\.[chly]\$/p"
	echo ---
done | rules=$rules backends=$backends awk '
function backend(path,   b) {
	for (b in members) {
		if (path ~ members[b]) return b
	}
	return ""
}
BEGIN {
	n = split(ENVIRON["rules"], lines, "\n")
	for (i = 1; i <= n; i++) {
		if (split(lines[i], f, /[ \t]+/) < 2) continue
		who[++r] = f[1]; never[r] = f[2]
	}
	n = split(ENVIRON["backends"], lines, "\n")
	for (i = 1; i <= n; i++) {
		if (split(lines[i], f, /[ \t]+/) == 2) members[f[1]] = f[2]
	}
	first = 1
}
/^---$/ { first = 1; next }
first { source = $0; own = backend(source); first = 0; objects++; next }
{
	wrong = 0
	for (i = 1; i <= r; i++) {
		if (source ~ who[i] && $0 ~ never[i]) wrong = 1
	}
	other = own == "" ? "" : backend($0)
	if (wrong || (other != "" && other != own)) { print source " must not see " $0; bad = 1 }
}
END {
	if (!objects) { print "check-layers: nothing was built"; exit 1 }
	exit bad
}'
