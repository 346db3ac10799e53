# SPDX-License-Identifier: Apache-2.0
"""What the guest holds for the range, and how it looks from outside whether an attack had its effect."""

import os
import re
import secrets
import select
import shutil
import socket
import subprocess
import threading

HERE = os.path.dirname(os.path.realpath(__file__))
BUILD = os.path.realpath(f"{HERE}/../../../build")
TOOLS = f"{BUILD}/tests/attacks/range"
RANGE = "/srv/range"
IMAGE = f"{RANGE}/image"
ACTION = "/usr/bin/range-action"
HOST_TOOL = "/usr/bin/range-host"
SECRET_NAME = "SERVICE_PASSWORD"
TOKEN = "/run/secrets/kubernetes.io/serviceaccount/token"

# What a container is given of the host, and where.
MOUNTS = [("/srv/app/data", "/srv/app/data"), ("/host/cron.d", "/host/cron.d"), ("/run/runtime.sock", "/run/runtime.sock"),
          (TOKEN, TOKEN)]

PEERS = [("10.0.5.1", 10250, "kubelet"), ("203.0.113.10", 80, "download"), ("203.0.113.10", 3333, "miner"),
         ("203.0.113.10", 4444, "shell"), ("169.254.169.254", 80, "metadata"), ("10.96.0.1", 443, "api"),
         ("/run/runtime.sock", None, "runtime"), ("\0/containerd-shim/range.sock", None, "shim")]


def write(path, text, mode=0o644):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as f:
        f.write(text)
    os.chmod(path, mode)


def read(path):
    try:
        with open(path, "rb") as f:
            return f.read(4096)
    except OSError:
        return None


class Peers(threading.Thread):
    """Whoever an attack speaks to. Of those that get a word they keep the name; a shell has to answer a sum."""

    def __init__(self):
        super().__init__(daemon=True)
        self.reached = set()
        self.listeners = {}
        for address, port, name in PEERS:
            s = socket.socket(socket.AF_UNIX if port is None else socket.AF_INET)
            s.bind(address if port is None else (address, port))
            s.listen(16)
            self.listeners[s] = name
        os.chmod("/run/runtime.sock", 0o666)
        # Its connections wait to be taken.
        self.database = socket.socket()
        self.database.bind(("10.0.5.1", 5432))
        self.database.listen(1024)
        self.database.setblocking(False)
        self.served = []
        self.settled, self.settle_me = socket.socketpair()
        # ETH_P_ALL: frames that leave are seen by those alone who ask for all.
        self.wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))

    def run(self):
        while True:
            ready, _, _ = select.select([*self.listeners, self.wire, self.settle_me], [], [])
            if ready == [self.settle_me]:
                self.end_served()
                continue
            for s in ready:
                if s is self.wire:
                    if b"\x02\x66\x66\x66\x66\x66" in s.recv(128)[:12]:
                        self.reached.add("forged")
                elif s is not self.settle_me:
                    connection, _ = s.accept()
                    self.served.append(threading.Thread(target=self.serve, args=(connection, self.listeners[s]), daemon=True))
                    self.served[-1].start()

    def end_served(self):
        for thread in self.served:
            thread.join()
        self.served.clear()
        self.settle_me.send(self.settle_me.recv(1))

    def settle(self):
        """Returns when all that was sent before has been read."""
        self.settled.send(b"?")
        self.settled.recv(1)

    def serve(self, connection, name):
        connection.settimeout(5)
        try:
            if name == "shell":
                connection.sendall(b"echo sum-$((6 * 7))\nexit\n")
            data = connection.recv(256)
            if data and (name != "shell" or b"sum-42" in data):
                self.reached.add(name)
            if name == "download":
                connection.sendall(b"HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx")
        except OSError:
            pass
        connection.close()

    def forget(self):
        self.reached.clear()
        try:
            while True:
                self.database.accept()[0].close()
        except BlockingIOError:
            pass


def command(*argv):
    subprocess.run(argv, check=True, stdout=subprocess.DEVNULL)


def make_network():
    for address in ("10.0.5.1", "203.0.113.10", "169.254.169.254", "10.96.0.1"):
        command("ip", "address", "add", f"{address}/32", "dev", "lo")
    command("ip", "netns", "add", "docker")
    command("ip", "link", "add", "range0", "type", "veth", "peer", "name", "eth0", "netns", "docker")
    command("ip", "address", "add", "172.17.0.1/16", "dev", "range0")
    command("ip", "link", "set", "range0", "up")
    inside = ("ip", "-n", "docker")
    command(*inside, "link", "set", "lo", "up")
    command(*inside, "address", "add", "172.17.0.2/16", "dev", "eth0")
    command(*inside, "link", "set", "eth0", "up")
    command(*inside, "route", "add", "default", "via", "172.17.0.1")


def interface_number(namespace):
    """Of the one between the host and what is on a network of its own, on this side or the other."""
    argv = ["ip", "-o", "link", "show", "range0"] if namespace is None else ["ip", "-n", namespace, "-o", "link", "show", "eth0"]
    return subprocess.run(argv, capture_output=True, text=True, check=True).stdout.split(":")[0]


def put_programs(root):
    os.makedirs(f"{root}/usr/bin", exist_ok=True)
    for name, source in (("range-action", "range-action"), ("range-helper", "range-action"), ("range-host", "range-host")):
        shutil.copy(f"{TOOLS}/{source}", f"{root}/usr/bin/{name}")


