/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reviews at a steady rate, as an API server sends them:
 *
 *	webhook PORT CA PID RATE SECONDS   sends pods of namespaces n0 to n999, and prints what it
 *	                                   took
 *
 * A review's time is counted from when it should have been sent, so that a server that is late is
 * late for all that wait. PID is the server's, whose memory is read.
 */
#include "compiler/base/cleanup.h"
#include "compiler/base/text.h"

#include <curl/curl.h>
#include <inttypes.h>
#include <jansson.h>
#include <string.h>
#include <time.h>

#define NAMESPACES 1000
#define WARM_UP	   100
#define HANDLES	   256

static uint64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static void add_container(struct text *t, const char *name)
{
	text_printf(t,
		"{\"name\":\"%s\",\"image\":\"registry.example/%s@sha256:%064d\",\"resources\":"
		"{\"limits\":{\"cpu\":\"1\",\"memory\":\"256Mi\"}},\"securityContext\":"
		"{\"runAsNonRoot\":true,\"capabilities\":{\"drop\":[\"NET_RAW\"]}},\"env\":[",
		name, name, 0);
	for (int i = 0; i < 20; i++)
		text_printf(t, "%s{\"name\":\"SETTING_%d\",\"value\":\"some value of it %d\"}",
			i ? "," : "", i, i);
	text_puts(t, "],\"volumeMounts\":[{\"name\":\"token\",\"mountPath\":\"/var/run/secrets/"
		     "kubernetes.io/serviceaccount\",\"readOnly\":true}]}");
}

/* Of a Deployment, with a sidecar and an init container. */
static char *review(int i)
{
	struct text t = TEXT_INIT;

	text_printf(&t,
		"{\"kind\":\"AdmissionReview\",\"apiVersion\":\"admission.k8s.io/v1\",\"request\":"
		"{\"uid\":\"u%d\",\"namespace\":\"n%d\",\"operation\":\"CREATE\",\"resource\":"
		"{\"group\":\"\",\"version\":\"v1\",\"resource\":\"pods\"},\"userInfo\":"
		"{\"username\":\"system:serviceaccount:kube-system:replicaset-controller\"},"
		"\"object\":{\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"metadata\":{\"generateName\":"
		"\"web-\",\"labels\":{\"app\":\"a%d\",\"pod-template-hash\":\"5d9\"},"
		"\"ownerReferences\":[{\"kind\":\"ReplicaSet\",\"name\":\"web-5d9\"}]},\"spec\":"
		"{\"initContainers\":[",
		i, i % NAMESPACES, i % 5);
	add_container(&t, "setup");
	text_puts(&t, "],\"containers\":[");
	add_container(&t, "web");
	text_putc(&t, ',');
	add_container(&t, "proxy");
	text_puts(&t, "],\"volumes\":[{\"name\":\"token\",\"projected\":{\"sources\":[]}}],"
		      "\"serviceAccountName\":\"default\"}}}}");
	return text_take(&t);
}

struct call {
	CURL *easy;
	struct text answer;
	char *body;
	uint64_t due_us;
};

struct load {
	CURLM *multi;
	struct curl_slist *headers;
	char url[64];
	const char *authority;
	struct call calls[HANDLES];
	struct call *idle[HANDLES];
	int n_idle;
	uint32_t *took_us;
	int n_took, wrong;
};

static size_t on_answer(char *bytes, size_t size, size_t n, void *ctx)
{
	text_add(ctx, bytes, size * n);
	return size * n;
}

static void prepare(struct load *l, struct call *c)
{
	c->easy = curl_easy_init();
	curl_easy_setopt(c->easy, CURLOPT_URL, l->url);
	curl_easy_setopt(c->easy, CURLOPT_CAINFO, l->authority);
	curl_easy_setopt(c->easy, CURLOPT_HTTPHEADER, l->headers);
	curl_easy_setopt(c->easy, CURLOPT_WRITEFUNCTION, on_answer);
	curl_easy_setopt(c->easy, CURLOPT_WRITEDATA, &c->answer);
	curl_easy_setopt(c->easy, CURLOPT_PRIVATE, c);
	curl_easy_setopt(c->easy, CURLOPT_TIMEOUT, 10L);
	l->idle[l->n_idle++] = c;
}

static void send_one(struct load *l, int i, uint64_t due_us)
{
	struct call *c = l->idle[--l->n_idle];

	free(c->body);
	c->body = review(i);
	c->due_us = due_us;
	text_clear(&c->answer);
	curl_easy_setopt(c->easy, CURLOPT_POSTFIELDS, c->body);
	curl_easy_setopt(c->easy, CURLOPT_POSTFIELDSIZE, (long)strlen(c->body));
	curl_multi_add_handle(l->multi, c->easy);
}

