"""The recipe of PNAS for Spack. In the top folder of the sources:

    spack repo create pnas_repo && mkdir -p pnas_repo/packages/pnas
    cp packaging/spack/package.py pnas_repo/packages/pnas && spack repo add pnas_repo
    spack dev-build pnas@main
"""

from spack.package import *


class Pnas(CMakePackage):
    """Progressive neural architecture search: grows convolutional networks block by block, on OpenCL, MPI and HDF5."""

    license("MIT")

    version("main")  # of a working copy, by dev-build

    variant("onnx", default=True, description="Export of networks to ONNX")
    variant("pocl", default=True, description="Run on CPUs, through PoCL")

    depends_on("c", type="build")
    depends_on("cmake@3.22:", type="build")
    depends_on("pkgconfig", type="build")
    depends_on("help2man", type="build")
    depends_on("mpi")
    depends_on("opencl")
    depends_on("pocl", when="+pocl", type="run")
    depends_on("clblast")
    depends_on("hdf5+hl~mpi")
    depends_on("libyaml")
    depends_on("random123", type="build")
    depends_on("uthash", type="build")
    depends_on("zlib-api")
    depends_on("openssl")
    depends_on("libpng")
    depends_on("jpeg")
    depends_on("protobuf-c", when="+onnx")
    depends_on("onnx", when="+onnx", type="build")  # onnx.proto
    depends_on("gnuplot", type="run")
    depends_on("graphviz", type="run")

    def cmake_args(self):
        return [self.define("PNAS_TESTS", False)]
