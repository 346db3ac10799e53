# SPDX-License-Identifier: Apache-2.0
"""What paled does with those who mean it harm: paled_hostile.py ACT."""
import contextlib
import errno
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import time

from paled_client import *


def names():
    """Names of files, profiles and containers that lead elsewhere."""
    p = start()

    def load(name, text=WEB, main=None):
        return ask("control", "load", main=main or name, files=[{"name": name, "text": text}])

    refused(load("../x.pale"), "EINVAL", "'main' must be one of the files, in no folder")
    for name in ("../x.pale", "a/../../x.pale", "/etc/x.pale", "a//x.pale", "./x.pale", ".x.pale", "a/.x.pale", "/x.pale"):
        refused(ask("control", "load", main="w.pale", files=[
            {"name": "w.pale", "text": WEB}, {"name": name, "text": WEB}]),
            "EINVAL", f"'{name}' is no name of a file below a folder")
    for name in ("x.pale/", "x", ".pale", "", "x.pale.txt"):
        refused(ask("control", "load", main="w.pale", files=[
            {"name": "w.pale", "text": WEB}, {"name": name, "text": WEB}]), "EINVAL", f"'{name}' does not end in .pale")
    for name in ("a\nb.pale", "a\x1b[2J.pale", "\x7f.pale", "a\tb.pale"):
        refused(load(name), "EINVAL", "the name of a file has a control character")
    refused(load("x" * 251 + ".pale"), "EINVAL", "the name of a file has more than 255 bytes")
    # What paled itself puts beside a policy is nobody else's.
    for name in ("pale-runc.pale", "pale-crun.pale"):
        refused(load(name), "EINVAL", f"'{name}' is a name that paled itself uses")
    # A folder where a file is, and a file twice.
    same(ask("control", "load", main="a.pale", files=[
        {"name": "a.pale", "text": WEB}, {"name": "a.pale/b.pale", "text": WEB}])["ok"], False)
    refused(ask("control", "load", main="a.pale", files=[{"name": "a.pale", "text": WEB}] * 2),
            "EINVAL", "files[1] has the name of files[0]")
    same(ask("control", "load", main="a.pale", files=[{"name": f"{i}.pale", "text": ""} for i in range(257)])["errno"], "EINVAL")
    # Names that the language would not have.
    for name in ("../../x", "a/b", "..", "a b", "a\nb"):
        same(load("w.pale", f"profile {name} {{ }}\n")["ok"], False)
        same(ask("control", "unload", profile=name)["errno"], "ENOENT")
    same(folders(), [])
    same(os.listdir(f"{RUN}/loaded"), [])

    c = Process("n")
    for name in ("../x", "..", "a/b", "/etc/passwd", "", ".x", "-x", "a b", "a\nb", "a\x1b", "ä", "x" * 256, "a%00", "a\\b"):
        for method in ("prepare", "register", "lookup", "forget"):
            refused(ask("register", method, id=name, runtime="runc", pid=c.pid), "EINVAL", "that is no container's id")
    ok(ask("register", "register", id="x" * 255 if os.pathconf(RUN, "PC_NAME_MAX") > 265 else "x" * 200, pid=c.pid))
    longest = ask("register", "register", id="y" * 255, pid=c.pid)
    same(longest["ok"], False)
    same(sorted(os.listdir(f"{RUN}/containers")), ["x" * 200 + ".json"])
    # Nothing was made beside the folder.
    same(sorted(n for n in os.listdir(TOP) if not n.startswith("recorder.db")), sorted(["events.jsonl", "profiles", "run", "stderr"]))
    p.alive()


def long_requests():
    """More bytes than a socket takes; on one line and on none."""
    p = start()
    for name, most in (("register", 1 << 20), ("control", 4 << 20), ("events", 64 << 10)):
        for end in (b"", b"\n"):
            before = read(OUT)
            with Client(name) as c:
                with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                    c.send(b'{"version":1,"method":"' + b"x" * (most + 65536) + end)
                answer = None
                with contextlib.suppress(ConnectionResetError):
                    answer = c.line()
                if answer:
                    refused(answer, "EMSGSIZE", "the request is too long")
                    assert c.ended()
            in_time("the log", lambda: f"{RUN}/{name}: process {os.getpid()} of user 0: the request is too long"
                    in read(OUT)[len(before):])
    # What is as long as it may be is taken.
    filler = "x" * ((64 << 10) - 100)
    ok(ask("events", "status", filler=filler))
    p.alive()


