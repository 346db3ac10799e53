/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/daemon/container_policy.h"

#include "compiler/base/cleanup.h"
#include "enforcer/annotations.h"

#include <errno.h>

json_t *container_annotations(const char *bundle, const json_t *said, const char *id,
	struct image *image, struct pale_err **unknown)
{
	json_t *annotations = json_deep_copy(said);

	if (!annotations)
		annotations = json_object();
	if (image_find(bundle, id, NULL, image, unknown) >= 0)
		image_annotate(image, annotations);
	return annotations;
}

int container_policy_choose(struct daemon *d, bool privileged, const char *id,
	const json_t *annotations, const struct image *image, struct pale_err **unknown,
	struct policy_choice *ret, struct pale_err **err)
{
	int r = policy_choose(&d->config, annotations, privileged, image->label, ret, err);

	/* What the image would have chosen, by its label or by the node's map, cannot be told. */
	if (r >= 0 && *unknown && !annotations_profile(annotations) &&
		(d->config.n_image_labels || d->config.n_images)) {
		*err = TAKE_PTR(*unknown);
		pale_err_hint(err, "an annotation pale.dev/profile needs no look at the image");
		return pale_err_wrap(err, "container '%s'", id);
	}
	return r;
}

int container_policy_find(struct daemon *d, const struct policy_choice *choice,
	struct node_policy **ret, struct pale_err **err)
{
	struct store_profile *p;

	if (choice->sandbox) {
		*ret = node_policy_ref(d->sandbox);
		return 0;
	}
	p = policy_store_find(&d->store, choice->profile);
	if (!p) {
		pale_err_plain(err, ENOENT, "this node has no profile '%s', which %s names",
			choice->profile, choice->named_by);
		pale_err_hint(err, "put it into %s", d->options.profiles);
		return -ENOENT;
	}
	return policy_store_policy(p, choice->audit, ret, err);
}
