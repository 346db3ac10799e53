/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/cluster/cluster.h"

#include "compiler/base/suggest.h"

void cluster_init(struct cluster *c)
{
	*c = (struct cluster){ 0 };
	c->kinds[CLUSTER_NAMESPACE].free_object = namespace_free;
	c->kinds[CLUSTER_PROFILE].free_object = profile_free;
	c->kinds[CLUSTER_BINDING].free_object = binding_free;
	c->kinds[CLUSTER_RECORDING].free_object = recorded_pods_free;
}

static struct object_head *read_object(
	enum cluster_kind kind, const json_t *object, struct pale_err **err)
{
	switch (kind) {
	case CLUSTER_NAMESPACE:
		return (struct object_head *)namespace_read(object, err);
	case CLUSTER_PROFILE:
		return (struct object_head *)profile_read(object, err);
	case CLUSTER_BINDING:
		return (struct object_head *)binding_read(object, err);
	case CLUSTER_RECORDING:
		return (struct object_head *)recorded_pods_read(object, err);
	case CLUSTER_KINDS:
		break;
	}
	return NULL;
}

int cluster_put(
	struct cluster *c, enum cluster_kind kind, const json_t *object, struct pale_err **err)
{
	struct object_head *o = read_object(kind, object, err);

	if (!o)
		return -pale_err_errno(*err);
	object_table_put(&c->kinds[kind], o);
	return 0;
}

void cluster_remove(
	struct cluster *c, enum cluster_kind kind, const char *namespace, const char *name)
{
	object_table_remove(&c->kinds[kind], namespace, name);
}

void cluster_set_listed(struct cluster *c, enum cluster_kind kind)
{
	c->listed[kind] = true;
}

bool cluster_is_known(const struct cluster *c)
{
	for (int i = 0; i < CLUSTER_KINDS; i++) {
		if (!c->listed[i])
			return false;
	}
	return true;
}

const struct namespace *cluster_namespace(const struct cluster *c, const char *name)
{
	return (const struct namespace *)object_table_find(&c->kinds[CLUSTER_NAMESPACE], "", name);
}

const struct profile *cluster_profile(const struct cluster *c, const char *name)
{
	return (const struct profile *)object_table_find(&c->kinds[CLUSTER_PROFILE], "", name);
}

struct object_head *const *cluster_bindings(
	const struct cluster *c, const char *namespace, size_t *n)
{
	return object_table_of(&c->kinds[CLUSTER_BINDING], namespace, n);
}

struct object_head *const *cluster_recordings(
	const struct cluster *c, const char *namespace, size_t *n)
{
	return object_table_of(&c->kinds[CLUSTER_RECORDING], namespace, n);
}

const char *cluster_near_profile(const struct cluster *c, const char *name)
{
	const struct object_table *t = &c->kinds[CLUSTER_PROFILE];
	struct suggest near;

	suggest_init(&near, name);
	for (size_t i = 0; i < t->n; i++)
		suggest_offer(&near, t->v[i]->name);
	return suggest_best(&near);
}

void cluster_release(struct cluster *c)
{
	for (int i = 0; i < CLUSTER_KINDS; i++)
		object_table_release(&c->kinds[i]);
}
