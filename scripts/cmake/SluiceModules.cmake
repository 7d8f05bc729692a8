# How every folder of the project becomes a CMake target.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE RelWithDebInfo)
endif()

add_library(sluice_flags INTERFACE)
target_compile_options(sluice_flags INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion
  -Wold-style-cast -Wimplicit-fallthrough -Werror)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # False positives of g++ 12 inside the standard library's inlined string code and Boost's containers.
  target_compile_options(sluice_flags INTERFACE -Wno-restrict -Wno-maybe-uninitialized)
endif()
if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  # Makes shared/base/thread_annotations.h bite.
  target_compile_options(sluice_flags INTERFACE -Wthread-safety)
endif()
target_include_directories(sluice_flags INTERFACE ${CMAKE_SOURCE_DIR})
target_compile_definitions(sluice_flags INTERFACE SLUICE_VERSION="${PROJECT_VERSION}" BOOST_ASIO_NO_DEPRECATED)
target_link_libraries(sluice_flags INTERFACE Threads::Threads)
if(SLUICE_SANITIZE)
  target_compile_options(sluice_flags INTERFACE -fsanitize=${SLUICE_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(sluice_flags INTERFACE -fsanitize=${SLUICE_SANITIZE})
endif()
if(SLUICE_SANITIZE MATCHES "undefined")
  # The check of an object's type opens a pipe: with a full descriptor table, which the tests make, it finds fault with
  # every sound object. The address sanitizer sees what is gone.
  target_compile_options(sluice_flags INTERFACE -fno-sanitize=vptr)
endif()
if(SLUICE_SANITIZE STREQUAL "thread" AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # Asio's atomic_thread_fence, which the thread sanitizer does not follow; our own code has none.
  target_compile_options(sluice_flags INTERFACE -Wno-tsan)
endif()
if(SLUICE_FUZZ)
  target_compile_options(sluice_flags INTERFACE -fsanitize=fuzzer-no-link,address,undefined)
  target_link_options(sluice_flags INTERFACE -fsanitize=address,undefined)
endif()

# sluice_module(broker_router SOURCES router.cc … DEPS shared_base …): one static library for one folder.
function(sluice_module name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS;LIBS" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  target_link_libraries(${name} PUBLIC sluice_flags ${ARG_DEPS} ${ARG_LIBS})
endfunction()

# sluice_headers(broker_api DEPS …): a folder of headers only.
function(sluice_headers name)
  cmake_parse_arguments(ARG "" "" "DEPS;LIBS" ${ARGN})
  add_library(${name} INTERFACE)
  target_link_libraries(${name} INTERFACE sluice_flags ${ARG_DEPS} ${ARG_LIBS})
endfunction()
