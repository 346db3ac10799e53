# SPDX-License-Identifier: Apache-2.0
"""
What an API server would say of operator/deploy without one: the rules of structural schemas (Kubernetes' documentation, "Extend the
Kubernetes API with CustomResourceDefinitions", and its ValidateStructural()), of admission configurations, and our own on rights.

    manifests.py schemas|objects|webhooks|rights|pods|kustomize|mistakes
    manifests.py written OBJECTS
"""
import copy
import glob
import json
import os
import re
import subprocess
import sys

import yaml

BASE = "operator/deploy/base"
TYPES = {"string", "integer", "number", "boolean", "array", "object"}
# Of OpenAPI and JSON schema, and not to be had in a CRD.
FORBIDDEN = {"$ref", "definitions", "dependencies", "deprecated", "discriminator", "id", "patternProperties", "readOnly", "writeOnly", "xml",
             "additionalItems", "$schema"}
# All that we use; what is not here is a mistake, or a rule that this test would have to learn.
KNOWN = {"type", "description", "properties", "items", "additionalProperties", "required", "enum", "default", "format", "pattern", "minimum",
         "maximum", "minLength", "maxLength", "maxItems", "maxProperties", "x-kubernetes-list-type", "x-kubernetes-list-map-keys"}
# Known to servers of 1.20, which prune other members of a CustomResourceDefinition, and to kubectl, which refuses them.
FORMATS = {"integer": {"int32", "int64"}, "string": {"date-time"}}


def documents():
    for path in sorted(glob.glob(BASE + "/*.yaml")):
        if os.path.basename(path) == "kustomization.yaml":
            continue
        with open(path) as f:
            for d in yaml.safe_load_all(f):
                yield path, d


def of_kind(*kinds):
    return [d for _, d in documents() if d["kind"] in kinds]


def crds():
    return {d["spec"]["names"]["kind"]: d for d in of_kind("CustomResourceDefinition")}


def schema_of(crd):
    return crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]


def wrong_in_schema(s, path, top=True):
    """Yields what is against the rules."""
    for k in s:
        if k in FORBIDDEN or k not in KNOWN:
            yield f"{path}: {k} may not be there"
    kind = s.get("type")
    if kind not in TYPES:
        yield f"{path}: has no type"
        return
    if not s.get("description") and path != ".metadata":
        yield f"{path}: has no description"
    if s.get("uniqueItems"):
        yield f"{path}: uniqueItems may not be true"
    if "properties" in s and "additionalProperties" in s:
        yield f"{path}: properties beside additionalProperties"
    if s.get("additionalProperties") is False:
        yield f"{path}: additionalProperties may not be false"
    if kind == "array" and not isinstance(s.get("items"), dict):
        yield f"{path}: an array without items"
    if kind == "object" and not top and not ({"properties", "additionalProperties"} & s.keys()) and path != ".metadata":
        yield f"{path}: an object of which everything would be pruned"
    if s.get("format") and s["format"] not in FORMATS.get(kind, ()):
        yield f"{path}: format {s['format']} of a {kind}"
    for r in s.get("required", []):
        if r not in s.get("properties", {}):
            yield f"{path}: requires {r}, which it does not have"
    if "default" in s and (path.startswith(".metadata") or list(wrong_in_value(s, s["default"], path))):
        yield f"{path}: its default is not valid"
    if s.get("pattern"):
        re.compile(s["pattern"])
    if s.get("x-kubernetes-list-type") == "map":
        item = s["items"]
        for key in s.get("x-kubernetes-list-map-keys", [None]):
            if key not in item.get("properties", {}) or key not in item.get("required", []):
                yield f"{path}: the map's key {key} is not required of its items"
    if s.get("x-kubernetes-list-type") == "set" and s["items"].get("type") in ("object", "array"):
        yield f"{path}: a set of what is not scalar"
    if s.get("enum") and len(set(map(str, s["enum"]))) != len(s["enum"]):
        yield f"{path}: a word twice"
    for name, p in s.get("properties", {}).items():
        yield from wrong_in_schema(p, f"{path}.{name}", False)
    if isinstance(s.get("items"), dict):
        yield from wrong_in_schema(s["items"], path + "[]", False)
    if isinstance(s.get("additionalProperties"), dict):
        yield from wrong_in_schema(s["additionalProperties"], path + "{}", False)


