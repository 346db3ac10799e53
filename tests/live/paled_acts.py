# SPDX-License-Identifier: Apache-2.0
"""What paled does for those who ask it: paled_acts.py ACT."""
import base64
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time

from paled_client import *


def folder():
    """The administrator's folder is followed."""
    p = start()
    same(profiles(), {})
    write(f"{PROFILES}/web.pale", WEB)
    in_time("web", lambda: "web" in profiles())
    first = profiles()["web"]
    same((first["file"], first["mode"], first["containers"]), (f"{PROFILES}/web.pale", "enforce", 0))
    assert "error" not in first

    write(f"{PROFILES}/web.pale", WRONG)
    wrong = in_time("an error", lambda: profiles()["web"].get("error") and profiles()["web"])
    same(wrong["digest"], first["digest"])
    has(wrong["error"], "'raed'")
    has(wrong["error"], "web.pale:1:")
    has(read(OUT), f"paled: {PROFILES}/web.pale: {wrong['error']}\n")
    same([e["error"] for e in logged("profile-wrong")], [f"{PROFILES}/web.pale: {wrong['error']}"])

    # The same text as before, and one that says more.
    write(f"{PROFILES}/web.pale", WEB)
    in_time("no error", lambda: "error" not in profiles()["web"])
    same(profiles()["web"], first)
    write(f"{PROFILES}/web.pale", WEB.replace("hosts", "services"))
    in_time("the new text", lambda: profiles()["web"]["digest"] != first["digest"])

    # A second profile in the file, the first one gone from it, and both gone with it.
    write(f"{PROFILES}/web.pale", WEB + OTHER)
    in_time("two", lambda: sorted(profiles()) == ["other", "web"])
    write(f"{PROFILES}/web.pale", OTHER)
    in_time("one", lambda: sorted(profiles()) == ["other"])
    os.unlink(f"{PROFILES}/web.pale")
    in_time("none", lambda: not profiles())
    write(f"{PROFILES}/web.pale", WEB)
    in_time("web again", lambda: sorted(profiles()) == ["web"])
    same(profiles()["web"]["digest"], first["digest"])

    # Another file's profile is not taken from it.
    write(f"{PROFILES}/zweb.pale", WEB.replace("hosts", "passwd"))
    in_time("a refusal", lambda: f"zweb.pale: profile 'web' is in {PROFILES}/web.pale already" in read(OUT))
    same(profiles()["web"]["digest"], first["digest"])
    # What is no policy is not read.
    for name in ("notes.txt", ".hidden.pale", ".pale"):
        write(f"{PROFILES}/{name}", WRONG)
    os.mkdir(f"{PROFILES}/folder.pale")
    in_time("the folder", lambda: "folder.pale: " in read(OUT) or p.signal(signal.SIGHUP) and False)
    assert "notes" not in read(OUT) and "hidden" not in read(OUT)
    p.alive()


def appears():
    """A folder of policies that is made later is followed, too."""
    os.rmdir(PROFILES)
    p = start()
    os.mkdir(PROFILES)
    write(f"{PROFILES}/web.pale", WEB)
    p.signal(signal.SIGHUP)
    in_time("web", lambda: "web" in profiles())
    write(f"{PROFILES}/other.pale", OTHER)
    in_time("other", lambda: "other" in profiles())
    # And one that was taken away and made anew.
    shutil.rmtree(PROFILES)
    in_time("none", lambda: not profiles())
    os.mkdir(PROFILES)
    write(f"{PROFILES}/web.pale", WEB)
    p.signal(signal.SIGHUP)
    in_time("web", lambda: "web" in profiles())
    write(f"{PROFILES}/other.pale", OTHER)
    in_time("other", lambda: "other" in profiles())


def loads():
    """load, replace, unload: with pale and by the socket."""
    p = start()
    os.chdir(TOP)
    write("web.pale", WEB)
    write("uses.pale", "use base/libc\nprofile uses { include libc }\n")
    r = pale("load", "--run", RUN, "web.pale", "uses.pale")
    digests = {n: v["digest"] for n, v in profiles().items()}
    same(sorted(digests), ["uses", "web"])
    same((r.stdout, r.stderr), (f"web: digest {digests['web'][:12]}\nuses: digest {digests['uses'][:12]}\n", ""))
    same(profiles()["web"]["file"], "loaded")
    same(len(logged("profiles-loaded")), 2)

    r = pale("load", "--run", RUN, "web.pale", status=3)
    same((r.stdout, r.stderr), ("", "pale load: profile 'web' is loaded already\n"))
    write("web.pale", WEB.replace("hosts", "services"))
    r = pale("load", "--run", RUN, "--replace", "--json", "web.pale")
    assert profiles()["web"]["digest"] != digests["web"]
    same(json.loads(r.stdout), [{"profile": "web", "digest": profiles()["web"]["digest"]}])

    # The administrator's are nobody else's to change.
    write(f"{PROFILES}/other.pale", OTHER)
    in_time("other", lambda: "other" in profiles())
    write("other.pale", OTHER.replace("other }", "o }"))
    write("both.pale", OTHER + WEB)
    for words in (["other.pale"], ["--replace", "other.pale"], ["--replace", "both.pale"]):
        r = pale("load", "--run", RUN, *words, status=3)
        same(r.stderr, f"pale load: profile 'other' is in {PROFILES}/other.pale\n")
    same(pale("unload", "--run", RUN, "other", status=3).stderr,
         f"pale unload: profile 'other' is in {PROFILES}/other.pale: remove it there\n")
    same(pale("unload", "--run", RUN, "nothing", status=3).stderr, "pale unload: there is no profile 'nothing'\n")

    r = pale("unload", "--run", RUN, "web", "uses")
    same((r.stdout, r.stderr), ("", ""))
    same(sorted(profiles()), ["other"])

    # Diagnostics: of pale's own, and of paled's, which has the same for who compiles nothing.
    write("wrong.pale", WRONG)
    r = pale("load", "--run", RUN, "wrong.pale", status=1)
    has(r.stderr, "wrong.pale:1:")
    before = folders()
    a = ask("control", "load", main="w.pale", files=[{"name": "w.pale", "text": WRONG}])
    same((a["ok"], a["errno"]), (False, "EINVAL"))
    has(a["error"], "w.pale:1:")
    r = pale("check", "--json", "wrong.pale", status=1)
    same(a["diagnostics"], [dict(d, file="w.pale") for d in json.loads(r.stdout or r.stderr)])
    same(folders(), before)
    same(sorted(profiles()), ["other"])
    p.alive()


