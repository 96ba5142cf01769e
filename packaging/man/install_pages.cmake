# Run by cmake --install, with pages, mandir, datadir and gzip: writes the pages, compressed, with the folders of the
# installation in them.
get_filename_component(datadir "${datadir}" ABSOLUTE BASE_DIR "${CMAKE_INSTALL_PREFIX}")
get_filename_component(mandir "${mandir}" ABSOLUTE BASE_DIR "${CMAKE_INSTALL_PREFIX}")
foreach(page IN LISTS pages)
  get_filename_component(name ${page} NAME)
  set(installed "$ENV{DESTDIR}${mandir}/${name}")
  configure_file(${page} "${installed}" @ONLY)
  execute_process(COMMAND ${gzip} -9 -n -f "${installed}" RESULT_VARIABLE code)
  if(NOT code EQUAL 0)
    message(FATAL_ERROR "${installed}: cannot be compressed")
  endif()
  list(APPEND CMAKE_INSTALL_MANIFEST_FILES "${mandir}/${name}.gz")
endforeach()
