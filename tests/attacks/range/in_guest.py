#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The range, in the guest: every row of rows.py under every engine of engines.py. Prints TAP, and each result as a comment,
"# @range JSON", which table.py makes the report of. PALE_ROWS="memfd 24": these alone, by name or number; PALE_ENGINES="pale
docker": under these alone."""

import errno
import fnmatch
import json
import os
import secrets
import signal
import subprocess
import sys
import time

# Descriptor 3 is the directory that containers inherit.
os.dup2(os.open("/dev/null", os.O_RDONLY), 3)

import engines  # noqa: E402
import rows  # noqa: E402
import scene  # noqa: E402

TIMEOUT = 60


class Run:
    """One command under one engine."""

    number = 0

    def __init__(self, row, kind, secret, arguments):
        Run.number += 1
        self.id = f"range-{Run.number}-{row.name}"
        self.dir = f"{scene.RANGE}/runs/{self.id}"
        self.command = [scene.ACTION, row.name, kind, *arguments]
        self.secret = secret
        self.mounted = []
        self.rootfs = None
        self.output = ""
        self.errors = ""
        self.status = None
        self.failed = ""  # why it says nothing
        os.makedirs(self.dir)

    def clean(self):
        for path in self.mounted:
            subprocess.run(["umount", "-l", path], check=True)
        subprocess.run(["rm", "-rf", self.dir], check=True)


def find_waiting():
    """The process of runtime-exe, whatever started it."""
    for pid in os.listdir("/proc"):
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as f:
                if f.read().startswith(b"/usr/bin/range-action\0runtime-exe\0attack"):
                    return pid
        except OSError:
            pass
    return None


def enter(process, run):
    """A runtime comes in, and goes when its program is held: see actions_escape.c."""
    runtime = None
    for line in iter(process.stdout.readline, ""):
        run.output += line
        if line == "waiting\n":
            pid = find_waiting()
            runtime = subprocess.Popen([scene.HOST_TOOL, "enter", str(pid), f"{scene.RANGE}/host/runtime"],
                                       stdout=subprocess.PIPE, text=True)
            number = runtime.stdout.readline()
            run.failed = "" if number else "no runtime came in"
            process.stdin.write(number)
            process.stdin.flush()
        if line == "held\n":
            runtime.kill()
            runtime.wait()
            time.sleep(0.2)
            process.stdin.write("go\n")
            process.stdin.flush()
    if runtime:
        runtime.kill()
        runtime.wait()


def execute(argv, row, kind, run):
    cgroup = f"/sys/fs/cgroup/range-runs/{run.id}"
    os.makedirs(cgroup)

    def begin():
        with open(f"{cgroup}/cgroup.procs", "w") as f:
            f.write(str(os.getpid()))
        os.setsid()

    with open(f"{run.dir}/errors", "w+") as errors:
        process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True,
                                   errors="replace", pass_fds=(3,), preexec_fn=begin)
        alarm = subprocess.Popen(["sh", "-c", f"sleep {TIMEOUT}; echo 1 >{cgroup}/cgroup.kill"])
        try:
            if row.name == "runtime-exe" and kind == "attack":
                enter(process, run)
            run.output += process.communicate()[0] or ""
        except OSError:
            process.wait()
        if alarm.poll() is not None:
            run.failed = "it took too long"
        alarm.kill()
        alarm.wait()
        run.status = process.returncode
        errors.seek(0)
        run.errors = errors.read()
    with open(f"{cgroup}/cgroup.kill", "w") as f:
        f.write("1")
    for _ in range(50):
        try:
            os.rmdir(cgroup)
            break
        except OSError:
            time.sleep(0.02)


# How what confines an attack refuses it: another network has no such peer, and inherited descriptors may be closed.
REFUSALS = {errno.EPERM, errno.EACCES, errno.EROFS, errno.ENOSYS, errno.EOPNOTSUPP, errno.EAFNOSUPPORT, errno.ECONNREFUSED,
            errno.EBADF}


