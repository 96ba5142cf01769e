# cpack -G DEB --config build/PRESET/CPackConfig.cmake: the Debian package. It has man pages and completion, so there is none
# without them.
if(NOT TARGET manual OR NOT TARGET completion)
  message(STATUS "no Debian package: it has man pages, which are not made here")
  return()
endif()

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME pnas)
set(CPACK_PACKAGE_CONTACT "Seed 285db8e8 maintainers <maintainers@users.noreply.r-seed-285db8e8.example>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "progressive neural architecture search on OpenCL and MPI")
set(CPACK_PACKAGE_DESCRIPTION "Searches for convolutional networks that grow block by block\n\
(progressive neural architecture search), on GPUs and CPUs with OpenCL,\n\
spread over machines by MPI. The best network is trained, tested, and\n\
exported to ONNX. Data sets, runs and networks are HDF5 files. A small data\n\
set of handwritten digits is included.")

# As dpkg-buildpackage does it: files below /usr, programs stripped, folders 755.
set(CPACK_SET_DESTDIR ON)
set(CPACK_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
    OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)

set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_PACKAGE_SECTION science)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS "openmpi-bin, ocl-icd-libopencl1, pocl-opencl-icd | opencl-icd")
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "gnuplot-nox | gnuplot, graphviz")
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "hdf5-tools, dataset-fashion-mnist")

# What only a Debian package has: copyright, changelog, other folders for some files.
string(TIMESTAMP PNAS_PACKAGE_DATE "%a, %d %b %Y %H:%M:%S +0000" UTC)
set(program_names "")
get_property(programs GLOBAL PROPERTY PNAS_PROGRAMS)
foreach(target IN LISTS programs)
  get_target_property(name ${target} OUTPUT_NAME)
  list(APPEND program_names ${name})
endforeach()
include(${PROJECT_SOURCE_DIR}/cmake/commit.cmake)
pnas_find_commit(${PROJECT_SOURCE_DIR} PNAS_COMMIT)
set(PNAS_PACKAGE_VERSION ${PROJECT_VERSION}-${CPACK_DEBIAN_PACKAGE_RELEASE})
configure_file(packaging/debian/changelog.in ${PROJECT_BINARY_DIR}/packaging/changelog @ONLY)
configure_file(packaging/debian/finish_tree.cmake.in ${PROJECT_BINARY_DIR}/packaging/finish_tree.cmake @ONLY)
set(CPACK_PRE_BUILD_SCRIPTS ${PROJECT_BINARY_DIR}/packaging/finish_tree.cmake)
include(CPack)
