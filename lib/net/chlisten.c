/* Sockets that only this machine reaches. */
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/num.h"
#include "net/chlisten.h"

int
chlisten_is_local(struct slice host)
{
	char name[64];
	struct in_addr a = { 0 };
	size_t n = host.n;

	if (n > 0 && host.p[0] == '[') {
		const char *stop = memchr(host.p, ']', n);

		return stop != NULL && slice_eq((struct slice){ host.p, (size_t)(stop + 1 - host.p) }, SLICE("[::1]"));
	}
	if (memchr(host.p, ':', n) != NULL)
		n = (size_t)((const char *)memchr(host.p, ':', n) - host.p);
	if (n >= sizeof(name))
		return 0;
	memcpy(name, host.p, n);
	name[n] = '\0';
	return strcasecmp(name, "localhost") == 0 ||
	    (inet_pton(AF_INET, name, &a) == 1 && (ntohl(a.s_addr) >> 24) == 127);
}

static int
bind_unix(const char *path, struct err *e)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	struct stat st;
	mode_t mask = 0;
	int fd = -1, rc = 0;

	if (strlen(path) == 0 || strlen(path) >= sizeof(a.sun_path))
		return err_set(e, EX_USAGE, "unix:%s: a socket's path has 1 to %zu bytes", path, sizeof(a.sun_path) - 1);
	memcpy(a.sun_path, path, strlen(path));
	if ((fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) == -1)
		return err_set(e, EX_IOERR, "unix:%s: %s", path, strerror(errno));
	if (lstat(path, &st) == 0 && S_ISSOCK(st.st_mode)) {
		if (connect(fd, (struct sockaddr *)&a, sizeof(a)) == -1 && errno == ECONNREFUSED)
			(void)unlink(path);
		close(fd);
		if ((fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) == -1)
			return err_set(e, EX_IOERR, "unix:%s: %s", path, strerror(errno));
	}
	mask = umask(0177);
	rc = bind(fd, (struct sockaddr *)&a, sizeof(a));
	(void)umask(mask);
	if (rc == -1) {
		err_set(e, errno == EADDRINUSE ? EX_TEMPFAIL : EX_IOERR, "unix:%s: %s", path, strerror(errno));
		close(fd);
		return -1;
	}
	return fd;
}

static int
bind_inet(const char *spec, char *address, struct err *e)
{
	const char *colon = strrchr(spec, ':');
	struct sockaddr_in v4 = { .sin_family = AF_INET };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	struct sockaddr *a = (struct sockaddr *)&v4;
	socklen_t n = sizeof(v4);
	uint64_t port = 0;
	char host[64];
	int fd = -1, on = 1;

	if (colon == NULL || (size_t)(colon - spec) >= sizeof(host) || num_u64(slice_of(colon + 1), &port) == -1 ||
	    port > 65535)
		return err_set(e, EX_USAGE, "%s: neither HOST:PORT nor unix:PATH", spec);
	memcpy(host, spec, (size_t)(colon - spec));
	host[colon - spec] = '\0';
	if (strcmp(host, "localhost") == 0)
		v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	else if (strcmp(host, "[::1]") == 0) {
		a = (struct sockaddr *)&v6;
		n = sizeof(v6);
	} else if (inet_pton(AF_INET, host, &v4.sin_addr) != 1 || ntohl(v4.sin_addr.s_addr) >> 24 != 127)
		return err_set(e, EX_USAGE, "%s: only this machine may be served: a loopback address or unix:PATH", spec);
	v4.sin_port = htons((uint16_t)port);
	v6.sin6_port = htons((uint16_t)port);
	if ((fd = socket(a->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0)) == -1)
		return err_set(e, EX_IOERR, "%s: %s", spec, strerror(errno));
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, a, n) == -1 || getsockname(fd, a, &n) == -1) {
		err_set(e, errno == EADDRINUSE ? EX_TEMPFAIL : EX_IOERR, "%s: %s", spec, strerror(errno));
		close(fd);
		return -1;
	}
	port = ntohs(a == (struct sockaddr *)&v6 ? v6.sin6_port : v4.sin_port);
	snprintf(address, CHLISTEN_ADDRESS_MAX, "http://%s:%u", host, (unsigned)port);
	return fd;
}

int
chlisten_bind(const char *spec, char address[CHLISTEN_ADDRESS_MAX], struct err *e)
{
	if (strncmp(spec, "unix:", 5) != 0)
		return bind_inet(spec, address, e);
	snprintf(address, CHLISTEN_ADDRESS_MAX, "%s", spec);
	return bind_unix(spec + 5, e);
}

