# SPDX-License-Identifier: Apache-2.0
"""What pale-export does for those that it sends to: export_acts.py ACT."""
from export_client import *


def webhook(web, name="hook", **keys):
    return {"name": name, "type": "webhook", "url": f"http://127.0.0.1:{web.port}/in", "retry-max": "1s", **keys}


def syslog(receiver, name="log", scheme="tcp", host="127.0.0.1", **keys):
    return {"name": name, "type": "syslog", "address": f"{scheme}://{host}:{receiver.port}", "retry-max": "1s", **keys}


def started(*outputs, **keys):
    """A mock of paled that is being followed, and who follows it."""
    paled = Events()
    configure(*outputs, **{"fold": "0", "node": "node-1", **keys})
    x = Exporter()
    in_time("a follower", paled.followed)
    return paled, x


def settled():
    """Each output knows that it has been received: what is killed before may send the last ones twice."""
    in_time("all answers", lambda: all(v == 0 for k, v in metrics()[1].items() if k.startswith("pale_export_spool_records")))


def formats():
    """Each format over each transport, with what containers could choose, and each is parsed back."""
    hook, cef, ocsf, otlp, tcp, tcp_cef = Web(), Web(), Web(), Web(), Syslog(), Syslog()
    unix, journal = Datagrams(f"{TOP}/log"), Datagrams(f"{TOP}/journal")
    with open(f"{TOP}/stdout", "wb") as stdout:
        paled = Events()
        configure(
            webhook(hook), webhook(cef, "cef", format="cef"), webhook(ocsf, "ocsf", format="ocsf"),
            {"name": "otlp", "type": "otlp", "url": f"http://127.0.0.1:{otlp.port}/v1/logs", "headers": {"X-Token": "t"}},
            syslog(tcp), syslog(tcp_cef, "logcef", format="cef", facility="auth"),
            {"name": "unix", "type": "syslog", "address": f"unix://{TOP}/log"},
            {"name": "journal", "type": "journald", "path": f"{TOP}/journal"},
            {"name": "out", "type": "stdout"}, {"name": "file", "type": "file", "path": f"{TOP}/file"},
            {"name": "filecef", "type": "file", "path": f"{TOP}/file.cef", "format": "cef"}, fold="0", node="node-1")
        x = Exporter(stdout=stdout)
    in_time("a follower", paled.followed)
    sent = [hostile_violation(n, s) for n, s in enumerate(HOSTILE)]
    paled.add(*sent)
    paled.add({"time": stamp(BEGUN), "kind": "profile-wrong", "error": "line 1\nof \x1b[31m"})
    n = len(sent) + 1

    def complete():
        return (len(hook.events()) == n and sum(len(b.splitlines()) for b in cef.bodies()) == n and len(ocsf.events()) == n and
                sum(len(logs(b)) for b in otlp.bodies()) == n and
                all(len(r.messages) == n for r in (tcp, tcp_cef, unix, journal)) and
                all(len(open(f"{TOP}/{f}").readlines()) == n for f in ("stdout", "file", "file.cef")))
    in_time("all of them everywhere", complete)

    expected = [{**e, "node": "node-1"} for e in sent]
    same(hook.events()[:-1], expected)
    for f in ("stdout", "file"):
        lines = open(f"{TOP}/{f}", newline="\n").readlines()
        same([json.loads(line) for line in lines][:-1], expected)
        for line in lines:
            printable(line.rstrip("\n").encode())
    for lines in (b"".join(cef.bodies()).decode().split("\n")[:-1], open(f"{TOP}/file.cef", newline="\n").read().split("\n")[:-1],
                  [parse_syslog(m)["msg"] for m in tcp_cef.messages]):
        for line, s in zip(lines, HOSTILE):
            head, pairs = parse_cef(line)
            same((head[:4], head[5]), (["Pale", "Pale", "0.1", "00000000000000aa"], "7"))
            same((pairs["act"], pairs["cat"], pairs["spid"], pairs["dvchost"]), ("refused", "file", "1", "node-1"))
            if len(s) < 900:
                same((pairs["fname"], pairs["cs1"]), (f"/{shown(s)}", f"deny write {shown(s)}"))
            assert all(len(v) <= 1023 for v in pairs.values())
    same({parse_syslog(m)["pri"] for m in tcp_cef.messages}, {4 * 8 + 4, 4 * 8 + 3})
    for messages in (tcp.messages, unix.messages):
        for m, s in zip(messages, HOSTILE):
            m = parse_syslog(m)
            same((m["pri"], m["host"], m["app"], m["msgid"], m["sd"]["id"]), (16 * 8 + 4, "node-1", "pale", "violation", "pale@32473"))
            if len(s) < 900:
                same((m["sd"]["object"], m["sd"]["executable"]), (f"/{shown(s)}", f"/bin/{shown(s)}"))
                has(m["msg"], f"denied: write /{shown(s)}")
            assert all(len(v.encode()) <= 4096 for v in m["sd"].values())
    for m, s in zip(journal.messages, HOSTILE):
        f = parse_journal(m)
        same((f["PRIORITY"], f["SYSLOG_IDENTIFIER"], f["PALE_KIND"], f["MESSAGE_ID"]),
             ("4", "pale", "violation", "d3beb6c7be8548b79100b5d65dd8d3c2"))
        same(json.loads(f["PALE_EVENT"])["object"], f"/{s}")
    for e, s in zip(ocsf.events(), HOSTILE):
        same((e["class_uid"], e["category_uid"], e["type_uid"], e["activity_id"], e["severity_id"]), (2004, 2, 200401, 1, 3))
        same((e["action_id"], e["disposition_id"], e["metadata"]["version"], e["count"]), (2, 2, "1.3.0", 1))
        same(e["unmapped"]["object"], f"/{s}")
        assert e["finding_info"]["uid"] and e["finding_info"]["title"] and isinstance(e["time"], int)
    same((ocsf.events()[-1]["class_uid"], ocsf.events()[-1]["type_uid"]), (0, 99))
    records = [r for b in otlp.bodies() for r in logs(b)]
    for r, s in zip(records, HOSTILE):
        same((r["severityNumber"], r["severityText"]), (13, "WARN"))
        a = {a["key"]: a["value"] for a in r["attributes"]}
        same((a["process.pid"], a["pale.operation"], a["container.id"]),
             ({"intValue": "1"}, {"stringValue": "write"}, {"stringValue": "c0ffee"}))
        assert re.fullmatch("[0-9]{19}", r["timeUnixNano"])
        if len(s.encode()) < 4000:
            same(a["pale.object"], {"stringValue": f"/{shown(s)}"})
    path, headers = otlp.requests[0][:2]
    same((path, headers["X-Token"], headers["Content-Type"]), ("/v1/logs", "t", "application/json"))
    x.stop()