def is_refused(row, status):
    # A limit is known by how far the attack came.
    return status in REFUSALS or row.effect.startswith("at least ")


def score(row, kind, effect, status, output, failed):
    if kind == "twin":
        return "passes" if status == 0 and not failed else "broken"
    # Then what confines it has failed, or the range has, and nothing was refused.
    if "begun" not in output.splitlines() or (failed and not effect):
        return "not begun"
    if not effect:
        return "before" if is_refused(row, status) else "failed"
    # It was, and then the engine ended it.
    return "after" if status in (128 + signal.SIGKILL, 128 + signal.SIGSYS, -signal.SIGKILL, -signal.SIGSYS) else "missed"


def attempt(the, engine, row, kind, secret):
    the.fresh(row, engine.user)
    run = Run(row, kind, secret, the.arguments(row, engine))
    argv = engine.argv(row, kind, run)
    execute(argv, row, kind, run)
    the.peers.settle()
    effect = kind == "attack" and the.happened(row, run)
    result = {"row": row.name, "engine": engine.name, "kind": kind, "id": run.id, "status": run.status,
              "score": score(row, kind, effect, run.status, run.output, run.failed)}
    if run.status or run.failed:
        result["said"] = (run.output + run.errors + run.failed)[-300:]
    the.put_back(row, run)
    run.clean()
    return result


# ---- paled ----


def start_paled(tried, environment):
    base = engines.PALED_RUN
    os.makedirs(f"{base}/run")
    os.makedirs(f"{base}/profiles")
    for row in tried:
        for lifted in (False, True):
            name = row.name + ("-lifted" if lifted else "")
            scene.write(f"{base}/profiles/{name}.pale", rows.source(row, lifted))
    scene.write(f"{base}/paled.conf", "events-per-second: 1000\n")
    # Loaders wait for the kernel at each program and policy.
    scene.write("/sys/kernel/rcu_expedited", "1")
    log = open(f"{base}/log", "w")
    paled = subprocess.Popen([f"{scene.BUILD}/paled", "--run", f"{base}/run", "--log", f"{base}/events", "--recorder",
                              f"{base}/recorder.db", "--profiles", f"{base}/profiles", "--config", f"{base}/paled.conf"],
                             stderr=log, env=environment)
    for _ in range(3000):
        if os.path.exists(f"{base}/run/events"):
            return paled
        if paled.poll() is not None:
            break
        time.sleep(0.1)
    print("Bail out! paled did not start")
    print(open(f"{base}/log").read(), file=sys.stderr)
    sys.exit(1)


def violations():
    """By container, what was told of each."""
    told = {}
    with open(f"{engines.PALED_RUN}/events") as f:
        for line in f:
            event = json.loads(line)
            if event.get("kind") == "violation":
                told.setdefault(event["container"]["id"], []).append(event)
    return told


def line_is_right(row, event):
    lines = rows.source(row).splitlines()
    line = lines[event["line"] - 1] if 0 < event["line"] <= len(lines) else ""
    # A default stands where its profile does.
    return line.strip().startswith("profile ") if event.get("default") else event["rule"] in " ".join(line.split())


def process_is_right(row, event):
    # AppArmor's records name the thread, and who reads one finds no program of a process that has ended.
    told = event["process"]["executable"]
    return told == f"/usr/bin/{row.process}" or (event["mechanism"] == "apparmor" and told == row.process)


def judge_report(row, events):
    """What is wrong with what was told of an attack; "" if it is right."""
    missing = list(row.reports)
    if missing and not events:
        return "nothing was told"
    for event in events:
        what = f'{event["operation"]} {event["object"]}'
        found = [pattern for pattern in row.reports if fnmatch.fnmatchcase(what, pattern)]
        if not found:
            return f"told of {what}"
        if not process_is_right(row, event):
            return f'told of the process {event["process"]["executable"]}'
        if event["outcome"] != "refused":
            return f'told as {event["outcome"]}'
        if not line_is_right(row, event):
            return f'told of line {event["line"]}'
        missing = [pattern for pattern in missing if pattern not in found]
    return f"not told of {missing[0]}" if missing else ""


