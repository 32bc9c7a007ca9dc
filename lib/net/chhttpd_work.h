#ifndef NET_CHHTTPD_WORK_H_
#define NET_CHHTTPD_WORK_H_

#include <stddef.h>
#include <stdint.h>

#include <microhttpd.h>
#include <zlib.h>

#include "base/buf.h"
#include "net/chbody.h"
#include "net/chhttpd.h"
#include "net/chsql.h"

/*
 * The inside of the HTTP server: chhttpd.c moves a request through its states,
 * chhttpd_ask.c reads what it says, chhttpd_answer.c answers it.
 */

struct chhttpd {
	struct chpool *pool;
	struct MHD_Daemon *mhd;
	int is_unix;
};

struct request {
	struct chhttpd *h;
	struct MHD_Connection *c;
	int64_t began;			/* ns */
	struct chpool_want want;
	struct chpool_setting setting[CHPOOL_SETTING_MAX];
	struct chdb_param param[CHDB_PARAM_MAX];
	size_t params;
	struct slice query, default_format;
	char query_id[64];
	int reads;			/* GET, HEAD */
	int has_query, wait_end, gzip, whole;
	const char *fixed_answer;	/* of /ping and the like */

	struct chbody *body;
	struct buf text;
	size_t fixed;			/* bytes of text that came with the URL */
	struct chsql sql;

	struct chpool_lease *lease;
	struct chdb_writer *writer;
	struct chdb_reader *reader;
	struct chdb_answer answer;	/* whole, or the piece being sent */
	size_t sent;			/* of it */
	struct buf error;		/* text of an exception; empty: none yet */
	int status;			/* HTTP status of an error that is not the engine's, or 0 */

	struct buf tail;		/* bytes at the end of a stream that failed */
	z_stream z;
	int z_open, z_done, ended;
	char tag[17];
};

/* chhttpd.c: keeps an error for the end of the body; the first one counts. */
void chhttpd_refuse(struct request *r, int code, const char *name, const char *text);

/*
 * Gives the connection back before the client has the last of its answer, or its
 * next request could find the session or the query id still in use.
 */
void chhttpd_release(struct request *r);

/*
 * chhttpd_ask.c: a new request with what its URL and headers say; what is refused there is
 * its error.  Its texts lie in c and live as long as the request.
 */
struct request *chhttpd_ask(struct chhttpd *h, struct MHD_Connection *c, const char *url, const char *method);
void chhttpd_add_setting(struct request *r, struct slice name, struct slice value);

/*
 * chhttpd_answer.c: each queues one answer of the request.  A text is copied; an error
 * is r->error, and gives the connection back; data are r->answer, or what r->reader yet
 * gives, in that format.
 */
enum MHD_Result chhttpd_answer_text(struct request *r, unsigned status, const char *text);
enum MHD_Result chhttpd_answer_error(struct request *r);
enum MHD_Result chhttpd_answer_data(struct request *r, struct slice format, int has_result);

#endif