def logs(body):
    resource, = json.loads(body)["resourceLogs"]
    same({a["key"]: a["value"] for a in resource["resource"]["attributes"]},
         {"service.name": {"stringValue": "pale"}, "host.name": {"stringValue": "node-1"}})
    scope, = resource["scopeLogs"]
    same(scope["scope"], {"name": "pale-export", "version": "0.1"})
    return scope["logRecords"]


def openssl(*words):
    subprocess.run(["openssl", *words], check=True, capture_output=True, cwd=TOP)


def authority(name):
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", f"{name}.key", "-out",
            f"{name}.pem", "-subj", f"/CN={name}", "-days", "2", "-addext", "basicConstraints=critical,CA:TRUE")


def certificate(ca, name, *names):
    with open(f"{TOP}/{name}.ext", "w") as f:
        f.write("subjectAltName=" + ",".join(names) + "\n")
    openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", f"{name}.key", "-out", f"{name}.csr",
            "-subj", f"/CN={name}")
    openssl("x509", "-req", "-in", f"{name}.csr", "-CA", f"{ca}.pem", "-CAkey", f"{ca}.key", "-CAcreateserial", "-days", "2", "-out",
            f"{name}.pem", "-extfile", f"{name}.ext")


def tls_server(name, ca=None):
    c = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    c.load_cert_chain(f"{TOP}/{name}.pem", f"{TOP}/{name}.key")
    if ca:
        c.load_verify_locations(f"{TOP}/{ca}.pem")
        c.verify_mode = ssl.CERT_REQUIRED
    return c


def certificates():
    """Of an authority of our own and of another one, which is the system's."""
    authority("ca")
    authority("other")
    certificate("ca", "good", "IP:127.0.0.1")
    certificate("ca", "misnamed", "DNS:elsewhere.example")
    certificate("other", "stranger", "IP:127.0.0.1")
    certificate("ca", "client", "DNS:node-1")
    os.mkdir(f"{TOP}/certs")
    for name in ("ca-certificates.crt", "other.pem"):
        shutil.copy(f"{TOP}/other.pem", f"{TOP}/certs/{name}")
    openssl("rehash", f"{TOP}/certs")
    subprocess.run(["mount", "--bind", f"{TOP}/certs", "/etc/ssl/certs"], check=True)


def tls():
    """TLS goes to who proves its name by the authority that is configured, and to nobody else."""
    certificates()
    good, misnamed, stranger, known = (Syslog(context=tls_server(n)) for n in ("good", "misnamed", "stranger", "stranger"))
    mutual, unproven = (Syslog(context=tls_server("good", "ca")) for _ in range(2))
    plain = Syslog()
    ca = {"scheme": "tls", "ca-file": f"{TOP}/ca.pem"}
    own = {"certificate-file": f"{TOP}/client.pem", "key-file": f"{TOP}/client.key"}
    paled, x = started(syslog(good, "good", **ca), syslog(misnamed, "misnamed", **ca), syslog(stranger, "stranger", **ca),
                       syslog(mutual, "mutual", **ca, **own), syslog(unproven, "unproven", **ca), syslog(plain, "plain", **ca),
                       syslog(good, "system", scheme="tls"), syslog(known, "known", scheme="tls"), metrics=METRICS)
    paled.add(*[violation(n, arguments=["x" * 5000]) for n in range(300)])
    in_time("all of them", lambda: all(len(r.messages) == 300 for r in (good, mutual, known)))
    same([parse_syslog(m)["sd"]["object"] for m in good.messages], [f"/etc/{n}" for n in range(300)])
    for name in ("misnamed", "stranger", "unproven", "plain", "system"):
        in_time(f"{name} to fail", lambda: metric(f'pale_export_output_retries_total{{output="{name}"}}') > 0)
        same(metric(f'pale_export_spool_records{{output="{name}"}}'), 300)
    same([misnamed.messages, stranger.messages, unproven.messages, plain.messages], [[]] * 4)
    has(read(OUT), "output stranger: 127.0.0.1:")
    x.stop()


