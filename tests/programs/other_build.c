/* The name of a build that no other rank runs. */
#include "src/programs/common/program.h"

const char *pnas_program_build(void)
{
    return "0.0.0 (another build)";
}

const char *pnas_program_commit(void)
{
    return "another build";
}
