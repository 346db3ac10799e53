/* SPDX-License-Identifier: Apache-2.0 */
/* What an audit tells, in each of its forms, and what mounts of a container are of the node. */
#include "compiler/base/cleanup.h"
#include "enforcer/node_paths.h"
#include "enforcer/posture/node_mounts.h"
#include "enforcer/posture/posture.h"
#include "enforcer/posture/probe.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <errno.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

/* ---- the report */

static json_t *finding(enum control c, const char *name, const char *container)
{
	return finding_new(c, &(struct finding_place){ .kind = "Pod",
				      .namespace = "shop",
				      .name = name,
				      .container = container,
				      .place = "init container" });
}

static void fill(struct posture *p)
{
	json_t *f;

	posture_init(p);
	for (int i = 0; i < 3; i++) {
		f = finding(CONTROL_NO_SECCOMP, "b", "c\x1b[31m");
		finding_evidence(f, NULL, "spec.x[%d]", 1);
		finding_evidence(f, NULL, "spec.x[%d]", 1);
		finding_evidence(f, json_string("Unconfined"), "spec.y");
		posture_add(p, f);
	}
	f = finding(CONTROL_PRIVILEGED, "b", "c");
	finding_evidence(f, json_true(), "spec.p");
	finding_patch(f, json_pack("{s:b}", "p", 0));
	finding_create(f, json_pack("{s:s}", "kind", "X"));
	posture_add(p, f);
	f = finding(CONTROL_HOST_PATH, "a", "c");
	finding_severity(f, CONTROL_LOW);
	posture_add(p, f);
	p->containers = 2;
	p->objects = 1;
}

static void is_text(const struct posture *p, const char *expected)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;

	posture_text(p, &t);
	if (strcmp(text_str(&t), expected) != 0)
		fail_msg("printed:\n%s\nexpected:\n%s", text_str(&t), expected);
}

static void a_report_for_people(void **state)
{
	_cleanup_(posture_release) struct posture p;

	fill(&p);
	posture_unseen(&p, "container %s: %s", "x", "no\n");
	posture_note(&p, "what lies beyond");
	posture_finish(&p, CONTROL_MEDIUM);
	is_text(&p,
		"SEVERITY   CONTROL      CIS     OBJECT                CONTAINER                   "
		" EVIDENCE\n"
		"critical   privileged   5.2.2   shop/Pod/b            c (init container)          "
		" spec.p: true\n"
		"medium     no-seccomp   5.7.2   shop/Pod/b (3 pods)   c\\x1b[31m (init container) "
		"  spec.x[1]: not set, spec.y: Unconfined\n"
		"\n"
		"privileged, CIS 5.2.2: The container is privileged.\n"
		"    It has all capabilities and all devices, and neither seccomp nor masked\n"
		"    files hold it: root in it is root of the node.\n"
		"    mend: Set securityContext.privileged to false and add the capabilities that\n"
		"          it needs; with an engine, leave --privileged away.\n"
		"    pale: paled refuses privileged containers, since no policy can hold one.\n"
		"    shop/Pod/b: patch {\"p\":false}\n"
		"    shop/Pod/b: create {\"kind\":\"X\"}\n"
		"\n"
		"no-seccomp, CIS 5.7.2 (5.6.2 in 1.11): No seccomp filter holds the container.\n"
		"    It can make each call that the kernel has, also those by which kernels are\n"
		"    attacked.\n"
		"    mend: Set seccompProfile.type to RuntimeDefault, or Localhost with a\n"
		"          profile; with an engine, leave seccomp=unconfined away.\n"
		"    pale: Each policy brings a filter of the calls that its rules need.\n"
		"\n"
		"could not be looked at: container x: no\\x0a\n"
		"not looked at: what lies beyond\n"
		"2 findings: 1 critical, 1 medium; 2 containers of 1 object looked at\n");
}

/* Above all that each is counted once, and in which order they stand. */
static void findings_are_merged_sorted_and_left_out(void **state)
{
	_cleanup_(posture_release) struct posture p, worse;

	fill(&p);
	posture_finish(&p, CONTROL_LOW);
	assert_int_equal(json_array_size(p.findings), 3);
	assert_int_equal(finding_control(json_array_get(p.findings, 0)), CONTROL_PRIVILEGED);
	assert_int_equal(finding_control(json_array_get(p.findings, 1)), CONTROL_NO_SECCOMP);
	assert_int_equal(finding_control(json_array_get(p.findings, 2)), CONTROL_HOST_PATH);
	assert_int_equal(
		json_integer_value(json_object_get(json_array_get(p.findings, 1), "pods")), 3);
	assert_int_equal(finding_severity_of(json_array_get(p.findings, 2)), CONTROL_LOW);
	fill(&worse);
	posture_finish(&worse, CONTROL_CRITICAL);
	assert_int_equal(json_array_size(worse.findings), 1);
}