def https():
    """So does HTTP: of a receiver that does not prove its name not even the token is seen."""
    certificates()
    good, misnamed, stranger, known, system = (Web(context=tls_server(n)) for n in ("good", "misnamed", "stranger", "stranger", "good"))
    mutual, unproven, records = (Web(context=tls_server("good", "ca")) for _ in range(3))
    plain, old = Web(), Web(context=tls_server("good"))
    old.context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    old.context.maximum_version = ssl.TLSVersion.TLSv1_1
    old.context.set_ciphers("ALL:@SECLEVEL=0")
    ca = {"ca-file": f"{TOP}/ca.pem", "headers": {"Authorization": "Bearer t"}}
    own = {"certificate-file": f"{TOP}/client.pem", "key-file": f"{TOP}/client.key"}

    def to(web, name, **keys):
        return webhook(web, name, **{**keys, "url": f"https://127.0.0.1:{web.port}/in"})
    paled, x = started(to(good, "good", **ca), to(misnamed, "misnamed", **ca), to(stranger, "stranger", **ca), to(mutual, "mutual", **ca, **own),
                       to(unproven, "unproven", **ca), to(plain, "plain", **ca), to(old, "old", **ca), to(known, "known"), to(system, "system"),
                       {**to(records, "otlp", **ca, **own), "type": "otlp"}, metrics=METRICS)
    paled.add(*[violation(n) for n in range(50)])
    in_time("all of them", lambda: all(len(r.events()) == 50 for r in (good, mutual, known)) and
            sum(len(logs(b)) for b in records.bodies()) == 50)
    refused = {"misnamed": misnamed, "stranger": stranger, "unproven": unproven, "plain": plain, "old": old, "system": system}
    for name in refused:
        in_time(f"{name} to fail", lambda: metric(f'pale_export_output_retries_total{{output="{name}"}}') > 0)
        same(metric(f'pale_export_spool_records{{output="{name}"}}'), 50)
    same([r.requests for r in refused.values()], [[]] * len(refused))
    x.stop()


def outage():
    """A receiver that is down gets everything once it is up: each transport."""
    web, tcp, unix = Web(), Syslog(), Datagrams(f"{TOP}/log")
    for r in (web, tcp, unix):
        r.down()
    paled, x = started(webhook(web), syslog(tcp, host="localhost"), {"name": "unix", "type": "syslog", "address": f"unix://{TOP}/log", "retry-max": "1s"})
    paled.add(*[violation(n) for n in range(1000)])
    for name in ("hook", "log", "unix"):
        in_time("a failure", lambda: re.search(f"output {name}: .*; trying again", read(OUT)))
    for r in (web, tcp, unix):
        r.up()
    in_time("all of them", lambda: len(web.events()) >= 1000 and len(tcp.messages) >= 1000 and len(unix.messages) >= 1000)
    same(numbers(web.events()), list(range(1000)))
    for r in (tcp, unix):
        same([parse_syslog(m)["sd"]["object"] for m in r.messages], [f"/etc/{n}" for n in range(1000)])
    in_time("a word", lambda: read(OUT).count("events are received again") == 3)
    x.stop()


def reset():
    """What a receiver of syslog had not read when it was gone is sent again."""
    tcp = Syslog()
    # It takes connections and reads nothing, until it is down.
    tcp.take = lambda data: time.sleep(WAIT) or b""
    paled, x = started(syslog(tcp))
    paled.add(*[violation(n) for n in range(200)])
    in_time("a connection", lambda: tcp.connections)
    time.sleep(0.3)
    tcp.down()
    del tcp.take
    tcp.up()
    in_time("all of them", lambda: len({parse_syslog(m)["sd"]["object"] for m in tcp.messages}) == 200)
    x.stop()


def kill():
    """kill -9 at any moment loses nothing: of what waits for a receiver, of what is held to be folded, of what comes meanwhile."""
    web, tcp = Web(), Syslog()
    paled, x = started(webhook(web, batch=7), syslog(tcp), {"name": "file", "type": "file", "path": f"{TOP}/file"}, fold="1s")
    n = 0
    for round in range(8):
        for _ in range(10):
            paled.add(*[violation(k) for k in range(n, n + 20)])
            n += 20
        if round == 2:
            web.down()
        if round == 5:
            web.up()
        time.sleep(0.05 * round)
        x.kill()
        # Nobody is there for these.
        paled.add(*[violation(k) for k in range(n, n + 20)], tell=False)
        n += 20
        x = Exporter()
        in_time("a follower", lambda: paled.followed())
    everything = set(range(n))
    in_time("all of them at the webhook", lambda: set(numbers(web.events())) == everything)
    in_time("all of them at syslog", lambda: {int(parse_syslog(m)["sd"]["object"][5:]) for m in tcp.messages} == everything)
    in_time("all of them in the file", lambda: set(numbers(map(json.loads, open(f"{TOP}/file")))) == everything)
    # Those that were under way: a batch in each round, and not all that was ever sent.
    again = len(numbers(web.events())) - n
    assert 0 <= again <= 8 * 220, again
    x.stop()


def kill_waiting():
    """kill -9 loses nothing of what came while an output waits for its next try."""
    web = Web()
    web.down()
    paled, x = started(webhook(web, **{"retry-max": "60m"}), metrics=METRICS)
    paled.add(violation(0))
    # The next pause has two seconds at least.
    in_time("long pauses", lambda: metric('pale_export_output_retries_total{output="hook"}') >= 3)
    paled.add(*[violation(n) for n in range(1, 50)])
    in_time("them", lambda: metric("pale_export_events_total") == 50)
    x.kill()
    web.up()
    x = Exporter()
    in_time("all of them", lambda: len(web.events()) >= 50)
    same(numbers(web.events()), list(range(50)))
    x.stop()


