# SPDX-License-Identifier: Apache-2.0
"""The actions of the range: what an attacker has a process do, how it shows, and the policy of the service.

Numbers and techniques are those of MITRE ATT&CK for containers and Linux; some numbers have more than one row.

effect: how it is seen that the attack did what it is for; its status says nothing of that. What it gained for itself alone it
    has to print, the rest is looked at from outside of the container:
    secret          the run's secret stands in what the attack printed
    said TEXT       the attack printed that line after it had used what it got
    at least WORD N the attack printed WORD and a number not below N
    changed PATH    that file of the host's is not as it was
    appeared PATH   that path is there now, of the container's files or of the host's
    setuid PATH     that file has the set-user-ID bit
    reached NAME    that peer got something
    logged TEXT     the kernel logged it
    forged          the forged ARP reply was on the wire
rules: what the twin needs beside PLAIN; nothing in a policy is written for the attack.
lifted: the rules that allow the attack. With them the row must be missed; None: no rule can allow it, so that all is only
    audited (mode audit) there.
reports: patterns of "OPERATION OBJECT": each is told, once or more, and nothing else is. What comes first refuses, and is what
    tells: seccomp, of what the service needs no call for; then AppArmor; then BPF-LSM. Limits tell nothing.
process: which program is told of.
untold: why nothing is told of what is refused, where that is so; it is shown, and no row may be told of that has it.
"""

import dataclasses

THREATS = {
    "IV": "image vulnerability",
    "PE": "privilege escalation",
    "ES": "escape",
    "CI": "code injection",
    "HC": "host compromise",
    "RA": "resource abuse",
    "UA": "unauthorised access",
    "AA": "API abuse",
    "ST": "secret theft",
    "LM": "lateral movement",
    "EG": "egress",
    "MM": "man in the middle",
    "DS": "denial of service",
    "SC": "supply chain",
    "IN": "insider",
}

# What every twin's service does. The program, its files, its database.
PLAIN = """\
    include libc, null
    process {
        allow exec /usr/bin/range-action
        allow signal to self
    }
    file {
        allow read, write, create, delete /srv/app/data/**
        allow read /srv/app/data/
        allow read /etc/passwd
    }
    network { allow connect tcp 10.0.5.1:5432 }
"""


@dataclasses.dataclass
class Row:
    number: str
    technique: str
    name: str
    title: str
    threats: tuple
    effect: str
    reports: tuple
    lifted: str | None
    rules: str = ""
    untold: str = ""
    process: str = "range-action"


# Linux asks its own capabilities, LSM "capability", before any other module.
BY_CAPABILITIES = "the capability is missing, and BPF-LSM is not asked"

TOKEN = "/run/secrets/kubernetes.io/serviceaccount/token"

