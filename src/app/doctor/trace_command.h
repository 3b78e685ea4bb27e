#pragma once

#include <CLI/App.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include "base/error.h"
#include "core/iptables/walk.h"

namespace hitless::app {

struct TraceOptions {
  std::string from;
  std::string to;
  std::string protocol = "tcp";
  std::uint16_t port = 0;
  std::uint16_t fromPort = 0;
  std::string in;
  std::string out;
  bool established = false;
  std::string mark;
  std::vector<std::string> node;  ///< The node's addresses, where a dump cannot say.
  std::string dump;               ///< Empty: this network namespace's rules.
  std::string output = "text";
};

void addTraceOptions(CLI::App& parser, TraceOptions& options);
/// 0, or 1 if the question or the rules cannot be understood.
int runTrace(const TraceOptions& options);

/// The packet that is asked about, as it starts.
Result<iptables::Packet> packetOf(const TraceOptions& options);

}  // namespace hitless::app
