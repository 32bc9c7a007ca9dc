#ifndef NET_SQL_PARAM_H_
#define NET_SQL_PARAM_H_

/* A value that a statement names: {name:Type} of ClickHouse (chtext.h), :name of PostgreSQL (pgsql.h). */
struct sql_param {
	const char *name, *value;
};

#endif
