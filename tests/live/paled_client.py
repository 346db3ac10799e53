# SPDX-License-Identifier: Apache-2.0
"""paled with folders of its own below a new one, commands of pale, and its sockets as a client has them.

$PALE_BUILD names the build directory. run(ACTS) runs the one of these functions that the command line names, in the namespaces
that paled.bats makes, and exits 0 if all was as it should be.
"""
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time

import expect
from expect import *

BUILD = os.path.realpath(os.environ.get("PALE_BUILD", "build"))
SOURCES = os.path.realpath(os.path.join(os.path.dirname(__file__), "../.."))
TOP = tempfile.mkdtemp(prefix="pale-paled-")
RUN, PROFILES, CONFIG, LOG, RECORDER = (f"{TOP}/{n}" for n in ("run", "profiles", "paled.conf", "events.jsonl", "recorder.db"))
NOBODY = 65534
OUT = f"{TOP}/stderr"

WEB = "profile web { file { allow read /etc/hosts } }\n"
OTHER = "profile other { file { allow read /etc/other } }\n"
WRONG = "profile web { file { allow raed /etc/hosts } }\n"
WRONG_TEXT = "web.pale:1:28: unknown operation 'raed'"


def write(path, text):
    """In one step, as an editor that means well does it."""
    with open(path + ".new", "w") as f:
        f.write(text)
    os.rename(path + ".new", path)


def in_time(what, test):
    return expect.in_time(what, test, lambda: f"; paled said:\n{read(OUT)}")


class Client:
    def __init__(self, name, timeout=WAIT, buffer=None):
        self.s = socket.socket(socket.AF_UNIX)
        if buffer:
            self.s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        self.s.settimeout(timeout)
        self.s.connect(f"{RUN}/{name}")
        self.left = b""

    def send(self, data):
        self.s.sendall(data)

    def line(self):
        """None: the connection has ended."""
        while b"\n" not in self.left:
            try:
                got = self.s.recv(65536)
            except ConnectionResetError:
                got = b""
            if not got:
                return None
            self.left += got
        line, self.left = self.left.split(b"\n", 1)
        return json.loads(line)

    def ended(self):
        return self.line() is None

    def ask(self, method, fds=None, **members):
        data = (json.dumps({"version": 1, "method": method, **members}) + "\n").encode()
        if fds is None:
            self.send(data)
        else:
            n = socket.send_fds(self.s, [data], fds)
            self.send(data[n:])
        return self.line()

    def close(self):
        self.s.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def ask(name, method, **members):
    with Client(name) as c:
        return c.ask(method, **members)


def ok(answer):
    if answer is None or answer["ok"] is not True:
        raise AssertionError(f"refused: {answer}")
    return answer


def refused(answer, errno, text):
    if answer is None or answer["ok"] is not False:
        raise AssertionError(f"not refused: {answer}")
    same((answer["errno"], answer["error"]), (errno, text))


class Paled:
    def __init__(self, *command, **kwargs):
        self.out = open(OUT, "a")
        env = dict(os.environ, PALE_PATH=f"{SOURCES}/profiles")
        self.p = subprocess.Popen(
            [*command, f"{BUILD}/paled", "--run", RUN, "--log", LOG, "--profiles", PROFILES, "--config", CONFIG,
             "--recorder", RECORDER, "--recordings", f"{TOP}/recordings"],
            stderr=self.out, env=env, **kwargs)

    def ready(self):
        n = read(OUT).count("paled: ready: ")
        self.seen = n
        return self

    def signal(self, number):
        self.p.send_signal(number)
        return self

    def wait(self):
        return self.p.wait(WAIT)

    def alive(self):
        """Not only there: it answers, on each of its sockets."""
        same(self.p.poll(), None)
        ok(ask("events", "status"))
        ok(ask("control", "status"))
        ok(ask("register", "forget", id="nobody"))

    def fds(self):
        return len(os.listdir(f"/proc/{self.p.pid}/fd"))


