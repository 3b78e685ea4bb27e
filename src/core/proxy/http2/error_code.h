#pragma once

#include <cstdint>

#include "core/proxy/session.h"

namespace hitless::proxy::http2 {

/// RFC 9113 7: what a code of RST_STREAM or GOAWAY means to us. Unknown ones are INTERNAL_ERROR.
StreamError streamError(std::uint32_t code);
/// The code that says it to a client (`server`) or to an upstream.
std::uint32_t errorCode(StreamError error, bool server);

}  // namespace hitless::proxy::http2
