# SPDX-License-Identifier: Apache-2.0
# Of a list of objects: a line for each right that nobody of Pale's should have.

def own_secret: . == "pale-webhook-certificates";
def who: "\(.kind) \(.metadata.name)";

# [API group, resource], and who may at most do what with it. What is in no line is not to be written at all.
def writable: [
	["pale.dev", "paleprofiles", "create", "patch"],
	["pale.dev", "paleprofiles/status", "patch"],
	["pale.dev", "palerecordings/status", "patch"],
	["pale.dev", "palenodestatuses", "create", "patch", "delete"],
	["pale.dev", "palenodestatuses/status", "patch"],
	["", "events", "create", "patch"],
	["events.k8s.io", "events", "create", "patch"],
	["coordination.k8s.io", "leases", "create", "update", "patch"],
	["admissionregistration.k8s.io", "mutatingwebhookconfigurations", "patch"],
	["admissionregistration.k8s.io", "validatingwebhookconfigurations", "patch"],
	["", "secrets", "create", "update", "patch"],
	["", "nodes", "patch"]
];
def readonly: ["get", "list", "watch"];

def rules_of: . as $role | (.rules // [])[] | . + { role: ($role | who), kind: $role.kind, namespace: $role.metadata.namespace };

def wildcard: select([.apiGroups, .resources, .verbs, .resourceNames, .nonResourceURLs] | map(. // []) | flatten | any(contains("*"))) |
	"\(.role): a wildcard";
def urls: select(.nonResourceURLs) | "\(.role): URLs that are no resources";
# create cannot be held to a name; list and watch would be of all.
def secrets: select(.resources // [] | any(. == "secrets")) |
	if .kind != "Role" or .namespace != "pale-system" then "\(.role): Secrets of other namespaces"
	elif .verbs == ["create"] then empty
	elif (.resourceNames // []) | length > 0 and all(own_secret) then .role as $role | .verbs[] | select(IN("list", "watch")) | "\($role): \(.) of Secrets"
	else "\(.role): Secrets that are not its own" end;
def writes: . as $rule | .apiGroups[]? as $group | .resources[]? as $resource | .verbs[] | select(IN(readonly[]) | not) | . as $verb |
	select([writable[] | select(.[0] == $group and .[1] == $resource) | .[2:][]] | any(. == $verb) | not) |
	"\($rule.role): \($verb) \($resource)\(if $group == "" then "" else "." + $group end)";
def unnamed: select((.resources // [] | any(endswith("webhookconfigurations"))) and (.resourceNames // []) != ["pale-webhook"]) |
	"\(.role): webhook configurations of others";

(.[] | select(.kind | IN("Role", "ClusterRole")) | rules_of | wildcard, urls, secrets, writes, unnamed),
(.[] | select(.kind | IN("RoleBinding", "ClusterRoleBinding")) | . as $binding | .subjects[] |
	select(.kind != "ServiceAccount" or .namespace != "pale-system") | "\($binding | who): \(.kind) \(.name) is not Pale's")
