/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/daemon/policy_choice.h"

#include "enforcer/annotations.h"

#include <errno.h>
#include <string.h>

/* A namespace and a name of Kubernetes: 63 and 253 bytes. */
#define RECORDING_NAME_MAX 512

/* "docker.io/library/nginx:1.25" is "docker.io/library/nginx", too; a port is no tag. */
static bool is_image(const char *image, const char *pattern)
{
	size_t n = strlen(pattern);
	const char *rest;

	if (strncmp(image, pattern, n) != 0)
		return false;
	rest = image + n;
	return !*rest || *rest == '@' || (*rest == ':' && !strchr(rest, '/'));
}

static const char *by_image(const struct daemon_config *c, const json_t *annotations)
{
	const char *digest = annotation(annotations, ANNOTATION_IMAGE_DIGEST);
	const char *name = annotation(annotations, ANNOTATION_IMAGE);

	/* What it is counts for more than what it is called. */
	for (uint32_t i = 0; digest && i < c->n_images; i++) {
		const char *at = strstr(digest, "sha256:");

		if (at && strcmp(c->images[i].image, at) == 0)
			return c->images[i].profile;
	}
	for (uint32_t i = 0; name && i < c->n_images; i++) {
		if (is_image(name, c->images[i].image))
			return c->images[i].profile;
	}
	return NULL;
}

static bool may_choose(const struct daemon_config *c, const char *profile)
{
	for (uint32_t i = 0; i < c->n_image_labels; i++) {
		if (strcmp(c->image_labels[i], profile) == 0)
			return true;
	}
	return false;
}

static int read_mode(const struct daemon_config *c, const json_t *annotations,
	struct policy_choice *ret, struct pale_err **err)
{
	const char *mode = annotation(annotations, ANNOTATION_MODE);

	if (!mode || strcmp(mode, "enforce") == 0)
		return 0;
	if (strcmp(mode, "audit") != 0)
		return pale_err_plain(err, EINVAL,
			"annotation pale.dev/mode is '%s', which is neither enforce nor audit",
			mode);
	if (!c->audit_by_annotation)
		return pale_err_plain(err, EACCES,
			"annotation pale.dev/mode: this node lets no container choose audit");
	ret->audit = true;
	return 0;
}

static int read_on_missing(const struct daemon_config *c, const json_t *annotations,
	struct policy_choice *ret, struct pale_err **err)
{
	const char *s = annotation(annotations, ANNOTATION_ON_MISSING);

	ret->on_missing = c->on_missing;
	if (s && !on_missing_parse(s, &ret->on_missing))
		return pale_err_plain(err, EINVAL,
			"annotation pale.dev/on-missing is '%s', which is none of wait, deny and "
			"allow",
			s);
	return 0;
}

static void choose_profile(const struct daemon_config *c, const json_t *annotations,
	const char *label, struct policy_choice *ret)
{
	ret->profile = annotations_profile(annotations);
	ret->named_by = "its annotation";
	if (!ret->profile) {
		ret->profile = by_image(c, annotations);
		ret->named_by = "the node's map of images";
	}
	if (!ret->profile) {
		ret->profile = label;
		ret->named_by = "its image's label";
	}
	if (!ret->profile) {
		ret->profile = c->default_profile;
		ret->named_by = "the node's default";
	}
}

static int read_recording(const struct daemon_config *c, const json_t *annotations,
	const char *label, struct policy_choice *ret, struct pale_err **err)
{
	struct policy_choice otherwise = { 0 };
	const char *s = annotation(annotations, ANNOTATION_RECORDING);
	const char *profile = annotations_profile(annotations);

	if (!s)
		return 0;
	if (!c->recording) {
		pale_err_plain(err, EACCES,
			"annotation pale.dev/recording: this node lets no container be recorded "
			"instead of confined");
		pale_err_hint(err, "'recording: true' in paled.conf does");
		return -EACCES;
	}
	if (strlen(s) > RECORDING_NAME_MAX)
		return pale_err_plain(err, EINVAL,
			"annotation pale.dev/recording has more than %d bytes", RECORDING_NAME_MAX);
	if (profile)
		return pale_err_plain(err, EINVAL,
			"annotation pale.dev/recording: profile '%s' is named, too, and what is "
			"recorded runs under none",
			profile);
	/* An image's annotations may have come to be the container's, podman(1): what the node's
	 * own configuration means for it is nobody else's to take off. */
	choose_profile(c, annotations, label, &otherwise);
	if (otherwise.profile && (otherwise.profile != label || may_choose(c, label))) {
		pale_err_plain(err, EACCES,
			"annotation pale.dev/recording: profile '%s' is meant for it (%s), and "
			"what is recorded runs under none",
			otherwise.profile, otherwise.named_by);
		return -EACCES;
	}
	ret->unconfined = true;
	ret->recording = annotations_are_of_sandbox(annotations) ? NULL : s;
	return 0;
}

int policy_choose(const struct daemon_config *config, const json_t *annotations, bool privileged,
	const char *label, struct policy_choice *ret, struct pale_err **err)
{
	int r;

	*ret = (struct policy_choice){ 0 };
	r = read_on_missing(config, annotations, ret, err);
	if (r >= 0)
		r = read_mode(config, annotations, ret, err);
	if (r >= 0)
		r = read_recording(config, annotations, label, ret, err);
	if (r < 0 || ret->unconfined)
		return r;
	choose_profile(config, annotations, label, ret);
	if (ret->profile && ret->profile == label && !may_choose(config, label))
		return pale_err_plain(err, EACCES,
			"the image's label names profile '%s', which this node lets no image "
			"choose",
			label);
	if (!ret->profile) {
		ret->unconfined = true;
		return 0;
	}
	if (privileged)
		return pale_err_plain(err, EACCES,
			"a privileged container cannot be held by a policy, and profile '%s' is "
			"meant "
			"for it (%s)",
			ret->profile, ret->named_by);
	ret->sandbox = annotations_are_of_sandbox(annotations);
	return 0;
}
