/* engine SQL: one query in the ClickHouse engine ($WB_LIBCHDB), over files too.  A peer for benchmarks. */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void *lib;

static void *
symbol(const char *name)
{
	void *p = dlsym(lib, name);

	if (p == NULL)
		exit(78);
	return p;
}

int
main(int argc, char **argv)
{
	const char *path = getenv("WB_LIBCHDB"), *error;
	char name[] = "engine", *args[] = { name };
	void **(*connect)(int, char **);
	void *(*query)(void *, const char *, const char *);
	char *(*buffer)(void *);
	size_t (*length)(void *);
	const char *(*fault)(void *);
	void **conn, *r;

	if (argc != 2 || path == NULL || (lib = dlopen(path, RTLD_NOW)) == NULL)
		return 78;
	*(void **)&connect = symbol("chdb_connect");
	*(void **)&query = symbol("chdb_query");
	*(void **)&buffer = symbol("chdb_result_buffer");
	*(void **)&length = symbol("chdb_result_length");
	*(void **)&fault = symbol("chdb_result_error");
	if ((conn = connect(1, args)) == NULL)
		return 70;
	r = query(*conn, argv[1], "TSV");
	error = fault(r);
	if (error != NULL)
		(void)fprintf(stderr, "engine: %s\n", error);
	else
		(void)fwrite(buffer(r), 1, length(r), stdout);
	(void)fflush(stdout);
	_exit(error != NULL);	/* the engine's threads need no farewell */
}