def half():
    """A request that does not end."""
    p = start()
    before = p.fds()
    clients = []
    for name in ("register", "control", "events"):
        c = Client(name)
        c.send(b'{"version":1,"method":"status"')
        clients.append((name, c))
        # Who says nothing at all may stay.
        clients.append((None, Client(name)))
    # A connection in itself: it does not end when its client has closed it, but when its time is over.
    with Client("events") as e:
        socket.send_fds(e.s, [b" "], [e.s.fileno()] * 10)
    for name, c in clients:
        if name:
            refused(c.line(), "ETIMEDOUT", "the request did not end in time")
            assert c.ended()
            has(read(OUT), f"{RUN}/{name}: process {os.getpid()} of user 0: the request did not end in time")
    for name, c in clients:
        if not name:
            same(c.ask("nothing")["errno"], "ENOSYS")
    # Those that say nothing are there still, and no other.
    in_time("the end of the one in itself", lambda: p.fds() <= before + 3)
    p.alive()


def garbage():
    """What is no request."""
    p = start()
    text = "the request is no JSON object on one line"
    deep = b'{"version":1,"method":"ps","x":' + b"[" * 30000 + b"]" * 30000 + b"}"
    for data in (b"\xff\xfe\x00\x01", b"\0", b"", b"null", b"[]", b"1", b'"x"', b"{", b"{}x", b'{"version":1,"version":1}',
                 b'{"version":1,"method":"ps","method":"ps"}', b'{"version":1,"method":"ps","x":{"a":1,"a":1}}',
                 b'{"version":1,"method":"\xff"}', b'{"version":1,"method":"ps\\u0000"}', b'{"version":1e999}', deep,
                 os.urandom(4096).replace(b"\n", b" "), b"GET / HTTP/1.1\r"):
        for name in ("register", "control", "events"):
            before = read(OUT).count(text)
            with Client(name) as c:
                c.send(data + b"\n" + b'{"version":1,"method":"status"}\n')
                refused(c.line(), "EBADMSG", text)
                assert c.ended()
            in_time("the log", lambda: read(OUT).count(text) == before + 1)
    for body, errno, error in (
            ({}, "EINVAL", "the request has no 'version'"), ({"version": "1"}, "EINVAL", "the request has no 'version'"),
            ({"version": 1.5}, "EINVAL", "the request has no 'version'"), ({"version": 0}, "EINVAL", "the request has no 'version'"),
            ({"version": -1}, "EINVAL", "the request has no 'version'"), ({"version": None}, "EINVAL", "the request has no 'version'"),
            ({"version": 2, "method": "ps"}, "EPROTONOSUPPORT", "this daemon answers version 1 of the protocol"),
            ({"version": 1}, "EINVAL", "the request has no 'method'"), ({"version": 1, "method": 1}, "EINVAL", "the request has no 'method'")):
        with Client("events") as c:
            c.send(json.dumps(body).encode() + b"\n")
            refused(c.line(), errno, error)
            assert c.ended()
    # The methods of one socket are not another's.
    for name, method in (("register", "ps"), ("register", "load"), ("events", "load"), ("events", "unload"), ("events", "register"),
                         ("control", "register"), ("control", "prepare"), ("control", "forget"), ("events", "")):
        refused(ask(name, method), "ENOSYS", "there is no method of that name on this socket")
    # A whole batch at once, in pieces of a byte, is answered in order.
    with Client("events") as c:
        for b in b'{"version":1,"method":"ps"}\n{"version":1,"method":"profiles"}\n':
            c.send(bytes([b]))
        assert "containers" in c.line() and "profiles" in c.line()
    p.alive()