def once():
    """A paled that is started anew, and one that says what was missed: each event once."""
    web = Web()
    paled, x = started(webhook(web), {"name": "file", "type": "file", "path": f"{TOP}/file"}, metrics=METRICS)
    paled.add(*[violation(n) for n in range(100)])
    # Two that are the same but for nothing: both count.
    paled.add(violation(100), violation(100))
    in_time("them", lambda: len(web.events()) == 102)
    paled.stop()
    paled.add(*[violation(n) for n in range(101, 150)])
    in_time("a word", lambda: "trying again" in read(OUT))
    paled.listen()
    in_time("what came meanwhile", lambda: len(web.events()) >= 151)
    paled.add(violation(150))
    in_time("and later", lambda: len(web.events()) >= 152)
    # It did not read in time, says paled, which has them in its log.
    paled.add(*[violation(n) for n in range(151, 160)], tell=False)
    paled.missed(9)
    in_time("what was missed", lambda: len(web.events()) >= 152 + 9 + 1)
    x.stop()
    x = Exporter()
    in_time("a follower", paled.followed)
    paled.add(violation(160))
    in_time("the last", lambda: 160 in numbers(web.events()))
    same(sorted(numbers(web.events())), sorted([*range(161), 100]))
    same([e["events"] for e in web.events() if e["kind"] == "missed"], [9])
    same(sorted(numbers(map(json.loads, open(f"{TOP}/file")))), sorted([*range(161), 100]))
    assert len(paled.asked) >= 4 and all(r["follow"] is True for r in paled.asked)
    x.stop()


def real():
    """With paled itself: what it kept, what it tells, and both killed in turn. The violations are lines of its log, as no kernel here
    refuses anything for it."""
    import paled_client as daemon
    os.mkdir(daemon.PROFILES)
    open(daemon.OUT, "w").close()

    def log(*events):
        with open(daemon.LOG, "a") as f:
            f.writelines(json.dumps(e, separators=(",", ":")) + "\n" for e in events)

    def kept():
        return sorted(json.dumps(json.loads(line), sort_keys=True) for line in open(daemon.LOG))

    def taken():
        return sorted(json.dumps({k: v for k, v in e.items() if k != "node"}, sort_keys=True) for e in web.events())

    web = Web()
    configure(webhook(web), fold="0", metrics=METRICS)
    log(*[violation(n) for n in range(500)])
    d = daemon.start()
    x = Exporter(run=daemon.RUN)
    in_time("what was kept", lambda: len(numbers(web.events())) == 500)
    daemon.write(f"{daemon.PROFILES}/web.pale", daemon.WRONG)
    in_time("what it tells", lambda: [e for e in web.events() if e["kind"] == "profile-wrong"])
    d.signal(signal.SIGKILL).wait()
    log(*[violation(n) for n in range(500, 600)])
    d = daemon.start()
    in_time("what came meanwhile", lambda: len(numbers(web.events())) == 600)
    settled()
    x.kill()
    web.down()
    log(*[violation(n) for n in range(600, 700)])
    x = Exporter(run=daemon.RUN)
    in_time("a failure", lambda: "trying again" in read(OUT))
    x.kill()
    web.up()
    x = Exporter(run=daemon.RUN)
    in_time("all that it logged", lambda: taken() == (daemon.ok(daemon.ask("events", "events", since=0)) and kept()))
    in_time("its numbers", lambda: metric("pale_paled_up") == 1)
    same([metric('pale_profiles{state="wrong"}'), metric("pale_events_lost_total{source=\"paled\"}")], [0, 0])
    x.stop()
    d.signal(signal.SIGTERM).wait()
    shutil.rmtree(daemon.TOP)


def late():
    """Events whose times are behind those of others before them are asked for, too."""
    web = Web()
    paled, x = started(webhook(web))
    paled.add(violation(9000))
    in_time("it", lambda: len(web.events()) == 1)
    paled.stop()
    paled.add(violation(10))
    paled.listen()
    in_time("the late one", lambda: numbers(web.events()) == [9000, 10])
    x.stop()


def gap():
    """paled's log that has lost what was had last, as when it was full meanwhile, is told."""
    web = Web()
    paled, x = started(webhook(web), metrics=METRICS)
    paled.add(violation(1), violation(2))
    in_time("them", lambda: len(web.events()) == 2)
    # It goes on where it was: nothing is missing, though one is logged before what was had.
    settled()
    x.kill()
    paled.kept.insert(0, violation(0))
    x = Exporter()
    in_time("the one before", lambda: len(web.events()) == 3)
    time.sleep(3.5)
    same(metric("pale_export_gaps_total"), 0)
    x.kill()
    paled.kept = [violation(8), violation(9)]
    x = Exporter()
    in_time("a word", lambda: len(web.events()) == 6)
    same(numbers(web.events()), [1, 2, 0, 8, 9])
    told, = [e for e in web.events() if e["kind"] == "missed"]
    same(told["error"], "paled's log does not go back to the last event that was had")
    same(metric("pale_export_gaps_total"), 1)

    # A connection that ends at once hides none, and neither does pale-export's own end.
    def lose_all(n):
        paled.stop()
        paled.kept = [violation(n)]
        paled.listen()
        in_time("the new one", lambda: n in numbers(web.events()))
    lose_all(20)
    paled.stop()
    paled.listen()
    in_time("another one", lambda: metric("pale_export_gaps_total") == 2)
    in_time("a follower", paled.followed)
    lose_all(30)
    x.stop()
    x = Exporter()
    in_time("all three", lambda: len([e for e in web.events() if e["kind"] == "missed"]) == 3)
    x.stop()


