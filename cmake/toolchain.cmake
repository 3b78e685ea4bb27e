# Compiler, linker and sanitizer settings that hold for every target.
find_program(CCACHE ccache)
if(CCACHE)
  # A precompiled header is cached like any other object with these; without the directory in the hash, a
  # second checkout of the same sources is compiled from the cache.
  set(CMAKE_CXX_COMPILER_LAUNCHER
      ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
      CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1 ${CCACHE})
  add_compile_options(-fpch-preprocess)
endif()

find_program(MOLD mold)
if(MOLD)
  add_link_options(-fuse-ld=mold)
endif()

add_compile_options(-Wall -Wextra -Wshadow -fno-omit-frame-pointer)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  # False positives of GCC 12 on std::string concatenation (GCC bugs 105329, 105651).
  add_compile_options(-Wno-restrict -Wno-array-bounds -Wno-stringop-overflow -Wno-stringop-overread)
endif()
if(HITLESS_WERROR)
  add_compile_options(-Werror)
endif()
if(CMAKE_BUILD_TYPE STREQUAL "RelWithDebInfo")
  # -g1 keeps line numbers in a backtrace and halves the build's I/O against -g.
  set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O1 -g1")
endif()
if(CMAKE_BUILD_TYPE STREQUAL "Release")
  set(CMAKE_CXX_FLAGS_RELEASE "-O2 -DNDEBUG")
endif()
if(CMAKE_BUILD_TYPE STREQUAL "Debug")
  set(CMAKE_CXX_FLAGS_DEBUG "-O1 -g1")
endif()
if(HITLESS_SANITIZE)
  add_compile_options(-fsanitize=${HITLESS_SANITIZE} -fno-sanitize-recover=all)
  # A fifth of the compile time for what the address sanitizer or the MMU reports as well.
  add_compile_options(-fno-sanitize=null,vptr,object-size)
  add_link_options(-fsanitize=${HITLESS_SANITIZE})
  # GCC 12 reports false positives of these two when it instruments; the dev build keeps them.
  add_compile_options(-Wno-maybe-uninitialized -Wno-stringop-overflow)
endif()