def store():
    """The store is named by what lies in it, and holds what is used."""
    p = start()
    os.chdir(TOP)
    same(folders(), [])
    write("web.pale", WEB)
    pale("load", "--run", RUN, "web.pale")
    one = folders()
    same(len(one), 1)
    assert re.fullmatch("[0-9a-f]{32}", one[0])
    same(sorted(os.listdir(f"{RUN}/policies/{one[0]}")), ["web.pale"])
    # The same sources are in the same place, whoever brings them.
    pale("load", "--run", RUN, "--replace", "web.pale")
    same(folders(), one)
    pale("unload", "--run", RUN, "web")
    write(f"{PROFILES}/web.pale", WEB)
    in_time("web", lambda: "web" in profiles())
    same(folders(), one)
    # Others are elsewhere, and what nobody uses goes; a container uses what it runs under.
    c = Process("store")
    write(CONFIG, "allow-partial: true\n")
    p.signal(signal.SIGHUP)
    in_time("the configuration", lambda: ask("register", "prepare", id="c", runtime="runc",
                                            annotations={"pale.dev/profile": "web"})["ok"])
    ok(register("c1", c))
    write(f"{PROFILES}/web.pale", WEB.replace("hosts", "services"))
    in_time("both", lambda: len(folders()) == 2)
    same(ps()["c1"]["restart_required"], True)
    has(pale("ps", "--run", RUN).stdout, "restart for its new policy")
    write(f"{PROFILES}/web.pale", WEB.replace("hosts", "passwd"))
    in_time("the third in place of the second", lambda: len(folders()) == 2 and profiles()["web"]["digest"] not in folders())
    assert one[0] in folders()
    os.unlink(f"{PROFILES}/web.pale")
    in_time("what the container uses", lambda: folders() == one)
    # The load of a policy that is wrong, or refused, leaves nothing.
    for files in ([{"name": "w.pale", "text": WRONG}], [{"name": "w.pale", "text": "x" * 100000}],
                  [{"name": "w.pale", "text": WEB}, {"name": "../x.pale", "text": WEB}]):
        same(ask("control", "load", main="w.pale", files=files)["ok"], False)
        same(folders(), one)
    # Nor does what was cut off in between.
    os.mkdir(f"{RUN}/policies/AbCdEf")
    write(f"{RUN}/policies/AbCdEf/half.pale", WEB)
    p.signal(signal.SIGKILL).wait()
    start()
    same(folders(), one)