def start(*command, **kwargs):
    before = read(OUT).count("paled: ready: ") if os.path.exists(OUT) else 0
    p = Paled(*command, **kwargs)

    def is_ready():
        if p.p.poll() is not None:
            raise AssertionError(f"paled ended with {p.p.returncode}:\n{read(OUT)}")
        return read(OUT).count("paled: ready: ") > before

    in_time("paled", is_ready)
    # It opens its files beside whatever else it does, and tests count them.
    in_time("the recorder", lambda: os.path.exists(f"{RECORDER}-shm"))
    return p


def fails_to_start(text):
    same(Paled().wait(), 3)
    has(read(OUT), f"paled: {text}\n")


def pale(*words, status=0, user=None, env=None, **kwargs):
    command = [f"{BUILD}/pale", *words]
    if user is not None:
        shutil.copy(f"{BUILD}/pale", f"{TOP}/pale")
        command = ["setpriv", f"--reuid={user}", "--clear-groups", f"{TOP}/pale", *words]
    r = subprocess.run(command, capture_output=True, text=True, timeout=WAIT,
                       env=dict(os.environ, PALE_PATH=f"{SOURCES}/profiles", **(env or {})), **kwargs)
    if r.returncode != status:
        raise AssertionError(f"{words} ended with {r.returncode}: {r.stdout}{r.stderr}")
    return r


def profiles():
    return {p["profile"]: p for p in ok(ask("events", "profiles"))["profiles"]}


def folders():
    return sorted(os.listdir(f"{RUN}/policies"))


def logged(kind):
    """Events of the log. A line that is no JSON would be told: json.loads() raises."""
    ok(ask("events", "events", since=int(time.time() * 1000)))
    return [e for e in map(json.loads, open(LOG)) if e["kind"] == kind]


def unified():
    for line in open("/proc/self/mountinfo"):
        mount, _, rest = line.partition(" - ")
        if rest.startswith("cgroup2 "):
            return mount.split(" ")[4]
    raise AssertionError("there is no unified cgroup hierarchy")


class Process:
    """What a container's first process looks like: in a cgroup of its own, waiting in one program to execute another."""

    made = []

    def __init__(self, name):
        self.group = f"{unified()}/pale-paled-{os.path.basename(TOP)}-{name}"
        os.mkdir(self.group)
        Process.made.append(self)
        self.p = subprocess.Popen(["sh", "-c", "read go; exec sleep 1000"], stdin=subprocess.PIPE)
        self.pid = self.p.pid
        with open(f"{self.group}/cgroup.procs", "w") as f:
            f.write(str(self.pid))
        in_time("a shell", lambda: "sh" in os.path.basename(os.readlink(f"/proc/{self.pid}/exe"))
                or "sh" in read(f"/proc/{self.pid}/comm"))

    def go(self):
        self.p.stdin.write(b"\n")
        self.p.stdin.close()
        in_time("sleep", lambda: os.readlink(f"/proc/{self.pid}/exe").endswith("sleep"))

    def end(self):
        self.p.kill()
        self.p.wait()

    def remove(self):
        self.end()
        in_time("an empty cgroup", self.try_remove)

    def try_remove(self):
        try:
            os.rmdir(self.group)
        except OSError:
            return False
        return True


def prepare(name="web", **annotations):
    return ok(ask("register", "prepare", id="c", runtime="runc", annotations={"pale.dev/profile": name, **annotations}))


def register(name, process, profile="web", **members):
    digest = {"digest": prepare(profile)["digest"]} if profile else {}
    return ask("register", "register", id=name, pid=process.pid, **digest, **members)


def ps():
    return {c["id"]: c for c in ok(ask("events", "ps"))["containers"]}


def run(acts):
    acts = {f.__name__: f for f in acts}
    if len(sys.argv) != 2 or sys.argv[1] not in acts:
        sys.exit(f"usage: {sys.argv[0]} {'|'.join(acts)}")
    os.chmod(TOP, 0o755)
    os.mkdir(PROFILES)
    open(OUT, "w").close()
    try:
        acts[sys.argv[1]]()
    except BaseException:
        sys.stderr.write(f"--- paled said:\n{read(OUT)[-4000:]}---\n")
        raise
    finally:
        for p in Process.made:
            p.remove()
        shutil.rmtree(TOP, ignore_errors=True)