static void the_status_says_what_was_found_and_what_was_not_seen(void **state)
{
	_cleanup_(posture_release) struct posture p, found;

	posture_init(&p);
	assert_int_equal(posture_status(&p), STATUS_OK);
	posture_note(&p, "by choice");
	assert_int_equal(posture_status(&p), STATUS_OK);
	posture_unseen(&p, "against its will");
	assert_int_equal(posture_status(&p), STATUS_HOST);
	fill(&found);
	assert_int_equal(posture_status(&found), STATUS_POLICY);
	posture_unseen(&found, "against its will");
	assert_int_equal(posture_status(&found), STATUS_HOST);
}

static void sarif_names_rules_by_their_index(void **state)
{
	_cleanup_(posture_release) struct posture p;
	const json_t *run, *rules, *f;
	json_t *o;
	size_t i;

	fill(&p);
	posture_unseen(&p, "x");
	posture_finish(&p, CONTROL_LOW);
	o = posture_sarif(&p, "pale audit");
	run = json_array_get(json_object_get(o, "runs"), 0);
	rules = json_object_get(json_object_get(json_object_get(run, "tool"), "driver"), "rules");
	assert_int_equal(json_array_size(rules), CONTROL_COUNT);
	json_array_foreach (json_object_get(run, "results"), i, f) {
		const json_t *rule = json_array_get(
			rules, (size_t)json_integer_value(json_object_get(f, "ruleIndex")));

		assert_true(json_equal(json_object_get(rule, "id"), json_object_get(f, "ruleId")));
	}
	assert_int_equal(i, 3);
	/* 3.20.14: it is not all there is. */
	assert_true(json_is_false(json_object_get(
		json_array_get(json_object_get(run, "invocations"), 0), "executionSuccessful")));
	json_decref(o);
}

static void identifiers_are_distinct(void **state)
{
	for (int a = 0; a < CONTROL_COUNT; a++) {
		assert_non_null(controls[a].id);
		for (int b = 0; b < a; b++)
			assert_string_not_equal(controls[a].id, controls[b].id);
	}
}

/* ---- mounts */

#define NODE                                                                                       \
	"22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n"                                  \
	"23 22 0:21 / /proc rw - proc proc rw\n"                                                   \
	"24 22 0:22 / /run rw,nosuid shared:5 - tmpfs tmpfs rw,size=1\n"                           \
	"25 22 8:2 / /srv/my\\040data rw - xfs /dev/sda2 rw\n"                                     \
	"26 22 8:1 /var/lib/mysql /mnt/db rw - ext4 /dev/sda1 rw\n"                                \
	"27 22 0:6 / /dev rw - devtmpfs udev rw\n"