def restarts():
    """After kill -9 all is as it was: profiles that were loaded, containers, numbers of events."""
    write(CONFIG, "allow-partial: true\n")
    p = start()
    os.chdir(TOP)
    write("web.pale", WEB)
    write(f"{PROFILES}/other.pale", OTHER)
    pale("load", "--run", RUN, "web.pale")
    in_time("other", lambda: "other" in profiles())
    running, created, gone, forgotten, free = (Process(n) for n in ("r", "c", "g", "f", "u"))
    ok(register("running", running, annotations={"pale.dev/name": "web", "pale.dev/image": "nginx:1"},
                own={"seccomp": ["ptrace"], "capabilities": ["CAP_CHOWN"]}, bundle="/b", rootfs="/b/r"))
    running.go()
    ok(register("created", created, profile="other", mode="audit"))
    ok(register("gone", gone))
    ok(register("forgotten", forgotten))
    forgotten.end()
    ok(ask("register", "forget", id="forgotten"))
    ok(register("free", free, profile=None))
    before, policies = ps(), profiles()
    same({n: c["state"] for n, c in before.items()},
         {"running": "running", "created": "created", "gone": "created", "free": "unconfined"})
    looked = ok(ask("register", "lookup", id="running"))
    same(looked["own"], {"seccomp": ["ptrace"], "capabilities": ["CAP_CHOWN"]})
    p.signal(signal.SIGKILL).wait()
    same(pale("ps", "--run", RUN, status=3).stderr,
         f"pale ps: connect to {RUN}/events: Connection refused\n  hint: is paled running? 'systemctl start paled'\n")
    gone.end()
    p = start()
    same(profiles(), policies)
    before["gone"]["state"] = "stopped"
    same(ps(), before)
    same(ok(ask("register", "lookup", id="running")), looked)
    # The answer may have been lost with the daemon: asked again it is yes, of that process and that policy.
    ok(register("created", created, profile="other", mode="audit"))
    refused(register("created", created, profile="other"), "EEXIST", "container 'created' is registered, and running")
    # What was forgotten before is not there, and neither is its file when its time has come.
    refused(ask("register", "lookup", id="forgotten"), "ENOENT", "container 'forgotten' is not registered")
    # The same again, properly; and with the loaded one's file in the administrator's folder it is the administrator's.
    same(p.signal(signal.SIGTERM).wait(), 0)
    same([n for n in ("register", "control", "events") if os.path.exists(f"{RUN}/{n}")], [])
    write(f"{PROFILES}/web.pale", WEB)
    p = start()
    same(ps(), before)
    same(profiles()["web"]["file"], f"{PROFILES}/web.pale")
    # A process that has the number of another is not taken for it.
    path = f"{RUN}/containers/created.json"
    kept = json.load(open(path))
    p.signal(signal.SIGKILL).wait()
    write(path, json.dumps(dict(kept, start_time=kept["start_time"] + 1)))
    os.chmod(path, 0o600)
    p = start()
    same(ps()["created"]["state"], "stopped")
    p.alive()


def states():
    """ps and forget."""
    write(CONFIG, "allow-partial: true\n")
    write(f"{PROFILES}/web.pale", WEB)
    p = start()
    same(pale("ps", "--run", RUN).stdout, "CONTAINER     NAME                  PROFILE           MODE     STATE       REFUSED   NOTE\n")
    c, d = Process("c"), Process("d")
    ok(register("0123456789abcdef", c, annotations={
        "io.kubernetes.cri.sandbox-namespace": "shop", "io.kubernetes.cri.sandbox-name": "web-7f",
        "io.kubernetes.cri.container-name": "nginx"}))
    # The answer may not have arrived: who registered asks again, and nobody else does.
    ok(register("0123456789abcdef", c))
    refused(register("0123456789abcdef", d), "EEXIST", "container '0123456789abcdef' is registered, and running")
    same(len(logged("registered")), 1)
    same(ps()["0123456789abcdef"]["state"], "created")
    c.go()
    out = pale("ps", "--run", RUN).stdout.split("\n")[1]
    same(re.sub(" +", " ", out), "0123456789ab shop/web-7f/nginx web enforce running 0 ")
    same(profiles()["web"]["containers"], 1)
    a = json.loads(pale("ps", "--run", RUN, "--json").stdout)
    same([(x["id"], x["pod"], x["namespace"], x["name"], x["pid"]) for x in a],
         [("0123456789abcdef", "web-7f", "shop", "nginx", c.pid)])
    c.end()
    in_time("its end", lambda: ps()["0123456789abcdef"]["state"] == "stopped")
    # Its id may be had again when its process has ended.
    ok(register("0123456789abcdef", d))
    same(len(ps()), 1)
    same(ps()["0123456789abcdef"]["pid"], d.pid)
    ok(ask("register", "forget", id="0123456789abcdef"))
    same(ps(), {})
    ok(ask("register", "forget", id="0123456789abcdef"))
    ok(ask("register", "forget", id="nobody"))
    same([e["container"]["id"] for e in logged("forgotten")], ["0123456789abcdef"] * 2)
    same(profiles()["web"]["containers"], 0)
    # Who is about to delete one does not wait.
    e = Process("e")
    ok(register("ending", e))
    for _ in range(2):
        with Client("register") as client:
            client.send(b'{"version": 1, "method": "forget", "id": "ending", "ended": true}\n')
    ok(ask("register", "forget", id="ending", ended=True))
    same(list(ps()), ["ending"])
    e.end()
    in_time("its being forgotten", lambda: ps() == {})
    same(len(logged("forgotten")), 3)
    ok(register("ended", Process("f")))
    p.alive()


