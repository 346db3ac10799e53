# SPDX-License-Identifier: Apache-2.0
"""Random configuration of containerd and Docker: pale install-runtime adds what it says and nothing else, a second time changes
nothing, and pale uninstall-runtime gives back what was there, with what was changed elsewhere in the meantime. What containerd's file
means is asked of containerd.

    engine_configs.py PALE ROOT SEED N
"""
import json, os, random, subprocess, sys, tomllib

pale, root, seed, n = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
random.seed(seed)
ours = {"path": "/usr/bin/pale-runtime"}
CRI = "io.containerd.grpc.v1.cri"


def run(*words, status=0):
    done = subprocess.run([pale, *words, "--root", root], capture_output=True, text=True)
    assert done.returncode == status, (words, done, seed)
    return done


def read(path):
    with open(root + path, "rb") as f:
        return f.read()


def write(path, content):
    with open(root + path, "wb") as f:
        f.write(content)


def docker_config():
    value = lambda: random.choice([True, 1.50, "a\"\\}{,é", [], {}, [1, {"runtimes": {"pale": 2}}], {"default-runtime": "kata"}, None])
    c = [(k, value()) for k in random.sample(["debug", "log-opts", "labels", "data-root", "é\"", "hosts"], random.randint(0, 4))]
    if random.random() < 0.5:
        c.append(("runtimes", {k: {"path": "/usr/bin/" + k} for k in random.sample(["crun", "kata", "runsc"], random.randint(0, 3))}))
    if random.random() < 0.5:
        c.append(("default-runtime", random.choice(["runc", "crun", "pal\u00e9"])))
    random.shuffle(c)
    text = json.dumps(
        dict(c),
        indent=random.choice([None, None, 0, 2, 4, "\t"]),
        separators=random.choice([None, (",", ":"), (" ,", " : ")]),
        ensure_ascii=random.random() < 0.5,
    )
    if random.random() < 0.3:
        text = text.replace('"runtimes"', '"runtim\\u0065s"')
    return (random.choice(["", " ", "\n\t"]) + text + random.choice(["", "\n", " \r\n"])).encode()


def docker_expected(before, default):
    after = json.loads(before)
    after.setdefault("runtimes", {})["pale"] = ours
    if default:
        after["default-runtime"] = "pale"
    return after


def containerd_config():
    blocks = [
        f'[plugins."{CRI}"]\nsandbox_image = "mine" # and no other\n',
        f"  [plugins.'{CRI}'.cni]\n    bin_dir = '/usr/lib/cni'\n",
        '[plugins."io.containerd.internal.v1.opt"]\npath = "/opt"\n',
        "[grpc]\nmax_recv_message_size = 1_000\n",
        '[timeouts]\n"io.containerd.timeout.shim.load" = """5s"""\n',
    ]
    handlers = f'plugins."{CRI}".containerd.runtimes'
    chosen = random.sample(blocks, random.randint(0, len(blocks)))
    default = "runc"
    if random.random() < 0.5:
        names = random.sample(["runc", "kata", "crun"], random.randint(1, 3))
        default = names[0]
        for name in names:
            b = f'[{handlers}.{name}]\nruntime_type = "io.containerd.runc.v2"\n'
            if random.random() < 0.5:
                b += f'base_runtime_spec = "/etc/{name}.json"\n'
            kind = random.random()
            if kind < 0.3:
                b += f"options = {{ SystemdCgroup = true, BinaryName = '{name}' }}\n"
            elif kind < 0.6:
                b += f"[{handlers}.{name}.options]\nSystemdCgroup = {random.choice(['true', 'false'])}\nShimCgroup = 'a\"b'\n"
            chosen.append(b)
        chosen.append(f'[plugins."{CRI}".containerd]\ndefault_runtime_name = "{default}"\n')
    random.shuffle(chosen)
    text = "# mine\nversion = 2\n" + random.choice(["", "\n", "\r\n"]).join(chosen)
    return text.rstrip("\n").encode() if random.random() < 0.4 else text.encode()


def dump():
    text = subprocess.run(["containerd", "-c", root + "/etc/containerd/config.toml", "config", "dump"], capture_output=True, check=True)
    return tomllib.loads(text.stdout.decode())


def handlers_of(config):
    return config["plugins"][CRI]["containerd"]["runtimes"]


def check_containerd(before, after):
    had = handlers_of(before)
    pale_handler = handlers_of(after).pop("pale")
    # Containerd's own has its options filled in with what they are without any.
    for config in (before, after):
        for handler in handlers_of(config).values():
            handler["options"] = {k: v for k, v in handler["options"].items() if v not in ("", 0, False)}
    assert before == after, (before, after, seed)
    runc = had.get("runc", {"options": {}})
    options = pale_handler["options"]
    assert options.pop("BinaryName") == "/usr/bin/pale-runtime"
    assert {k: v for k, v in options.items() if v} == {k: v for k, v in runc["options"].items() if v and k != "BinaryName"}, (options, runc)
    assert pale_handler["runtime_type"] == "io.containerd.runc.v2"
    assert pale_handler["pod_annotations"] == pale_handler["container_annotations"] == ["pale.dev/*", "*.pale.dev/*"]
    assert pale_handler["base_runtime_spec"] == runc.get("base_runtime_spec", "")


def edited_elsewhere(path, config):
    """What somebody may do to the file: to it as it is, and to what it was before."""
    if path.endswith(".json"):
        return lambda t: b"\n" + t + b"\n"
    kind = random.random()
    if kind < 0.5:
        return lambda t: b"# changed\n" + t
    tail = b"[debug]\nlevel = 'info'\n"
    return lambda t: t + (b"" if t.endswith(b"\n") else b"\n") + tail


docker, containerd = "/etc/docker/daemon.json", "/etc/containerd/config.toml"
for i in range(n):
    before = {docker: docker_config(), containerd: containerd_config()}
    for path, content in before.items():
        write(path, content)
        os.chmod(root + path, 0o640)
    default = random.random() < 0.5
    install = ["install-runtime", "--engine", "containerd,docker", "--runtime", "/usr/bin/pale-runtime"] + ["--default"] * default
    dumped = dump()
    run(*install, "--dry-run")
    assert before == {p: read(p) for p in before}
    run(*install)
    after = {p: read(p) for p in before}
    got = json.loads(after[docker])
    assert list(got.items()) == list(docker_expected(before[docker], default).items()), (before[docker], after[docker], seed)
    check_containerd(dumped, dump())
    told = run(*install)
    assert told.stdout.count("already installed") == 2, told
    assert after == {p: read(p) for p in before}
    if random.random() < 0.3:
        # With other options, and back.
        run("install-runtime", "--engine", "docker", "--runtime", "/usr/bin/other-runtime")
        assert json.loads(read(docker))["runtimes"]["pale"] == {"path": "/usr/bin/other-runtime"}
        run(*install)
        assert after == {p: read(p) for p in before}
    for path in before:
        if random.random() < 0.5:
            edit = edited_elsewhere(path, after[path])
            write(path, edit(after[path]))
            before[path] = edit(before[path])
    run("uninstall-runtime")
    for path, content in before.items():
        assert read(path) == content, (path, content, after[path], read(path), seed)
        assert os.stat(root + path).st_mode & 0o777 == 0o640
    assert not os.path.exists(root + "/etc/pale")
print(f"{n} configurations, seed {seed}")
