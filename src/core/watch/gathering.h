#pragma once

#include <string>
#include <unordered_map>

#include "core/watch/update.h"

namespace hitless::watch {

/// A collection's state while it arrives, as pages of a list or as the first events of a watch.
class Gathering {
 public:
  /// The first news of an object.
  void add(kube::json::object object);
  /// News of an object that may be there already.
  void change(ChangeType type, kube::json::object object);
  /// Everything as a full update; empty afterwards.
  Update take(std::uint64_t revision);
  void clear();

 private:
  void buildIndex();

  std::vector<Change> objects_;  ///< Null: deleted since it was added.
  /// By namespace and name; made when the first change asks for it, which seldom comes.
  std::unordered_map<std::string, std::size_t> index_;
  bool indexed_ = false;
};

}  // namespace hitless::watch
