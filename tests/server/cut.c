/* cut PORT fin|rst|half: sends standard input to 127.0.0.1:PORT, then ends the connection in that way; half prints the answer. */
#include <sys/socket.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int
main(int argc, char **argv)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct linger off = { 1, 0 };
	char b[65536];
	ssize_t n = 0;
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (argc != 3)
		return 64;
	a.sin_port = htons((uint16_t)strtol(argv[1], NULL, 10));
	if (fd == -1 || connect(fd, (struct sockaddr *)&a, sizeof(a)) == -1)
		return 75;
	while ((n = read(STDIN_FILENO, b, sizeof(b))) > 0)
		if (send(fd, b, (size_t)n, MSG_NOSIGNAL) != n)
			return 75;
	if (strcmp(argv[2], "rst") == 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &off, sizeof(off));
	else if (strcmp(argv[2], "half") == 0) {
		(void)shutdown(fd, SHUT_WR);
		while ((n = read(fd, b, sizeof(b))) > 0)
			(void)fwrite(b, 1, (size_t)n, stdout);
	}
	(void)close(fd);
	return 0;
}
