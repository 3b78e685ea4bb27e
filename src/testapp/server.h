#pragma once

#include "testapp/options.h"

namespace hitless::testapp {

/// Serves until SIGTERM or SIGINT has been dealt with as the options say; returns the exit status.
/// One thread, one epoll; logs one line each at start, at the signal and at exit to stdout.
int serve(const Options& options);

}  // namespace hitless::testapp
