#ifndef TAP_H_
#define TAP_H_

#include <stdio.h>
#include <string.h>

/* TAP for unit tests: one file, one program. */
static int tap_n, tap_failed;
static const char *tap_section = "";

/* What follows tests that section of a man page, "wb-rules.5 Pauses", and is named after it; "": none. */
#define section(s) ((void)(tap_section = (s)))

#define ok(cond, ...) tap_ok((cond) != 0, __FILE__, __LINE__, __VA_ARGS__)
#define is_int(got, want, name) tap_int((long long)(got), (long long)(want), name, __LINE__)
#define is_str(got, want, name) tap_str((got), (want), name, __LINE__)

static inline int __attribute__((format(printf, 4, 5)))
tap_ok(int good, const char *file, int line, const char *fmt, ...)
{
	char name[512];
	__builtin_va_list ap;

	__builtin_va_start(ap, fmt);
	(void)vsnprintf(name, sizeof name, fmt, ap);
	__builtin_va_end(ap);
	printf("%sok %d - %s%s%s\n", good ? "" : "not ", ++tap_n, tap_section, *tap_section ? ": " : "", name);
	if (!good) {
		tap_failed++;
		printf("# at %s:%d\n", file, line);
	}
	return good;
}

static inline int
tap_int(long long got, long long want, const char *name, int line)
{
	int good = tap_ok(got == want, "", line, "%s", name);

	if (!good)
		printf("#  got %lld\n# want %lld\n", got, want);
	return good;
}

static inline int
tap_str(const char *got, const char *want, const char *name, int line)
{
	int good = tap_ok(got != NULL && strcmp(got, want) == 0, "", line, "%s", name);

	if (!good)
		printf("#  got %s\n# want %s\n", got ? got : "(null)", want);
	return good;
}

static inline int
done_testing(void)
{
	printf("1..%d\n", tap_n);
	return tap_failed != 0;
}

#endif