static void take(struct load *l, const CURLMsg *m)
{
	struct call *c;
	long status = 0;

	curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &c);
	curl_easy_getinfo(m->easy_handle, CURLINFO_RESPONSE_CODE, &status);
	if (m->data.result != CURLE_OK || status != 200 ||
		!strstr(text_str(&c->answer), "\"allowed\":true,\"patchType\""))
		l->wrong++;
	l->took_us[l->n_took++] = (uint32_t)(now_us() - c->due_us);
	curl_multi_remove_handle(l->multi, c->easy);
	l->idle[l->n_idle++] = c;
}

/* Until nothing is under way, or it is @until_us. */
static void work(struct load *l, uint64_t until_us)
{
	for (;;) {
		uint64_t now = now_us();
		CURLMsg *m;
		int running, left;

		curl_multi_perform(l->multi, &running);
		while ((m = curl_multi_info_read(l->multi, &left))) {
			if (m->msg == CURLMSG_DONE)
				take(l, m);
		}
		if (now >= until_us || (until_us == UINT64_MAX && l->n_idle == HANDLES))
			return;
		curl_multi_poll(l->multi, NULL, 0, until_us - now > 1000 ? 1 : 0, NULL);
	}
}

static void run(struct load *l, int first, int n, int rate)
{
	uint64_t start = now_us();

	for (int i = 0; i < n; i++) {
		uint64_t due = start + (uint64_t)i * 1000000 / (uint64_t)rate;

		work(l, due);
		while (!l->n_idle)
			work(l, now_us() + 500);
		send_one(l, first + i, due);
	}
	work(l, UINT64_MAX);
}

static int compare(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

static void print_memory(const char *pid)
{
	char path[64], line[256];
	_cleanup_fclose_ FILE *f = NULL;

	snprintf(path, sizeof(path), "/proc/%s/status", pid);
	f = fopen(path, "r");
	while (f && fgets(line, sizeof(line), f)) {
		unsigned long kib;

		if (sscanf(line, "VmRSS: %lu", &kib) == 1)
			printf("resident %.1f MiB", (double)kib / 1024);
		else if (sscanf(line, "VmHWM: %lu", &kib) == 1)
			printf("at most %.1f MiB, ", (double)kib / 1024);
	}
	printf("\n");
}

/* Of the process, in milliseconds. */
static double cpu_ms(const char *pid)
{
	char path[64], line[1024], *rest;
	_cleanup_fclose_ FILE *f = NULL;
	unsigned long user = 0, kernel = 0;

	snprintf(path, sizeof(path), "/proc/%s/stat", pid);
	f = fopen(path, "r");
	rest = f && fgets(line, sizeof(line), f) ? strrchr(line, ')') : NULL;
	if (!rest || sscanf(rest, ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user,
			     &kernel) != 2)
		return 0;
	return (double)(user + kernel) * 1000 / (double)sysconf(_SC_CLK_TCK);
}

static int load(const char *port, const char *authority, const char *pid, int rate, int seconds)
{
	static struct load l;
	_cleanup_free_ char *sample = review(0);
	int n = rate * seconds;
	double cpu;

	curl_global_init(CURL_GLOBAL_DEFAULT);
	l.multi = curl_multi_init();
	curl_multi_setopt(l.multi, CURLMOPT_MAXCONNECTS, 64L);
	curl_multi_setopt(l.multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, 64L);
	l.headers = curl_slist_append(NULL, "Content-Type: application/json");
	snprintf(l.url, sizeof(l.url), "https://localhost:%s/mutate", port);
	l.authority = authority;
	l.took_us = calloc((size_t)n + WARM_UP, sizeof(*l.took_us));
	for (int i = 0; i < HANDLES; i++)
		prepare(&l, &l.calls[i]);
	run(&l, 0, WARM_UP, 100);
	l.n_took = 0;
	cpu = cpu_ms(pid);
	run(&l, WARM_UP, n, rate);
	cpu = cpu_ms(pid) - cpu;
	qsort(l.took_us, (size_t)l.n_took, sizeof(*l.took_us), compare);
	printf("%d reviews of %zu bytes at %d a second: median %.2f ms, p99 %.2f ms, at most %.2f "
	       "ms; %d wrong\n",
		l.n_took, strlen(sample), rate, l.took_us[l.n_took / 2] / 1e3,
		l.took_us[l.n_took * 99 / 100] / 1e3, l.took_us[l.n_took - 1] / 1e3, l.wrong);
	printf("%.2f ms of a CPU a review, ", cpu / n);
	print_memory(pid);
	return l.wrong != 0;
}

int main(int argc, char **argv)
{
	if (argc == 6)
		return load(argv[1], argv[2], argv[3], atoi(argv[4]), atoi(argv[5]));
	fputs("usage: webhook PORT CA PID RATE SECONDS\n", stderr);
	return 2;
}