def cap():
    """What the spool cannot hold is counted, told to the receiver in its place, and in the metrics."""
    web = Web()
    web.down()
    paled, x = started(webhook(web, spool="64KiB"), {"name": "file", "type": "file", "path": f"{TOP}/file"}, metrics=METRICS)
    for n in range(0, 1000, 50):
        paled.add(*[violation(k) for k in range(n, n + 50)])
    in_time("all in the file", lambda: len(numbers(map(json.loads, open(f"{TOP}/file")))) == 1000)
    size = sum(os.path.getsize(f"{STATE}/hook/{f}") for f in os.listdir(f"{STATE}/hook") if f.endswith(".spool"))
    assert 32 << 10 < size <= 64 << 10, size
    lost = metric('pale_export_output_full_total{output="hook"}')
    assert lost > 500, lost
    # A kill does not forget how many.
    x.kill()
    web.up()
    x = Exporter()
    in_time("them and the number", lambda: any(e["kind"] == "lost" for e in web.events()))
    paled.add(violation(1000))
    in_time("and the next one", lambda: 1000 in numbers(web.events()))
    got = numbers(web.events())
    same(got[:-1], list(range(len(got) - 1)))
    told, = [e for e in web.events() if e["kind"] == "lost"]
    same((told["events"], told["source"], told["output"], told["node"]), (lost, "pale-export", "hook", "node-1"))
    same(len(got) - 1 + told["events"], 1000)
    # In its place: behind what came before the gap.
    same([e["kind"] for e in web.events()], ["violation"] * (len(got) - 1) + ["lost", "violation"])
    has(read(OUT), f"output hook: {int(lost)} events were lost")
    x.stop()


def folds():
    """Those that are the same become one, and the counts add up to what was received."""
    web = Web()
    paled, x = started(webhook(web), {"name": "file", "type": "file", "path": f"{TOP}/file"}, fold="1s", metrics=METRICS)
    sent = [violation(n, object="/etc/passwd", **({"lost": 2} if n % 100 == 0 else {})) for n in range(500)]
    sent += [violation(n, object="/etc/passwd", outcome="audited") for n in range(7)]
    sent += [violation(n, object="/etc/passwd", container={"id": "other"}) for n in range(5)]
    sent += [violation(1, rule_id="b"), violation(1, operation="read"), violation(2, process={"executable": "/bin/other"})]
    sent += [{"time": stamp(BEGUN), "kind": "registered"}] * 3
    paled.add(*sent)
    in_time("all of them", lambda: total(web.events()) >= len(sent))
    same(total(web.events()), len(sent))
    most = max(web.events(), key=lambda e: e.get("count", 1))
    same((most["count"], most["first"], most["last"], most["time"], most["lost"]),
         (500, stamp(BEGUN), stamp(BEGUN + 499 * 10**6), stamp(BEGUN), 10))
    same(sorted(e.get("count", 1) for e in web.events()), [1, 1, 1, 1, 1, 1, 5, 7, 500])
    same(metric("pale_export_events_total"), len(sent))
    same(metric("pale_export_events_folded_total"), len(sent) - 9)
    same(metric('pale_export_output_taken_total{output="hook"}'), len(sent))
    same(metric('pale_violations_total{namespace="shop",profile="web",class="file",action="refused"}'), 503)
    x.stop()


def retries():
    """A receiver that asks for time gets it; one that refuses for good does not hold up the others."""
    bad = {13}

    def answers(n, body):
        if n == 0:
            return 429, {"Retry-After": "3"}, b""
        if n == 1:
            return 503, {}, b""
        return (400, {}, b"no") if bad & set(numbers(json.loads(body))) else (200, {}, b"")

    web = Web(answers=answers)
    otlp = Web(answers=lambda n, body: (200, {}, json.dumps({"partialSuccess": {"rejectedLogRecords": "1"}}).encode() if n == 0 else b"{}"))
    # None of what it gets is right for it, what tells of that neither.
    never = Web(answers=lambda n, body: (400, {}, b""))
    paled, x = started(webhook(web, batch=30), {"name": "otlp", "type": "otlp", "url": f"http://127.0.0.1:{otlp.port}/v1/logs"},
                       webhook(never, "never"), metrics=METRICS)
    paled.add(*[violation(n) for n in range(40)])
    in_time("all but one", lambda: len(numbers(web.events())) == 39)
    same(numbers(web.events()), [n for n in range(40) if n != 13])
    times = [r[4] for r in web.requests]
    assert times[1] - times[0] >= 3, times
    in_time("a word", lambda: any(e["kind"] == "lost" for e in web.events()))
    same([e["events"] for e in web.events() if e["kind"] == "lost"], [1])
    same(metric('pale_export_output_refused_total{output="hook"}'), 1)
    in_time("what OTLP refused", lambda: metric('pale_export_output_refused_total{output="otlp"}') == 1)
    in_time("all refused", lambda: metric('pale_export_spool_records{output="never"}') == 0)
    same(never.bodies(), [])
    before = len(never.requests)
    time.sleep(2.5)
    assert len(never.requests) - before <= 2, (before, len(never.requests))
    x.stop()


