#pragma once

#include <cstddef>
#include <string_view>

namespace hitless::drain {

/// Counts, in the text of a /proc/PID/net/tcp and tcp6 (proc(5)), connections in accept queues and
/// established ones on listening ports with unread bytes. Lines that are none are passed over.
std::size_t untakenIn(std::string_view tcp, std::string_view tcp6);

/// True if the text of a /proc/PID/net/fib_trie says that `address` ("10.244.1.2") is local there.
bool isLocalAddress(std::string_view fibTrie, std::string_view address);

}  // namespace hitless::drain
