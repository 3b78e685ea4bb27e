#include "core/drain/socket_table.h"

#include <charconv>
#include <cstdint>
#include <optional>
#include <set>
#include <vector>

#include "base/text.h"

namespace hitless::drain {
namespace {

// include/net/tcp_states.h
constexpr std::uint64_t kEstablished = 1;
constexpr std::uint64_t kListen = 10;

struct Socket {
  std::uint64_t port = 0;  ///< Local.
  std::uint64_t state = 0;
  std::uint64_t receiveQueue = 0;  ///< Bytes; for a listening socket, connections to accept.
};

std::optional<std::uint64_t> hex(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  return error == std::errc{} && end == text.data() + text.size() ? std::optional(value)
                                                                  : std::nullopt;
}

/// "  0: 00000000:1F90 00000000:0000 0A 00000000:00000001 ...": number, local, remote, state,
/// queues.
std::optional<Socket> socketOf(std::string_view line) {
  std::vector<std::string_view> words;
  for (const std::string_view word : split(line, ' ')) {
    if (!word.empty()) {
      words.push_back(word);
    }
  }
  if (words.size() < 5) {
    return std::nullopt;
  }
  const auto afterColon = [](std::string_view word) {
    const auto colon = word.rfind(':');
    return colon == std::string_view::npos ? std::nullopt : hex(word.substr(colon + 1));
  };
  const auto port = afterColon(words[1]);
  const auto state = hex(words[3]);
  const auto queue = afterColon(words[4]);
  return port && state && queue ? std::optional(Socket{*port, *state, *queue}) : std::nullopt;
}

void add(std::vector<Socket>& sockets, std::string_view table) {
  for (const std::string_view line : split(table, '\n')) {
    if (const auto socket = socketOf(line)) {
      sockets.push_back(*socket);
    }
  }
}

}  // namespace

std::size_t untakenIn(std::string_view tcp, std::string_view tcp6) {
  std::vector<Socket> sockets;
  add(sockets, tcp);
  add(sockets, tcp6);
  std::size_t count = 0;
  std::set<std::uint64_t> listening;
  for (const Socket& socket : sockets) {
    if (socket.state == kListen) {
      listening.insert(socket.port);
      count += socket.receiveQueue;
    }
  }
  for (const Socket& socket : sockets) {
    const bool served = socket.state == kEstablished && listening.contains(socket.port);
    count += served && socket.receiveQueue > 0 ? 1 : 0;
  }
  return count;
}

bool isLocalAddress(std::string_view fibTrie, std::string_view address) {
  // The address is on a line of its own ("|-- 10.244.1.2"), what it is on the next ("/32 host
  // LOCAL").
  bool named = false;
  for (const std::string_view line : split(fibTrie, '\n')) {
    const std::string_view text = trim(line);
    if (text.starts_with("|-- ")) {
      named = text.substr(4) == address;
    } else if (named && text.ends_with("host LOCAL")) {
      return true;
    }
  }
  return false;
}

}  // namespace hitless::drain
