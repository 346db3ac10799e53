/* SPDX-License-Identifier: Apache-2.0 */
/*
 * {"annotations": …, "label": …, "privileged": …} of a container: refused with a sentence, or a
 * choice that the node permits; and events of such a container are short.
 */
#include "compiler/base/cleanup.h"
#include "enforcer/annotations.h"
#include "enforcer/daemon/event.h"
#include "enforcer/daemon/policy_choice.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void must(int holds)
{
	if (!holds)
		abort();
}

static struct image_profile images[] = { { "nginx:1", "one" }, { "nginx", "any" },
	{ "sha256:00", "digest" } };
static const char *labels[] = { "web" };

static void choose(const struct daemon_config *config, const json_t *annotations, bool privileged,
	const char *label)
{
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;
	struct policy_choice c;
	int r = policy_choose(config, annotations, privileged, label, &c, &err);

	if (r < 0) {
		must(err && *pale_err_text(err));
		return;
	}
	must(c.on_missing < ON_MISSING_COUNT);
	must(c.unconfined == !c.profile);
	if (c.unconfined)
		must(!config->default_profile && !annotations_profile(annotations) && !label);
	else
		must(!privileged && *c.named_by);
	must(!c.audit || config->audit_by_annotation);
	if (label && c.profile == label)
		must(config->n_image_labels && strcmp(label, labels[0]) == 0);
}

static void tell(json_t *annotations)
{
	struct container c = { .id = (char[]){ "c1" }, .pidfd = -1, .annotations = annotations };
	json_t *o = event_notice("seen", &c);
	char *s = json_dumps(o, JSON_ENSURE_ASCII);

	/* A character of three bytes is six in this form, of four twelve; a control one of one is
	 * six. */
	must(s && strlen(s) < 5 * (1024 * 6 + 64) + 256);
	free(s);
	json_decref(o);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct daemon_config config = { .on_missing = ON_MISSING_DENY,
		.images = images,
		.n_images = 3,
		.image_labels = labels };
	json_t *o = json_loadb((const char *)bytes, len, JSON_REJECT_DUPLICATES, NULL);
	json_t *annotations = json_object_get(o, "annotations");
	const char *label = json_string_value(json_object_get(o, "label"));
	bool privileged = json_is_true(json_object_get(o, "privileged"));

	for (int i = 0; json_is_object(o) && i < 8; i++) {
		config.default_profile = i & 1 ? "default" : NULL;
		config.audit_by_annotation = i & 2;
		config.n_image_labels = i & 4 ? 1 : 0;
		choose(&config, annotations, privileged, label);
	}
	if (json_is_object(o))
		tell(annotations);
	json_decref(o);
	return 0;
}
