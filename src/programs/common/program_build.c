#include "pnas_commit.h"
#include "pnas_version.h"
#include "src/programs/common/program.h"

const char *pnas_program_build(void)
{
    return PNAS_VERSION " (" PNAS_COMMIT ")";
}

const char *pnas_program_commit(void)
{
    return PNAS_COMMIT;
}