def members():
    """A wrong type in each place, of each method."""
    write(f"{PROFILES}/web.pale", WEB)
    write(CONFIG, "allow-partial: true\ndefault: web\n")
    p = start()
    c = Process("m")
    digest = prepare()["digest"]
    files = [{"name": "l.pale", "text": OTHER}]
    # What is right. A member of another type is never taken for one that is missing.
    table = {
        ("register", "prepare"): (
            dict(id="m", runtime="runc", runtime_path="/usr/sbin/runc", bundle="/b", runtime_file="1", runtime_features="{}", annotations={"a": "b"},
                 privileged=False)),
        ("register", "register"): (
            dict(id="m", digest=digest, mode="enforce", pid=c.pid, bundle="/b", rootfs="/r", annotations={"a": "b"}, runtime="runc",
                 seccomp_log=True,
                 own={"seccomp": ["x"], "capabilities": ["CAP_X"]})),
        ("register", "lookup"): dict(id="m", runtime="runc", runtime_path="/usr/sbin/runc"),
        ("register", "forget"): dict(id="m", ended=False),
        ("control", "load"): dict(files=files, main="l.pale", replace=True),
        ("control", "unload"): dict(profile="other"),
        ("control", "describe"): dict(id="m", owner="Deployment/m"),
        ("control", "end-recording"): dict(id="m"),
        ("control", "forget-recording"): dict(id="m"),
        ("events", "recording"): dict(id="m"),
        ("control", "thaw"): dict(container="m"),
        ("control", "except"): {"container": "m", "rule": "web.pale:1", "in": "x", "until": 4102444800000},
        ("control", "unexcept"): dict(container="m", rule="1"),
        ("events", "events"): dict(since=1, container="m", follow=False),
        ("events", "history"): dict(since=1, until=1 << 40, container="m", kinds=["exec"]),
    }
    values = [None, True, False, 0, -1, 1, 1 << 62, 1.5, "", "x", [], [1], [[]], {}, {"a": 1}, {"name": 1}]
    for (name, method), right in table.items():
        if method not in ("lookup", "unload", "describe", "end-recording", "forget-recording", "recording", "thaw", "except", "unexcept"):
            with Client(name) as all_right:
                same((method, all_right.ask(method, **right)["ok"]), (method, True))
        for member in right:
            for value in values:
                if type(value) is not type(right[member]):
                    a = ask(name, method, **dict(right, **{member: value}))
                    same((method, member, value, a["ok"], a.get("errno")), (method, member, value, False, "EINVAL"))
        if method == "load":
            ok(ask("control", "unload", profile="other"))
    # An unknown mode is not taken for one that is known.
    refused(ask("register", "register", id="mode", pid=c.pid, digest=digest, mode="aud"), "EINVAL",
            "container 'mode': 'mode' must be enforce or audit")
    ok(ask("register", "forget", id="m"))
    # Deeper: what is in the arrays and objects.
    for bad in ("exes", "", 1, None, [], {}):
        refused(ask("events", "history", kinds=["exec", bad]), "EINVAL", "kinds[1] is no kind of what is recorded")
    for bad in (-1, 1 << 60):
        for member in ("since", "until"):
            refused(ask("events", "history", **{member: bad}), "EINVAL", f"'{member}' must be milliseconds since 1970")
    # One after another, and in place of one another, on a connection.
    with Client("events") as both:
        both.send(b'{"version":1,"method":"events","follow":true}\n{"version":1,"method":"history","kinds":["policy"]}\n')
        kinds = [both.line()["event"]["kind"] for _ in range(2)]
        same(kinds, ["policy", "policy"])
    for value in values:
        if not isinstance(value, str):
            for bad in ({"name": value, "text": OTHER}, {"name": "l.pale", "text": value}, value):
                same(ask("control", "load", main="l.pale", files=[bad])["errno"], "EINVAL")
        for key in ("pale.dev/profile", "pale.dev/mode", "pale.dev/on-missing", "io.kubernetes.cri.container-type", "pale.dev/name",
                    "pale.dev/image", "pale.dev/image-digest"):
            if not isinstance(value, str):
                for method, more in (("prepare", dict(runtime="crun")), ("register", dict(pid=c.pid))):
                    a = ask("register", method, id="m", annotations={key: value}, **more)
                    has(a["error"], "'annotations' must be an object of texts")
            ok(ask("register", "register", id="m", pid=c.pid, own={"seccomp": value, "capabilities": [value], "x": value}))
            ok(ask("events", "ps"))
            ok(ask("register", "forget", id="m"))
    # Numbers that are no process, or not the container's.
    for pid in (0, 1, -1, 1 << 31, 1 << 40, p.p.pid, 4194303):
        assert not ask("register", "register", id="m", pid=pid)["ok"], pid
    refused(ask("register", "register", id="m", pid=p.p.pid), "ENOTUNIQ",
            f"container 'm': process {p.p.pid} has no cgroup of its own, so its container cannot be told from others")
    refused(ask("register", "register", id="m", pid=c.pid, digest="0" * 64), "ENOENT",
            "container 'm': this node has no policy of digest 000000000000 any more")
    # Times at the edges.
    for since in (0, (1 << 63) - 1):
        with Client("events") as e:
            a = ok(e.ask("events", since=since))
            while a.get("continues"):
                a = e.line()
            ok(e.ask("ps"))
    p.alive()


