# SPDX-License-Identifier: Apache-2.0
"""pale-export with folders of its own below a new one, receivers of all it sends on loopback, and a mock of paled's events socket.

The mock (Events) answers as paled does where a test needs to say what happens when: it is no paled, which the acts that can use
the real one do.
"""
import http.server
import json
import os
import re
import shutil
import signal
import socket
import socketserver
import ssl
import struct
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

from expect import *

BUILD = os.path.realpath(os.environ.get("PALE_BUILD", "build"))
SOURCES = os.path.realpath(os.path.join(os.path.dirname(__file__), "../.."))
TOP = tempfile.mkdtemp(prefix="pale-export-")
RUN, STATE, CONFIG, OUT = (f"{TOP}/{n}" for n in ("run", "state", "export.conf", "stderr"))
METRICS = "127.0.0.1:9469"


def stamp(ns):
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(ns // 10**9)) + f".{ns % 10**9:09d}Z"


BEGUN = time.time_ns()


def violation(n, **members):
    """The n-th, a millisecond after the one before."""
    event = {
        "time": stamp(BEGUN + n * 10**6), "profile": "web", "file": "web.pale", "line": 3, "column": 9, "rule": "deny write /etc/**",
        "rule_id": "00000000000000aa", "default": False, "operation": "write", "object": f"/etc/{n}", "verdict": "deny",
        "outcome": "refused", "mechanism": "bpf-lsm",
        "process": {"host_pid": 411, "executable": "/usr/sbin/web", "pid": 7, "arguments": ["web", "-d"], "uid": 33}, "kind": "violation",
        "digest": "aa", "container": {"id": "c0ffee", "name": "nginx", "image": "docker.io/library/nginx:1.25", "pod": "web-7f",
                                      "namespace": "shop"}}
    event.update(members)
    return event


# Bytes as paled tells them: JSON strings with what containers chose.
HOSTILE = [
    'plain', 'with "quotes" and \\ and ]', 'a|b=c\\=d', 'new\nline\r\nand\ttab', '\x1b]0;title\x07\x1b[31mred', '\x7f\x9b2J\u202e',
    'badly \\xff\\xfe encoded', 'ä€😀', '', ']"\\', '\\', 'x' * 4096, 'ü' * 3000, '=' * 1500, '"' * 1500, '%s%n', '{"a":1}',
    '<13>1 - - - - - -', 'CEF:0|x', '-', ' ', 'msg=x act=allowed', '\u2028\u2029',
]


def hostile_violation(n, s):
    return violation(n, object=f"/{s}", rule=f"deny write {s}", profile="web", process={
        "host_pid": 1, "executable": f"/bin/{s}", "arguments": [s, s, "x" * 4096], "uid": 0},
        container={"id": "c0ffee", "name": s, "image": s, "pod": s, "namespace": s})


class Events:
    """A mock of paled's events socket: it keeps events, and gives them as pale-protocol(7) says."""

    def __init__(self):
        os.makedirs(RUN, exist_ok=True)
        self.kept = []
        self.followers = []
        self.asked = []
        self.lock = threading.RLock()
        self.listen()

    def listen(self):
        path = f"{RUN}/events"
        if os.path.exists(path):
            os.unlink(path)
        self.server = socket.socket(socket.AF_UNIX)
        self.server.bind(path)
        os.chmod(path, 0o666)
        self.server.listen(16)
        self.open = []
        threading.Thread(target=self.accept, args=(self.server,), daemon=True).start()

    def accept(self, server):
        while True:
            try:
                s, _ = server.accept()
            except OSError:
                return
            with self.lock:
                self.open.append(s)
            threading.Thread(target=self.serve, args=(s,), daemon=True).start()

    def serve(self, s):
        try:
            for line in s.makefile("rb"):
                self.answer(s, json.loads(line))
        except OSError:
            pass

    def answer(self, s, request):
        method = request["method"]
        if method == "status":
            self.say(s, {"ok": True, "pid": 1, "events": {"reported": 9, "lost": 4, "throttled": 3, "unattributed": 2}})
        elif method == "ps":
            self.say(s, {"ok": True, "containers": [
                {"id": "a", "mode": "enforce", "state": "running", "refused": 5, "restart_required": True},
                {"id": "b", "mode": "audit", "state": "running", "refused": 1, "restart_required": False},
                {"id": "c", "state": "unconfined", "pid": 3}, {"id": "d", "mode": "enforce", "state": "stopped"}]})
        elif method == "profiles":
            self.say(s, {"ok": True, "profiles": [{"profile": "web", "mode": "enforce"}, {"profile": "db", "mode": "audit"},
                                                   {"profile": "old", "mode": "enforce", "error": "line 1"}]})
        else:
            with self.lock:
                self.asked.append(request)
                since = stamp(request["since"] * 10**6)[:23]
                for e in self.kept:
                    if e["time"] >= since:
                        self.say_event(s, e)
                self.followers.append(s)

    def say(self, s, body):
        s.sendall((json.dumps({"version": 1, **body}) + "\n").encode())

    def say_event(self, s, event):
        self.say(s, {"ok": True, "continues": True, "event": event})

    def add(self, *events, tell=True):
        with self.lock:
            for e in events:
                self.kept.append(e)
                for s in list(self.followers) if tell else []:
                    try:
                        self.say_event(s, e)
                    except OSError:
                        self.followers.remove(s)

    def missed(self, n):
        with self.lock:
            for s in self.followers:
                self.say(s, {"ok": True, "continues": True, "missed": n})

    def stop(self):
        """As a paled that ends: its connections do, too."""
        with self.lock:
            self.server.shutdown(socket.SHUT_RDWR)
            self.server.close()
            for s in self.open:
                try:
                    s.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass
                s.close()
            self.followers = []

    def followed(self):
        with self.lock:
            return len(self.followers)


class Web:
    """A receiver of POSTs; answers is asked for what to answer: (status, headers, body)."""

    def __init__(self, port=0, answers=None, hang=None, context=None):
        self.requests = []
        self.answers = answers or (lambda n, body: (200, {}, b""))
        self.hang = hang
        self.context = context
        self.port = port
        self.up()

    def up(self):
        web = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if web.hang:
                    web.hang.wait(WAIT)
                status, headers, answer = web.answers(len(web.requests), body)
                web.requests.append((self.path, dict(self.headers), body, status, time.monotonic()))
                self.send_response(status)
                for k, v in headers.items():
                    self.send_header(k, v)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 64

            def handle_error(self, *_):
                pass

        self.server = Server(("127.0.0.1", self.port), Handler)
        self.port = self.server.server_address[1]
        if self.context:
            self.server.socket = self.context.wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def down(self):
        self.server.shutdown()
        self.server.server_close()

    def bodies(self, status=200):
        return [r[2] for r in list(self.requests) if r[3] == status]

    def events(self):
        """Of all that was taken, JSON arrays of events."""
        return [e for b in self.bodies() for e in json.loads(b)]


class Syslog:
    """A receiver of counted octets, over TCP or TLS."""

    def __init__(self, port=0, context=None):
        self.context = context
        self.port = port
        self.messages = []
        self.errors = []
        self.left = b""
        self.up()

    def up(self):
        syslog = self
        self.connections = []

        class Handler(socketserver.BaseRequestHandler):
            def handle(self):
                s = self.request
                if syslog.context:
                    try:
                        s = syslog.context.wrap_socket(s, server_side=True)
                    except (ssl.SSLError, OSError) as e:
                        syslog.errors.append(str(e))
                        return
                syslog.connections.append(s)
                left = b""
                while True:
                    try:
                        got = s.recv(65536)
                    except OSError:
                        return
                    if not got:
                        return
                    left = syslog.take(left + got)

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads = True
            allow_reuse_address = True

        self.server = Server(("127.0.0.1", self.port), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def take(self, data):
        while True:
            m = re.match(rb"([1-9][0-9]*) ", data)
            if not m:
                if len(data) > 10:
                    raise AssertionError(f"no count: {data[:100]!r}")
                return data
            end = m.end() + int(m[1])
            if len(data) < end:
                return data
            self.messages.append(data[m.end():end])
            data = data[end:]

    def down(self):
        self.server.shutdown()
        self.server.server_close()
        for s in self.connections:
            # At once and without reading: what is unread resets the connection.
            try:
                s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            s.close()


class Datagrams:
    """A receiver of datagrams on a unix socket, with the files that journald takes instead of long ones."""

    def __init__(self, path):
        self.path = path
        self.messages = []
        self.up()

    def up(self):
        if os.path.exists(self.path):
            os.unlink(self.path)
        self.s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.s.bind(self.path)
        threading.Thread(target=self.receive, args=(self.s,), daemon=True).start()

    def receive(self, s):
        while True:
            try:
                data, fds, _, _ = socket.recv_fds(s, 1 << 20, 4)
            except OSError:
                return
            for fd in fds:
                with os.fdopen(fd, "rb") as f:
                    f.seek(0)
                    data = f.read()
            if data:
                self.messages.append(data)

    def down(self):
        self.s.shutdown(socket.SHUT_RDWR)
        self.s.close()


def parse_syslog(data):
    """RFC 5424 6: raises for what does not fit its grammar."""
    m = re.fullmatch(
        rb"<(\d{1,3})>1 (-|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?Z) ([!-~]{1,255}) ([!-~]{1,48}) ([!-~]{1,128}) ([!-~]{1,32}) "
        rb"(-|(?:\[.*?(?<!\\)(?:\\\\)*\])+)(?: (.*))?", data, re.S)
    if not m or int(m[1]) > 191:
        raise AssertionError(f"no message of RFC 5424: {data[:2000]!r}")
    params = {}
    if m[7] != b"-":
        inner = m[7][1:-1]
        sd = re.fullmatch(rb'([^ ="\]]{1,32})((?: [^ ="\]]{1,32}="(?:[^"\\\]]|\\["\\\]])*")*)', inner, re.S)
        if not sd:
            raise AssertionError(f"no structured data: {inner[:2000]!r}")
        params["id"] = sd[1].decode()
        for name, value in re.findall(rb' ([^ ="\]]{1,32})="((?:[^"\\\]]|\\["\\\]])*)"', sd[2], re.S):
            params[name.decode()] = re.sub(rb'\\(["\\\]])', rb"\1", value).decode()
    message = m[8] or b""
    if message.startswith(b"\xef\xbb\xbf"):
        message = message[3:]
    else:
        message.decode("ascii") if m[7] != b"-" else message.decode()
    printable(data)
    return {"pri": int(m[1]), "time": m[2].decode(), "host": m[3].decode(), "app": m[4].decode(), "msgid": m[6].decode(), "sd": params,
            "msg": message.decode()}


def printable(data):
    """Nothing that drives a terminal."""
    for c in data.decode():
        if ord(c) < 0x20 or 0x7f <= ord(c) < 0xa0:
            raise AssertionError(f"a control character: {c!r} in {data[:300]!r}")


def parse_cef(text):
    """Revision 25: seven fields of a header, then pairs."""
    m = re.fullmatch(r"CEF:0((?:\|(?:[^|\\]|\\[|\\])*){6})\|(.*)", text, re.S)
    if not m:
        raise AssertionError(f"no CEF: {text[:1000]!r}")
    head = [re.sub(r"\\([|\\])", r"\1", f) for f in re.findall(r"\|((?:[^|\\]|\\[|\\])*)", m[1])]
    pairs = {}
    rest = m[2]
    parts = re.split(r"(?:^| )([A-Za-z0-9]+)(?<!\\)=", rest)
    if parts[0]:
        raise AssertionError(f"no pair: {rest[:1000]!r}")
    for key, value in zip(parts[1::2], parts[2::2]):
        if re.search(r"(?<!\\)(?:\\\\)*=", value) or key in pairs:
            raise AssertionError(f"'=' in {key}: {value[:200]!r} of {rest[:500]!r}")
        pairs[key] = re.sub(r"\\([\\=nr])", lambda x: {"n": "\n", "r": "\r"}.get(x[1], x[1]), value)
    printable(text.encode())
    return head, pairs


def parse_journal(data):
    """The native protocol; only its form without lengths is used."""
    fields = {}
    for line in data.decode().split("\n")[:-1]:
        key, eq, value = line.partition("=")
        if not eq or not re.fullmatch("[A-Z][A-Z0-9_]*", key) or key in fields:
            raise AssertionError(f"no field: {line[:300]!r}")
        fields[key] = value
    return fields


# Those that turn the direction of what follows (UAX #9).
TURNS = {0x61C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)}


def shown(s):
    """As text_escaped() has it."""
    return "".join("".join(f"\\x{b:02x}" for b in c.encode()) if ord(c) < 0x20 or 0x7F <= ord(c) < 0xA0 else
                   f"\\u{{{ord(c):x}}}" if ord(c) in TURNS else c for c in s)


def configure(*outputs, **keys):
    """The outputs as YAML of JSON."""
    with open(CONFIG, "w") as f:
        json.dump({**keys, **({"outputs": list(outputs)} if outputs else {})}, f)


class Exporter:
    def __init__(self, *words, run=RUN, stdout=subprocess.DEVNULL, **kwargs):
        before = read(OUT).count("ready: ")
        self.p = subprocess.Popen([f"{BUILD}/pale-export", "--config", CONFIG, "--run", run, "--state", STATE, *words],
                                  stdout=stdout, stderr=open(OUT, "a"), **kwargs)
        EXPORTERS.append(self)
        in_time("pale-export", lambda: read(OUT).count("ready: ") > before or self.p.poll() is not None)
        same(self.p.poll(), None)

    def kill(self):
        self.p.kill()
        self.p.wait()

    def stop(self):
        self.p.terminate()
        same(self.p.wait(WAIT), 0)

    def alive(self):
        same(self.p.poll(), None)


EXPORTERS = []


def metrics():
    with urllib.request.urlopen(f"http://{METRICS}/metrics", timeout=WAIT) as r:
        text = r.read().decode()
    values = {}
    for line in text.splitlines():
        if not line.startswith("#"):
            name, _, value = line.rpartition(" ")
            values[name] = float(value)
    return text, values


def metric(name):
    return metrics()[1].get(name)


def total(events):
    return sum(e.get("count", 1) for e in events)


def numbers(events):
    """Of violation()s."""
    return [int(e["object"].rsplit("/", 1)[1]) for e in events if e["kind"] == "violation"]


def run(acts):
    acts = {f.__name__: f for f in acts}
    if len(sys.argv) != 2 or sys.argv[1] not in acts:
        sys.exit(f"usage: {sys.argv[0]} {'|'.join(acts)}")
    os.chmod(TOP, 0o755)
    os.mkdir(RUN)
    open(OUT, "w").close()
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    try:
        acts[sys.argv[1]]()
    except BaseException:
        sys.stderr.write(f"--- pale-export said:\n{read(OUT)[-4000:]}---\n")
        raise
    finally:
        for e in EXPORTERS:
            if e.p.poll() is None:
                e.p.kill()
        shutil.rmtree(TOP, ignore_errors=True)