def wrong_in_value(s, v, path=""):
    python = {"string": str, "integer": int, "number": (int, float), "boolean": bool, "array": list, "object": dict}[s["type"]]
    if not isinstance(v, python) or (s["type"] == "integer" and isinstance(v, bool)):
        yield f"{path}: no {s['type']}"
        return
    if "enum" in s and v not in s["enum"]:
        yield f"{path}: {v} is not to be chosen"
    if isinstance(v, str):
        if "pattern" in s and not re.search(s["pattern"], v):
            yield f"{path}: {v} does not look like {s['pattern']}"
        if s.get("format") == "date-time" and not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[-+]\d\d:\d\d)", v):
            yield f"{path}: {v} is no time"
        if len(v) < s.get("minLength", 0) or len(v) > s.get("maxLength", 1 << 30):
            yield f"{path}: its length"
    if isinstance(v, int) and not isinstance(v, bool) and not s.get("minimum", v) <= v <= s.get("maximum", v):
        yield f"{path}: {v} is out of bounds"
    if isinstance(v, list):
        for i, item in enumerate(v):
            yield from wrong_in_value(s["items"], item, f"{path}[{i}]")
    if isinstance(v, dict):
        for r in s.get("required", []):
            if r not in v:
                yield f"{path}: {r} is required"
        for name, member in v.items():
            if path == "" and name == "metadata":
                continue
            below = s.get("properties", {}).get(name) or s.get("additionalProperties")
            if not below:
                yield f"{path}.{name}: would be pruned"
            else:
                yield from wrong_in_value(below, member, f"{path}.{name}")


def column_exists(schema, json_path):
    if json_path.startswith(".metadata."):
        return True
    s = schema
    for step in re.findall(r"\.(\w+)|\[\?\(@\.(\w+)==\"\w+\"\)\]", json_path):
        s = s["properties"].get(step[0]) if step[0] else (s["items"] if step[1] in s["items"]["properties"] else None)
        if s is None:
            return False
    return True


def wrong_in_crd(d):
    names, spec = d["spec"]["names"], d["spec"]
    if d["apiVersion"] != "apiextensions.k8s.io/v1":
        yield "another apiVersion"
    if d["metadata"]["name"] != f"{names['plural']}.{spec['group']}":
        yield "its name is not PLURAL.GROUP"
    if names["singular"] != names["kind"].lower() or names["listKind"] != names["kind"] + "List":
        yield "its names do not go together"
    if spec.get("preserveUnknownFields"):
        yield "unknown fields are kept"
    if [v["storage"] for v in spec["versions"]] != [True]:
        yield "not one version that is stored"
    for v in spec["versions"]:
        schema = v["schema"]["openAPIV3Schema"]
        # Who may write the one may not write the other. A binding has none: nothing comes of it but what pods are given.
        if v.get("subresources") != ({"status": {}} if "status" in schema["properties"] else None):
            yield "no status of its own"
        if schema["properties"]["metadata"] != {"type": "object"}:
            yield "restricts metadata"
        yield from wrong_in_schema(schema, "")
        for c in v["additionalPrinterColumns"]:
            if not column_exists(schema, c["jsonPath"]):
                yield f"column {c['name']} shows what is not there"


def schemas():
    found = crds()
    assert set(found) == {"PaleProfile", "PaleBinding", "PaleRecording", "PaleNodeStatus"}, found.keys()
    for kind, d in found.items():
        wrong = list(wrong_in_crd(d))
        assert not wrong, (kind, wrong)
    assert {k for k, d in found.items() if d["spec"]["scope"] == "Cluster"} == {"PaleProfile", "PaleNodeStatus"}


def mistakes():
    """That schemas() would see them."""
    good = crds()["PaleProfile"]

    def spoil(change):
        d = copy.deepcopy(good)
        change(d, schema_of(d)["properties"]["spec"]["properties"])
        return list(wrong_in_crd(d))

    assert not spoil(lambda d, s: None)
    for change in (
        lambda d, s: s["mode"].pop("type"),
        lambda d, s: s["mode"].pop("description"),
        lambda d, s: s["mode"].update(default="off"),
        lambda d, s: s["mode"].update(nullable=True, default=1),
        lambda d, s: s["namespaces"].pop("items"),
        lambda d, s: s["namespaces"].update({"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"]}) or s["namespaces"]["items"].update(type="object", properties={}),
        lambda d, s: s["rollout"].pop("properties"),
        lambda d, s: s["files"].update(properties={}),
        lambda d, s: s.pop("source"),
        lambda d, s: s["source"].update({"$ref": "#/x"}),
        lambda d, s: s["source"].update(format="int32"),
        lambda d, s: d["metadata"].update(name="paleprofiles"),
        lambda d, s: d["spec"]["versions"][0].update(subresources={}),
        lambda d, s: d["spec"]["versions"][0].update(storage=False),
        lambda d, s: d["spec"]["versions"][0]["additionalPrinterColumns"][0].update(jsonPath=".spec.modus"),
    ):
        assert spoil(change), "a mistake is not seen"