def idle():
    """Many who connect and say nothing."""
    p = start()
    before = p.fds()
    with Client("events") as first:
        ok(first.ask("ps"))
        # One after another, none closed by us: what paled closes is closed.
        clients, most = [], 0
        for i in range(10000):
            for _ in range(200):
                try:
                    clients.append(Client(("register", "control", "events")[i % 3]))
                    break
                except BlockingIOError:
                    time.sleep(0.01)
            if len(clients) > 300:
                clients.pop(0).close()
            if i % 500 == 0:
                most = max(most, p.fds())
        most = max(most, p.fds())
        assert most <= before + 3 * 64 + 4, (before, most)
        status = ok(ask("control", "status"))["connections"]
        assert all(n <= 64 for n in status.values()), status
        # The one that was there first has been idle for longest.
        assert first.ended()
    for c in clients:
        c.close()
    in_time("their end", lambda: p.fds() <= before + 1)
    p.alive()


def planted():
    """What somebody put below the run directory."""
    write(CONFIG, "allow-partial: true\n")
    write(f"{PROFILES}/web.pale", WEB)
    secret = f"{TOP}/secret"
    write(secret, '{"version":1,"id":"x"}SECRET')
    p = start()
    c = Process("p")
    ok(register("kept", c))
    p.signal(signal.SIGTERM).wait()
    # In place of a container's file, and files that are none.
    os.symlink(secret, f"{RUN}/containers/x.json")
    os.symlink("/etc/shadow", f"{RUN}/containers/y.json")
    os.mkfifo(f"{RUN}/containers/fifo.json")
    os.mkdir(f"{RUN}/containers/dir.json")
    kept = json.load(open(f"{RUN}/containers/kept.json"))
    bad = {
        "list.json": "[]", "empty.json": "", "binary.json": "\x01\x02", "twice.json": '{"id":"a","id":"b"}',
        "old.json": '{"version":0,"id":"old"}', "id.json": '{"version":1,"id":"../id"}',
        "named.json": json.dumps(dict(kept, id="another")),
        "folder.json": json.dumps(dict(kept, id="folder", policy=dict(kept["policy"], folder="../.."))),
        "main.json": json.dumps(dict(kept, id="main", policy=dict(kept["policy"], main="../../../etc/passwd"))),
        "dots.json": json.dumps(dict(kept, id="dots", policy=dict(kept["policy"], folder=".."))),
        "none.json": json.dumps(dict(kept, id="none", policy=dict(kept["policy"], folder="0" * 32))),
        "long.json": '{"x":"' + "x" * (1 << 21) + '"}',
    }
    for name, text in bad.items():
        write(f"{RUN}/containers/{name}", text)
    write(f"{RUN}/loaded/evil", "../../x\nweb.pale\n")
    write(f"{RUN}/loaded/evil2", f"{kept['policy']['folder']}\n../../../etc/passwd\n")
    write(f"{RUN}/loaded/cut", "abc")
    os.symlink(secret, f"{RUN}/loaded/web2")
    before = len(read(OUT))
    p = start()
    same(sorted(ps()), ["kept"])
    out = read(OUT)[before:]
    for name in ["x.json", "y.json", "fifo.json", "dir.json", *bad]:
        has(out, f"paled: container file {name}: ")
        assert any(e["file"] == name for e in logged("container-lost")), name
    has(out, f"container file x.json: open {RUN}/containers/x.json: Too many levels of symbolic links")
    has(out, f"container file fifo.json: {RUN}/containers/fifo.json is no regular file")
    for name in ("evil", "evil2", "cut", "web2"):
        has(out, f"paled: {name}: ")
    assert "SECRET" not in out + read(LOG)
    same(sorted(profiles()), ["web"])
    # A link where the next file goes is replaced, not followed.
    d = Process("d")
    os.symlink(secret, f"{RUN}/containers/planted.json")
    os.symlink(secret, f"{RUN}/containers/.planted.json.new")
    ok(register("planted", d))
    assert not os.path.islink(f"{RUN}/containers/planted.json")
    has(read(secret), "SECRET")
    p.alive()
    p.signal(signal.SIGTERM).wait()

    # Folders that are links, or somebody else's.
    elsewhere = f"{TOP}/elsewhere"
    os.mkdir(elsewhere)
    for name in ("policies", "containers", "loaded"):
        os.rename(f"{RUN}/{name}", f"{RUN}/{name}.old")
        os.symlink(elsewhere, f"{RUN}/{name}")
        fails_to_start(f"open {RUN}/{name}: {link_error()}")
        os.unlink(f"{RUN}/{name}")
        os.rename(f"{RUN}/{name}.old", f"{RUN}/{name}")
        os.chown(f"{RUN}/{name}", NOBODY, NOBODY)
        fails_to_start(f"{RUN}/{name} must belong to this user, and nobody else write to it")
        os.chown(f"{RUN}/{name}", 0, 0)
        os.chmod(f"{RUN}/{name}", 0o777)
        fails_to_start(f"{RUN}/{name} must belong to this user, and nobody else write to it")
        os.chmod(f"{RUN}/{name}", 0o700)
    same(os.listdir(elsewhere), [])
    os.rename(RUN, f"{TOP}/real")
    os.symlink(f"{TOP}/real", RUN)
    fails_to_start(f"open {RUN}: {link_error()}")
    os.unlink(RUN)
    os.rename(f"{TOP}/real", RUN)
    os.rename(LOG, f"{LOG}.kept")
    os.symlink(secret, LOG)
    fails_to_start(f"open {LOG}: Too many levels of symbolic links")
    os.unlink(LOG)
    os.mkfifo(LOG)
    reader = os.open(LOG, os.O_RDONLY | os.O_NONBLOCK)
    fails_to_start(f"open {LOG}: Invalid argument")
    os.close(reader)
    os.unlink(LOG)
    # The sandbox's folder is made anew each time.
    shutil.rmtree(f"{RUN}/sandbox")
    os.symlink(elsewhere, f"{RUN}/sandbox")
    # A socket's name that is a link, a file, or another's socket.
    theirs = socket.socket(socket.AF_UNIX)
    theirs.bind(f"{RUN}/register")
    theirs.listen()
    os.chown(f"{RUN}/register", NOBODY, NOBODY)
    os.symlink(secret, f"{RUN}/control")
    write(f"{RUN}/events", "x")
    p = start()
    p.alive()
    has(read(secret), "SECRET")
    same(os.listdir(elsewhere), [])
    for name in ("register", "control", "events"):
        st = os.lstat(f"{RUN}/{name}")
        same((st.st_uid, st.st_mode & 0o170000), (0, 0o140000))
    p.signal(signal.SIGTERM).wait()
    # A folder there is not removed.
    os.mkdir(f"{RUN}/register")
    fails_to_start(f"remove {RUN}/register: Is a directory")


