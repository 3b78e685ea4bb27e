#pragma once

#include <optional>
#include <vector>

#include "base/error.h"
#include "core/conntrack/flow.h"

namespace hitless::conntrack {

/// The connections of a network namespace. The kernel's is sys/netlink/conntrack.h.
class FlowTable {
 public:
  virtual ~FlowTable() = default;
  virtual Result<std::vector<Flow>> dump() = 0;
  /// The flow whose original (or reply) direction is this tuple; nullopt if there is none.
  virtual Result<std::optional<Flow>> find(const Tuple& tuple) = 0;
  /// At least the flows that this address answers.
  virtual Result<std::vector<Flow>> dumpAnsweredBy(const IpAddress& /*address*/) { return dump(); }
  /// Done also if the flow is gone already.
  virtual Status remove(const Flow& flow) = 0;
  /// Takes a label from the flow and leaves its others. Done also if the flow is gone already; a
  /// newer one of the same tuple loses the label in its place.
  virtual Status clearLabel(const Flow& flow, unsigned label) = 0;
};

}  // namespace hitless::conntrack
