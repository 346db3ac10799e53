#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# make.sh DIR: makes the Helm chart DIR/pale and DIR/pale-VERSION.tgz, from the manifests of ../base, ../runtime and ../admission-policy. They are the only
# place where an object is written: of each a template is made by the table below, and a line of it that finds nothing to replace is an
# error, so that a chart that would go its own way is not made.
set -euo pipefail
umask 022
here=$(dirname "$(realpath "$0")")
deploy=$here/..
mkdir -p "$1"
out=$(realpath "$1")
chart=$out/pale
rm -rf "$chart"
mkdir -p "$chart"/{crds,templates}

# FILE, what is there (an extended regular expression), what comes instead (as sed has it), how often it is there. FILE is a pattern.
replacements() {
	cat <<-'END'
		*	namespace: pale-system$	namespace: {{ .Release.Namespace }}	+
		webhook-configuration.yaml	\[kube-system, pale-system\]	[kube-system, {{ .Release.Namespace }}]	2
		policy.yaml	\[kube-system, pale-system\]	[kube-system, {{ .Release.Namespace }}]	1
		webhook-configuration.yaml	failurePolicy: Fail$	failurePolicy: {{ .Values.webhook.failurePolicy }}	2
		*	image: pale-operator:0[.]1$	image: {{ .Values.images.operator | quote }}	+
		*	image: pale-node:0[.]1$	image: {{ .Values.images.node | quote }}	+
		*	image: pale-install:0[.]1$	image: {{ .Values.images.install | quote }}	+
		*	imagePullPolicy: IfNotPresent$	imagePullPolicy: {{ .Values.images.pullPolicy }}	+
		webhook-deployment.yaml	replicas: 2$	replicas: {{ .Values.webhook.replicas }}	1
		controller-deployment.yaml	replicas: 2$	replicas: {{ .Values.controller.replicas }}	1
		install.yaml	value: ""$	value: {{ .Values.runtime.restart | quote }}	1
	END
}

# FILE and the condition on which its objects are there.
conditions() {
	cat <<-'END'
		install.yaml	.Values.runtime.install
		policy.yaml	and .Values.admissionPolicy (.Capabilities.APIVersions.Has "admissionregistration.k8s.io/v1/ValidatingAdmissionPolicy")
	END
}

resources() { # KUSTOMIZATION: the files that it names
	sed -n 's,^  - \(.*\.yaml\)$,\1,p' "$1/kustomization.yaml"
}

template() { # FILE
	local name=${1##*/} condition
	if grep -q '{{' "$1"; then
		echo "make.sh: $1 has what Helm takes for a template" >&2
		return 1
	fi
	condition=$(conditions | sed -n "s/^$name\t//p")
	[ -z "$condition" ] || echo "{{- if $condition }}"
	cat "$1"
	[ -z "$condition" ] || echo '{{- end }}'
}

# The namespace is the release's, which helm makes.
for dir in base runtime admission-policy; do
	for file in $(resources "$deploy/$dir"); do
		case $file in
		namespace.yaml) ;;
		crd-*) cp "$deploy/$dir/$file" "$chart/crds/" ;;
		*) template "$deploy/$dir/$file" >"$chart/templates/$file" ;;
		esac
	done
done

replacements | while IFS=$'\t' read -r files from to times; do
	# shellcheck disable=SC2086
	found=$(cd "$chart/templates" && { grep -EhI "$from" -- $files || :; } | wc -l)
	if [ "$found" = 0 ] || { [ "$times" != + ] && [ "$found" != "$times" ]; }; then
		echo "make.sh: '$from' is $found times in $files, and not $times times" >&2
		exit 1
	fi
	# shellcheck disable=SC2086
	(cd "$chart/templates" && sed -i -E "s#$from#$to#" -- $files)
done
if grep -rnE 'pale-system|pale-(operator|node|install):' "$chart/templates" | grep -vE ':\s*#'; then
	echo 'make.sh: these lines of the templates have what a value should say' >&2
	exit 1
fi

cp "$here"/{Chart,values}.yaml "$chart/"
cp "$here/NOTES.txt" "$chart/templates/"
version=$(sed -n 's/^version: //p' "$here/Chart.yaml")
tar -C "$out" --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner -c pale | gzip -n >"$out/pale-$version.tgz"
