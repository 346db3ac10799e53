# SPDX-License-Identifier: Apache-2.0
"""What confines the service, a column of the table each: how one command is run there. For the guest.

A container's files are an overlay over the image, of its own each time, and what Scene has on the host: its data, a folder of
the host's, a token, a runtime's socket. Descriptor 3 is a directory of the host's that whoever starts it left open.
"""

import json
import os
import subprocess

from scene import BUILD, HOST_TOOL, IMAGE, MOUNTS, RANGE, SECRET_NAME

PALED_RUN = f"{RANGE}/paled"

CRUN = ["crun", "--root", f"{RANGE}/crun"]
PALE_RUNTIME = [f"{BUILD}/pale-runtime", "--pale-runtime", "/usr/bin/crun", "--pale-socket", f"{PALED_RUN}/run",
                "--root", f"{RANGE}/crun"]

# Docker Engine's, oci/caps/defaults.go.
DOCKER_CAPABILITIES = ["CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FSETID", "CAP_FOWNER", "CAP_MKNOD", "CAP_NET_RAW", "CAP_SETGID",
                       "CAP_SETUID", "CAP_SETFCAP", "CAP_SETPCAP", "CAP_NET_BIND_SERVICE", "CAP_SYS_CHROOT", "CAP_KILL",
                       "CAP_AUDIT_WRITE"]
# Docker Engine's, oci/defaults.go; beside them only what mknod makes.
DOCKER_DEVICES = [("c", 1, 3), ("c", 1, 5), ("c", 1, 7), ("c", 1, 8), ("c", 1, 9), ("c", 5, 0), ("c", 5, 1), ("c", 5, 2),
                  ("c", 136, None), ("c", 10, 200)]


def all_capabilities():
    with open("/proc/sys/kernel/cap_last_cap") as f:
        last = int(f.read())
    names = subprocess.run(["capsh", f"--decode={(1 << (last + 1)) - 1:x}"], capture_output=True, text=True, check=True)
    return [name.strip().upper() for name in names.stdout.split("=", 1)[1].split(",")]


def oci_seccomp(path, capabilities):
    """The profile as an engine hands it to the runtime: conditions decided, for this machine. All kernels here are newer than
    those that it asks for."""
    with open(path) as f:
        profile = json.load(f)
    calls = []
    for call in profile["syscalls"]:
        includes, excludes = call.get("includes") or {}, call.get("excludes") or {}
        if "arches" in includes and "amd64" not in includes["arches"]:
            continue
        if any(c not in capabilities for c in includes.get("caps") or []):
            continue
        if any(c in capabilities for c in excludes.get("caps") or []) or "amd64" in (excludes.get("arches") or []):
            continue
        calls.append({k: call[k] for k in ("names", "action", "errnoRet", "args") if call.get(k) is not None})
    return {"defaultAction": profile["defaultAction"], "defaultErrnoRet": profile.get("defaultErrnoRet", 1),
            "architectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"], "syscalls": calls}


class Container:
    """One that crun starts; bare: all capabilities, no filter, no security module, no namespace but its mounts."""

    name = "bare"
    title = "bare"
    what = "crun: root with every capability, in a mount namespace and nothing else"
    runtime = CRUN
    user = 0
    wrapper = []
    namespace = None  # of its network

    def __init__(self):
        self.capabilities = all_capabilities()

    def begin(self):
        pass

    def mounts(self, spec):
        # Docker's would be noexec.
        for mount in spec["mounts"]:
            if mount["destination"] == "/dev/shm":
                mount["options"] = ["nosuid", "nodev", "mode=1777", "size=65536k"]
            if mount["destination"] == "/sys":
                mount["options"] = ["nosuid", "noexec", "nodev"]
        spec["mounts"] = [m for m in spec["mounts"] if m["destination"] != "/dev/mqueue" and m["type"] != "cgroup"]

    def configure(self, spec, row, kind):
        # paled takes no privileged container, which one with every capability and nothing masked would be.
        spec["linux"] = {"namespaces": [{"type": "mount"}], "maskedPaths": ["/proc/scsi"],
                         "resources": {"devices": [{"allow": True, "access": "rwm"}]}}
        self.mounts(spec)

    def settle(self, spec, root, command):
        spec["root"] = {"path": root, "readonly": False}
        spec["process"] = {"terminal": False, "user": {"uid": 0, "gid": 0}, "cwd": "/", "noNewPrivileges": False,
                           "args": command, "env": ["PATH=/usr/bin:/bin"],
                           "capabilities": {s: self.capabilities for s in ("bounding", "effective", "permitted")}}
        spec.pop("hostname", None)

    def argv(self, row, kind, run):
        os.makedirs(f"{run.dir}/upper")
        os.makedirs(f"{run.dir}/work")
        os.makedirs(f"{run.dir}/rootfs")
        subprocess.run(["mount", "-t", "overlay", "-o",
                        f"lowerdir={IMAGE},upperdir={run.dir}/upper,workdir={run.dir}/work", "overlay", f"{run.dir}/rootfs"],
                       check=True)
        run.rootfs = f"{run.dir}/rootfs"
        run.mounted.append(run.rootfs)
        with open(f"{RANGE}/spec.json") as f:
            spec = json.load(f)
        self.settle(spec, run.rootfs, self.wrapper + run.command)
        spec["process"]["env"].append(f"{SECRET_NAME}={run.secret}")
        self.configure(spec, row, kind)
        for source, place in MOUNTS:
            spec["mounts"].append({"destination": place, "source": source, "type": "bind", "options": ["rbind", "rw"]})
        spec["linux"]["cgroupsPath"] = f"/range/{run.id}"
        with open(f"{run.dir}/config.json", "w") as f:
            json.dump(spec, f)
        return self.runtime + ["run", "--preserve-fds", "1", "--bundle", run.dir, run.id]


