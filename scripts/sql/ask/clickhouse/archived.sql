-- Greater than 0: events have been archived.
SELECT count() FROM wb_state WHERE name = 'retain:fct_event'