static void paths_on_the_node_follow_from_devices(void **state)
{
	static const struct {
		const char *line, *path;
	} cases[] = {
		{ "40 39 8:1 /srv/data /data rw - ext4 /dev/sda1 rw", "/srv/data" },
		{ "40 39 8:1 / /host ro - ext4 /dev/sda1 rw", "/" },
		{ "40 39 8:1 /etc/passwd /data rw shared:1 master:2 - ext4 /dev/sda1 rw",
			"/etc/passwd" },
		{ "40 39 0:22 /docker.sock /s rw - tmpfs tmpfs rw", "/run/docker.sock" },
		{ "40 39 0:22 / /var/run rw - tmpfs tmpfs rw", "/run" },
		{ "40 39 8:2 /a\\134b /d rw - xfs /dev/sda2 rw", "/srv/my data/a\\b" },
		/* The longest of those that it can be. */
		{ "40 39 8:1 /var/lib/mysql/x /d rw - ext4 /dev/sda1 rw", "/mnt/db/x" },
		{ "40 39 8:1 /var/lib/mysqlx /d rw - ext4 /dev/sda1 rw", "/var/lib/mysqlx" },
		/* The container's own. */
		{ "40 39 0:99 / / rw - overlay overlay rw,lowerdir=/x", NULL },
		{ "40 39 8:1 /var/lib/machines/c / rw - ext4 /dev/sda1 rw", NULL },
		{ "40 39 0:21 / /proc rw - proc proc rw", NULL },
		{ "40 39 0:98 / /tmp rw - tmpfs tmpfs rw", NULL },
		{ "40 39 0:6 /null /dev/null rw - devtmpfs udev rw", NULL },
		{ "40 39 0:6 /null /proc/kcore rw - devtmpfs udev rw", NULL },
		{ "40 39 8:1 /var/lib/docker/containers/0a/hosts /etc/hosts rw - ext4 /dev/sda1 rw",
			NULL },
		{ "40 39 8:1 /var/lib/kubelet/pods/u/volumes/k/v /data rw - ext4 /dev/sda1 rw",
			NULL },
		{ "40 39 8:1 /var/lib/kubelet/pods/u/etc-hosts /etc/hosts rw - ext4 /dev/sda1 rw",
			NULL },
		{ "40 39 8:1 /var/lib/docker/volumes/v/_data /data rw - ext4 /dev/sda1 rw", NULL },
		{ "40 39 8:1 /var/lib/containerd/io.containerd.grpc.v1.cri/sandboxes/0a/hostname "
		  "/etc/hostname rw - ext4 /dev/sda1 rw",
			NULL },
		{ "40 39 0:22 /containerd/io.containerd.grpc.v1.cri/sandboxes/0a/shm /dev/shm rw "
		  "- tmpfs tmpfs rw",
			NULL },
		{ "40 39 0:22 /containers/storage/overlay-containers/0a/userdata/resolv.conf "
		  "/etc/resolv.conf rw - tmpfs tmpfs rw",
			NULL },
		/* And not. */
		{ "40 39 8:1 / / rw - ext4 /dev/sda1 rw", "/" },
		{ "40 39 0:21 / /host/proc rw - proc proc rw", "/proc" },
		{ "40 39 0:6 /sda /dev/sda rw - devtmpfs udev rw", "/dev/sda" },
		{ "40 39 0:6 / /dev rw - devtmpfs udev rw", "/dev" },
		{ "40 39 0:6 /null /data/null rw - devtmpfs udev rw", "/dev/null" },
		{ "40 39 8:1 /var/lib/docker /d rw - ext4 /dev/sda1 rw", "/var/lib/docker" },
		{ "40 39 8:1 /var/lib/docker/overlay2 /d rw - ext4 /dev/sda1 rw",
			"/var/lib/docker/overlay2" },
		{ "40 39 8:1 /var/lib/docker/containers/0a /d rw - ext4 /dev/sda1 rw",
			"/var/lib/docker/containers/0a" },
		{ "40 39 8:1 /var/lib/containerd/io.containerd.grpc.v1.cri/sandboxes /d rw - ext4 "
		  "/dev/sda1 rw",
			"/var/lib/containerd/io.containerd.grpc.v1.cri/sandboxes" },
		{ "40 39 0:22 /containerd/io.containerd.runtime.v2.task/k8s.io /d rw - tmpfs tmpfs "
		  "rw",
			"/run/containerd/io.containerd.runtime.v2.task/k8s.io" },
		{ "40 39 8:1 /var/lib/kubelet/pods/u /d rw - ext4 /dev/sda1 rw",
			"/var/lib/kubelet/pods/u" },
		{ "40 39 8:1 /var/lib/kubelet/pods /d rw - ext4 /dev/sda1 rw",
			"/var/lib/kubelet/pods" },
		{ "40 39 8:1 /var/lib/kubelet/pki /d rw - ext4 /dev/sda1 rw",
			"/var/lib/kubelet/pki" },
	};
	_cleanup_(mounts_release) struct mounts node = { 0 };

	mounts_parse(NODE, &node);
	assert_int_equal(node.n, 6);
	assert_string_equal(node.v[3].point, "/srv/my data");
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		_cleanup_(mounts_release) struct mounts m = { 0 };
		_cleanup_free_ char *path = NULL;

		mounts_parse(cases[i].line, &m);
		assert_int_equal(m.n, 1);
		path = mount_host_path(&node, &m.v[0]);
		if (!cases[i].path != !path || (path && strcmp(path, cases[i].path) != 0))
			fail_msg("%s: %s", cases[i].line, path ? path : "nothing of the node's");
	}
}

