#include "pnas_build.h"
#include "src/programs/common/program.h"

const char *pnas_program_built_with(void)
{
    return "OpenCL    " PNAS_BUILT_OPENCL "\n"
           "MPI       " PNAS_BUILT_MPI "\n"
           "HDF5      " PNAS_BUILT_HDF5 "\n"
           "libjpeg   " PNAS_BUILT_JPEG "\n"
           "CLBlast   " PNAS_BUILT_CLBLAST "\n"
           "compiler  " PNAS_BUILT_COMPILER "\n";
}
