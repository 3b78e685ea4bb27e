#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <string>

#include "base/clock.h"
#include "core/kube/json.h"
#include "core/node/command.h"
#include "core/node/pod_spec.h"

namespace hitless::node {

/// Turns what the node has to say into core/v1 Events. The same message about the same container is
/// counted up in one object, as client-go's recorder does.
class EventBook {
 public:
  explicit EventBook(std::string node) : node_(std::move(node)) {}

  struct Write {
    bool create = true;  ///< Else a merge patch.
    std::string ns;
    std::string name;
    kube::json::object object;  ///< The Event, or the patch.
  };
  Write write(const PodSpec& pod, const Emit& emit, WallTime now);

 private:
  struct Known {
    std::string key;
    std::string name;
    std::int64_t count = 0;
  };
  std::string node_;
  std::list<Known> known_;  ///< The latest first; old ones are forgotten.
  std::map<std::string, std::list<Known>::iterator> byKey_;
};

}  // namespace hitless::node
