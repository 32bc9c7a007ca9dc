/*
 * What a command takes: cost [-o FILE] COMMAND runs it by sh and prints "SECONDS CPU-SECONDS MB" on standard error,
 * or in FILE: wall time, processor time of all its processes, and the most memory that they held together.
 */
#include <sys/resource.h>
#include <sys/wait.h>

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static double
mono(void)
{
	struct timespec t = { 0 };

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Resident pages of a process of the session, or 0. */
static long
resident(const char *pid, pid_t session)
{
	char path[300], text[1024], *p;
	long pages = 0;
	ssize_t n;
	int fd, sid = 0;

	(void)snprintf(path, sizeof path, "/proc/%s/stat", pid);
	if ((fd = open(path, O_RDONLY)) == -1)
		return 0;
	n = read(fd, text, sizeof text - 1);
	(void)close(fd);
	if (n <= 0)
		return 0;
	text[n] = '\0';
	/* behind the name: state ppid pgrp session ... rss is field 24 */
	if ((p = strrchr(text, ')')) == NULL ||
	    sscanf(p + 2, "%*c %*d %*d %d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %*u %*u %ld", &sid, &pages) != 2)
		return 0;
	return sid == session ? pages : 0;
}

static long
all(pid_t session)
{
	DIR *d = opendir("/proc");
	struct dirent *e;
	long sum = 0;

	while (d != NULL && (e = readdir(d)) != NULL)
		if (*e->d_name >= '1' && *e->d_name <= '9')
			sum += resident(e->d_name, session);
	if (d != NULL)
		(void)closedir(d);
	return sum;
}

int
main(int argc, char **argv)
{
	const struct timespec pause = { .tv_nsec = 50 * 1000 * 1000 };
	const char *file = NULL;
	struct rusage u = { 0 };
	double from = 0, wall = 0, cpu = 0;
	long most = 0, now = 0;
	int status = 0, c, fd = STDERR_FILENO;
	sigset_t child;
	pid_t pid, done = 0;

	while ((c = getopt(argc, argv, "o:")) != -1)
		if (c == 'o')
			file = optarg;
		else
			return 64;
	if (optind != argc - 1)
		return 64;
	(void)sigemptyset(&child);
	(void)sigaddset(&child, SIGCHLD);
	(void)sigprocmask(SIG_BLOCK, &child, NULL);
	from = mono();
	if ((pid = fork()) == -1)
		return 71;
	if (pid == 0) {
		(void)sigprocmask(SIG_UNBLOCK, &child, NULL);
		(void)setsid();
		(void)execl("/bin/sh", "sh", "-c", argv[optind], (char *)NULL);
		_exit(127);
	}
	while ((done = waitpid(pid, &status, WNOHANG)) == 0) {
		if ((now = all(pid)) > most)
			most = now;
		(void)sigtimedwait(&child, NULL, &pause);
	}
	wall = mono() - from;
	(void)getrusage(RUSAGE_CHILDREN, &u);
	cpu = (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) + (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
	if (file != NULL && (fd = open(file, O_WRONLY | O_CREAT | O_TRUNC, 0644)) == -1)
		return 74;
	(void)dprintf(fd, "%.3f %.3f %.0f\n", wall, cpu, (double)most * (double)sysconf(_SC_PAGESIZE) / 1e6);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