class Docker(Container):
    name = "docker"
    title = "Docker's default"
    what = ("crun with Docker's capabilities, devices, masked paths, seccomp and AppArmor profiles, in namespaces and on a "
            "network of its own")
    seccomp = f"{BUILD}/range/docker-seccomp.json"
    namespace = "docker"

    def __init__(self):
        super().__init__()
        self.capabilities = DOCKER_CAPABILITIES

    def begin(self):
        here = os.path.dirname(os.path.realpath(__file__))
        subprocess.run(["apparmor_parser", "-rK", f"{here}/docker-default"], check=True)


    def configure(self, spec, row, kind):
        linux = spec["linux"]
        devices = [{"allow": False, "access": "rwm"}, {"allow": True, "type": "c", "access": "m"},
                   {"allow": True, "type": "b", "access": "m"}]
        for type_, major, minor in DOCKER_DEVICES:
            rule = {"allow": True, "type": type_, "major": major, "access": "rwm"}
            devices.append(rule if minor is None else rule | {"minor": minor})
        spec["linux"] = {
            "namespaces": [{"type": t} for t in ("mount", "pid", "ipc", "uts", "cgroup")] +
            [{"type": "network", "path": "/run/netns/docker"}],
            "maskedPaths": linux["maskedPaths"], "readonlyPaths": linux["readonlyPaths"],
            "resources": {"devices": devices},
            "seccomp": oci_seccomp(self.seccomp, self.capabilities)}
        spec["process"]["apparmorProfile"] = "docker-default"


class Containers(Docker):
    name = "containers"
    title = "Podman's filter"
    what = "the same with the seccomp profile of containers-common, which is Podman's and CRI-O's"
    seccomp = "/usr/share/containers/seccomp.json"


class Landlock(Container):
    name = "landlock"
    title = "Landlock"
    what = "bare, under file rules of Landlock alone: everything may be read and run, only the folders of data may be written"
    wrapper = [HOST_TOOL, "landlock"]


class Pale(Container):
    name = "pale"
    title = "Pale"
    what = "bare, under pale-runtime and paled: BPF-LSM, AppArmor, seccomp, capabilities and limits of the service's policy"
    runtime = PALE_RUNTIME
    suffix = ""

    def configure(self, spec, row, kind):
        super().configure(spec, row, kind)
        spec["annotations"] = {"pale.dev/profile": row.name + self.suffix}


class Lifted(Pale):
    name = "lifted"
    title = "Pale, lifted"
    what = "Pale, where the policy allows the attack"
    suffix = "-lifted"


class Bubblewrap:
    name = "bubblewrap"
    title = "bubblewrap"
    what = "bwrap --unshare-all --share-net --new-session, an image that is read only, as a user without privilege"
    user = 1000
    namespace = None

    def begin(self):
        pass

    def argv(self, row, kind, run):
        run.rootfs = IMAGE
        binds = [word for source, place in MOUNTS for word in ("--bind", source, place)]
        return ["setpriv", "--reuid", "1000", "--regid", "1000", "--clear-groups", "bwrap", "--unshare-all", "--share-net",
                "--die-with-parent", "--new-session", "--ro-bind", IMAGE, "/", "--proc", "/proc", "--dev", "/dev", "--tmpfs",
                "/tmp", *binds, "--setenv", SECRET_NAME, run.secret, "--", *run.command]


class Firejail:
    name = "firejail"
    title = "firejail"
    what = "firejail with its default profile, on the guest's own files, as a user without privilege"
    user = 1000
    namespace = None

    def begin(self):
        pass

    def argv(self, row, kind, run):
        run.rootfs = "/"
        return ["setpriv", "--reuid", "1000", "--regid", "1000", "--clear-groups", "env", "HOME=/home/range",
                f"{SECRET_NAME}={run.secret}", "firejail", "--quiet", "--profile=/etc/firejail/default.profile", "--",
                *run.command]


ENGINES = [Container, Docker, Containers, Bubblewrap, Firejail, Landlock, Pale, Lifted]
