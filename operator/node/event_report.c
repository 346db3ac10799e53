/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/node/event_report.h"

#include "compiler/base/cleanup.h"
#include "enforcer/export/event_fields.h"

#include <string.h>

#define FIELD_MAX 300

static const struct {
	const char *kind, *reason;
	bool of_node;
} reports[] = {
	{ "violation", "Violation", false },
	{ "confined-late", "ConfinedLate", false },
	{ "response", "Response", false },
	{ "throttled", "EventsThrottled", false },
	{ "exception-granted", "ExceptionGranted", false },
	{ "exception-used", "ExceptionUsed", false },
	{ "exception-removed", "ExceptionRemoved", false },
	{ "exception-expired", "ExceptionExpired", false },
	{ "profile-wrong", "ProfileWrong", true },
	{ "lost", "EventsLost", true },
	{ "container-lost", "ContainerLost", true },
};

static void put(const json_t *event, enum event_field field, const char *before, const char *behind,
	struct text *t)
{
	_cleanup_(text_release) struct text value = TEXT_INIT;

	if (!event_field_text(event, field, FIELD_MAX, &value))
		return;
	text_printf(t, "%s%s%s", before, text_str(&value), behind);
}

/* "denied: write /etc/passwd by /usr/bin/web in container web, web.pale:22: deny write
 * /etc/passwd (profile web, seccomp)" */
static void put_violation(const json_t *event, struct text *t)
{
	event_title(event, t);
	put(event, FIELD_EXECUTABLE, " by ", "", t);
	put(event, FIELD_CONTAINER_NAME, " in container ", "", t);
	put(event, FIELD_FILE, ", ", "", t);
	put(event, FIELD_LINE, ":", "", t);
	put(event, FIELD_RULE, ": ", "", t);
	put(event, FIELD_PROFILE, " (profile ", "", t);
	put(event, FIELD_MECHANISM, ", ", "", t);
	text_puts(t, ")");
}

static void put_message(const json_t *event, struct text *t)
{
	const char *kind = event_field_string(event, FIELD_KIND);

	if (event_is_violation(event)) {
		put_violation(event, t);
		return;
	}
	if (strcmp(kind, "confined-late") == 0) {
		put(event, FIELD_CONTAINER_NAME, "container ", " ", t);
		text_puts(t, "ran before it was put under its policy: what it had begun goes on, "
			     "and it needs a restart");
		return;
	}
	event_sentence(event, t);
}

bool event_report(const json_t *event, struct event_report *ret)
{
	const char *kind = event_field_string(event, FIELD_KIND);
	const json_t *container = json_object_get(event, "container");
	const char *uid = json_string_value(json_object_get(container, "pod_uid"));

	for (size_t i = 0; i < sizeof(reports) / sizeof(*reports); i++) {
		if (strcmp(reports[i].kind, kind) != 0)
			continue;
		*ret = (struct event_report){ .reason = reports[i].reason,
			.warning = event_severity(event) >= EVENT_WARNING,
			.of_node = reports[i].of_node,
			.namespace = event_field_string(event, FIELD_NAMESPACE),
			.pod = event_field_string(event, FIELD_POD),
			.pod_uid = uid ? uid : "",
			.container = event_field_string(event, FIELD_CONTAINER_NAME) };
		/* Of a container that is no pod's nobody in the cluster knows. */
		if (!ret->of_node && (!*ret->namespace || !*ret->pod))
			return false;
		ret->warning |= strcmp(kind, "confined-late") == 0;
		put_message(event, &ret->message);
		return true;
	}
	return false;
}

void event_report_release(struct event_report *r)
{
	text_release(&r->message);
}

uint64_t event_violations(const json_t *event)
{
	static const char *const counted[] = { "refused", "killed", "audited", "not-enforced" };
	const char *outcome = event_field_string(event, FIELD_OUTCOME);

	if (!event_is_violation(event) || json_object_get(event, "exception"))
		return 0;
	for (size_t i = 0; i < sizeof(counted) / sizeof(*counted); i++) {
		if (strcmp(counted[i], outcome) == 0)
			return event_count(event);
	}
	return 0;
}