def make_image():
    put_programs(IMAGE)
    for name in ("busybox", "sh"):
        shutil.copy("/usr/bin/busybox", f"{IMAGE}/usr/bin/{name}")
    for name in ("dev", "proc", "sys", "tmp", "mnt", "root/.ssh", "srv/app/data", "host/cron.d", "run/secrets", "etc"):
        os.makedirs(f"{IMAGE}/{name}", exist_ok=True)
    os.symlink("usr/bin", f"{IMAGE}/bin")
    os.chmod(f"{IMAGE}/tmp", 0o1777)
    write(f"{IMAGE}/etc/passwd", "root:x:0:0:root:/root:/bin/sh\nservice:x:1000:1000::/:/bin/sh\n")
    write(f"{IMAGE}/run/runtime.sock", "")
    write(f"{IMAGE}{TOKEN}", "")


class Scene:
    def __init__(self, secret):
        self.secret = secret
        self.before = None
        os.makedirs(RANGE, exist_ok=True)
        command("mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", RANGE)
        for folder in ("data", "host", "cgroup", "runs", "crun", "disk"):
            os.makedirs(f"{RANGE}/{folder}")
        # On the file system that the host's secret is on.
        os.makedirs("/srv/app/data", exist_ok=True)
        os.chmod(f"{RANGE}/data", 0o777)
        command("mount", "--bind", f"{RANGE}/data", "/srv/app/data")
        os.makedirs("/host/cron.d", exist_ok=True)
        os.chmod("/host/cron.d", 0o777)
        os.makedirs("/home/range", exist_ok=True)
        os.chown("/home/range", 1000, 1000)
        os.makedirs("/root/.ssh", exist_ok=True)
        write(f"{RANGE}/host/secret", secret)
        write(TOKEN, secret)
        write(f"{RANGE}/disk/image", secret + "\n" + "\0" * 65536)
        command("mount", "-t", "cgroup", "-o", "none,name=range", "none", f"{RANGE}/cgroup")
        command("/sbin/modprobe", "loop")
        command("losetup", "/dev/loop0", f"{RANGE}/disk/image")
        release = os.uname().release
        modules = f"/lib/modules/{release}/kernel/drivers/net/dummy.ko"
        if os.path.exists(modules):
            shutil.copy(modules, f"{RANGE}/module.ko")
        else:
            with open(f"{RANGE}/module.ko", "wb") as f:
                subprocess.run(["xz", "-dc", modules + ".xz"], stdout=f, check=True)
        # Whose modules the kernel would load for the first who asks.
        for family, kind in ((socket.AF_ALG, socket.SOCK_SEQPACKET), (socket.AF_PACKET, socket.SOCK_RAW)):
            socket.socket(family, kind).close()
        with socket.socket(socket.AF_ALG, socket.SOCK_SEQPACKET) as s:
            s.bind(("hash", "sha256"))
        make_network()
        put_programs("/")
        make_image()
        handle = subprocess.run([HOST_TOOL, "handle", f"{RANGE}/host/secret"], capture_output=True, text=True, check=True)
        self.handle = handle.stdout.strip()
        self.peers = Peers()
        self.peers.start()

    def arguments(self, row, engine):
        if row.name == "open-by-handle":
            return [self.handle]
        return [interface_number(engine.namespace)] if row.name == "arp" else []

    def fresh(self, row, user):
        """As it is before each run."""
        for name in os.listdir("/srv/app/data"):
            os.unlink(f"/srv/app/data/{name}")
        write("/srv/app/data/hello", "hello\n")
        write("/srv/app/data/tool", "tool\n", 0o755)
        os.chown("/srv/app/data/tool", user, user)
        if row.name == "module":
            shutil.copy(f"{RANGE}/module.ko", "/srv/app/data/module.ko")
        for name in os.listdir("/host/cron.d"):
            os.unlink(f"/host/cron.d/{name}")
        for path in ("/tmp/dropped", "/dev/shm/dropped"):
            if os.path.exists(path):
                os.unlink(path)
        shutil.copy(f"{TOOLS}/range-action", f"{RANGE}/host/runtime")
        self.before = self.state(row)
        self.mark = f"range: {secrets.token_hex(8)}"
        with open("/dev/kmsg", "w") as f:
            f.write(self.mark + "\n")
        self.peers.forget()

    def state(self, row):
        kind, _, path = row.effect.partition(" ")
        return read(path) if kind == "changed" else None

    def logged(self):
        """Since fresh()."""
        log = subprocess.run(["dmesg"], capture_output=True, text=True, check=True).stdout
        return log[log.index(self.mark):]

    def happened(self, row, run):
        """Whether the attack had its effect."""
        kind, _, what = row.effect.partition(" ")
        if kind == "secret":
            return self.secret in run.output
        if kind == "said":
            return what in run.output.splitlines()
        if kind == "at":
            word, least = what.split()[1:]
            found = re.search(rf"^{word} (\d+)$", run.output, re.M)
            return bool(found) and int(found[1]) >= int(least)
        if kind == "changed":
            return self.state(row) != self.before
        if kind == "appeared":
            return any(os.path.exists(path) for path in self.places(what, run))
        if kind == "setuid":
            return bool(os.stat(what).st_mode & 0o4000)
        if kind == "logged":
            return what in self.logged()
        return (what or kind) in self.peers.reached

    @staticmethod
    def places(path, run):
        outside = path.startswith(("/host/", "/sys/"))
        return [path] if outside else [run.rootfs.rstrip("/") + path]

    def put_back(self, row, run):
        kind, _, what = row.effect.partition(" ")
        if kind == "changed" and self.state(row) != self.before and not what.startswith(f"{RANGE}/host/"):
            with open(what, "wb") as f:
                f.write(self.before.strip() + b"\n")
        if kind == "appeared" and what.startswith("/sys/module/"):
            subprocess.run(["busybox", "rmmod", os.path.basename(what)], stderr=subprocess.DEVNULL)
        elif kind == "appeared":
            for path in self.places(what, run):
                if os.path.exists(path):
                    os.unlink(path)
