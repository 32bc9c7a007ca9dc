/*
 * gate PORT WORD head|body N|reply|half: a relay to 127.0.0.1:PORT that stops at one point of the first request whose header
 * holds INSERT and WORD, for good: before anything of it goes on; behind N bytes of its body; when the answer is there, before
 * anything of it goes back; behind the status of the answer.  Prints its own port, and "there" when it has come so far.  When
 * the client's connection has ended it ends the server's.
 *
 * A connection is a process.  Requests follow each other: the next one begins with POST or GET behind an answer.
 */
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HALF 12		/* "HTTP/1.1 200" */

static const char *word, *point;
static size_t behind;
static int *stopped;		/* shared by all connections */

static void
put(int fd, const char *p, size_t n)
{
	ssize_t w;

	for (; n > 0; p += w, n -= (size_t)w)
		if ((w = send(fd, p, n, MSG_NOSIGNAL)) <= 0)
			_exit(1);
}

/* Here it stays until the client is gone. */
static void
stop(int client)
{
	char b[65536];

	*stopped = 1;
	(void)!write(STDOUT_FILENO, "there\n", 6);
	while (recv(client, b, sizeof b, 0) > 0)
		;
	_exit(0);
}

static int
is(const char *name)
{
	return strcmp(point, name) == 0;
}

static void
relay(int client, int server)
{
	static char head[1 << 20], b[65536];
	size_t n = 0, body = 0;		/* of the header so far, of the body gone on */
	int answered = 1, in_head = 0, wanted = 0;
	struct pollfd f[2] = { { .fd = client, .events = POLLIN }, { .fd = server, .events = POLLIN } };
	char *end;
	ssize_t r;

	while (poll(f, 2, -1) > 0) {
		if (f[0].revents) {
			if ((r = recv(client, b, sizeof b, 0)) <= 0)
				return;
			if (answered && r >= 4 && (memcmp(b, "POST", 4) == 0 || memcmp(b, "GET ", 4) == 0)) {
				in_head = 1;
				wanted = answered = 0;
				n = body = 0;
			}
			if (in_head) {
				if (n + (size_t)r >= sizeof head)
					_exit(1);
				memcpy(head + n, b, (size_t)r);
				head[n += (size_t)r] = '\0';
				if ((end = strstr(head, "\r\n\r\n")) == NULL)
					continue;
				in_head = 0;
				*end = '\0';
				wanted = !*stopped && strstr(head, "INSERT") != NULL && strstr(head, word) != NULL;
				*end = '\r';
				if (wanted && is("head"))
					stop(client);
				put(server, head, (size_t)(end + 4 - head));
				r = (ssize_t)(head + n - (end + 4));
				memcpy(b, end + 4, (size_t)r);
			}
			if (wanted && is("body") && body + (size_t)r >= behind) {
				put(server, b, behind - body);
				stop(client);
			}
			put(server, b, (size_t)r);
			body += (size_t)r;
		}
		if (f[1].revents) {
			if ((r = recv(server, b, sizeof b, 0)) <= 0)
				return;
			answered = 1;
			if (wanted && r >= HALF && memcmp(b, "HTTP/1.1 100", HALF) != 0) {
				if (is("reply"))
					stop(client);
				if (is("half")) {
					put(client, b, HALF);
					stop(client);
				}
			}
			put(client, b, (size_t)r);
		}
	}
}

static int
open_socket(uint16_t port, int listens)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons(port) };
	socklen_t n = sizeof a;
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd == -1)
		return -1;
	if (!listens)
		return connect(fd, (struct sockaddr *)&a, n) == -1 ? -1 : fd;
	if (bind(fd, (struct sockaddr *)&a, n) == -1 || listen(fd, 16) == -1 || getsockname(fd, (struct sockaddr *)&a, &n) == -1)
		return -1;
	(void)printf("%d\n", ntohs(a.sin_port));
	(void)fflush(stdout);
	return fd;
}

int
main(int argc, char **argv)
{
	uint16_t port;
	int here, client, server;

	if (argc != 4 && argc != 5)
		return 64;
	port = (uint16_t)strtol(argv[1], NULL, 10);
	word = argv[2];
	point = argv[3];
	behind = argc == 5 ? (size_t)strtol(argv[4], NULL, 10) : 0;
	stopped = mmap(NULL, sizeof *stopped, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (stopped == MAP_FAILED || (here = open_socket(0, 1)) == -1)
		return 75;
	(void)signal(SIGCHLD, SIG_IGN);
	while ((client = accept(here, NULL, NULL)) != -1) {
		if (fork() == 0) {
			(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
			if ((server = open_socket(port, 0)) != -1)
				relay(client, server);
			_exit(0);
		}
		(void)close(client);
	}
	return 75;
}
