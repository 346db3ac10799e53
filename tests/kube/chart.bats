#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The Helm chart, as helm itself renders it: the objects of kubectl apply -k, unless values say otherwise.

bats_require_minimum_version 1.5.0
load steps
load manifests

setup_file() {
	cd "$BATS_TEST_DIRNAME/../.."
	operator/deploy/chart/make.sh "$BATS_FILE_TMPDIR"
	HELM=$(tests/kube/helm.sh)
	export HELM HELM_CACHE_HOME=$BATS_FILE_TMPDIR/cache HELM_CONFIG_HOME=$BATS_FILE_TMPDIR/config HELM_DATA_HOME=$BATS_FILE_TMPDIR/data
}

# chart ARGUMENT…: its objects.
chart() {
	"$HELM" template pale "$BATS_FILE_TMPDIR"/pale-0.1.0.tgz --namespace pale-system --include-crds "$@" | to_json
}

@test "helm finds nothing wrong with it" {
	"$HELM" lint --strict "$BATS_FILE_TMPDIR/pale"
}

@test "its objects are those of kubectl apply -k, but for the namespace, which helm makes" {
	chart | diff <(objects operator/deploy | jq -S --indent 1 'map(select(.kind != "Namespace"))') <(jq -S --indent 1 .)
}

@test "where the server has admission policies, those are there, too" {
	chart --api-versions admissionregistration.k8s.io/v1/ValidatingAdmissionPolicy |
		diff <({ kubectl kustomize operator/deploy 2>/dev/null; echo ---; kubectl kustomize operator/deploy/admission-policy; } | to_json |
			jq -S --indent 1 'map(select(.kind != "Namespace"))') <(jq -S --indent 1 .)
	chart --api-versions admissionregistration.k8s.io/v1/ValidatingAdmissionPolicy --set admissionPolicy=false |
		jq -e 'all(.[]; .kind != "ValidatingAdmissionPolicy")'
}

@test "it is in the release's namespace, which is left out of what is asked about" {
	"$HELM" template pale "$BATS_FILE_TMPDIR/pale" --namespace elsewhere | to_json >"$BATS_TEST_TMPDIR/objects"
	not grep pale-system "$BATS_TEST_TMPDIR/objects"
	jq -e 'all(.[] | select(.kind | endswith("WebhookConfiguration")) | .webhooks[];
		.namespaceSelector.matchExpressions[].values == ["kube-system", "elsewhere"] and .clientConfig.service.namespace == "elsewhere")' "$BATS_TEST_TMPDIR/objects"
}

@test "values say images, replicas, and what is left out" {
	chart --set images.operator=r.example/o:2 --set images.node=r.example/n:2 --set images.install=r.example/i:2 --set images.pullPolicy=Always \
		--set webhook.replicas=5 --set controller.replicas=1 --set webhook.failurePolicy=Ignore --set 'runtime.restart=service x restart' >"$BATS_TEST_TMPDIR/objects"
	run -0 jq -r '[.[] | .spec.template.spec | select(.) | (.initContainers // [], .containers)[] | .image, .imagePullPolicy] | unique[]' "$BATS_TEST_TMPDIR/objects"
	[ "$output" = $'Always\nr.example/i:2\nr.example/n:2\nr.example/o:2' ]
	jq -e '[.[] | select(.kind == "Deployment") | { key: .metadata.name, value: .spec.replicas }] | from_entries ==
		{ "pale-webhook": 5, "pale-controller": 1 }' "$BATS_TEST_TMPDIR/objects"
	jq -e 'all(.[].webhooks // [] | .[]; .failurePolicy == "Ignore")' "$BATS_TEST_TMPDIR/objects"
	jq -e 'any(.[] | .spec.template.spec.initContainers? // [] | .[].env[]; .value == "service x restart")' "$BATS_TEST_TMPDIR/objects"
	chart --set runtime.install=false | jq -e 'all(.[]; .metadata.name != "pale-runtime-install")'
}

@test "a manifest that goes another way than the chart knows is an error" {
	cp -r operator/deploy "$BATS_TEST_TMPDIR/deploy"
	sed -i 's/replicas: 2/replicas: 3/' "$BATS_TEST_TMPDIR/deploy/base/webhook-deployment.yaml"
	run -1 "$BATS_TEST_TMPDIR/deploy/chart/make.sh" "$BATS_TEST_TMPDIR/out"
	[ "$output" = "make.sh: 'replicas: 2\$' is 0 times in webhook-deployment.yaml, and not 1 times" ]
	sed -i 's/replicas: 3/replicas: 2/; s/image: pale-operator:0.1/image: pale-operator:0.2/' "$BATS_TEST_TMPDIR/deploy/base/webhook-deployment.yaml"
	run -1 "$BATS_TEST_TMPDIR/deploy/chart/make.sh" "$BATS_TEST_TMPDIR/out"
	[[ $output == *"webhook-deployment.yaml:"*"image: pale-operator:0.2"* ]]
	[[ $output == *"make.sh: these lines of the templates have what a value should say" ]]
}