def runs_already():
    """A container of runc's that ran before. No BPF-LSM here: it can only be told, and why it goes on as it is."""
    name = "5" * 64
    bundle = f"{TOP}/bundle"
    root = "/run/runc"  # where runc keeps its containers
    os.makedirs(root, exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", root], check=True)
    os.makedirs(f"{bundle}/rootfs/bin")
    shutil.copy("/bin/busybox", f"{bundle}/rootfs/bin/")
    subprocess.run(["runc", "spec"], cwd=bundle, check=True)
    with open(f"{bundle}/config.json") as f:
        plain = json.load(f)
    plain["process"].update(terminal=False, args=["/bin/busybox", "sleep", "3000"])
    del plain["process"]["rlimits"], plain["linux"]["resources"]
    write(f"{PROFILES}/web.pale", WEB)

    def told(config="", **annotations):
        write(CONFIG, config)
        write(f"{bundle}/config.json", json.dumps(dict(plain, annotations=annotations)))
        p = start()
        event = logged("unconfined")[-1]
        same([c["state"] for c in ps().values()], ["unconfined"])
        p.alive()
        p.signal(signal.SIGTERM)
        p.wait()
        same(event["container"], {"id": name})
        same(event["process"]["host_pid"], pid)
        return event.get("error")

    write(f"{bundle}/config.json", json.dumps(plain))
    subprocess.run(["runc", "run", "--detach", "--bundle", bundle, name], check=True, stdin=subprocess.DEVNULL,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    with open(f"{root}/{name}/state.json") as f:
        state = json.load(f)
    pid = state["init_process_pid"]
    try:
        mine = {"pale.dev/profile": "web"}
        same(told(), None)
        same(told(**mine), "only BPF-LSM can confine what runs, and it is not used")
        same(told("default: web\n"), "only BPF-LSM can confine what runs, and it is not used")
        same(told("running: list\n", **mine), "paled.conf has 'running: list'")
        has(told(**{"pale.dev/profile": "other"}), "this node has no profile 'other', which its annotation names")
        has(told(**{"pale.dev/profile": 1}), "/config.json: annotation 'pale.dev/profile' is no text")
        # Of another process that had its number.
        write(f"{root}/{name}/state.json", json.dumps(dict(state, init_process_start=state["init_process_start"] + 1)))
        same(told(**mine), f"process {pid} is not its first one")
        write(f"{root}/{name}/state.json", "{}")
        same(told(**mine), f"{root}/{name}/state.json: not what runc writes")
        os.remove(f"{root}/{name}/state.json")
        same(told(**mine), f"no runtime that is known has container '{name}'")
    finally:
        write(f"{root}/{name}/state.json", json.dumps(state))
        subprocess.run(["runc", "delete", "--force", name], check=True)


def describes():
    """What an orchestrator knows of a container."""
    write(CONFIG, "allow-partial: true\n")
    write(f"{PROFILES}/web.pale", WEB)
    p = start()
    c = Process("c")
    ok(register("0123456789abcdef", c, annotations={"io.kubernetes.cri.sandbox-namespace": "shop", "io.kubernetes.cri.sandbox-name": "web-7f"}))
    assert "owner" not in ps()["0123456789abcdef"]
    refused(ask("control", "describe", id="0123456789abcdef"), "EINVAL", "the request has no 'owner'")
    refused(ask("control", "describe", id="0123456789abcdef", owner="x" * 513), "EINVAL", "'owner' has more than 512 bytes")
    # An id is whole: another container might have its beginning.
    refused(ask("control", "describe", id="0123", owner="Deployment/web"), "ENOENT", "container '0123' is not registered")
    same(ask("events", "describe", id="0123456789abcdef", owner="Deployment/web")["errno"], "ENOSYS")
    ok(ask("control", "describe", id="0123456789abcdef", owner="ReplicaSet/web"))
    ok(ask("control", "describe", id="0123456789abcdef", owner="Deployment/web"))
    same(ps()["0123456789abcdef"]["owner"], "Deployment/web")
    out = pale("ps", "--run", RUN).stdout.split("\n")
    same(re.sub(" +", " ", out[0]), "CONTAINER NAME OWNER PROFILE MODE STATE REFUSED NOTE")
    same(re.sub(" +", " ", out[1]), "0123456789ab shop/web-7f Deployment/web web enforce created 0 ")
    p.signal(signal.SIGKILL).wait()
    p = start()
    same(ps()["0123456789abcdef"]["owner"], "Deployment/web")
    ok(ask("register", "forget", id="0123456789abcdef"))
    same([e["container"].get("owner") for e in logged("registered") + logged("forgotten")], [None, "Deployment/web"])
    assert " forgotten: container shop/web-7f of Deployment/web, profile web" in pale("events", "--run", RUN).stdout


def elsewhere():
    """As an engine starts it in a container: with namespaces of its own, and the node's runtime not among its files."""
    write(CONFIG, "allow-partial: true\nrunning: list\n")
    write(f"{PROFILES}/web.pale", WEB)
    p = start("unshare", "--cgroup", "--net", "--")
    for name in ("cgroup", "net"):
        same(os.readlink(f"/proc/{p.p.pid}/ns/{name}"), os.readlink(f"/proc/1/ns/{name}"))
    asked = dict(id="c", runtime="runc", runtime_path="/none/runc", annotations={"pale.dev/profile": "web"})
    assert "wants_features" not in ok(ask("register", "prepare", **asked))
    asked["runtime_file"] = "1:2:3"
    a = ok(ask("register", "prepare", **asked))
    same((a["wants_features"], "flags" in a["seccomp"]), (True, False))
    said = json.dumps({"linux": {"seccomp": {"supportedFlags": ["SECCOMP_FILTER_FLAG_LOG"]}}})
    for more in (dict(runtime_features=said), {}):
        a = ok(ask("register", "prepare", **asked, **more))
        same(("wants_features" in a, a["seccomp"]["flags"]), (False, ["SECCOMP_FILTER_FLAG_LOG"]))
    # Of the one that is in its place later nothing is known.
    same(ok(ask("register", "prepare", **dict(asked, runtime_file="1:2:4")))["wants_features"], True)


def seccomp_files():
    """Files for pods that name them, as long as somebody may."""
    folder = f"{TOP}/kubelet/pale"
    write(CONFIG, f"allow-partial: true\nseccomp-files: {folder}\n")
    write(f"{PROFILES}/web.pale", WEB)
    p = start()
    digest = profiles()["web"]["digest"]
    web = f"web-{digest[:12]}.json"
    same(os.listdir(folder), [web])
    same(json.loads(read(f"{folder}/{web}")), prepare()["seccomp"])
    files = [{"name": "o.pale", "text": OTHER}]
    ok(ask("control", "load", files=files, main="o.pale"))
    other = f"other-{profiles()['other']['digest'][:12]}.json"
    same(sorted(os.listdir(folder)), sorted([web, other]))
    write(f"{folder}/old-0123456789ab.json", "{}")
    mine = ["docker-default.json", "mine-0123456789ab.json.old", "mine-0123456789ag.json", "mine-0123.json", "mine.txt"]
    for name in mine:
        write(f"{folder}/{name}", "")
    c = Process("c")
    ok(register("c", c, profile="other"))
    ok(ask("control", "unload", profile="other"))
    # It may be started again.
    same(sorted(os.listdir(folder)), sorted([web, other, *mine]))
    c.end()
    ok(ask("register", "forget", id="c"))
    p.signal(signal.SIGKILL).wait()
    write(CONFIG, "seccomp-files: kubelet\n")
    fails_to_start(f"{CONFIG}:1:16: 'seccomp-files' must be the absolute path of a folder")


def tells():
    """events: what was kept, since when, of whom; a line that was cut off; and those who watch."""
    write(CONFIG, "allow-partial: true\n")
    write(f"{PROFILES}/web.pale", WEB)
    p = start()
    processes = [Process(str(i)) for i in range(2)]
    ok(register("abc-one", processes[0], annotations={"pale.dev/name": "first"}))
    time.sleep(0.01)
    since = int(time.time() * 1000)
    ok(register("abd-two", processes[1], annotations={"pale.dev/name": "second"}))

    def ids(*words, command="events"):
        out = pale(command, "--run", RUN, "--json", *words).stdout
        return [(e["kind"], e.get("container", {}).get("id")) for e in map(json.loads, out.splitlines())]

    all_ = [("started", None), ("registered", "abc-one"), ("registered", "abd-two")]
    same(ids(), all_)
    same(ids("--since", "1h"), all_)
    same(ids("--since", "2000-01-01"), all_)
    same(ids("--since", "2100-01-01"), [])
    date = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(since // 1000))
    assert ("registered", "abd-two") in ids("--since", date)
    for word, n in (("abc", 1), ("ab", 2), ("abc-one", 1), ("first", 1), ("firs", 0), ("", 2), ("x", 0)):
        same(len(ids("--container", word)), n)
    with Client("events") as c:
        got = [c.ask("events", since=since)]
        while got[-1].get("continues"):
            got.append(c.line())
        same([(x["event"]["kind"], x["event"]["container"]["id"]) for x in got[:-1]], [("registered", "abd-two")])
        same(got[-1], {"version": 1, "ok": True})
        ok(c.ask("ps"))
    out = pale("events", "--run", RUN).stdout.splitlines()
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ registered: container second, profile web", out[2]), out
    for word in ("yesterday", "5", "5y", "-1h", ""):
        same(pale("events", "--run", RUN, "--since", word, status=2).stderr.splitlines()[0],
             f"pale events: '{word}' is no time")

    # Cut off by a crash: that line is lost, and no other.
    p.signal(signal.SIGKILL).wait()
    with open(LOG, "a") as f:
        f.write('{"time":"2026-01-01T00:00:00.0Z","kind":"cut-o')
    p = start()
    lines = read(LOG).splitlines()
    same(sum("cut-o" in x for x in lines), 1)
    same(lines[3], '{"time":"2026-01-01T00:00:00.0Z","kind":"cut-o')
    same(ids(), all_ + [("started", None)])
    p.signal(signal.SIGTERM).wait()
    lines = read(LOG).splitlines()
    del lines[3]
    same([json.loads(x)["kind"] for x in lines][-1], "stopped")
    same(os.stat(LOG).st_mode & 0o777, 0o600)


def watches():
    """watch, and readers that are too slow."""
    write(f"{PROFILES}/web.pale", WEB)
    write(CONFIG, "allow-partial: true\n")
    p = start()
    c = Process("w")
    ok(register("before", c, profile=None))
    ok(ask("register", "forget", id="before"))
    w = subprocess.Popen([f"{BUILD}/pale", "watch", "--run", RUN, "--json", "--container", "mine"],
                         stdout=subprocess.PIPE, text=True)
    in_time("a watcher", lambda: ok(ask("control", "status"))["connections"]["events"] == 1)
    # A connection does not follow before it has asked.
    with Client("events") as sentinel:
        sentinel.ask("status")
    for name in ("mine", "theirs", "mine-too"):
        ok(register(name, c, profile=None))
        ok(ask("register", "forget", id=name))
    got = [json.loads(w.stdout.readline()) for _ in range(4)]
    same([(e["kind"], e["container"]["id"]) for e in got],
         [(k, n) for n in ("mine", "mine-too") for k in ("registered", "forgotten")])

    # Who does not read loses events, is told how many, and holds up nobody.
    slow, quick = Client("events", buffer=4096), Client("events")
    for x in (slow, quick):
        x.send(b'{"version":1,"method":"events","follow":true}\n')
    # Following again on the same connection is following once.
    for _ in range(3):
        slow.send(b'{"version":1,"method":"events","follow":true}\n')
    ok(slow.ask("ps"))
    pairs, name, seen = 700, "n" * 1000, 0
    annotations = {"pale.dev/name": name, "pale.dev/image": name,
                   "io.kubernetes.pod.name": name, "io.kubernetes.pod.namespace": name}
    for i in range(pairs):
        with Client("register") as r:
            ok(r.ask("register", id=f"n{i}", pid=c.pid, annotations=annotations))
            ok(r.ask("forget", id=f"n{i}"))
        for _ in range(2):
            event = quick.line()
            seen += event["event"]["container"]["id"] == f"n{i}"
    same(seen, 2 * pairs)
    taken, missed = 0, 0
    while taken + missed < 2 * pairs:
        line = slow.line()
        taken += "event" in line
        missed += line.get("missed", 0)
        if "event" in line and line["event"]["container"]["id"] == f"n{pairs - 1}" and missed:
            break
        if taken + missed < 2 * pairs and not missed:
            # Something that can be taken again says how many could not be.
            ok(register(f"after{taken}", c, profile=None))
            ok(ask("register", "forget", id=f"after{taken}"))
            pairs += 1
    assert missed > 0 and taken > 0, (taken, missed)
    slow.close()
    quick.close()
    w.send_signal(signal.SIGINT)
    w.wait(WAIT)
    p.alive()


def away():
    """Commands say why they could not ask."""
    commands = (["ps"], ["events"], ["watch"], ["load", f"{TOP}/web.pale"], ["unload", "web"])
    write(f"{TOP}/web.pale", WEB)
    os.chmod(f"{TOP}/web.pale", 0o644)
    for words in commands:
        r = pale(*words, "--run", RUN, status=3)
        name = "control" if words[0] in ("load", "unload") else "events"
        same((r.stdout, r.stderr), ("", f"pale {words[0]}: connect to {RUN}/{name}: No such file or directory\n"
                                        "  hint: is paled running? 'systemctl start paled'\n"))
    p = start()
    for words in commands:
        r = pale(*words, "--run", RUN, status=3, user=NOBODY)
        name = "control" if words[0] in ("load", "unload") else "events"
        if name == "control":
            same(r.stderr, f"pale {words[0]}: connect to {RUN}/control: Permission denied\n"
                           "  hint: only root and members of the group pale may ask this\n")
        else:
            same((r.stdout, bool(r.stderr)), ("", True))
    for words in (["ps", "x"], ["watch", "--since", "1h"], ["load"], ["unload"], ["events", "--tail"]):
        r = pale(*words, status=2)
        same((r.stdout, bool(r.stderr)), ("", True))
    # It stops in the middle of what somebody watches.
    w = subprocess.Popen([f"{BUILD}/pale", "watch", "--run", RUN], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    in_time("a watcher", lambda: ok(ask("control", "status"))["connections"]["events"] == 1)
    time.sleep(0.05)
    p.signal(signal.SIGKILL).wait()
    out, err = w.communicate(timeout=WAIT)
    same((w.returncode, out, err), (3, "", "pale watch: paled closed the connection\n"))


def hangup():
    """SIGHUP: a configuration that is right is taken, and one that is not leaves the old one."""
    write(f"{PROFILES}/web.pale", WEB)
    write(CONFIG, "default: web\non-missing: allow\nallow-partial: true\n")
    p = start()

    def chosen():
        return ok(ask("register", "prepare", id="c", runtime="runc")).get("profile")

    same(chosen(), "web")
    for text, why in (("default: [web]\n", "1:10: 'default' must be a text"),
                      ("default: none\nspeed: 9\n", "2:1: unknown key 'speed'"),
                      ("default: 'web\n", None), ("\0", None), ("- default\n", "1:1: the file must map keys to values")):
        before = read(OUT)
        write(CONFIG, text)
        p.signal(signal.SIGHUP)
        in_time(f"an error of {text!r}", lambda: f"{CONFIG}:" in read(OUT)[len(before):])
        if why:
            has(read(OUT)[len(before):], f"paled: {CONFIG}:{why}\n")
        same(chosen(), "web")
    write(CONFIG, "default: none\n")
    p.signal(signal.SIGHUP)
    in_time("the new one", lambda: ok(ask("register", "prepare", id="c", runtime="runc")).get("unconfined"))
    # None at all: as it is by default.
    os.unlink(CONFIG)
    p.signal(signal.SIGHUP)
    same(ok(ask("register", "prepare", id="c", runtime="runc")), {"unconfined": True, "version": 1, "ok": True})
    # One that is wrong from the beginning is no beginning.
    p.signal(signal.SIGTERM).wait()
    write(CONFIG, "speed: 9\n")
    fails_to_start(f"{CONFIG}:1:1: unknown key 'speed'")


def images():
    """What the engine says of an image chooses a profile, and when it says nothing nobody guesses."""
    storage = f"{TOP}/storage"
    image = "ab" * 32

    def engine(label, names=("docker.io/library/web:1",)):
        """As containers/storage keeps it: a container, its image, and the image's configuration under its digest."""
        shutil.rmtree(storage, ignore_errors=True)
        os.makedirs(f"{storage}/overlay-containers")
        os.makedirs(f"{storage}/overlay-images/{image}")
        write(f"{storage}/overlay-containers/containers.json", json.dumps([
            {"id": "other", "image": "cd" * 32}, {"id": "c", "image": image, "names": ["shop"],
             "metadata": json.dumps({"image-name": names[0]})}]))
        key = base64.b64encode(f"sha256:{image}".encode()).decode()
        write(f"{storage}/overlay-images/{image}/={key}",
              json.dumps({"config": {"Labels": {"dev.pale.profile": label} if label else {}}}))

    def prepare(**more):
        return ask("register", "prepare", id="c", runtime="runc", bundle=f"{storage}/overlay-containers/c/userdata", **more)

    def configured(text):
        write(CONFIG, "allow-partial: true\n" + text)
        p.signal(signal.SIGHUP)
        p.alive()

    write(f"{PROFILES}/web.pale", WEB)
    write(f"{PROFILES}/other.pale", OTHER)
    p = start()
    engine("other")
    # A label chooses what the node lets it choose.
    configured("")
    refused(prepare(), "EACCES", "the image's label names profile 'other', which this node lets no image choose")
    configured("image-labels: [other]\n")
    in_time("the label", lambda: prepare().get("profile") == "other")
    # The node's map goes before it, by name or by digest, and an annotation before both.
    configured('image-labels: [other]\nimages: {"docker.io/library/web": web}\n')
    in_time("the map", lambda: prepare().get("profile") == "web")
    same(ok(prepare(annotations={"pale.dev/profile": "other"}))["profile"], "other")
    configured(f'image-labels: [other]\nimages: {{"sha256:{image}": web}}\n')
    in_time("the digest", lambda: prepare().get("profile") == "web")
    engine(None, ["localhost/none"])
    same(ok(prepare())["profile"], "web")

    # The engine does not know it: neither the map nor the label can be asked, and the default may be the wrong one.
    os.unlink(f"{storage}/overlay-containers/containers.json")
    for config in (f'images: {{"sha256:{image}": web}}\n', "image-labels: [other]\n"):
        configured(config)
        in_time(f"a refusal under {config!r}", lambda: prepare()["ok"] is False)
        has(prepare()["error"], "the image of container 'c': ")
        same(ok(prepare(annotations={"pale.dev/profile": "other"}))["profile"], "other")
    # Where neither would be asked it does not matter.
    configured("")
    in_time("no policy", lambda: prepare().get("unconfined"))


def manual():
    """The example of paled.conf(5)."""
    example = read(f"{SOURCES}/docs/man/paled.conf.5.scd").split("```\n")[1]
    write(CONFIG, example)
    write(f"{PROFILES}/web.pale", WEB.replace("web", "nginx"))
    p = start()
    a = ask("register", "prepare", id="c", runtime="runc")
    refused(a, "ENOENT", "this node has no profile 'base', which the node's default names")
    same(a["on_missing"], "deny")
    a = ask("register", "prepare", id="c", runtime="runc", annotations={"pale.dev/image": "docker.io/library/nginx:1"})
    has(a["error"], "profile 'nginx': ")
    p.alive()


def activation():
    """Sockets that were made before it started."""
    write(f"{PROFILES}/web.pale", WEB)
    os.mkdir(RUN)
    listening = []
    for name in ("events", "register", "control"):
        s = socket.socket(socket.AF_UNIX)
        s.bind(f"{RUN}/{name}")
        s.listen()
        listening.append(s)
    # It is asked before it is there.
    early = Client("events")
    early.send(b'{"version":1,"method":"profiles"}\n')
    # sd_listen_fds(3): descriptors from 3 on, blocking as systemd leaves them.
    code = ("import os, sys\n"
            "fds = [os.dup(int(x)) for x in sys.argv[1:4]]\n"
            "fds = [__import__('fcntl').fcntl(x, 0, 50) for x in fds]\n"
            "for i, fd in enumerate(fds): os.dup2(fd, 3 + i)\n"
            "[os.close(x) for x in fds]\n"
            "os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS='3', LISTEN_FDNAMES='events:register:control')\n"
            "os.execv(sys.argv[4], sys.argv[4:])\n")
    p = start(sys.executable, "-c", code, *[str(s.fileno()) for s in listening], pass_fds=[s.fileno() for s in listening])
    same([x["profile"] for x in early.line()["profiles"]], ["web"])
    p.alive()
    # They are not its own: they stay for the one that comes after it.
    p.signal(signal.SIGTERM).wait()
    same(sorted(n for n in os.listdir(RUN) if n in ("events", "register", "control")), ["control", "events", "register"])
    late = Client("control")
    late.send(b'{"version":1,"method":"ps"}\n')
    p = start(sys.executable, "-c", code, *[str(s.fileno()) for s in listening], pass_fds=[s.fileno() for s in listening])
    ok(late.line())
    p.alive()
    p.signal(signal.SIGTERM).wait()
    # What is handed over under such a name must be a socket that listens.
    code = code.replace("'events:register:control'", "'register:control:events'")
    null = os.open("/dev/null", os.O_RDONLY)
    q = Paled(sys.executable, "-c", code, str(null), str(listening[0].fileno()), str(listening[1].fileno()),
              pass_fds=[null, *[s.fileno() for s in listening]])
    same(q.wait(), 3)
    has(read(OUT), f"paled: what was handed over for {RUN}/register is no socket that listens\n")


def notify():
    """It tells its manager that it is ready, reloads, and is alive."""
    s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    s.bind(f"{TOP}/notify")
    s.settimeout(WAIT)
    os.environ.update(NOTIFY_SOCKET=f"{TOP}/notify", WATCHDOG_USEC="400000")
    p = start()

    def hear(*words):
        got = set()
        while not set(words) <= got:
            got |= set(s.recv(4096).split(b"\n"))

    hear(b"READY=1", b"WATCHDOG=1")
    hear(b"WATCHDOG=1")
    p.signal(signal.SIGHUP)
    hear(b"RELOADING=1")
    hear(b"READY=1")
    p.signal(signal.SIGTERM)
    while s.recv(4096) != b"STOPPING=1":
        pass
    same(p.wait(), 0)


def excepts():
    """Without BPF-LSM an exception is refused, and nothing is half done."""
    p = start()
    write(f"{PROFILES}/web.pale", "profile web {\n    file {\n        allow read /srv/**\n        deny read /srv/secret\n    }\n}\n")
    write(CONFIG, "allow-partial: true\n")
    p.signal(signal.SIGHUP)
    in_time("web", lambda: "web" in profiles())
    c = Process("e")
    in_time("its registration", lambda: register("web-1", c, bundle="/b")["ok"])
    before = ps()["web-1"]
    kept = read(f"{RUN}/containers/web-1.json")
    why = ("pale except: container 'web-1': BPF-LSM does not enforce its policy, and what other mechanisms refuse cannot be changed while it "
           "runs\n")
    for rule in ("web.pale:4", "web:4", "deny read /srv/secret", "allow read /etc/foo"):
        r = pale("except", "--run", RUN, "--container", "web", "--until", "2h", rule, status=3)
        same((r.stdout, r.stderr), ("", why))
    same({k: v for k, v in ps()["web-1"].items()}, before)
    same(read(f"{RUN}/containers/web-1.json"), kept)
    same([e for e in map(json.loads, open(LOG)) if e["kind"].startswith("exception")], [])
    same(ok(ask("events", "status"))["exceptions"], 0)
    has(pale("status", "--run", RUN, status=0).stdout, " 1 containers, 0 exceptions, ")
    same(pale("except", "--run", RUN, "--list").stdout, "CONTAINER     NO   UNTIL                 USED   RULE\n")
    same(pale("except", "--run", RUN, "--list", "--json").stdout, "[]\n")
    same(pale("except", "--run", RUN, "--container", "web-1", "--remove", "1", status=3).stderr,
         "pale except: container 'web-1' has no exception '1'\n")
    # What cannot be asked for is not asked for without it.
    has(pale("except", "--run", RUN, "--container", "web", "--until", "2h", "--in", b"t\xff", "allow read /etc/foo", status=2).stderr,
        "pale except: the rule, the container and the sub-profile must be UTF-8\n")
    # A container that runs unconfined, and one that is not there.
    u = Process("u")
    ok(register("free", u, profile=None))
    same(pale("except", "--run", RUN, "--container", "free", "--until", "2h", "web:4", status=3).stderr,
         "pale except: container 'free': it runs unconfined\n")
    same(pale("except", "--run", RUN, "--container", "none", "--until", "2h", "web:4", status=3).stderr,
         "pale except: there is no container 'none', or more than one\n")
    # The socket of who only reads has no such method.
    refused(ask("events", "except", container="web-1", rule="web:4", until=1), "ENOSYS", "there is no method of that name on this socket")
    refused(ask("register", "except", container="web-1", rule="web:4", until=1), "ENOSYS", "there is no method of that name on this socket")
    refused(ask("control", "except", container="web-1", rule="web:4"), "EINVAL", "'until' must be milliseconds since 1970")
    refused(ask("control", "except", container="web-1", until=1), "EINVAL", "the request has no 'rule'")
    refused(ask("control", "except", rule="web:4", until=1), "EINVAL", "the request has no 'container'")
    refused(ask("control", "unexcept", container="web-1"), "EINVAL", "the request has no 'rule'")
    for words, text in (
            (["--container", "web-1", "--until", "2h"], "no RULE"),
            (["--until", "2h", "web:4"], "--container is missing"),
            (["--container", "web-1", "web:4"], "--until is missing"),
            (["--container", "web-1", "--until", "soon", "web:4"], "'soon' is no time"),
            (["--list", "web:4"], "--list takes no RULE, --until, --in or --remove"),
            (["--remove", "--container", "web-1", "--until", "2h", "1"], "--remove takes no --until or --in")):
        has(pale("except", "--run", RUN, *words, status=2).stderr, f"pale except: {text}\n")
    p.alive()


run([
    folder, appears, loads, store, restarts, states, describes, elsewhere, seccomp_files, runs_already, tells, watches, away, hangup, images, manual, activation, notify,
    excepts,
])
