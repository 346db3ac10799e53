/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/kube/kube_lease_record.h"

#include "operator/kube/kube_json.h"
#include "operator/kube/kube_time.h"

#include <stdlib.h>
#include <string.h>

void kube_lease_record_see(struct kube_lease_record *r, const json_t *lease, uint64_t now_us)
{
	/* Each write gives another version: who renews is alive, whatever the spec says. */
	bool same =
		r->lease && lease && !strcmp(kube_json_version(r->lease), kube_json_version(lease));

	if (!same)
		r->seen_us = now_us;
	json_decref(r->lease);
	r->lease = json_deep_copy(lease);
}

void kube_lease_record_release(struct kube_lease_record *r)
{
	json_decref(r->lease);
	r->lease = NULL;
}

static const json_t *spec_of(const struct kube_lease_record *r)
{
	return json_object_get(r->lease, "spec");
}

const char *kube_lease_record_holder(const struct kube_lease_record *r)
{
	const char *s = json_string_value(json_object_get(spec_of(r), "holderIdentity"));

	return s ? s : "";
}

bool kube_lease_record_is_free(
	const struct kube_lease_record *r, const char *identity, uint64_t now_us)
{
	const char *holder = kube_lease_record_holder(r);
	json_int_t s = json_integer_value(json_object_get(spec_of(r), "leaseDurationSeconds"));

	if (!*holder || !strcmp(holder, identity))
		return true;
	return now_us >= r->seen_us + (s > 0 ? (uint64_t)s : 0) * 1000000;
}

/* A spec of what others may have written, too. */
static void put_spec(json_t *spec, const struct kube_lease_record *r, const char *identity,
	uint64_t duration_us, uint64_t now_us)
{
	json_int_t transitions =
		json_integer_value(json_object_get(spec_of(r), "leaseTransitions"));
	bool changes = strcmp(kube_lease_record_holder(r), identity) != 0;
	char now[KUBE_TIME_BYTES];

	kube_micro_time(now_us, now);
	if (changes && *identity) {
		json_object_set_new(spec, "acquireTime", json_string(now));
		if (r->lease)
			transitions++;
	}
	json_object_set_new(spec, "holderIdentity", json_string(identity));
	/* The server wants at least one second; who gives it back lets nobody wait longer. */
	json_object_set_new(spec, "leaseDurationSeconds",
		json_integer(*identity ? (json_int_t)((duration_us + 999999) / 1000000) : 1));
	json_object_set_new(spec, "leaseTransitions", json_integer(transitions));
	json_object_set_new(spec, "renewTime", json_string(now));
}

json_t *kube_lease_record_taken(const struct kube_lease_record *r, const char *namespace,
	const char *name, const char *identity, uint64_t duration_us, uint64_t now_us)
{
	json_t *lease = r->lease ? json_deep_copy(r->lease)
				 : json_pack("{s:s, s:s, s:{s:s, s:s}}", "apiVersion",
					   "coordination.k8s.io/v1", "kind", "Lease", "metadata",
					   "namespace", namespace, "name", name);
	json_t *spec = json_object_get(lease, "spec");

	if (!json_is_object(spec)) {
		spec = json_object();
		json_object_set_new(lease, "spec", spec);
	}
	if (!lease || !spec)
		abort();
	put_spec(spec, r, identity, duration_us, now_us);
	return lease;
}