static void lines_that_are_none_are_left_out(void **state)
{
	_cleanup_(mounts_release) struct mounts m = { 0 };

	mounts_parse(
		"\n36 35 98:0\n1 2 3:4 / /a rw\n1 2 3:4 / /b rw -\n1 2 3:4 / /c ro,rox - x y rw\n"
		"1 2 3:4 / /c/d rox - x y ro",
		&m);
	assert_int_equal(m.n, 2);
	assert_true(m.v[0].read_only);
	assert_false(m.v[1].read_only);
	assert_ptr_equal(mounts_at(&m, "/c"), &m.v[0]);
	assert_null(mounts_at(&m, "/"));
	assert_true(mounts_below(&m, "/c"));
	assert_false(mounts_below(&m, "/c/d"));
}

static void sockets_of_runtimes(void **state)
{
	assert_string_equal(node_path_runtime_socket("/var/run/docker.sock"), "/run/docker.sock");
	assert_string_equal(node_path_runtime_socket("//run/./crio/"), "/run/crio/crio.sock");
	assert_non_null(node_path_runtime_socket("/"));
	assert_non_null(node_path_runtime_socket("/var"));
	assert_non_null(node_path_runtime_socket("/var/run"));
	assert_null(node_path_runtime_socket("/run/docker.sock.old"));
	assert_null(node_path_runtime_socket("/run/docker.socket"));
	assert_null(node_path_runtime_socket("/var/lib"));
}

/* ---- probes */

static int listener(struct probe_target *ret)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0 && bind(fd, (struct sockaddr *)&at, len) == 0 && listen(fd, 1) == 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
	*ret = (struct probe_target){ "127.0.0.1", ntohs(at.sin_port) };
	return fd;
}

/* Of this process' own network; entering it takes CAP_SYS_ADMIN all the same. */
static void a_probe_tells_what_was_accepted(void **state)
{
	struct probe_target targets[4] = { { "127.0.0.1", 0 }, { "127.0.0.1", 0 },
		{ "nowhere", 80 }, { "::1", 1 } };
	bool reached[4] = { 0 };
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;
	_cleanup_close_ int open = listener(&targets[0]);
	int closed = listener(&targets[1]), r;

	close(closed);
	r = probe_connect(getpid(), targets, 4, 2000, reached, &err);
	if (r == -EPERM) {
		assert_non_null(strstr(pale_err_text(err), "enter /proc/"));
		return;
	}
	assert_int_equal(r, 0);
	assert_true(reached[0]);
	assert_false(reached[1] || reached[2] || reached[3]);
}

/* Descriptors run out in the child, behind the namespace, the pipe's two ends and one connection.
 */
static void what_could_not_be_tried_is_an_error(void **state)
{
	const struct probe_target targets[] = { { "127.0.0.1", 1 }, { "127.0.0.1", 1 } };
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;
	struct rlimit had, few;
	bool reached[2];
	int next, r;

	if (geteuid() != 0)
		skip();
	next = dup(0);
	assert_true(next >= 0);
	close(next);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &had), 0);
	few = had;
	few.rlim_cur = (rlim_t)next + 4;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	r = probe_connect(getpid(), targets, 2, 1000, reached, &err);
	few.rlim_cur++;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	assert_int_equal(r, -EMFILE);
	assert_non_null(strstr(pale_err_text(err), "probe from /proc/"));
	pale_err_free(err);
	err = NULL;
	assert_int_equal(probe_connect(getpid(), targets, 2, 1000, reached, &err), 0);
	assert_false(reached[0] || reached[1]);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &had), 0);
}

static void a_process_that_has_ended_is_told(void **state)
{
	struct probe_target target = { "127.0.0.1", 1 };
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;
	bool reached = false;

	assert_int_equal(probe_connect(0x3fffffff, &target, 1, 10, &reached, &err), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_report_for_people),
		cmocka_unit_test(findings_are_merged_sorted_and_left_out),
		cmocka_unit_test(the_status_says_what_was_found_and_what_was_not_seen),
		cmocka_unit_test(sarif_names_rules_by_their_index),
		cmocka_unit_test(identifiers_are_distinct),
		cmocka_unit_test(paths_on_the_node_follow_from_devices),
		cmocka_unit_test(lines_that_are_none_are_left_out),
		cmocka_unit_test(sockets_of_runtimes),
		cmocka_unit_test(a_probe_tells_what_was_accepted),
		cmocka_unit_test(what_could_not_be_tried_is_an_error),
		cmocka_unit_test(a_process_that_has_ended_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
