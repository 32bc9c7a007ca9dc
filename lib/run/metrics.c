/* Metrics of a run, as text for Prometheus. */
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/utc.h"
#include "base/utf8.h"
#include "io/file.h"
#include "run/metrics.h"

#define SUCCESS "waybill_job_last_success_timestamp_seconds{wb_job=\""

static void
family(struct buf *b, const char *name, const char *help)
{
	buf_printf(b, "# HELP %s %s\n# TYPE %s gauge\n", name, help, name);
}

/* As the value of a label. */
static void
escape(struct buf *b, const char *s)
{
	size_t n = strlen(s), w;

	for (; n > 0; s += w, n -= w) {
		w = utf8_len(s, n);
		if (w == 0) {
			buf_puts(b, "\xef\xbf\xbd");	/* U+FFFD */
			w = 1;
		} else if (*s == '\n') {
			buf_puts(b, "\\n");
		} else {
			if (*s == '\\' || *s == '"')
				buf_putc(b, '\\');
			buf_put(b, s, w);
		}
	}
}

/* The line of the last success in the old file, or nothing. */
static void
keep_success(struct buf *b, const char *path, const char *job)
{
	struct buf old = { 0 }, want = { 0 };
	struct err e = ERR_NONE;
	const char *p, *lf;

	buf_printf(&want, SUCCESS "%s\"}", job);
	if (access(path, R_OK) == 0 && file_read(path, 1 << 20, &old, &e) == 0) {
		p = strstr(buf_str(&old), buf_str(&want));
		lf = p ? strchr(p, '\n') : NULL;
		if (lf != NULL)
			buf_put(b, p, (size_t)(lf - p) + 1);
	}
	buf_fini(&old);
	buf_fini(&want);
}

int
metrics_write(const struct tool *t, int status, double seconds,
    const struct metrics_count *count, unsigned n, const char *more, struct err *e)
{
	struct buf b = { 0 }, label = { 0 };
	double now = (double)utc_now() / 1000;
	const char *job;
	unsigned i;
	int rc;

	escape(&label, t->job);
	job = buf_str(&label);
	family(&b, "waybill_build_info", "Version of the program that wrote this file.");
	/* the exporter refuses two files with one series, so that each has its job in all of them */
	buf_printf(&b, "waybill_build_info{wb_job=\"%s\",version=\"%s\"} 1\n", job, WB_VERSION);
	family(&b, "waybill_job_last_success_timestamp_seconds", "When the job last ended well.");
	if (status == 0)
		buf_printf(&b, SUCCESS "%s\"} %.3f\n", job, now);
	else
		keep_success(&b, t->metrics, job);
	family(&b, "waybill_job_last_completion_timestamp_seconds", "When the job last ended.");
	buf_printf(&b, "waybill_job_last_completion_timestamp_seconds{wb_job=\"%s\"} %.3f\n", job, now);
	family(&b, "waybill_job_last_exit_code", "Exit status of the last run.");
	buf_printf(&b, "waybill_job_last_exit_code{wb_job=\"%s\"} %d\n", job, status);
	family(&b, "waybill_job_duration_seconds", "How long the last run took.");
	buf_printf(&b, "waybill_job_duration_seconds{wb_job=\"%s\",stage=\"%s\"} %.3f\n", job, t->name, seconds);
	family(&b, "waybill_job_last_run_records", "Records of the last run.");
	for (i = 0; i < n; i++)
		buf_printf(&b, "waybill_job_last_run_records{wb_job=\"%s\",kind=\"%s\"} %llu\n", job,
		    count[i].kind, (unsigned long long)count[i].n);
	buf_puts(&b, more);
	rc = file_replace(t->metrics, b.p, b.n, e);
	buf_fini(&b);
	buf_fini(&label);
	return rc;
}
