#ifndef IO_RETRY_H_
#define IO_RETRY_H_

/* Pause before try number n (from 0): 0.1 s, doubled up to 8 s, with jitter. */
void retry_pause(unsigned n);

#endif
