/* fuzz-NAME as a test: gives each file of tests/fuzz/corpus/NAME to the fuzz target, which aborts on a fault. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../unit/tap.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static int
replay(const char *path)
{
	static uint8_t data[1 << 20];
	FILE *f = fopen(path, "rb");
	size_t n;

	if (f == NULL)
		return 0;
	n = fread(data, 1, sizeof data, f);
	fclose(f);
	return LLVMFuzzerTestOneInput(data, n) == 0;
}

int
main(int argc, char **argv)
{
	const char *name = argc > 0 ? strrchr(argv[0], '/') : NULL;
	char dir[256], path[600];
	struct dirent *e = NULL;
	DIR *d = NULL;
	int n = 0;

	name = name != NULL ? name + 1 : argv[0];
	snprintf(dir, sizeof dir, "tests/fuzz/corpus/%s", strncmp(name, "fuzz-", 5) == 0 ? name + 5 : name);
	d = opendir(dir);
	while (d != NULL && (e = readdir(d)) != NULL) {
		if (e->d_name[0] == '.')
			continue;
		snprintf(path, sizeof path, "%s/%s", dir, e->d_name);
		ok(replay(path), "%s", path);
		n++;
	}
	if (d != NULL)
		closedir(d);
	ok(n > 0, "files in %s", dir);
	return done_testing();
}
