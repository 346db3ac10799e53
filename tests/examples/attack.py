# SPDX-License-Identifier: Apache-2.0
# As attack.c.
import socket
import subprocess
import sys


def attack():
    kept = []
    acts = {
        "read": lambda: kept.append(open("/etc/shadow")),
        "written": lambda: kept.append(open(ATTACKED, "r+")),
        "executed": lambda: subprocess.run("id", shell=True, check=True, stdout=subprocess.DEVNULL),
        "listened": lambda: kept.append(socket.create_server(("127.0.0.1", 4444))),
        "connected": lambda: kept.append(socket.create_connection(("127.0.0.1", 4444))),
    }
    for word, act in acts.items():
        try:
            act()
            print(f"attack: {word}", file=sys.stderr)
        except OSError:
            pass
    for each in kept:
        each.close()


attack()