def link_error():
    """What open(2) of a link says with O_DIRECTORY and O_NOFOLLOW."""
    return os.strerror(errno.ENOTDIR)


def strangers():
    """Users who are in no group, or in one of them."""
    groups = read("/etc/group")
    groups = "".join(x for x in groups.splitlines(True) if not x.startswith(("pale:", "pale-read:")))
    write(f"{TOP}/group", groups + "pale:x:7301:\npale-read:x:7302:\n")
    subprocess.run(["mount", "--bind", f"{TOP}/group", "/etc/group"], check=True)
    p = start()
    modes = {n: (oct(os.stat(f"{RUN}/{n}").st_mode & 0o777), os.stat(f"{RUN}/{n}").st_gid) for n in ("register", "control", "events")}
    same(modes, {"register": ("0o600", 0), "control": ("0o660", 7301), "events": ("0o666", 7302)})

    def as_user(primary, extra, name):
        """What becomes of a request by such a user: an answer, "closed" or an errno."""
        end, other = os.pipe()
        child = os.fork()
        if not child:
            try:
                os.setgroups(extra)
                os.setresgid(primary, primary, primary)
                os.setresuid(NOBODY, NOBODY, NOBODY)
                try:
                    with Client(name) as c:
                        answer = c.ask("ps")
                        result = "closed" if answer is None else "answered"
                except (BrokenPipeError, ConnectionResetError):
                    result = "closed"
                except PermissionError:
                    result = "EACCES"
                os.write(other, result.encode())
            finally:
                os._exit(0)
        os.waitpid(child, 0)
        return os.read(end, 100).decode()

    for primary, extra, expected in (
            (NOBODY, [], ("EACCES", "EACCES", "closed")),
            (7301, [], ("EACCES", "answered", "answered")),
            (NOBODY, [7301], ("EACCES", "answered", "answered")),
            (7302, [], ("EACCES", "EACCES", "answered")),
            (NOBODY, [7302], ("EACCES", "EACCES", "answered")),
            (NOBODY, [7303], ("EACCES", "EACCES", "closed"))):
        same((primary, extra, tuple(as_user(primary, extra, n) for n in ("register", "control", "events"))), (primary, extra, expected))
    in_time("the log", lambda: re.search(rf"{RUN}/events: process \d+ of user {NOBODY} may not connect", read(OUT)))
    # The socket's mode alone does not let anybody in.
    for name in ("register", "control"):
        os.chmod(f"{RUN}/{name}", 0o666)
        same(as_user(NOBODY, [], name), "closed")
        in_time("the log", lambda: re.search(rf"{RUN}/{name}: process \d+ of user {NOBODY} may not connect", read(OUT)))
    r = pale("ps", "--run", RUN, status=3, user=NOBODY)
    has(r.stderr, "pale ps: ")
    # One user has sixteen connections at most, and those of others stay.
    mine = Client("events")
    ok(mine.ask("ps"))
    child = os.fork()
    if not child:
        os.setgroups([])
        os.setresgid(7302, 7302, 7302)
        os.setresuid(NOBODY, NOBODY, NOBODY)
        held = [Client("events") for _ in range(60)]
        ok(held[-1].ask("ps"))
        ended = sum(select_ended(c) for c in held)
        os._exit(0 if ended == 60 - 16 else 1)
    same(os.waitpid(child, 0)[1], 0)
    ok(mine.ask("ps"))
    p.alive()
    p.signal(signal.SIGTERM).wait()
    # Without privilege it does not begin.
    shutil.copy(f"{BUILD}/paled", f"{TOP}/paled")
    r = subprocess.run(["setpriv", f"--reuid={NOBODY}", "--clear-groups", f"{TOP}/paled", "--run", RUN], capture_output=True, text=True)
    same((r.returncode, r.stderr.splitlines()[0]), (2, "paled: must be root"))


