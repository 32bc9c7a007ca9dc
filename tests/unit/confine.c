/* A process shut into a folder. */
#include <sys/socket.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "io/confine.h"
#include "tap.h"

/* In a child, which is confined for good: a bit for each thing that it can do. */
static int
can(const char *dir, const char *removable)
{
	const struct confine_place place[] = {
		{ dir, CONFINE_WRITE }, { "/proc", CONFINE_READ }, { removable, CONFINE_REMOVE }, { "/none", CONFINE_READ },
	};
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons(9) };
	struct err e = ERR_NONE;
	char name[256];
	int rc = 0, fd = socket(AF_INET, SOCK_STREAM, 0);

	if (confine(place, 4, &e) != 1)
		return 255;
	(void)snprintf(name, sizeof name, "%s/inside", dir);
	rc |= open(name, O_RDWR | O_CREAT | O_TRUNC, 0600) != -1 ? 1 : 0;
	rc |= open("/proc/self/stat", O_RDONLY) != -1 ? 2 : 0;
	rc |= open("/etc/passwd", O_RDONLY) != -1 ? 4 : 0;
	(void)snprintf(name, sizeof name, "%s/outside", removable);
	rc |= open(name, O_RDONLY) != -1 ? 8 : 0;
	rc |= open(name, O_WRONLY) != -1 ? 16 : 0;
	rc |= unlink(name) == 0 ? 32 : 0;
	rc |= connect(fd, (struct sockaddr *)&a, sizeof a) == 0 || errno != EACCES ? 64 : 0;
	return rc;
}

int
main(void)
{
	char dir[] = "/tmp/wb-confine.XXXXXX", other[] = "/tmp/wb-confine.XXXXXX", name[256];
	int st = 0;
	pid_t pid = 0;
	FILE *f = NULL;

	if (mkdtemp(dir) == NULL || mkdtemp(other) == NULL)
		return 1;
	(void)snprintf(name, sizeof name, "%s/outside", other);
	if ((f = fopen(name, "w")) != NULL)
		fclose(f);
	if ((pid = fork()) == 0)
		_exit(can(dir, other));
	(void)waitpid(pid, &st, 0);
	if (WEXITSTATUS(st) == 255)
		printf("ok %d - confined # SKIP this kernel has no Landlock\n", ++tap_n);
	else {
		is_int(WEXITSTATUS(st) & 3, 3, "writes inside, reads what is allowed");
		is_int(WEXITSTATUS(st) & (4 | 8 | 16), 0, "neither reads nor writes outside");
		is_int(WEXITSTATUS(st) & 32, 32, "removes where it may");
		if (WEXITSTATUS(st) & 64)
			printf("ok %d - TCP # SKIP this kernel's Landlock has no TCP\n", ++tap_n);
		else
			ok(1, "no TCP");
	}
	(void)unlink(name);
	(void)snprintf(name, sizeof name, "%s/inside", dir);
	(void)unlink(name);
	(void)rmdir(dir);
	(void)rmdir(other);
	return done_testing();
}
