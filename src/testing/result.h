#pragma once

#include <gtest/gtest.h>

#include "base/error.h"

/// Fails the test with the error's text unless the Result or Status holds a value.
#define ASSERT_OK(expr)                                                              \
  do {                                                                               \
    auto&& assertOkResult_ = (expr);                                                 \
    ASSERT_TRUE(assertOkResult_) << #expr << ": " << assertOkResult_.error().text(); \
  } while (0)
