/* A filter by cJSON: parses each line and prints it again.  What a stage would cost with a tree. */
#include <stdio.h>
#include <stdlib.h>

#include <cjson/cJSON.h>

int
main(void)
{
	char *line = NULL, *text;
	size_t cap = 0;
	ssize_t n;

	while ((n = getline(&line, &cap, stdin)) > 0) {
		cJSON *j = cJSON_ParseWithLength(line, (size_t)n);

		if (j == NULL)
			return 65;
		text = cJSON_PrintUnformatted(j);
		(void)puts(text);
		free(text);
		cJSON_Delete(j);
	}
	free(line);
	return fflush(stdout) == 0 ? 0 : 74;
}
