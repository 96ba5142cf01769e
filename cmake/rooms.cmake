# One library a room. A room sees its own headers and those of the rooms that it is linked with, and links third-party
# libraries PRIVATE, so reaching across rooms does not compile.
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

# What makes a fault of memory harder to use: checked buffers and stacks, no fixed addresses, no writable table of
# functions. Buffers are checked in optimised code only, and sanitizers check more by themselves.
set(PNAS_HARDENED 0)
if(PNAS_HARDEN AND NOT PNAS_SANITIZER_FLAGS AND NOT CMAKE_BUILD_TYPE STREQUAL "Debug")
  set(PNAS_HARDENED 1)
  set(PNAS_HARDENING_FLAGS -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fPIE)
  set(PNAS_HARDENING_LINK_FLAGS -pie -Wl,-z,relro -Wl,-z,now)
endif()

# pnas_view(NAME OUT [FOLDERS...]): an include directory that shows these folders of the source tree and nothing else,
# under their paths from the root. Each room has one, so #include "cl/ops/op.h" compiles only where that room is linked.
function(pnas_view name out)
  set(view ${PROJECT_BINARY_DIR}/views/${name})
  foreach(folder ${ARGN})
    get_filename_component(parent ${folder} DIRECTORY)
    file(MAKE_DIRECTORY ${view}/${parent})
    file(CREATE_LINK ${PROJECT_SOURCE_DIR}/${folder} ${view}/${folder} SYMBOLIC)
  endforeach()
  set(${out} ${view} PARENT_SCOPE)
endfunction()

# pnas_common(TARGET): what every target of ours gets.
function(pnas_common target)
  target_include_directories(${target} PRIVATE ${PROJECT_BINARY_DIR}/generated)
  target_compile_options(${target} PRIVATE ${PNAS_WARNINGS} ${PNAS_SANITIZER_FLAGS} ${PNAS_HARDENING_FLAGS})
  target_compile_definitions(${target} PRIVATE _GNU_SOURCE)
  target_link_options(${target} PRIVATE ${PNAS_SANITIZER_FLAGS} ${PNAS_HARDENING_LINK_FLAGS})
  target_link_options(${target} PRIVATE -Wl,--build-id=sha1) # ranks compare it (src/base/build_id.h)
  target_link_options(${target} PRIVATE -Wl,--as-needed) # a program needs only the libraries that it calls
endfunction()

# pnas_room(NAME SOURCES files... [ROOMS libraries...] [PRIVATE third-party...])
# The library of the current folder. ROOMS is the one statement of what it may include, and what those may include.
function(pnas_room name)
  cmake_parse_arguments(ARG "" "" "SOURCES;ROOMS;PRIVATE" ${ARGN})
  file(RELATIVE_PATH folder ${PROJECT_SOURCE_DIR} ${CMAKE_CURRENT_SOURCE_DIR})
  pnas_view(${name} view ${folder})
  add_library(${name} STATIC ${ARG_SOURCES})
  pnas_common(${name})
  target_include_directories(${name} PUBLIC ${view})
  target_link_libraries(${name} PUBLIC ${ARG_ROOMS} PRIVATE ${ARG_PRIVATE})
  set_property(GLOBAL APPEND PROPERTY PNAS_ROOMS ${name})
  set_property(GLOBAL PROPERTY PNAS_FOLDER_${name} ${folder})
  set_property(GLOBAL PROPERTY PNAS_MAY_INCLUDE_${name} ${ARG_ROOMS})
endfunction()

# pnas_program(NAME [TARGET target] [SOURCES files...] ROOMS libraries... [PRIVATE third-party...])
# NAME.c has main; the other sources are a library NAME_parts, which tests can link. TARGET: what CMake calls the program
# where a room has its name.
function(pnas_program name)
  cmake_parse_arguments(ARG "" "TARGET" "SOURCES;ROOMS;PRIVATE" ${ARGN})
  set(target ${name})
  if(ARG_TARGET)
    set(target ${ARG_TARGET})
  endif()
  add_executable(${target} ${name}.c)
  set_target_properties(${target} PROPERTIES OUTPUT_NAME ${name} RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)
  pnas_common(${target})
  if(ARG_SOURCES)
    pnas_room(${name}_parts SOURCES ${ARG_SOURCES} ROOMS ${ARG_ROOMS} PRIVATE ${ARG_PRIVATE})
    target_link_libraries(${target} PRIVATE ${name}_parts)
  else()
    target_link_libraries(${target} PRIVATE ${ARG_ROOMS} ${ARG_PRIVATE})
  endif()
  set_property(GLOBAL APPEND PROPERTY PNAS_PROGRAMS ${target})
  install(TARGETS ${target} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
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
  target_include_directories(${name} PRIVATE ${PNAS_TESTS_VIEW})
  target_link_libraries(${name} PRIVATE ${ARG_ROOMS} ${ARG_PRIVATE} criterion)
  add_test(NAME ${name} COMMAND ${name} ${ARG_ARGUMENTS})
  set_tests_properties(${name} PROPERTIES LABELS "${ARG_LABEL}" TIMEOUT ${ARG_TIMEOUT}
                       FAIL_REGULAR_EXPRESSION "Tested: 0 " ENVIRONMENT "${ARG_ENVIRONMENT}")
endfunction()
