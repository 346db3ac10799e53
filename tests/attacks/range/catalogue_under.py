#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The catalogue of bypasses in the guest, under the engines of the range: makes a command for each that confines the one that
follows it, and becomes tests/attacks/catalogue/test_attacks --under with them.

Its attacks need the guest's own files, network and root: Docker's container has those files, and the guest's network; the
users' sandboxes are started by root. Landlock's rules are made of the policy of each row, by `pale run`."""

import json
import os
import shutil
import subprocess
import sys

import engines
import scene

BASE = "/srv/range"
# Descriptors 3 to 6 are the attack's.
COMMANDS = {
    "docker": f"""\
printf '%s\\0' "$@" >{BASE}/argv
exec timeout -k 1 60 unshare --mount --propagation private sh -c '
mount --bind / {BASE}/root &&
for folder in /tmp /run /lib/modules; do mount --rbind $folder {BASE}/root$folder || exit; done
exec crun --root {BASE}/crun run --preserve-fds 4 --bundle {BASE} catalogue-$$'
""",
    "bubblewrap": """\
exec timeout -k 1 60 bwrap --unshare-all --share-net --die-with-parent --new-session --bind / / --proc /proc --dev /dev -- "$@"
""",
    "firejail": """\
exec timeout -k 1 60 firejail --quiet --keep-fd=3,4,5,6 --profile=/etc/firejail/default.profile -- "$@"
""",
}


def main():
    if not os.environ.get("PALE_VM"):
        print("Bail out! for the guest only")
        return 1
    for folder in ("root", "crun"):
        os.makedirs(f"{BASE}/{folder}")
    shutil.copy(f"{scene.TOOLS}/range-host", scene.HOST_TOOL)
    docker = engines.Docker()
    docker.begin()
    subprocess.run(["crun", "spec"], cwd=BASE, check=True)
    with open(f"{BASE}/config.json") as f:
        spec = json.load(f)
    docker.settle(spec, f"{BASE}/root", [scene.HOST_TOOL, "argv", f"{BASE}/argv"])
    docker.configure(spec, None, None)
    spec["linux"]["namespaces"] = [n for n in spec["linux"]["namespaces"] if n["type"] != "network"]
    with open(f"{BASE}/config.json", "w") as f:
        json.dump(spec, f)
    pairs = []
    for name, command in COMMANDS.items():
        scene.write(f"{BASE}/{name}", "#!/bin/sh\n" + command, 0o755)
        pairs += [name, f"{BASE}/{name}"]
    program = f"{scene.BUILD}/tests/attacks/catalogue/test_attacks"
    sys.stdout.flush()
    os.execv(program, [program, "--under", *pairs, "landlock", "-"])


if __name__ == "__main__":
    sys.exit(main())
