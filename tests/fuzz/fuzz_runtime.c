/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as a config.json: no crash, and what pale-runtime makes of it can be read again, asks
 * for no more than the policy gives in every field that a policy bounds, keeps the others, and
 * stays as it is when it is confined once more. The last byte, of texts a newline, chooses the
 * policy.
 */
#include "compiler/base/cleanup.h"
#include "enforcer/runtime/confinement.h"
#include "enforcer/runtime/oci_config.h"
#include "enforcer/runtime/oci_document.h"
#include "enforcer/runtime/oci_resources.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int holds)
{
	if (!holds)
		abort();
}

static void forget(struct pale_err **err)
{
	must(*err && *pale_err_text(*err));
	pale_err_free(*err);
	*err = NULL;
}

static void policy(uint8_t choice, struct confinement *c)
{
	struct pale_err *err = NULL;
	json_t *answer = json_pack("{s:s, s:s, s:[s], s:[s,s], s:b, s:s}", "digest", "d", "mode",
		"enforce", "mechanisms", "bpf-lsm", "capabilities", "CAP_CHOWN", "CAP_KILL",
		"no_new_privileges", choice & 1, "apparmor", "pale-x");

	if (choice & 2)
		json_object_set_new(answer, "limits",
			json_pack("{s:i, s:i, s:i, s:i}", "memory", 1000000, "processes", 10, "cpu",
				50, "open_files", 64));
	if (choice & 4)
		json_object_set_new(answer, "seccomp",
			json_pack("{s:s, s:[s], s:[{s:[s], s:s}]}", "defaultAction",
				"SCMP_ACT_ERRNO", "architectures", "SCMP_ARCH_X86_64", "syscalls",
				"names", "read", "action", "SCMP_ACT_ALLOW"));
	must(confinement_read(answer, c, &err) == 0);
}

static void check_capabilities(const json_t *process)
{
	static const char *const sets[] = { "bounding", "effective", "permitted", "inheritable",
		"ambient" };

	for (size_t i = 0; i < sizeof(sets) / sizeof(*sets); i++) {
		const json_t *set =
			json_object_get(json_object_get(process, "capabilities"), sets[i]);

		for (size_t j = 0; j < json_array_size(set); j++) {
			const char *s = json_string_value(json_array_get(set, j));

			must(s && (!strcmp(s, "CAP_CHOWN") || !strcmp(s, "CAP_KILL")));
		}
	}
}

static void check(const json_t *root, const struct confinement *c)
{
	const json_t *process = json_object_get(root, "process");
	const json_t *resources = json_object_get(json_object_get(root, "linux"), "resources");
	const char *label = json_string_value(json_object_get(process, "apparmorProfile"));
	struct pale_err *err = NULL;

	check_capabilities(process);
	must(label && *label);
	if (c->no_new_privileges)
		must(json_is_true(json_object_get(process, "noNewPrivileges")));
	if (c->limits[CONFINE_MEMORY].set)
		must(oci_resources_check(resources, c, "resources", &err) == 0);
	if (c->seccomp)
		must(json_is_object(json_object_get(json_object_get(root, "linux"), "seccomp")));
}

static int confine(json_t *root, const struct confinement *c)
{
	struct oci_host host = { .kind = REAL_CRUN, .stack_file = "/nonexistent", .swap = true };
	_cleanup_(text_release) struct text note = TEXT_INIT;
	struct pale_err *err = NULL;
	json_t *own = NULL;
	int r = oci_config_check(root, &err);

	if (r == 0)
		r = oci_config_confine(root, c, &host, &own, &note, &err);
	must((r == 0) == (own != NULL) && (r == 0) == (err == NULL));
	json_decref(own);
	if (r < 0)
		forget(&err);
	return r;
}

/* What stands in the root beside what a policy bounds. */
static void check_others(const json_t *before, const json_t *after)
{
	const char *name;
	json_t *v;

	json_object_foreach ((json_t *)before, name, v) {
		if (strcmp(name, "process") != 0 && strcmp(name, "linux") != 0 &&
			strcmp(name, "annotations") != 0)
			must(json_equal(v, json_object_get(after, name)));
	}
}

static json_t *read_again(const json_t *root)
{
	_cleanup_free_ char *first = oci_document_text(root), *second = NULL;
	struct pale_err *err = NULL;
	json_t *again;

	must(oci_document_parse(first, strlen(first), "again", &again, &err) == 0);
	second = oci_document_text(again);
	must(!strcmp(first, second));
	return again;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(confinement_release) struct confinement c = { 0 };
	struct pale_err *err = NULL;
	json_t *root, *before;

	if (!size--)
		return 0;
	if (oci_document_parse((const char *)data, size, "config.json", &root, &err) < 0) {
		forget(&err);
		return 0;
	}
	policy(data[size], &c);
	before = json_deep_copy(root);
	if (confine(root, &c) == 0) {
		json_t *again;

		check(root, &c);
		check_others(before, root);
		again = read_again(root);
		/* The intersection of two filters may be written in more than one way. */
		if (!c.seccomp) {
			must(confine(again, &c) == 0);
			must(json_equal(again, root));
		}
		json_decref(again);
	}
	json_decref(before);
	json_decref(root);
	return 0;
}
