/* The embedded store: the ClickHouse engine in this process, behind ClickHouse's HTTP interface. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/env.h"
#include "net/chdb.h"
#include "net/chhttpd.h"
#include "net/chlisten.h"
#include "net/chpool.h"
#include "run/tool.h"

#define LIBRARY "libchdb-26.7.3/libchdb.so"
#define STOP_MS 5000		/* what a killed statement gets to end in */

enum { LISTEN = TOOL_OWN, MEMORY, PORT_FILE, LIBRARY_FILE };

static const struct option longs[] = {
	{ "listen", required_argument, NULL, LISTEN },
	{ "memory", required_argument, NULL, MEMORY },
	{ "port-file", required_argument, NULL, PORT_FILE },
	{ "library", required_argument, NULL, LIBRARY_FILE },
	{ 0 }
};

static struct tool tool = {
	.name = "wb-chdb",
	.usage = "wb-chdb [-v] [--listen ADDRESS] [--memory SIZE] [--port-file FILE] [--library FILE] DIR",
	.letters = "S:",
	.longs = longs,
};

/* The cache that scripts/fetch-libchdb fills, then the installed place.  NULL: neither has it. */
static const char *
find_library(struct buf *b)
{
	const char *cache = env_get("XDG_CACHE_HOME"), *home = env_get("HOME");

	if (cache != NULL && cache[0] == '/')
		buf_printf(b, "%s/waybill/%s", cache, LIBRARY);
	else
		buf_printf(b, "%s/.cache/waybill/%s", home != NULL ? home : "", LIBRARY);
	if (access(buf_str(b), R_OK) == 0)
		return buf_str(b);
	buf_clear(b);
	buf_printf(b, "%s/%s", WB_SHARE, LIBRARY);
	return access(buf_str(b), R_OK) == 0 ? buf_str(b) : NULL;
}

/* The folder that holds path, in dst. */
static const char *
folder_of(const char *path, char dst[PATH_MAX])
{
	const char *slash = strrchr(path, '/');

	snprintf(dst, PATH_MAX, "%.*s", slash == NULL ? 1 : slash == path ? 1 : (int)(slash - path), slash == NULL ? "." : path);
	return dst;
}

int
main(int argc, char **argv)
{
	struct err e = ERR_NONE;
	struct chdb_config config = { .library = env_get("WB_LIBCHDB") };
	const char *listen_at = "127.0.0.1:8123", *port_file = NULL;
	char address[CHLISTEN_ADDRESS_MAX] = "";
	struct buf path = { 0 }, line = { 0 };
	struct chdb *engine = NULL;
	struct chpool *pool = NULL;
	struct chhttpd *http = NULL;
	sigset_t stop;
	char folder[2][PATH_MAX];
	int c = 0, fd = -1, port_fd = -1, sig = 0;
	unsigned left = 0;

	while ((c = tool_opt(&tool, argc, argv)) != -1)
		switch (c) {
		case LISTEN:
			listen_at = optarg;
			break;
		case MEMORY:
		case 'S':
			config.memory = tool_size(&tool, "--memory", optarg);
			break;
		case PORT_FILE:
			port_file = optarg;
			break;
		case LIBRARY_FILE:
			config.library = optarg;
			break;
		}
	if (argc - optind != 1)
		tool_usage(&tool, "one folder is needed");
	config.dir = argv[optind];
	if (config.library == NULL && (config.library = find_library(&path)) == NULL) {
		err_set(&e, EX_CONFIG, "no libchdb: scripts/fetch-libchdb gets it; --library or WB_LIBCHDB names another");
		tool_die(&tool, &e);
	}

	/* the engine's threads are to inherit this: only sigwait() below sees them */
	(void)signal(SIGPIPE, SIG_IGN);
	(void)sigemptyset(&stop);
	(void)sigaddset(&stop, SIGTERM);
	(void)sigaddset(&stop, SIGINT);
	(void)sigprocmask(SIG_BLOCK, &stop, NULL);

	config.address = address;
	/* opened now: the engine's process cannot later.  Its one write makes it be there whole. */
	if (port_file != NULL) {
		config.removes[0] = folder_of(port_file, folder[0]);
		if ((port_fd = open(port_file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644)) == -1) {
			err_set(&e, EX_IOERR, "%s: %s", port_file, strerror(errno));
			tool_die(&tool, &e);
		}
	}
	if (strncmp(listen_at, "unix:", 5) == 0)
		config.removes[1] = folder_of(listen_at + 5, folder[1]);
	if ((fd = chlisten_bind(listen_at, address, &e)) == -1)
		tool_die(&tool, &e);
	if ((engine = chdb_start(&config, &e)) == NULL || (pool = chpool_new(engine, &e)) == NULL ||
	    (http = chhttpd_start(pool, fd, strncmp(listen_at, "unix:", 5) == 0, &e)) == NULL) {
		if (strncmp(listen_at, "unix:", 5) == 0)
			(void)unlink(listen_at + 5);
		tool_die(&tool, &e);
	}
	buf_printf(&line, "%s\n", address);
	if (port_fd != -1 && write(port_fd, line.p, line.n) != (ssize_t)line.n) {
		err_set(&e, EX_IOERR, "%s: %s", port_file, strerror(errno));
		tool_die(&tool, &e);
	}
	if (tool.verbose)
		tool_say(&tool, "libchdb %s, ClickHouse %s, %s", chdb_library_version(engine), chpool_version(pool),
		    chdb_confined(engine) ? "confined to the folder" : "not confined: this kernel has no Landlock");
	tool_say(&tool, "ready at %s", address);

	(void)sigwait(&stop, &sig);
	chhttpd_quiet(http);
	if (strncmp(listen_at, "unix:", 5) == 0)
		(void)unlink(listen_at + 5);
	if (port_file != NULL)
		(void)unlink(port_file);
	/* a statement that does not end is left to _exit(): to the store that is a crash, which it survives */
	if ((left = chpool_stop(pool, STOP_MS)) == 0) {
		chhttpd_stop(http);
		chpool_free(pool);
		chdb_stop(engine);
	} else
		tool_warn(&tool, "%u statements did not end", left);
	_exit(0);
}
