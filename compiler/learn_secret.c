/* SPDX-License-Identifier: Apache-2.0 */
/* What is worth a word when it is learned, and what no glob that was learned may reach. */
#include "compiler/learn_internal.h"

#include <fnmatch.h>
#include <string.h>

/* fnmatch(3) patterns of single components: of any, and of the last. */
static const char *const secret_folders[] = { ".ssh", ".gnupg", ".aws", ".azure", ".kube",
	".docker", ".password-store", "private", "secrets", "secret", "keyrings", "serviceaccount",
	"credstore" };
static const char *const secret_files[] = { "shadow", "shadow-", "gshadow", "gshadow-", "sudoers",
	"opasswd", "id_rsa*", "id_dsa*", "id_ecdsa*", "id_ed25519*", "ssh_host_*_key", "*.key",
	"*.keytab", "*.kdbx", "*.pfx", "*.p12", "*.jks", "*[_-]key.pem", "*privkey*", "*.netrc",
	".netrc", ".pgpass", ".my.cnf", ".git-credentials", ".htpasswd", "*token*", "*credential*",
	"*password*", "*passwd*-", ".env", ".bash_history", "kcore", "kmem", "mem", "docker.sock",
	"containerd.sock", "crio.sock", "podman.sock", "buildkitd.sock", "system_bus_socket" };

const char *const learn_secret_samples[] = {
	"/etc/shadow",
	"/etc/shadow-",
	"/etc/gshadow",
	"/etc/sudoers",
	"/etc/sudoers.d/admins",
	"/etc/security/opasswd",
	"/etc/krb5.keytab",
	"/etc/ssh/ssh_host_ed25519_key",
	"/etc/ssl/private/server.key",
	"/etc/pki/tls/private/server.key",
	"/etc/letsencrypt/live/example.org/privkey.pem",
	"/etc/kubernetes/pki/ca.key",
	"/etc/kubernetes/admin.conf",
	"/root/.ssh/id_ed25519",
	"/root/.ssh/authorized_keys",
	"/root/.aws/credentials",
	"/root/.kube/config",
	"/root/.docker/config.json",
	"/root/.git-credentials",
	"/root/.netrc",
	"/root/.bash_history",
	"/home/ada/.ssh/id_rsa",
	"/home/ada/.aws/credentials",
	"/run/secrets/kubernetes.io/serviceaccount/token",
	"/run/secrets/db-password",
	"/var/run/secrets/kubernetes.io/serviceaccount/token",
	"/run/credentials/web.service/key",
	"/run/docker.sock",
	"/run/containerd/containerd.sock",
	"/run/crio/crio.sock",
	"/run/podman/podman.sock",
	"/run/dbus/system_bus_socket",
	"/run/systemd/private",
	"/var/lib/kubelet/pki/kubelet-client-current.pem",
	"/var/lib/docker/swarm/certificates/swarm-node.key",
	"/proc/1/mem",
	"/proc/1/environ",
	"/proc/1/maps",
	"/proc/1/root/etc/passwd",
	"/proc/4711/mem",
	"/proc/4711/environ",
	"/proc/4711/root/etc/passwd",
	"/proc/kcore",
	"/dev/mem",
	"/dev/kmem",
	"/dev/sda",
	NULL,
};

#define N(a) (sizeof(a) / sizeof(*(a)))

static bool matches(const char *name, const char *const *patterns, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (fnmatch(patterns[i], name, 0) == 0)
			return true;
	}
	return false;
}

/* "/proc/123/": the length of that, 0 for anything else. */
static uint32_t process_folder(const char *path, uint32_t len)
{
	static const char proc[] = "/proc/";
	uint32_t at = sizeof(proc) - 1, begin = at;

	if (len <= at || memcmp(path, proc, at) != 0)
		return 0;
	while (at < len && path[at] >= '0' && path[at] <= '9')
		at++;
	return at > begin && at < len && path[at] == '/' ? at + 1 : 0;
}

bool learn_is_foreign_memory(const char *path, uint32_t len)
{
	static const char *const names[] = { "mem", "environ", "maps", "smaps", "smaps_rollup",
		"numa_maps", "auxv", "pagemap", "stack", "syscall", "clear_refs", "fd", "fdinfo",
		"map_files", "root", "cwd", "exe", "ns", "attr" };
	uint32_t at = process_folder(path, len), n = 0;

	while (at && at + n < len && path[at + n] != '/')
		n++;
	for (size_t i = 0; at && i < N(names); i++) {
		if (strlen(names[i]) == n && !memcmp(names[i], path + at, n))
			return true;
	}
	return false;
}

bool learn_is_secret(const char *path, uint32_t len)
{
	char name[256];

	if (learn_is_foreign_memory(path, len))
		return true;
	/* Libraries of keys and tokens are none. */
	if (len > 5 && !memcmp(path, "/usr/", 5))
		return false;
	for (uint32_t at = 0; at < len;) {
		uint32_t n = 0;
		bool last;

		while (at + n < len && path[at + n] != '/')
			n++;
		last = at + n >= len;
		if (n < sizeof(name)) {
			memcpy(name, path + at, n);
			name[n] = 0;
			if (last ? matches(name, secret_files, N(secret_files))
				 : matches(name, secret_folders, N(secret_folders)))
				return true;
		}
		at += n + 1;
	}
	return false;
}
