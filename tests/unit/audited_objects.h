/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_TESTS_AUDITED_OBJECTS_H
#define PALE_TESTS_AUDITED_OBJECTS_H

/*
 * Objects in which an audit finds nothing, faults that are planted in them, and what is found then.
 * Behind <cmocka.h>.
 */

#include "compiler/base/cleanup.h"
#include "enforcer/posture/posture.h"
#include "operator/posture/cluster_posture.h"
#include "tests/unit/json_of.h"
#include "tests/unit/strategic_merge.h"

/* ---- a cluster in which nothing is to be found */

#define HELD                                                                                       \
	"'securityContext':{'allowPrivilegeEscalation':false,'readOnlyRootFilesystem':true,"       \
	"'runAsNonRoot':true,'capabilities':{'drop':['ALL']},"                                     \
	"'seccompProfile':{'type':'RuntimeDefault'}}"
#define CONTAINER(name) "{'name':'" name "','image':'i'," HELD "}"
#define LISTS                                                                                      \
	"'containers':[" CONTAINER("web") "],'initContainers':[" CONTAINER(                        \
		"setup") "],'ephemeralContainers':[" CONTAINER("debug") "]"
#define TEMPLATE                                                                                   \
	"'metadata':{'labels':{'app':'web'},'annotations':{'pale.dev/profile':'web'}},"            \
	"'spec':{'automountServiceAccountToken':false," LISTS "}"

static const struct {
	const char *kind, *object;
	const char *prefix; /* of evidence */
	const char *const *template;
} workloads[] = {
	{ "Pod",
		"{'kind':'Pod','metadata':{'name':'web','namespace':'shop','uid':'u',"
		"'labels':{'app':'web'},'annotations':{'pale.dev/profile':'web'}},'spec':{"
		"'runtimeClassName':'pale','automountServiceAccountToken':false," LISTS "},"
		"'status':{'hostIP':'10.0.0.5'}}",
		"", (const char *const[]){ NULL } },
	{ "Deployment",
		"{'kind':'Deployment','metadata':{'name':'web','namespace':'shop'},"
		"'spec':{'template':{" TEMPLATE "}}}",
		"spec.template.", (const char *const[]){ "spec", "template", NULL } },
	{ "CronJob",
		"{'kind':'CronJob','metadata':{'name':'web','namespace':'shop'},"
		"'spec':{'jobTemplate':{'spec':{'template':{" TEMPLATE "}}}}}",
		"spec.jobTemplate.spec.template.",
		(const char *const[]){ "spec", "jobTemplate", "spec", "template", NULL } },
};

#define WORKLOADS (sizeof(workloads) / sizeof(*workloads))

#define NAMESPACE                                                                                  \
	"{'kind':'Namespace','metadata':{'name':'shop','labels':{"                                 \
	"'pod-security.kubernetes.io/enforce':'restricted'}}}"
#define REFUSE_ALL                                                                                 \
	"{'kind':'NetworkPolicy','metadata':{'name':'none','namespace':'shop'},'spec':{"           \
	"'podSelector':{},'policyTypes':['Ingress','Egress']}}"

/* A manifest's objects: the workload, then what else there is. */
static inline json_t *clean(size_t workload)
{
	json_t *all = json_array();

	json_array_append_new(all, json_of(workloads[workload].object));
	json_array_append_new(all, json_of(NAMESPACE));
	json_array_append_new(all, json_of(REFUSE_ALL));
	return all;
}

/* The pod of the workload, borrowed. */
static inline json_t *pod_in(json_t *objects, size_t workload)
{
	json_t *o = json_array_get(objects, 0);

	for (const char *const *s = workloads[workload].template; *s; s++)
		o = json_object_get(o, *s);
	return o;
}

static inline void audit(const json_t *objects, struct posture *p)
{
	_cleanup_(cluster_objects_release) struct cluster_objects cluster = { 0 };
	const struct object_source nowhere = { 0 };
	struct cluster_posture c;
	json_t *o;
	size_t i;

	posture_init(p);
	cluster_objects_init(&cluster);
	json_array_foreach ((json_t *)objects, i, o)
		cluster_objects_take(&cluster, o);
	cluster_posture_init(&c, p, &cluster);
	json_array_foreach ((json_t *)objects, i, o)
		cluster_posture_add(&c, o, "", &nowhere);
	cluster_posture_end(&c);
	cluster_posture_release(&c);
	posture_finish(p, CONTROL_LOW);
}

static const char *text(const json_t *f, const char *member)
{
	const char *s = json_string_value(json_object_get(f, member));

	return s ? s : "";
}

static inline void fail_with(const struct posture *p, const char *what, const char *which)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;

	posture_text(p, &t);
	fail_msg("%s: %s:\n%s", which, what, text_str(&t));
}

/* ---- faults */

/* @patch is of the pod, with %s for the list and the name of the container. */
struct fault {
	enum control control;
	const char *patch;
	bool of_pod;	      /* the finding names no container */
	const char *evidence; /* below the container, or below the pod */
	const char *value;    /* as JSON; NULL: nothing stood there */
};

#define SECURITY(s) "{'spec':{'%s':[{'name':'%s','securityContext':{" s "}}]}}"
#define FIELDS(s)   "{'spec':{'%s':[{'name':'%s'," s "}]}}"
#define VOLUME(path, more)                                                                         \
	"{'spec':{'%s':[{'name':'%s','volumeMounts':[{'name':'v','mountPath':'/v'" more            \
	"}]}],'volumes':[{'name':'v','hostPath':{'path':'" path "'}}]}}"

static const struct {
	const char *list, *name, *place;
} places[] = {
	{ "initContainers", "setup", "init container" },
	{ "containers", "web", "container" },
	{ "ephemeralContainers", "debug", "ephemeral container" },
};

#define PLACES (sizeof(places) / sizeof(*places))

static inline void plant(json_t *pod, const struct fault *f, size_t place)
{
	_cleanup_free_ char *s = NULL;
	json_t *patch;

	/* Both are there for who takes them by number. */
	if (asprintf(&s, f->patch, places[place].list, places[place].name) < 0)
		abort();
	patch = json_of(s);
	strategic_merge(pod, patch);
	json_decref(patch);
}

#define POD(metadata, spec)                                                                        \
	"{'kind':'Pod','metadata':{'name':'web','namespace':'shop','labels':{'app':'web'},"        \
	"'annotations':{'pale.dev/profile':'web'}" metadata                                        \
	"},'spec':{'automountServiceAccountToken':false," spec "}}"
#define ONE "'containers':[" CONTAINER("web") "]"

static inline void put_findings(const struct posture *p, struct text *to)
{
	const json_t *f;
	size_t i;

	json_array_foreach (p->findings, i, f) {
		const char *container = text(f, "container");

		text_printf(to, "%s%s%s%s", i ? ", " : "", text(f, "control"),
			*container ? " " : "", container);
	}
}

#endif