# Made on purpose, to be refused by the webhook if they ever were there.
INVALID = {("PaleProfile", "odd"), ("PaleBinding", "bad"), ("PaleRecording", "wrong"), ("PaleRecording", "endless")}


def objects():
    """What the webhook's tests have in their cluster is what can be in one."""
    found = crds()
    seen = 0
    with open("tests/webhook/cluster.json") as f:
        for o in json.load(f):
            if o["kind"] not in found:
                continue
            seen += 1
            v = {k: v for k, v in o.items() if k in ("spec", "status")}
            if o["kind"] == "PaleProfile":
                v["spec"].setdefault("source", "profile p { }")
            wrong = list(wrong_in_value(schema_of(found[o["kind"]]), v))
            assert bool(wrong) == ((o["kind"], o["metadata"]["name"]) in INVALID), (o["kind"], o["metadata"]["name"], wrong)
    assert seen > 20


# What a status has that the controller's tests never come to.
UNWRITTEN = {
    "PaleProfile": set(),
    # Runs that were lost, and more pods than are recorded.
    "PaleRecording": {".why[]", ".notes[]", ".truncated", ".conditions"},
    # Without a meaning for the controller.
    "PaleNodeStatus": {".mechanisms", ".unconfined", ".conditions", ".events", ".events.until", ".events.had", ".events.had[]"},
}


def members(s, path=""):
    yield path
    for name, p in s.get("properties", {}).items():
        yield from members(p, f"{path}.{name}")
    if "items" in s:
        yield from members(s["items"], path + "[]")


def written():
    """What the controller's tests, as an API server, have in the status of each object is what the schemas have, and the other way round."""
    found = crds()
    statuses = {k: schema_of(found[k])["properties"]["status"] for k in UNWRITTEN}
    missing = {k: set(members(s)) for k, s in statuses.items()}

    def see(kind, v, path):
        missing[kind].discard(path)
        for name, member in v.items() if isinstance(v, dict) else ():
            see(kind, member, f"{path}.{name}")
        for item in v if isinstance(v, list) else ():
            see(kind, item, path + "[]")

    with open(sys.argv[2]) as f:
        for o in map(json.loads, f):
            kind, status = o["kind"], o.get("status", {})
            wrong = list(wrong_in_value(statuses[kind], status, ".status"))
            assert not wrong, (kind, o["metadata"]["name"], wrong)
            see(kind, status, "")
    for kind, paths in missing.items():
        left = {p for p in paths if not any(p == u or p.startswith((u + ".", u + "[")) for u in UNWRITTEN[kind])}
        assert not left, (kind, "is never written", left)


def webhooks():
    (service,) = of_kind("Service")
    (deployment,) = [d for d in of_kind("Deployment") if d["metadata"]["name"] == "pale-webhook"]
    configurations = of_kind("MutatingWebhookConfiguration", "ValidatingWebhookConfiguration")
    assert len(configurations) == 2
    port = service["spec"]["ports"][0]
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    assert port["targetPort"] in [p["name"] for p in container["ports"]]
    assert service["spec"]["selector"].items() <= deployment["spec"]["template"]["metadata"]["labels"].items()
    assert deployment["spec"]["selector"]["matchLabels"].items() <= deployment["spec"]["template"]["metadata"]["labels"].items()
    for c in configurations:
        for w in c["webhooks"]:
            assert w["admissionReviewVersions"] == ["v1"] and w["sideEffects"] == "None" and w["failurePolicy"] == "Fail", w["name"]
            assert w["timeoutSeconds"] <= 3
            assert w["clientConfig"] == {"service": {
                "name": service["metadata"]["name"], "namespace": service["metadata"]["namespace"], "port": port["port"],
                "path": "/mutate" if c["kind"].startswith("Mutating") else "/validate"}}
            assert w["namespaceSelector"]["matchLabels"] == {"pale.dev/inject": "enabled"}
            (out,) = w["namespaceSelector"]["matchExpressions"]
            assert out["operator"] == "NotIn" and set(out["values"]) == {"kube-system", service["metadata"]["namespace"]}
            asked = {(o, r) for rule in w["rules"] for o in rule["operations"] for r in rule["resources"]}
            expected = {("CREATE", "pods"), ("UPDATE", "pods/ephemeralcontainers")}
            if c["kind"].startswith("Mutating"):
                # A mutated UPDATE would freeze pods that run.
                assert asked == expected and w["reinvocationPolicy"] == "IfNeeded"
            else:
                # A Binding brings annotations of its own.
                assert asked == expected | {("UPDATE", "pods"), ("CREATE", "pods/binding"), ("CREATE", "bindings")}
            assert all(rule["apiGroups"] == [""] and rule["apiVersions"] == ["v1"] for rule in w["rules"])
    (runtime,) = of_kind("RuntimeClass")
    assert runtime["metadata"]["name"] == "pale" and runtime["handler"] == "pale"


