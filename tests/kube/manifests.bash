# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What manifests say, without a cluster.

# Debian's python3 has the package python3-yaml.
# to_json: documents of YAML on stdin as one list of objects, sorted.
to_json() {
	/usr/bin/python3 -c 'import json, sys, yaml
objects = [o for o in yaml.safe_load_all(sys.stdin) if o]
key = lambda o: (o["kind"], o["metadata"].get("namespace", ""), o["metadata"]["name"])
print(json.dumps(sorted(objects, key=key), indent=1, sort_keys=True))'
}

# objects FOLDER: what kubectl applies of it.
objects() {
	kubectl kustomize "$1" 2>/dev/null | to_json
}
