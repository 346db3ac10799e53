/* SPDX-License-Identifier: Apache-2.0 */
/* What becomes of a cluster that follows an API server of the test's own. */
#include "compiler/base/cleanup.h"
#include "operator/follow_cluster.h"
#include "operator/kube/kube_time.h"

#include <stdatomic.h>

#include "kube_server.h"

#define LIST(items) "{\"metadata\":{\"resourceVersion\":\"7\"},\"items\":[" items "]}"
#define META(name)                                                                                 \
	"\"metadata\":{\"name\":\"" name "\",\"namespace\":\"shop\",\"uid\":\"" name               \
	"\",\"resourceVersion\":\"1\"}"

static struct kube_server server;
static atomic_bool refuses_profiles, has_news;
static sd_event *loop;
static struct kube_client *client;
static struct cluster cluster;
static struct cluster_follower *follower;

/* What has no name of its own is nothing that could be kept. */
static const char *list_of(const char *url)
{
	if (strstr(url, "/namespaces"))
		return LIST("{\"metadata\":{\"name\":\"shop\",\"uid\":\"s\",\"resourceVersion\":"
			    "\"1\",\"labels\":{\"pale.dev/inject\":\"enabled\"}}}");
	if (strstr(url, "/paleprofiles"))
		return LIST("{\"metadata\":{\"name\":\"web\",\"uid\":\"w\",\"resourceVersion\":"
			    "\"1\"}},{\"metadata\":{\"uid\":\"x\",\"resourceVersion\":\"1\"}}");
	if (strstr(url, "/palebindings"))
		return LIST("{" META("first") "},{" META("second") "}");
	return LIST("");
}

static const char *news_of(const char *url)
{
	if (strstr(url, "/palebindings"))
		return "{\"type\":\"DELETED\",\"object\":{" META("first") "}}\n";
	if (strstr(url, "/palerecordings"))
		return "{\"type\":\"ADDED\",\"object\":{" META("tape") "}}\n";
	return "";
}

static enum MHD_Result on_request(void *ctx, struct MHD_Connection *c, const char *url,
	const char *method, const char *version, const char *data, size_t *len, void **seen)
{
	bool watch = MHD_lookup_connection_value(c, MHD_GET_ARGUMENT_KIND, "watch");
	bool refused = refuses_profiles && strstr(url, "/paleprofiles");
	const char *body = refused	       ? "{}"
			   : watch && has_news ? news_of(url)
			   : watch	       ? ""
					       : list_of(url);

	if (!*seen) {
		*seen = c;
		return MHD_YES;
	}
	return kube_server_reply(c, refused ? 403 : 200, body, NULL);
}

static int start(void **state)
{
	refuses_profiles = true;
	kube_server_start(&server, "localhost", on_request);
	assert_true(sd_event_new(&loop) >= 0);
	return 0;
}

static int stop(void **state)
{
	sd_event_unref(loop);
	kube_server_stop(&server);
	return 0;
}

/* Of pale_watch_restarts_total. */
static unsigned long metric(const char *what)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;
	const char *at;

	cluster_follower_print_metrics(follower, &t);
	at = strstr(text_str(&t), what);
	assert_non_null(at);
	return strtoul(at + strlen(what), NULL, 10);
}

static bool runs_until(bool (*holds)(void))
{
	uint64_t end = kube_boottime_us() + 20000000;

	while (!holds() && kube_boottime_us() < end)
		assert_true(sd_event_run(loop, 20000) >= 0);
	return holds();
}

static bool is_refused_twice(void)
{
	return metric("{resource=\"paleprofiles\",reason=\"refused\"} ") >= 2;
}

static bool is_known(void)
{
	return cluster_is_known(&cluster);
}

static bool news_came(void)
{
	size_t recordings, bindings;

	cluster_recordings(&cluster, "shop", &recordings);
	cluster_bindings(&cluster, "shop", &bindings);
	return recordings == 1 && bindings == 1;
}

static bool is_unreachable(void)
{
	return metric("{resource=\"namespaces\",reason=\"unreachable\"} ") >= 1 &&
	       metric("{resource=\"paleprofiles\",reason=\"unreachable\"} ") >= 1;
}

static void check_what_is_there(void)
{
	size_t n;

	assert_true(cluster_is_known(&cluster));
	assert_true(cluster_namespace(&cluster, "shop")->inject);
	assert_non_null(cluster_profile(&cluster, "web"));
	assert_string_equal(cluster_bindings(&cluster, "shop", &n)[n - 1]->name, "second");
}

static void a_cluster_is_followed_and_outlives_its_server(void **state)
{
	size_t n;

	assert_int_equal(kube_client_new(loop, &server.config, "test", &client, NULL), 0);
	cluster_init(&cluster);
	follower = cluster_follow(client, &cluster, "test");
	assert_true(runs_until(is_refused_twice));
	assert_false(cluster_is_known(&cluster));
	assert_int_equal(metric("pale_watch_synced{resource=\"paleprofiles\"} "), 0);
	/* The others do not wait for it. */
	assert_int_equal(metric("pale_watch_synced{resource=\"namespaces\"} "), 1);
	refuses_profiles = false;
	assert_true(runs_until(is_known));
	check_what_is_there();
	cluster_bindings(&cluster, "shop", &n);
	assert_int_equal(n, 2);
	assert_int_equal(metric("pale_watch_synced{resource=\"paleprofiles\"} "), 1);
	assert_int_equal(metric("pale_watch_objects{resource=\"palebindings\"} "), 2);
	has_news = true;
	assert_true(runs_until(news_came));
	kube_server_leave(&server);
	assert_true(runs_until(is_unreachable));
	check_what_is_there();
	assert_true(news_came());
	cluster_follower_free(follower);
	kube_client_free(client);
	cluster_release(&cluster);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_cluster_is_followed_and_outlives_its_server),
	};

	return cmocka_run_group_tests_name("cluster_follow", tests, start, stop);
}
