# One library a room, third-party libraries linked PRIVATE so that reaching across rooms is a build error.
set(PNAS_WARNINGS -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith
                  -Wwrite-strings -Wvla -Wno-unused-parameter)
if(CMAKE_C_COMPILER_ID STREQUAL "GNU")
  list(APPEND PNAS_WARNINGS -Wno-format-truncation) # messages may be cut short on purpose
endif()
if(PNAS_WERROR)
  list(APPEND PNAS_WARNINGS -Werror)
endif()
if(PNAS_FUZZ)
  if(NOT CMAKE_C_COMPILER_ID MATCHES "Clang")
    message(FATAL_ERROR "PNAS_FUZZ needs clang: set CC=clang or -DCMAKE_C_COMPILER=clang in a new build folder")
  endif()
  set(PNAS_SANITIZER_FLAGS -fsanitize=fuzzer-no-link,${PNAS_FUZZ_SANITIZERS} -fno-sanitize-recover=all
                           -fno-omit-frame-pointer)
elseif(PNAS_SANITIZE)
  set(PNAS_SANITIZER_FLAGS -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
endif()

# pnas_common(TARGET): what every target of ours gets: the repository's root as include path, warnings.
function(pnas_common target)
  target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR} ${PROJECT_BINARY_DIR}/generated)
  target_compile_options(${target} PRIVATE ${PNAS_WARNINGS} ${PNAS_SANITIZER_FLAGS})
  target_compile_definitions(${target} PRIVATE _GNU_SOURCE)
  target_link_options(${target} PRIVATE ${PNAS_SANITIZER_FLAGS})
endfunction()

# pnas_room(NAME SOURCES files... [ROOMS libraries...] [PRIVATE third-party...])
function(pnas_room name)
  cmake_parse_arguments(ARG "" "" "SOURCES;ROOMS;PRIVATE" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  pnas_common(${name})
  target_link_libraries(${name} PUBLIC ${ARG_ROOMS} PRIVATE ${ARG_PRIVATE})
endfunction()

# pnas_program(NAME SOURCES files... ROOMS libraries... [PRIVATE third-party...])
function(pnas_program name)
  cmake_parse_arguments(ARG "" "" "SOURCES;ROOMS;PRIVATE" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  pnas_common(${name})
  target_link_libraries(${name} PRIVATE ${ARG_ROOMS} ${ARG_PRIVATE})
  install(TARGETS ${name} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endfunction()

# pnas_test(NAME LABEL label SOURCES files... ROOMS libraries... [PRIVATE third-party...] [TIMEOUT seconds]
#           [FILTER pattern] [ENVIRONMENT vars...] [LAUNCHER command...])
# A Criterion executable registered with CTest under its own name. A filter that matches nothing fails.
function(pnas_test name)
  cmake_parse_arguments(ARG "" "LABEL;TIMEOUT" "SOURCES;ROOMS;PRIVATE;ENVIRONMENT;ARGUMENTS" ${ARGN})
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 300)
  endif()
  add_executable(${name} ${ARG_SOURCES})
  pnas_common(${name})
  target_link_libraries(${name} PRIVATE ${ARG_ROOMS} ${ARG_PRIVATE} criterion)
  add_test(NAME ${name} COMMAND ${name} ${ARG_ARGUMENTS})
  set_tests_properties(${name} PROPERTIES LABELS "${ARG_LABEL}" TIMEOUT ${ARG_TIMEOUT}
                       FAIL_REGULAR_EXPRESSION "Tested: 0 " ENVIRONMENT "${ARG_ENVIRONMENT}")
endfunction()