def slow():
    """Who hangs or does not read holds up nobody."""
    gate = threading.Event()
    hangs, tcp, web = Web(hang=gate), Syslog(), Web()
    tcp.take = lambda data: gate.wait(WAIT) and Syslog.take(tcp, data)
    r, w = os.pipe()
    paled = Events()
    silent = socket.socket()
    silent.bind(("127.0.0.1", 0))
    silent.listen(1)
    configure(webhook(hangs, "hangs"), syslog(tcp), webhook(web), {"name": "out", "type": "stdout"},
              {"name": "silent", "type": "syslog", "address": f"tls://127.0.0.1:{silent.getsockname()[1]}"},
              {"name": "file", "type": "file", "path": f"{TOP}/file"}, fold="0", metrics=METRICS)
    x = Exporter(stdout=w)
    os.close(w)
    in_time("a follower", paled.followed)
    for n in range(0, 3000, 100):
        paled.add(*[violation(k) for k in range(n, n + 100)])
    in_time("all of them", lambda: len(web.events()) == 3000)
    same(len(open(f"{TOP}/file").readlines()), 3000)
    same(metric('pale_export_output_delivered_total{output="hangs"}'), 0)
    assert metric('pale_export_output_delivered_total{output="out"}') < 3000
    gate.set()
    got = b""
    with os.fdopen(r, "rb") as f:
        for _ in range(3000):
            got += f.readline()
    same(numbers(map(json.loads, got.splitlines())), list(range(3000)))
    in_time("the others", lambda: len(hangs.events()) == 3000 and len(tcp.messages) == 3000)
    x.stop()


def resolver():
    """A name server that does not answer holds up nobody, and not the end either."""
    with open(f"{TOP}/resolv.conf", "w") as f:
        f.write("nameserver 127.0.0.1\noptions timeout:25 attempts:1\n")
    subprocess.run(["mount", "--bind", f"{TOP}/resolv.conf", "/etc/resolv.conf"], check=True)
    silent = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    silent.bind(("127.0.0.1", 53))
    web = Web()
    paled, x = started(webhook(web), {"name": "lost", "type": "webhook", "url": "http://nowhere.example/"},
                       {"name": "log", "type": "syslog", "address": "tcp://nowhere.example:1"}, metrics=METRICS)
    paled.add(violation(0))
    longest = 0

    def gave_up():
        nonlocal longest
        begun = time.monotonic()
        metrics()
        longest = max(longest, time.monotonic() - begun)
        return all(f"output {name}: " in read(OUT) for name in ("lost", "log"))
    in_time("both to give up", gave_up)
    paled.add(violation(1))
    in_time("the other one", lambda: numbers(web.events()) == [0, 1])
    begun = time.monotonic()
    x.stop()
    assert longest < 5 and time.monotonic() - begun < 5, (longest, time.monotonic() - begun)


def full_disk():
    """A disk that is full: counted gaps, and afterwards it goes on."""
    os.mkdir(STATE)
    os.mkdir(f"{TOP}/disk")
    for d in (STATE, f"{TOP}/disk"):
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=512k", "none", d], check=True)
    web = Web()
    web.down()
    paled, x = started(webhook(web, spool="64MiB"), {"name": "file", "type": "file", "path": f"{TOP}/disk/file"}, metrics=METRICS)
    paled.add(*[violation(n) for n in range(2000)])
    in_time("a gap", lambda: metric('pale_export_output_failed_total{output="hook"}') > 0 and
            metric("pale_export_events_total") == 2000)
    x.alive()
    assert metric('pale_export_output_failed_total{output="file"}') > 0
    web.up()
    in_time("a number", lambda: any(e["kind"] == "lost" for e in web.events()))
    paled.add(violation(2000))
    in_time("the next one", lambda: 2000 in numbers(web.events()))
    lost = sum(e["events"] for e in web.events() if e["kind"] == "lost")
    same(len(set(numbers(web.events()))) + lost, 2001)
    # Room in the file's place, too.
    written = [json.loads(line) for line in open(f"{TOP}/disk/file")]
    os.truncate(f"{TOP}/disk/file", 0)
    paled.add(violation(2001))
    in_time("the file", lambda: len(open(f"{TOP}/disk/file").readlines()) == 2)
    told, last = map(json.loads, open(f"{TOP}/disk/file"))
    lost = sum(e["events"] for e in [*written, told] if e["kind"] == "lost")
    same((told["kind"], len(numbers(written)) + lost, numbers([last])), ("lost", 2001, [2001]))
    x.alive()
    x.stop()


def full_stdout():
    """A standard output on a full disk: the half of a line that stays there spoils no other one, of this run or the next."""
    os.mkdir(f"{TOP}/disk")
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "none", f"{TOP}/disk"], check=True)
    with open(f"{TOP}/disk/out", "wb") as stdout:
        paled = Events()
        configure({"name": "out", "type": "stdout", "retry-max": "1s"}, fold="0")
        x = Exporter(stdout=stdout)
    in_time("a follower", paled.followed)
    paled.add(*[violation(n) for n in range(300)])
    in_time("a failure", lambda: "output out: No space left on device; trying again" in read(OUT))
    assert not read(f"{TOP}/disk/out").endswith("\n")
    subprocess.run(["mount", "-o", "remount,size=128k", f"{TOP}/disk"], check=True)
    in_time("another failure", lambda: read(OUT).count("No space left on device; trying again") == 2)
    x.kill()
    assert not read(f"{TOP}/disk/out").endswith("\n")
    subprocess.run(["mount", "-o", "remount,size=4m", f"{TOP}/disk"], check=True)
    with open(f"{TOP}/disk/out", "ab") as stdout:
        x = Exporter(stdout=stdout)
    in_time("the last", lambda: '"/etc/299"' in read(f"{TOP}/disk/out"))

    def whole(line):
        try:
            return json.loads(line)
        except ValueError:
            return None
    lines = [whole(line) for line in read(f"{TOP}/disk/out").splitlines()]
    same(numbers([e for e in lines if e]), list(range(300)))
    x.stop()