# ---- all ----


def chosen():
    names = os.environ.get("PALE_ROWS", "").split()
    return [row for row in rows.ROWS if not names or row.name in names or row.number in names]


def tell(result):
    print("# @range " + json.dumps(result), flush=True)


class Tap:
    def __init__(self):
        self.count = self.bad = 0

    def result(self, good, name, why=""):
        self.count += 1
        self.bad += not good
        print(f"{'ok' if good else 'not ok'} {self.count} - {name}", flush=True)
        if not good and why:
            print(f"# {why}", flush=True)


def short(events):
    keys = ("operation", "object", "line", "rule", "mechanism", "outcome")
    return [{k: e.get(k) for k in keys} | {"executable": e["process"]["executable"]} for e in events[:20]]


def main():
    if not os.environ.get("PALE_VM"):
        print("Bail out! for the guest only")
        return 1
    secret = "secret-" + secrets.token_hex(8)
    tried = chosen()
    the = scene.Scene(secret)
    os.dup2(os.open(f"{scene.RANGE}/host", os.O_RDONLY | os.O_DIRECTORY), 3)
    subprocess.run(["crun", "spec"], cwd=scene.RANGE, check=True)
    os.rename(f"{scene.RANGE}/config.json", f"{scene.RANGE}/spec.json")
    os.makedirs("/sys/fs/cgroup/range-runs")
    names = os.environ.get("PALE_ENGINES", "").split()
    used = [engine() for engine in engines.ENGINES if not names or engine.name in names]
    for engine in used:
        engine.begin()
        tell({"engine": engine.name, "title": engine.title, "what": engine.what})
    paled = start_paled(tried, os.environ | {"PALE_PATH": os.path.realpath(f"{scene.BUILD}/../profiles")})
    results = {}
    for row in tried:
        for engine in used:
            for kind in ("attack",) if engine.name == "lifted" else ("twin", "attack"):
                result = attempt(the, engine, row, kind, secret)
                results[row.name, engine.name, kind] = result
                print(f"# {result['score']:7} {engine.name:11} {kind:6} {row.name} {result['status']}", flush=True)
    time.sleep(2)
    told = violations()
    tap = Tap()
    for row in tried:
        for (name, engine, kind), result in results.items():
            if name != row.name:
                continue
            events = told.get(result["id"], [])
            if engine in ("pale", "lifted"):
                result["events"] = short(events)
            if engine == "pale":
                result["report"] = judge_report(row, events) if kind == "attack" else \
                    f"{len(events)} violations of the twin" if events else ""
            tell(result)
        judge(tap, row, results)
    paled.terminate()
    print(f"1..{tap.count}")
    return tap.bad != 0


def judge(tap, row, results):
    def got(engine, kind):
        return results.get((row.name, engine, kind))

    title = f"{row.number} {row.name}"
    bare, pale, lifted = got("bare", "attack"), got("pale", "attack"), got("lifted", "attack")
    if bare:
        twin = got("bare", "twin")
        tap.result(bare["score"] == "missed" and twin["score"] == "passes", f"{title}: bare, it works", f"{bare} {twin}")
    if pale:
        twin = got("pale", "twin")
        tap.result(pale["score"] == "before", f"{title}: Pale stops it before its effect", pale)
        tap.result(twin["score"] == "passes" and not twin["report"], f"{title}: Pale lets the twin pass", twin)
        tap.result(not pale["report"], f"{title}: Pale tells what, who and which line", f'{pale["report"]}: {pale["events"]}')
    for (name, engine, kind), result in results.items():
        if name == row.name and kind == "attack" and engine not in ("bare", "pale", "lifted"):
            tap.result(result["score"] not in ("not begun", "failed"), f"{title}: {engine} refuses it or lets it work", result)
    if lifted:
        tap.result(lifted["score"] == "missed", f"{title}: it works again when what refuses it is taken away", lifted)


if __name__ == "__main__":
    sys.exit(main())
