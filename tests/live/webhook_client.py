# SPDX-License-Identifier: Apache-2.0
"""Clients of the webhook that curl cannot be: webhook_client.py ACT PORT FOLDER SERVER"""
import concurrent.futures
import http.client
import json
import os
import shutil
import socket
import ssl
import subprocess
import sys
import time

ACT, PORT, FOLDER, SERVER = sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4]


def context(authority=None):
    return ssl.create_default_context(cafile=authority or FOLDER + "/ca.crt")


def connect(authority=None):
    c = http.client.HTTPSConnection("localhost", PORT, context=context(authority), timeout=30)
    c.connect()
    return c


def healthy(c):
    c.request("GET", "/healthz")
    r = c.getresponse()
    assert (r.status, r.read()) == (200, b"ok\n"), r.status


def told(line):
    """Whether the metrics have it."""
    c = connect()
    c.request("GET", "/metrics")
    return line in c.getresponse().read().decode().splitlines()


def shown():
    with socket.create_connection(("localhost", PORT), timeout=10) as s:
        anybody = ssl._create_unverified_context()
        with anybody.wrap_socket(s, server_hostname="localhost") as t:
            return t.getpeercert(binary_form=True)


def until(holds, why):
    for _ in range(150):
        if holds():
            return
        time.sleep(0.1)
    sys.exit(why)


def reload():
    connected, before = connect(), shown()
    healthy(connected)
    first = connected.sock
    shutil.copy(FOLDER + "/ca.crt", FOLDER + "/old.crt")
    subprocess.run([SERVER, "--certificates", FOLDER], check=True)
    until(lambda: shown() != before, "the certificate stays")
    healthy(connected)
    assert connected.sock is first, "the connection was made anew"
    healthy(connect())
    try:
        connect(FOLDER + "/old.crt")
        sys.exit("the authority before is still right")
    except ssl.SSLCertVerificationError:
        pass
    # And again, with the connection of two certificates ago.
    before = shown()
    subprocess.run([SERVER, "--certificates", FOLDER], check=True)
    until(lambda: shown() != before, "the second certificate stays")
    healthy(connected)
    assert connected.sock is first


def keep():
    before = shown()
    other = FOLDER + "/other"
    os.mkdir(other)
    subprocess.run([SERVER, "--certificates", other], check=True)
    os.rename(other + "/tls.key", FOLDER + "/tls.key")
    until(lambda: os.path.getsize(FOLDER + "/errors") > 0, "nothing is told")
    assert shown() == before
    healthy(connect())
    # Once the certificate is there, too, both are used.
    os.rename(other + "/tls.crt", FOLDER + "/tls.crt")
    until(lambda: shown() != before, "the certificate stays")


def is_closed(c, send, every):
    """Whether the server ends it: within thirty seconds, which it would not need."""
    c.sock.settimeout(every)
    for _ in range(int(30 / every)):
        try:
            if send:
                c.sock.sendall(send)
            if c.sock.recv(1) == b"":
                return True
        except (TimeoutError, socket.timeout):
            continue
        except OSError:
            return True
    return False


def drip():
    head = b"POST /mutate HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n"
    for send in (b"", b"{"):
        c = connect()
        c.sock.sendall(head)
        assert is_closed(c, send, 0.5), send
    assert told('pale_webhook_unread_total{reason="slow"} 2')
    # The head itself.
    c = connect()
    c.sock.sendall(head[:40])
    assert is_closed(c, b"", 0.5)
    # Byte by byte, as long as the server takes it.
    c = connect()
    c.sock.sendall(head[:40])
    assert is_closed(c, b"x", 0.5)
    # So with the handshake, whose first record may have 16 KiB.
    s = socket.create_connection(("localhost", PORT))
    s.sendall(b"\x16\x03\x01\x40\x00\x01\x00\x3f\xfc\x03\x03")
    c = http.client.HTTPConnection("localhost", PORT)
    c.sock = s
    assert is_closed(c, b"x", 0.5)
    healthy(connect())


def silent():
    quiet = [socket.create_connection(("localhost", PORT)) for _ in range(200)]
    healthy(connect())
    for s in quiet:
        s.close()


def many():
    review = {
        "kind": "AdmissionReview",
        "apiVersion": "admission.k8s.io/v1",
        "request": {
            "uid": "u",
            "namespace": "covered",
            "operation": "CREATE",
            "resource": {"group": "", "version": "v1", "resource": "pods"},
            "object": {"metadata": {"name": "p"}, "spec": {"containers": [{"name": "c"}]}},
        },
    }

    def one(i):
        review["request"]["uid"] = "u"
        body = json.dumps(review).replace('"u"', '"u%d"' % i)
        c = connect()
        for _ in range(3):
            c.request("POST", "/mutate", body, {"Content-Type": "application/json"})
            r = json.loads(c.getresponse().read())["response"]
            assert r["allowed"] and r["uid"] == "u%d" % i and r["patch"]
        return 1

    with concurrent.futures.ThreadPoolExecutor(200) as pool:
        assert sum(pool.map(one, range(200))) == 200


{"reload": reload, "keep": keep, "drip": drip, "silent": silent, "many": many}[ACT]()