def numbers_of_it():
    """/metrics is what Prometheus takes, its names are those of the dashboard, and hostile names do not multiply it."""
    web = Web()
    paled, x = started(webhook(web), {"name": "file", "type": "file", "path": f"{TOP}/file"}, metrics=METRICS)
    paled.add(*[violation(n, profile=f"p{n}", container={"id": str(n), "pod": f"pod-{n}", "namespace": f"ns-{n}"}) for n in range(3000)])
    paled.add(*[hostile_violation(n, s) for n, s in enumerate(HOSTILE)])
    in_time("all of them", lambda: metric("pale_export_events_total") == 3000 + len(HOSTILE))
    in_time("paled's own", lambda: metric("pale_paled_up"))
    text, values = metrics()
    same({k: v for k, v in values.items() if k.startswith(("pale_profiles", "pale_containers", "pale_attribution"))}, {
        'pale_profiles{state="enforce"}': 1, 'pale_profiles{state="audit"}': 1, 'pale_profiles{state="wrong"}': 1,
        'pale_containers{enforcement="enforce"}': 1, 'pale_containers{enforcement="audit"}': 1,
        'pale_containers{enforcement="unconfined"}': 1, "pale_containers_restart_required": 1, "pale_attribution_failures_total": 2})
    same((values['pale_events_lost_total{source="paled"}'], values['pale_events_lost_total{source="throttled"}']), (4, 3))
    series = [k for k in values if k.startswith("pale_violations_total{")]
    same(len(series), 201)
    same(sum(values[k] for k in series), 3000 + len(HOSTILE))
    for label in ("pod", "container", "path", "executable", "pid", "object", "rule"):
        assert f'{label}="' not in text.replace('profile="', ""), label
    check = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True)
    same((check.returncode, check.stdout, check.stderr), (0, "", ""))

    # The dashboard: each of its expressions parses, and each metric in them is there.
    with open(f"{SOURCES}/docs/grafana/pale.json") as f:
        dashboard = json.load(f)
    panels = [p for p in dashboard["panels"] if p["type"] != "row"]
    expressions = [t["expr"] for p in panels for t in p["targets"]]
    assert len(panels) >= 8 and all(p["targets"] and p["title"] for p in panels)
    same(len({p["id"] for p in dashboard["panels"]}), len(dashboard["panels"]))
    rules = {"groups": [{"name": "dashboard", "rules": [
        {"record": f"panel:{n}", "expr": e.replace("$__rate_interval", "5m").replace("$node", ".*").replace("$namespace", ".*")}
        for n, e in enumerate(expressions)]}]}
    with open(f"{TOP}/rules.yml", "w") as f:
        json.dump(rules, f)
    check = subprocess.run(["promtool", "check", "rules", f"{TOP}/rules.yml"], capture_output=True, text=True)
    same(check.returncode, 0)
    has(check.stdout, f"{len(expressions)} rules found")
    names = {k.split("{")[0] for k in values}
    used = {n for e in expressions for n in re.findall(r"\bpale_[a-z_]+", e)}
    assert len(used) >= 8
    same(used - names, set())

    for path, method, status in (("/", "GET", 404), ("/metrics/x", "GET", 404), ("/metrics", "POST", 405)):
        request = urllib.request.Request(f"http://{METRICS}{path}", method=method, data=b"x" * 100000 if method == "POST" else None)
        try:
            urllib.request.urlopen(request, timeout=WAIT)
            raise AssertionError("answered")
        except urllib.error.HTTPError as e:
            same(e.code, status)
    # Those that say nothing keep nobody out for ever, and half a head nobody busy.
    idle = [socket.create_connection(METRICS.split(":")) for _ in range(40)]
    idle[0].sendall(b"GET /metr")

    def answered():
        try:
            return metric("pale_export_connected") == 1
        except OSError:
            return False
    for s in idle[1:]:
        s.close()
    in_time("an answer", answered)
    x.stop()
    paled.stop()


def unprivileged():
    """Nobody's user suffices, and who listens must be root or the same user."""
    paled, web = Events(), Web()
    os.chmod(TOP, 0o777)
    configure(webhook(web), fold="0")
    shutil.copy(f"{BUILD}/pale-export", f"{TOP}/pale-export")
    os.chmod(OUT, 0o666)
    x = subprocess.Popen(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--no-new-privs", "--bounding-set=-all",
                          f"{TOP}/pale-export", "--config", CONFIG, "--run", RUN, "--state", STATE], stderr=open(OUT, "a"))
    in_time("a follower", paled.followed)
    paled.add(violation(1))
    in_time("it", lambda: numbers(web.events()) == [1])
    same([os.stat(STATE).st_uid, oct(os.stat(STATE).st_mode)], [65534, "0o40700"])
    # Another one with the same folder.
    second = subprocess.run([f"{BUILD}/pale-export", "--config", CONFIG, "--run", RUN, "--state", STATE], capture_output=True, text=True)
    same((second.returncode, second.stderr), (3, f"pale-export: another pale-export uses {STATE}\n"))
    x.terminate()
    same(x.wait(WAIT), 0)
    # What another user plants in paled's place is not believed.
    paled.stop()
    planted = subprocess.Popen(["setpriv", "--reuid=1234", "--clear-groups", sys.executable, "-c", f"""
import socket, os, time
os.unlink({RUN!r} + "/events")
s = socket.socket(socket.AF_UNIX); s.bind({RUN!r} + "/events"); os.chmod({RUN!r} + "/events", 0o777); s.listen(1)
time.sleep(1000)"""])
    os.chmod(RUN, 0o777)
    planted.kill()
    planted.wait()
    planted = subprocess.Popen(planted.args)
    in_time("the planted one", lambda: os.path.exists(f"{RUN}/events") and os.stat(f"{RUN}/events").st_uid == 1234)
    x = Exporter()
    in_time("a refusal", lambda: "user 1234 listens, who is not root" in read(OUT))
    x.stop()
    planted.kill()