def rights():
    for role in of_kind("ClusterRole", "Role"):
        for rule in role["rules"]:
            for what in ("apiGroups", "resources", "verbs"):
                assert rule[what] and "*" not in rule[what], role["metadata"]["name"]
            assert not {"pods/exec", "serviceaccounts/token"} & set(rule["resources"]), role["metadata"]["name"]
            if "secrets" in rule["resources"]:
                # Its own, or one that is not there yet, in Pale's namespace.
                assert role["kind"] == "Role" and (role["metadata"]["name"], role["metadata"]["namespace"]) == ("pale-controller", "pale-system")
                assert rule["resources"] == ["secrets"]
                assert rule["verbs"] == ["create"] or rule["resourceNames"] == ["pale-webhook-certificates"]
            assert not {"escalate", "bind", "impersonate"} & set(rule["verbs"])
    (webhook,) = [r for r in of_kind("ClusterRole") if r["metadata"]["name"] == "pale-webhook"]
    assert {v for rule in webhook["rules"] for v in rule["verbs"]} == {"list", "watch"}
    for binding in of_kind("ClusterRoleBinding", "RoleBinding"):
        names = {(r["kind"], r["metadata"]["name"]) for r in of_kind("ClusterRole", "Role")}
        assert (binding["roleRef"]["kind"], binding["roleRef"]["name"]) in names
        accounts = {(a["metadata"]["namespace"], a["metadata"]["name"]) for a in of_kind("ServiceAccount")}
        assert all((s["namespace"], s["name"]) in accounts for s in binding["subjects"])


def pods():
    for d in of_kind("Deployment"):
        spec = d["spec"]["template"]["spec"]
        assert spec["securityContext"]["runAsNonRoot"] and spec["securityContext"]["runAsUser"] > 0
        assert not {"hostPID", "hostNetwork", "hostIPC"} & spec.keys()
        assert not [v for v in spec.get("volumes", []) if "hostPath" in v]
        for c in spec["containers"]:
            s = c["securityContext"]
            assert s["readOnlyRootFilesystem"] and s["allowPrivilegeEscalation"] is False
            assert s["capabilities"] == {"drop": ["ALL"]} and "privileged" not in s
            assert c["resources"]["limits"]["memory"]
            mounts = {m["name"] for m in c.get("volumeMounts", [])}
            assert mounts <= {v["name"] for v in spec.get("volumes", [])}


def kustomize():
    with open(BASE + "/kustomization.yaml") as f:
        listed = yaml.safe_load(f)["resources"]
    assert sorted(listed) == sorted(os.path.basename(p) for p in glob.glob(BASE + "/*.yaml") if not p.endswith("kustomization.yaml"))
    made = subprocess.run(["kubectl", "kustomize", "operator/deploy"], check=True, capture_output=True, text=True).stdout
    names = sorted((d["kind"], d["metadata"]["name"]) for d in yaml.safe_load_all(made))
    with open("operator/deploy/runtime/install.yaml") as f:
        install = [("", d) for d in yaml.safe_load_all(f) if d]
    assert names == sorted((d["kind"], d["metadata"]["name"]) for _, d in [*documents(), *install])


{"schemas": schemas, "objects": objects, "webhooks": webhooks, "rights": rights, "pods": pods, "kustomize": kustomize, "written": written,
 "mistakes": mistakes}[sys.argv[1]]()
