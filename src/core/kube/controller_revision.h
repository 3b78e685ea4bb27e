#pragma once

#include "core/kube/objects.h"

namespace hitless::kube {

/// apps/v1 ControllerRevision: one state of a workload's template, kept for going back to it.
struct ControllerRevision {
  ObjectMeta meta;
  json::object data;  ///< A strategic merge patch that brings the template back.
  std::int64_t revision = 0;
  bool operator==(const ControllerRevision&) const = default;
};

ControllerRevision controllerRevisionOf(const json::object& object);

}  // namespace hitless::kube