def journald():
    """The real journald takes it, and journalctl shows the fields."""
    os.makedirs("/run/systemd", exist_ok=True)
    for d in ("/run", "/var/log"):
        subprocess.run(["mount", "-t", "tmpfs", "none", d], check=True)
    os.makedirs("/run/systemd/journal")
    os.makedirs("/var/log/journal")
    journal = subprocess.Popen(["/lib/systemd/systemd-journald"], stderr=open(OUT, "a"))
    in_time("journald", lambda: os.path.exists("/run/systemd/journal/socket"))
    paled, x = started({"name": "journal", "type": "journald"})
    sent = [hostile_violation(n, s) for n, s in enumerate(HOSTILE)]
    paled.add(*sent)

    def kept():
        out = subprocess.run(["journalctl", "-o", "json", "--all", "--sync", "PALE_KIND=violation"], capture_output=True)
        out = subprocess.run(["journalctl", "-o", "json", "--all", "PALE_KIND=violation"], capture_output=True)
        return [json.loads(line) for line in out.stdout.splitlines()]
    in_time("all of them", lambda: len(kept()) == len(sent))
    for e, s in zip(kept(), HOSTILE):
        same((e["PRIORITY"], e["SYSLOG_IDENTIFIER"], e["PALE_NODE"], e["PALE_OPERATION"]), ("4", "pale", "node-1", "write"))
        same(json.loads(e["PALE_EVENT"])["object"], f"/{s}")
        if len(s) < 900:
            has(e["MESSAGE"], f"denied: write /{shown(s)}")
    # What is longer than a datagram may be goes as a file.
    long = violation(999, process={"executable": "/bin/long", "arguments": ["x" * 4096] * 100})
    paled.add(long)
    in_time("the long one", lambda: len(kept()) == len(sent) + 1)
    same(json.loads(kept()[-1]["PALE_EVENT"])["process"], long["process"])
    sent.append(long)
    # While it is away they wait.
    journal.kill()
    journal.wait()
    paled.add(violation(1000))
    in_time("a failure", lambda: "output journal: " in read(OUT))
    journal = subprocess.Popen(["/lib/systemd/systemd-journald"], stderr=open(OUT, "a"))
    in_time("the last one", lambda: len(kept()) == len(sent) + 1)
    x.stop()
    journal.kill()


def mistakes():
    """What is wrong is said with its place, and nothing begins."""
    for text, status, error in (
        ("outputs:\n  - name: a\n    type: webhok\n", 1, ":3:11: 'type' must be file, stdout, journald, syslog, webhook or otlp"),
        ("outputs:\n  - name: a\n    type: file\n    url: x\n", 1, ":4:5: file has no 'url'"),
    ):
        with open(CONFIG, "w") as f:
            f.write(text)
        for words in (["--check"], []):
            r = subprocess.run([f"{BUILD}/pale-export", "--config", CONFIG, "--state", STATE, *words], capture_output=True, text=True)
            same((r.returncode, r.stdout, r.stderr), (1 if words else 3, "", f"pale-export: {CONFIG}{error}\n"))
    configure({"name": "a", "type": "stdout"})
    r = subprocess.run([f"{BUILD}/pale-export", "--config", CONFIG, "--check"], capture_output=True, text=True)
    same((r.returncode, r.stdout, r.stderr), (0, f"{CONFIG}: 1 outputs\n", ""))
    for path, error in ((f"{TOP}/none", f"cannot read '{TOP}/none': No such file or directory"),):
        r = subprocess.run([f"{BUILD}/pale-export", "--config", path], capture_output=True, text=True)
        same((r.returncode, r.stderr), (3, f"pale-export: {error}\n"))
    configure({"name": "a", "type": "file", "path": "/nowhere/x"})
    r = subprocess.run([f"{BUILD}/pale-export", "--config", CONFIG, "--state", STATE], capture_output=True, text=True)
    same((r.returncode, r.stderr), (3, "pale-export: output a: open /nowhere/x: No such file or directory\n"))
    configure({"name": "a", "type": "stdout"}, metrics="192.0.2.1:9469")
    r = subprocess.run([f"{BUILD}/pale-export", "--config", CONFIG, "--state", STATE], capture_output=True, text=True)
    same((r.returncode, r.stderr), (3, "pale-export: metrics: listen on 192.0.2.1 port 9469: Cannot assign requested address\n"))


def chosen():
    """Kinds and profiles of one's own, and always what was lost."""
    all_of_it, some = Web(), Web()
    paled, x = started(webhook(all_of_it), webhook(some, "some", kinds=["violation"], profiles=["db"]))
    paled.add(violation(0), violation(1, profile="db"), {"time": stamp(BEGUN), "kind": "registered", "profile": "db"},
              {"time": stamp(BEGUN), "kind": "lost", "events": 3}, violation(2, profile="db"))
    in_time("them", lambda: len(all_of_it.events()) == 5 and len(some.events()) == 3)
    same([(e["kind"], e.get("profile")) for e in some.events()], [("violation", "db"), ("lost", None), ("violation", "db")])
    x.stop()


run([formats, tls, https, outage, reset, kill, kill_waiting, once, real, late, gap, cap, folds, retries, slow, resolver, full_disk, full_stdout, numbers_of_it,
     unprivileged, journald, mistakes, chosen])
