/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/lsm_observation.h"

#include "compiler/object_text.h"

#include <string.h>
#include <sys/socket.h>

static const char *why_without_path(enum lsm_why why)
{
	switch (why) {
	case LSM_WHY_DETACHED:
	case LSM_WHY_DISCONNECTED:
		return "files outside of all that is mounted in the program's namespace";
	case LSM_WHY_TOO_LONG:
		return "paths that are longer than the kernel tells";
	case LSM_WHY_RACED:
		return "paths that were renamed each time they were looked at";
	case LSM_WHY_NO_MOUNT:
		return "files of which the mount could not be told";
	default:
		return "files without a path, of which no rule speaks";
	}
}

static const char *why_without_object(enum lsm_why why)
{
	switch (why) {
	case LSM_WHY_NONE:
		return NULL;
	case LSM_WHY_OWN:
		return "programs, maps and links of pale's own, which no rule allows";
	default:
		return "packets that went elsewhere first, of which no rule speaks";
	}
}

static bool has_classes(enum operation op)
{
	return op == OP_EXEC || op == OP_MAP;
}

static const char *take_path(const struct lsm_event *e, struct text *t, struct learn_observation *o)
{
	if (e->operation == OP_CONNECT || e->operation == OP_LISTEN)
		text_puts(t, "unix ");
	if (!e->why) {
		text_add(t, e->text, e->text_len);
		return NULL;
	}
	if (!has_classes(o->operation) ||
		(e->why != LSM_WHY_ANONYMOUS && e->why != LSM_WHY_UNLINKED))
		return why_without_path((enum lsm_why)e->why);
	o->object_class = CLASS_ANONYMOUS;
	return NULL;
}

static const char *take_number(
	const struct lsm_event *e, struct text *t, struct learn_observation *o)
{
	const char *name;

	if (o->operation == OP_SOCKET) {
		object_text_family(t, (int)e->number, SOCK_RAW, (int)e->detail);
		return NULL;
	}
	name = o->operation == OP_CAPABILITY ? vocab_capability_name((int)e->number) : NULL;
	if (!name)
		return "capabilities that no table knows";
	text_puts(t, name);
	return NULL;
}

static const char *take_task(const struct lsm_event *e, struct text *t, struct learn_observation *o)
{
	const char *name = vocab_signal_name((int)e->number);
	bool own = e->target == (uint32_t)LSM_TARGET_DOMAIN(e->domain);

	if (o->operation == OP_SIGNAL) {
		if (!name)
			return "signals that have no name";
		text_printf(t, "%s to ", name);
	}
	text_puts(t, own ? "self" : "any");
	return NULL;
}

/* Type, NUL, source, NUL, place: the object begins at the place. */
static const char *take_mount(
	const struct lsm_event *e, struct text *t, struct learn_observation *o)
{
	const char *type = e->text, *source, *place, *end = e->text + e->text_len;

	if (e->detail != LSM_MOUNT_NEW && e->detail != LSM_MOUNT_BIND)
		return "mounts that were moved, remounted or shared, of which no rule speaks";
	if (e->why)
		return "mounts without a path";
	source = memchr(type, 0, e->text_len);
	place = source ? memchr(source + 1, 0, (size_t)(end - source - 1)) : NULL;
	if (!place)
		return "mounts that the kernel told in part";
	source++;
	/* Of a longer one only the end is told. */
	if (place - source >= LSM_SOURCE_SHOWN)
		return "mounts of a source that is longer than the kernel tells";
	place++;
	text_add(t, e->text, e->text_len);
	o->fstype = e->detail == LSM_MOUNT_NEW ? t->s : NULL;
	o->source_len = (uint32_t)(place - source - 1);
	o->source = o->source_len ? t->s + (source - e->text) : NULL;
	o->mount_flags = e->number;
	o->object = t->s + (place - e->text);
	o->object_len = (uint32_t)(end - place);
	return NULL;
}

static const char *take_object(
	const struct lsm_event *e, struct text *t, struct learn_observation *o)
{
	switch ((enum lsm_object)e->object) {
	case LSM_OBJECT_NONE:
		return why_without_object((enum lsm_why)e->why);
	case LSM_OBJECT_PATH:
		return take_path(e, t, o);
	case LSM_OBJECT_ABSTRACT:
		text_puts(t, "unix abstract:");
		text_add(t, e->text, e->text_len);
		return e->why ? "names of sockets that are longer than the kernel tells" : NULL;
	case LSM_OBJECT_ENDPOINT:
		if (e->protocol >= PROTOCOL_COUNT)
			return "addresses of protocols that no rule can name";
		object_text_endpoint(t, e->protocol, e->family, e->address, e->port);
		return NULL;
	case LSM_OBJECT_NUMBER:
		return take_number(e, t, o);
	case LSM_OBJECT_TASK:
		return take_task(e, t, o);
	case LSM_OBJECT_MOUNT:
		return take_mount(e, t, o);
	case LSM_OBJECT_CALL:
		break;
	}
	return "acts of a kind that this version does not know";
}

const char *lsm_observation(
	const struct lsm_event *e, struct text *storage, struct learn_observation *ret)
{
	const char *why;

	text_clear(storage);
	*ret = (struct learn_observation){
		.operation = (enum operation)e->operation,
		.object_class = e->drift ? CLASS_DRIFT : CLASS_PLAIN,
		.created = e->operation == OP_CREATE,
	};
	if (e->operation >= OP_COUNT)
		return "acts of a kind that this version does not know";
	why = take_object(e, storage, ret);
	if (why || ret->object)
		return why;
	ret->object = text_str(storage);
	ret->object_len = (uint32_t)storage->len;
	return NULL;
}
