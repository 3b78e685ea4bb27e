#pragma once

#include <set>
#include <string>

#include "core/watch/update.h"

namespace hitless::watch {

/// Calls drop(key) for every key of the map that a full update lacks; an incremental one lacks
/// nothing. `keyOf` gives an object's key.
template <class Map, class KeyOf, class Drop>
void dropMissing(const Update& update, const Map& map, KeyOf keyOf, Drop drop) {
  if (update.kind != Update::Kind::kFull) {
    return;
  }
  std::set<std::string> missing;
  for (const auto& [key, value] : map) {
    missing.insert(key);
  }
  for (const Change& change : update.changes) {
    missing.erase(keyOf(*change.object));
  }
  for (const std::string& key : missing) {
    drop(key);
  }
}

}  // namespace hitless::watch