ROWS = [
    Row("1", "T1611", "runtime-exe", "writes the entering runtime's program by way of /proc (CVE-2019-5736)", ("ES",),
        "changed /srv/range/host/runtime", (), None, untold=BY_CAPABILITIES),
    Row("2", "T1611", "release-agent", "mounts a cgroup hierarchy and writes its release agent (CVE-2022-0492)", ("ES",),
        "changed /srv/range/cgroup/release_agent", ("syscall unshare",),
        None),
    Row("3", "T1611", "inherited-directory", "opens a host file by an inherited directory descriptor (CVE-2024-21626)", ("ES",),
        "secret", ("read (without a path: srv/range/host/secret)",), None),
    Row("4", "T1611", "core-pattern", "writes core_pattern (CVE-2025-31133 and its like)", ("ES",),
        "changed /proc/sys/kernel/core_pattern", ("write /proc/sys/kernel/core_pattern",),
        "file { allow write /proc/sys/kernel/core_pattern }"),
    Row("4", "T1611", "sysrq", "writes sysrq-trigger", ("ES",), "logged sysrq: HELP", ("write /proc/sysrq-trigger",),
        "file { allow write /proc/sysrq-trigger }"),
    Row("5", "T1611", "open-by-handle", "opens a host inode by its handle, open_by_handle_at", ("ES",), "secret",
        ("syscall open_by_handle_at",), None),
    Row("6", "T1611", "block-device", "makes a block device with mknod and reads it", ("ES",), "secret",
        (), "allow capability mknod", untold=BY_CAPABILITIES),
    Row("7", "T1611", "host-mounts", "enters the host's mount namespace with setns", ("ES",), "secret",
        (), None, untold=BY_CAPABILITIES),
    Row("8", "T1611", "shim", "connects to the abstract socket of containerd's shim (CVE-2020-15257)", ("ES",), "reached shim",
        ("syscall socket",),
        'network { allow connect unix "abstract:/containerd-shim/range.sock" }'),
    Row("9", "T1610", "runtime-socket", "connects to a mounted runtime socket", ("AA",), "reached runtime",
        ("syscall socket",), "network { allow connect unix /run/runtime.sock }"),
    Row("11", "T1068", "fsconfig", "fsopen and fsconfig in a new user namespace (CVE-2022-0185)", ("PE",), "said configured",
        ("syscall unshare",),
        "process { allow userns }; allow capability sys_admin; allow syscall unshare, fsopen, fsconfig; "
        "mount { allow mount tmpfs on /mnt }"),
    Row("12", "T1068", "dirty-pipe", "splices a read-only file into a filled pipe (CVE-2022-0847)", ("PE",), "said spliced",
        ("syscall splice",), "allow syscall splice"),
    Row("13", "T1068", "alg-socket", "AF_ALG socket, and a file spliced into it (CVE-2026-31431)", ("PE",), "said digest",
        ("syscall socket",), "network { allow socket alg }; allow syscall splice, bind, accept"),
    Row("16", "T1068", "bpf", "bpf(2): makes and uses a map", ("PE",), "said map", ("syscall bpf",),
        "allow syscall bpf; allow capability bpf, sys_admin"),
    Row("16", "T1068", "perf-event", "perf_event_open(2)", ("PE",), "said counter", ("syscall perf_event_open",),
        "allow syscall perf_event_open; allow capability perfmon, sys_admin"),
    Row("16", "T1068", "userfaultfd", "userfaultfd(2)", ("PE",), "said faults", ("syscall userfaultfd",),
        "allow syscall userfaultfd, ioctl"),
    Row("16", "T1068", "keys", "add_key(2) and keyctl(2)", ("PE",), "said key", ("syscall add_key",),
        "allow syscall add_key, keyctl"),
    Row("18", "T1548.001", "setuid", "sets the set-user-ID bit on a program", ("PE",), "setuid /srv/app/data/tool",
        ("syscall chmod",), "file { allow setattr /srv/app/data/tool }; allow capability fsetid"),
    Row("19", "T1055.008", "ptrace", "attaches to a sibling with ptrace and writes into it", ("CI",), "said poked",
        ("syscall ptrace",), "process { allow ptrace self }"),
    Row("20", "T1055.009", "proc-mem", "writes another process's /proc/PID/mem", ("CI",), "said poked",
        ("read /proc/*/mem", "write /proc/*/mem"),
        "process { allow ptrace self }; file { allow read, write /proc/*/mem }"),
    Row("20", "T1055.009", "vm-write", "process_vm_writev(2) into another process", ("CI",), "said poked",
        ("syscall process_vm_writev",), "process { allow ptrace self }"),
    Row("21", "T1620", "memfd", "executes a program from a memfd with execveat", ("CI",), "said ran",
        ("syscall memfd_create",), None),
    Row("22", "T1574.006", "preload", "writes /etc/ld.so.preload", ("CI",), "appeared /etc/ld.so.preload",
        ("create /etc/ld.so.preload",), "file { allow create, write /etc/ld.so.preload }"),
    Row("23", "T1059.004", "reverse-shell", "connects out and executes a shell on the connection", ("IV", "EG"), "reached shell",
        ("connect tcp 203.0.113.10:4444",),
        "network { allow connect tcp 203.0.113.10:4444 }; process { allow exec /usr/bin/sh }"),
    Row("24", "T1105", "drop-tmp", "writes a program to /tmp and executes it", ("IV",), "said ran", ("exec /tmp/dropped",),
        "process { allow exec drift /tmp/** }", "include tmp"),
    Row("24", "T1105", "drop-shm", "writes a program to /dev/shm and executes it", ("IV",), "said ran",
        ("exec /dev/shm/dropped",), "process { allow exec drift /dev/shm/** }",
        "file { allow read, write, create, delete /dev/shm/** }"),
    Row("26", "T1547.006", "module", "loads a kernel module with finit_module", ("HC",), "appeared /sys/module/dummy",
        ("syscall finit_module",), "allow capability sys_module; allow syscall finit_module"),
    Row("27", "T1053.003", "cron", "writes a cron file into a mounted host folder", ("HC",), "appeared /host/cron.d/job",
        ("create /host/cron.d/job",), "file { allow create, write /host/cron.d/job }"),
    Row("28", "T1529", "reboot", "reboot(2)", ("HC",), "changed /proc/sys/kernel/ctrl-alt-del",
        ("syscall reboot",), "allow capability sys_boot; allow syscall reboot"),
    Row("28", "T1529", "kexec", "kexec_load(2)", ("HC",), "said kexec", ("syscall kexec_load",),
        "allow capability sys_boot; allow syscall kexec_load"),
    Row("30", "T1496", "fork-storm", "forks 300 processes", ("RA",), "at least forked 300", (), "limit { processes 400 }",
        "limit { processes 16 }"),
    Row("31", "T1496", "spin", "takes a whole processor", ("RA",), "at least spun 80", (), "limit { cpu 200% }",
        "limit { cpu 30% }"),
    Row("31", "T1496", "grow", "grows by 256 MiB", ("RA",), "at least grown 256", (), "limit { memory 512M }",
        "limit { memory 64M }"),
    Row("31", "T1496", "miner", "connects to a miners' pool", ("RA", "EG"), "reached miner",
        ("connect tcp 203.0.113.10:3333",), "network { allow connect tcp 203.0.113.10:3333 }"),
    Row("32", "T1552.007", "token", "a helper reads the service account's token", ("UA", "ST"), "secret",
        ("read " + TOKEN,), "",
        f"file {{ allow read {TOKEN} }}\n    process {{ allow exec /usr/bin/range-helper as helper }}\n"
        # One filter is all that a process tree has: the helper may call what the service may.
        "    profile helper {\n        include libc, null\n"
        "        process { allow signal to self; allow exec /usr/bin/range-helper }\n"
        "        file { allow read, write, create, delete /srv/app/data/**@LIFTED@ }\n"
        "        network { allow connect tcp 10.0.5.1:5432 }\n    }", process="range-helper"),
    Row("33", "T1552.005", "metadata", "connects to the cloud's metadata address", ("ST",), "reached metadata",
        ("connect tcp 169.254.169.254:80",), "network { allow connect tcp 169.254.169.254:80 }"),
    Row("34", "T1613", "api-server", "connects to the cluster's API server", ("AA",), "reached api",
        ("connect tcp 10.96.0.1:443",), "network { allow connect tcp 10.96.0.1:443 }"),
    Row("35", "T1046", "kubelet", "sweeps over ports, then connects to the kubelet", ("LM",), "reached kubelet",
        tuple(f"connect tcp 10.0.5.1:{port}" for port in range(10240, 10251)), "network { allow connect tcp 10.0.5.1:10240-10250 }"),
    Row("37", "T1557.002", "arp", "sends a forged ARP reply from a packet socket", ("MM",), "forged",
        ("syscall socket",),
        "network { allow socket packet }; allow capability net_raw"),
    Row("38", "T1499", "connections", "holds 300 connections and as many descriptors", ("DS",), "at least held 300", (),
        "limit { open-files 1024 }", "limit { open-files 64 }"),
    Row("39", "T1195.002", "downloader", "a package's script has a shell download a program", ("SC", "EG"), "reached download",
        ("exec /usr/bin/sh",),
        "process { allow exec /usr/bin/{sh,range-helper} }; network { allow connect tcp 203.0.113.10:80 }"),
    Row("39", "T1195.002", "ssh-key", "a package's script writes an SSH key", ("SC",), "appeared /root/.ssh/authorized_keys",
        ("create /root/.ssh/authorized_keys",),
        "file { allow create, write /root/.ssh/authorized_keys }"),
    Row("40", "T1609", "environ", "a shell reads the service's environment, and erases its history", ("IN",), "secret",
        ("exec /usr/bin/sh",),
        "process { allow exec /usr/bin/{sh,range-helper}; allow ptrace self }; file { allow read /proc/*/environ }"),
]


def source(row, lifted=False):
    """The policy of a row, as a file; its profile has the row's name, "-lifted" when the attack is allowed."""
    rules, extra = row.rules, ""
    if lifted and row.lifted is None:
        extra = "    mode audit\n"
    elif lifted and row.lifted.startswith("limit"):
        rules = row.lifted
    elif lifted:
        extra = "".join(f"    {rule}\n" for rule in [row.lifted] if rule)
    rules = rules.replace("@LIFTED@", f", {TOKEN}" if lifted else "")
    name = row.name + ("-lifted" if lifted else "")
    body = PLAIN + (f"    {rules}\n" if rules else "") + extra
    return f"use base/libc, base/null, base/tmp\n\nprofile {name} {{\n{body}}}\n"
