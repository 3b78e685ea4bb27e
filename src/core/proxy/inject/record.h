#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/kube/json.h"

namespace hitless::proxy::inject {

/// What an injection has changed beside adding containers, so that it can be taken back: it is kept
/// with the pod, as JSON in an annotation.
struct Record {
  enum class Before { kThere, kAbsent, kNull };
  struct Probe {
    std::string container;
    std::string name;            ///< "livenessProbe"
    kube::json::value original;  ///< Its tcpSocket.
    bool operator==(const Probe&) const = default;
  };

  Before metadata = Before::kThere;
  Before annotations = Before::kThere;
  Before initContainers = Before::kThere;
  std::vector<Probe> probes;

  std::string text() const;
  /// nullopt if it is none of ours.
  static std::optional<Record> parse(std::string_view text);
  bool operator==(const Record&) const = default;
};

/// What was at a key.
Record::Before before(const kube::json::object& holder, std::string_view key);
/// Puts back what was there if nothing is left in the object or array at the key.
void restore(kube::json::object& holder, std::string_view key, Record::Before before);

}  // namespace hitless::proxy::inject
