/* Rejects: a refused record, with its bytes and the reason, as a control line. */
#include <stdarg.h>
#include <stdio.h>

#include <openssl/evp.h>

#include "rec/json.h"
#include "rec/reject.h"

int
fault_set(struct fault *f, const char *code, const char *field, const char *fmt, ...)
{
	va_list ap;

	f->code = code;
	(void)snprintf(f->field, sizeof f->field, "%s", field);
	va_start(ap, fmt);
	(void)vsnprintf(f->msg, sizeof f->msg, fmt, ap);
	va_end(ap);
	return -1;
}

static void
put_string(struct buf *b, const char *s)
{
	char clean[1024];
	struct slice t = slice_of(s);
	char *p;

	(void)err_show(clean, sizeof clean, t.p, t.n);
	t = slice_of(clean);
	p = buf_room(b, 6 * t.n + 2);
	b->n = (size_t)(json_quote(p, t) - b->p);
}

void
reject_put(struct buf *b, struct slice src, const char *stage, const struct fault *f, struct slice raw)
{
	buf_puts(b, "{\"@reject\":{\"src\":");
	if (src.n > 0)
		buf_slice(b, src);
	else
		buf_puts(b, "null");
	buf_puts(b, ",\"stage\":");
	put_string(b, stage);
	buf_puts(b, ",\"code\":");
	put_string(b, f->code);
	buf_puts(b, ",\"field\":");
	put_string(b, f->field);
	buf_puts(b, ",\"msg\":");
	put_string(b, f->msg);
	buf_puts(b, ",\"raw\":\"");
	if (raw.n > REJECT_RAW)
		raw.n = REJECT_RAW;
	b->n += (size_t)EVP_EncodeBlock((unsigned char *)buf_room(b, raw.n / 3 * 4 + 8),
	    (const unsigned char *)raw.p, (int)raw.n);
	buf_puts(b, "\"}}\n");
}

int
reject_raw(struct buf *b, struct slice base64)
{
	size_t pad = 0;
	int n = 0;

	buf_clear(b);
	if (base64.n % 4 != 0 || base64.n > 2 * REJECT_RAW)
		return -1;
	while (pad < 2 && base64.n > pad && base64.p[base64.n - 1 - pad] == '=')
		pad++;
	if (base64.n > 0)
		n = EVP_DecodeBlock((unsigned char *)buf_room(b, base64.n), (const unsigned char *)base64.p, (int)base64.n);
	if (n < 0)
		return -1;
	b->n = (size_t)n - pad;
	return 0;
}
