# A layer is every source below src/NAME but tests; its tests are the *_test.cc beside the code.
set(HITLESS_PCH_base <string> <vector> <optional> <chrono> <fmt/format.h> <tl/expected.hpp>)
set(HITLESS_PCH_core <string> <vector> <map> <optional> <functional> <memory> <boost/json.hpp> <fmt/format.h> <tl/expected.hpp>)
# Asio is what these two layers spend their compile time on.
set(HITLESS_PCH_sys ${HITLESS_PCH_core} <boost/asio/io_context.hpp> <boost/asio/ip/tcp.hpp> <boost/asio/steady_timer.hpp>)
set(HITLESS_PCH_app ${HITLESS_PCH_sys})

# WAITS: the layer mostly waits for others, so that under the sanitizers its compile time matters more than its speed.
function(hitless_layer NAME)
  cmake_parse_arguments(ARG "WAITS" "" "LINK" ${ARGN})
  file(GLOB_RECURSE SOURCES CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/${NAME}/*.cc)
  list(FILTER SOURCES EXCLUDE REGEX "_test\\.cc$")
  add_library(hitless_${NAME} STATIC ${SOURCES})
  target_include_directories(hitless_${NAME} PUBLIC ${CMAKE_SOURCE_DIR}/src)
  target_link_libraries(hitless_${NAME} PUBLIC ${ARG_LINK})
  target_precompile_headers(hitless_${NAME} PRIVATE ${HITLESS_PCH_${NAME}})
  if(HITLESS_SANITIZE AND ARG_WAITS)
    target_compile_options(hitless_${NAME} PRIVATE -O0)
  endif()
endfunction()

# PURE: the tests touch nothing outside of their process, so that they can share one.
function(hitless_tests NAME)
  cmake_parse_arguments(ARG "PURE" "" "" ${ARGN})
  file(GLOB_RECURSE SOURCES CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/${NAME}/*_test.cc)
  if(NOT SOURCES)
    return()
  endif()
  set(SOURCE_DIR_FILE ${CMAKE_SOURCE_DIR}/src/testing/source_dir.cc)
  set_source_files_properties(${SOURCE_DIR_FILE} PROPERTIES COMPILE_DEFINITIONS HITLESS_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
  add_executable(${NAME}_test ${SOURCES} ${SOURCE_DIR_FILE})
  target_link_libraries(${NAME}_test PRIVATE hitless_${NAME} GTest::gmock GTest::gtest_main rapidcheck)
  target_precompile_headers(${NAME}_test PRIVATE ${HITLESS_PCH_${NAME}} <gmock/gmock.h> <gtest/gtest.h>)
  if(HITLESS_SANITIZE)
    # The tests' own code is instrumented as it stands: half the compile time, and little to run.
    target_compile_options(${NAME}_test PRIVATE -O0)
  endif()
  if(ARG_PURE)
    # Two thousand tests of some milliseconds in two processes; one process each takes longer to start than to run.
    foreach(SHARD 0 1)
      add_test(NAME ${NAME}_test.${SHARD} COMMAND ${NAME}_test --gtest_brief=1)
      set_tests_properties(${NAME}_test.${SHARD} PROPERTIES TIMEOUT 900
                           ENVIRONMENT "GTEST_TOTAL_SHARDS=2;GTEST_SHARD_INDEX=${SHARD}")
    endforeach()
  else()
    gtest_discover_tests(${NAME}_test DISCOVERY_TIMEOUT 60 PROPERTIES TIMEOUT 120)
  endif()
endfunction()
