#include "src/base/commit.h"

static const char *commit_of_program = "unknown";

const char *pnas_commit(void)
{
    return commit_of_program;
}

void pnas_commit_set(const char *commit)
{
    commit_of_program = commit;
}