def select_ended(c):
    c.s.settimeout(0)
    try:
        return c.s.recv(1) == b""
    except BlockingIOError:
        return False
    except ConnectionResetError:
        return True


def descriptors():
    """Descriptors that come along: one is taken, none stays."""
    p = start()
    c = Process("s")
    null = os.open("/dev/null", os.O_RDONLY)
    pidfd = os.pidfd_open(c.pid)
    before = p.fds()
    ok(ask("register", "register", id="by-fd", pid=1, fds=[pidfd]))
    same(ps()["by-fd"]["pid"], c.pid)
    ok(ask("register", "forget", id="by-fd"))
    # The container's own stays as long as it can be asked for.
    held = before + 1
    in_time("all others closed", lambda: p.fds() <= held)
    refused(ask("register", "register", id="x", pid=c.pid, fds=[null]), "EBADF",
            "container 'x': what came with the request is no pidfd")
    for name in ("register", "control", "events"):
        for n in (1, 2, 4, 5, 64, 250):
            a = ask(name, "status" if name != "register" else "forget", fds=[null] * n, id="nobody")
            ok(a)
    # With bytes that are no end of a request, again and again on one connection; and before it is refused.
    with Client("events") as e:
        e.send(b'{"version":1,"method":"ps"')
        for _ in range(100):
            socket.send_fds(e.s, [b" "], [null] * 50)
        e.send(b"}\n")
        ok(e.line())
        assert p.fds() <= held + 2, (held, p.fds())
        socket.send_fds(e.s, [b"x\n"], [null] * 20)
        refused(e.line(), "EBADMSG", "the request is no JSON object on one line")
    in_time("all closed", lambda: p.fds() <= held)
    # A pidfd of a process that has ended.
    c.end()
    a = ask("register", "register", id="late", pid=2, fds=[pidfd])
    refused(a, "ESRCH", "container 'late': the process has ended, or cannot be seen from here")
    in_time("all closed", lambda: p.fds() <= held)
    p.alive()


def names_are_short():
    """Annotations are their author's, and do not fill the log."""
    p = start()
    c = Process("l")
    long = "n" * 200000
    ok(ask("register", "register", id="long", pid=c.pid, annotations={"pale.dev/name": long, "io.kubernetes.pod.name": "ä" * 5000}))
    event = logged("registered")[-1]
    same(event["container"]["name"], "n" * 1024 + "…")
    assert len(event["container"]["pod"].encode()) <= 1024 + 3
    same(len(ps()["long"]["name"]), 1025)
    p.alive()


run([
    names, long_requests, half, garbage, members, idle, planted, strangers, descriptors, names_are_short,
])
