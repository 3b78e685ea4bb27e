#pragma once

#include <algorithm>
#include <vector>

#include "core/conntrack/flow_table.h"

namespace hitless::testing {

/// Connections in memory. Used by one thread at a time.
class FlowTable : public conntrack::FlowTable {
 public:
  Result<std::vector<conntrack::Flow>> dump() override {
    ++dumps;
    if (broken) {
      return fail(ErrorKind::kUnavailable, "the table cannot be read now");
    }
    return flows;
  }
  Result<std::optional<conntrack::Flow>> find(const conntrack::Tuple& tuple) override {
    const auto it = at(tuple);
    return it == flows.end() ? std::nullopt : std::optional(*it);
  }
  Status remove(const conntrack::Flow& flow) override {
    removed.push_back(flow);
    if (const auto it = at(flow.original); it != flows.end()) {
      flows.erase(it);
    }
    return {};
  }
  Status clearLabel(const conntrack::Flow& flow, unsigned label) override {
    if (const auto it = at(flow.original); it != flows.end()) {
      it->setLabel(label, false);
    }
    return {};
  }

  std::vector<conntrack::Flow> flows;
  std::vector<conntrack::Flow> removed;
  int dumps = 0;
  bool broken = false;  ///< Dumps fail.

 private:
  std::vector<conntrack::Flow>::iterator at(const conntrack::Tuple& tuple) {
    return std::find_if(flows.begin(), flows.end(), [&](const conntrack::Flow& flow) {
      return flow.original == tuple || flow.reply == tuple;
    });
  }
};

}  // namespace hitless::testing
