#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# uninstall.sh [--keep-policies] [--keep-runtime]: takes Pale from the cluster that kubectl speaks to, so that nothing of it is in anybody's way afterwards. It is done
# in this order, and begun again after a failure it goes on where it was:
#
#	1. webhook configurations and admission policies: from then on any pod can be created, annotated or not
#	2. the controller, which would put finalizers back; then the finalizers of PaleProfiles
#	3. the custom resources with all policies, recordings and statuses. --keep-policies leaves them
#	4. pale-runtime on each node, by ../deploy/runtime/remove.yaml. --keep-runtime leaves it, for nodes that had it from elsewhere
#	5. RuntimeClass, workloads, rights, the namespace, and what nodes have as labels and taints
#
# Running pods go on, under what the kernel has loaded for them, and `kubectl exec` into them works: what is executed has their filter and
# capabilities, and what BPF-LSM holds it to, but no longer AppArmor's profile. What is started anew starts without Pale, and not at all if it asks
# for runtimeClassName pale, which the webhook has written into pods, not into their owners. Annotations and namespaces' labels stay and mean
# nothing any more. On nodes there stay /opt/pale/bin/pale-runtime, then a link to runc, by which running pods are entered and stopped, what is
# pinned in /sys/fs/bpf/pale until the next boot, /etc/pale, /var/lib/pale and /var/log/pale.
#
# In which order any of it is deleted matters: a webhook whose pods are gone refuses pods, and a custom resource whose finalizer nobody
# takes away stays for ever. That is why it is no `kubectl delete -k`.
set -euo pipefail

here=$(dirname "$(realpath "$0")")
namespace=pale-system
policies=delete runtime=remove
for option in "$@"; do
	case $option in
	--keep-policies) policies=keep ;;
	--keep-runtime) runtime=keep ;;
	*) echo 'usage: uninstall.sh [--keep-policies] [--keep-runtime]' >&2 && exit 2 ;;
	esac
done

say() {
	printf 'uninstall.sh: %s\n' "$*"
}

# serves KIND: whether the server knows it, such as paleprofiles.pale.dev. That nobody could be asked is a failure, not a no.
serves() {
	local names
	names=$(kubectl api-resources --cached=false --api-group="${1#*.}" -o name) || {
		say "the server does not say what it serves of ${1#*.}; run this again when it does"
		exit 1
	}
	grep -qxF "$1" <<<"$names"
}

# delete KIND[/NAME]…: what is of Pale, and waits until it is gone.
delete() {
	kubectl delete --ignore-not-found --wait --timeout=120s "$@"
}

# All that the manifests make has this label.
delete_kind() {
	delete "$1" -l app.kubernetes.io/part-of=pale "${@:2}"
}

kubectl version >/dev/null
said=$(mktemp)
trap 'rm -f "$said"' EXIT

say 'nothing of Pale is asked about pods any more'
delete_kind mutatingwebhookconfigurations.admissionregistration.k8s.io
delete_kind validatingwebhookconfigurations.admissionregistration.k8s.io
for kind in validatingadmissionpolicybindings validatingadmissionpolicies; do
	if serves $kind.admissionregistration.k8s.io; then
		delete_kind $kind.admissionregistration.k8s.io
	fi
done

say 'the controller ends, and its finalizers go'
delete deployment/pale-controller -n $namespace
kubectl -n $namespace wait --for=delete pod -l app.kubernetes.io/name=pale-controller --timeout=60s >/dev/null 2>&1 || :
profiles=$(kubectl get paleprofiles.pale.dev \
	-o go-template='{{range .items}}{{.metadata.name}}{{range .metadata.finalizers}} {{.}}{{end}}{{"\n"}}{{end}}' 2>"$said") || {
	# Without the definition there are none.
	[ -z "$(kubectl get customresourcedefinition paleprofiles.pale.dev --ignore-not-found -o name)" ] || { cat "$said" >&2 && exit 1; }
}
while read -r name finalizers; do
	others=
	for finalizer in $finalizers; do
		[ "$finalizer" = pale.dev/in-use ] || others+=${others:+,}\"$finalizer\"
	done
	[ -z "$finalizers" ] || kubectl patch paleprofiles.pale.dev "$name" --type=merge -p "{\"metadata\":{\"finalizers\":[$others]}}"
done <<<"$profiles"
if [ $policies = delete ]; then
	say 'policies, recordings and statuses go'
	delete_kind customresourcedefinitions.apiextensions.k8s.io || {
		say "somebody else's finalizers hold what is shown here; once they are gone, run this again"
		kubectl get paleprofiles.pale.dev,palebindings.pale.dev,palerecordings.pale.dev,palenodestatuses.pale.dev --all-namespaces \
			-o custom-columns=KIND:.kind,NAMESPACE:.metadata.namespace,NAME:.metadata.name,FINALIZERS:.metadata.finalizers --ignore-not-found || :
		exit 1
	}
fi

# of_runtime JSONPATH: what the DaemonSet has that takes pale-runtime away, when this was begun before, or that brought it.
of_runtime() {
	kubectl -n $namespace get daemonset -l 'app.kubernetes.io/name in (pale-runtime-remove, pale-runtime-install)' --sort-by=.metadata.name \
		-o jsonpath="{.items[-1:].spec.template.spec.initContainers[0]$1}"
}

json_string() {
	printf '"%s"' "$(sed 's/[\\"]/\\&/g' <<<"$1")"
}

# as_installed IMAGE RESTART: of remove.yaml, what is as with install.yaml.
as_installed() {
	printf '{"spec":{"template":{"spec":{"initContainers":[{"name":"remove","image":%s,"env":[{"name":"PALE_RESTART","value":%s}]}],' "$(json_string "$1")" "$(json_string "$2")"
	printf '"containers":[{"name":"done","image":%s}]}}}}' "$(json_string "$1")"
}

if kubectl get namespace $namespace >/dev/null 2>&1; then
	if [ $runtime = remove ]; then
		say "nodes' engines forget pale-runtime, one after the other"
		image=$(of_runtime .image) restart=$(of_runtime '.env[?(@.name=="PALE_RESTART")].value')
		kubectl patch --local -f "$here/runtime/remove.yaml" --type=strategic -o yaml -p "$(as_installed "${image:-pale-install:0.1}" "$restart")" |
			kubectl apply -f -
		delete daemonset/pale-runtime-install -n $namespace
		kubectl -n $namespace rollout status daemonset/pale-runtime-remove --timeout=600s || {
			say 'a node does not get done; its pod says why: kubectl -n pale-system logs -l app.kubernetes.io/name=pale-runtime-remove -c remove'
			exit 1
		}
		delete daemonset/pale-runtime-remove -n $namespace
	else
		delete daemonset/pale-runtime-install -n $namespace
	fi
fi

say 'what is left goes'
delete_kind runtimeclasses.node.k8s.io
delete namespace/$namespace
delete_kind clusterrolebindings.rbac.authorization.k8s.io
delete_kind clusterroles.rbac.authorization.k8s.io
nodes=$(kubectl get nodes -o name)
for node in $nodes; do
	# What is not there is said to be missing.
	kubectl taint "$node" pale.dev/agent-not-ready- >/dev/null 2>&1 || :
	kubectl get "$node" -o go-template='{{range $key, $value := .metadata.labels}}{{$key}}{{"\n"}}{{end}}' | sed -n 's,^\(pale\.dev/.*\),\1-,p' |
		xargs -r kubectl label "$node"
done
say 'done'
