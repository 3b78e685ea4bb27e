#pragma once

#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "core/kube/field_error.h"
#include "core/kube/json.h"
#include "core/kube/resource.h"

namespace hitless::kube {

/// What server-side apply makes of an object. With conflicts (and no force) `object` is the live
/// one and nothing must be written.
struct ApplyOutcome {
  json::object object;  ///< With metadata.managedFields brought up to date.
  /// reason FieldManagerConflict, field ".spec.replicas", message `conflict with "kubectl" ...`:
  /// the causes of the 409.
  std::vector<FieldError> conflicts;
};

/// KEP-555. `live` is null when the object does not exist yet; `applied` is what the client sent
/// (types checked). The result still needs applyDefaults and validation; defaults belong to nobody.
Result<ApplyOutcome> serverSideApply(const Resource& resource, const json::object* live,
                                     const json::object& applied, std::string_view manager,
                                     bool force, WallTime now);

/// The head of the 409's message: `Apply failed with 1 conflict: conflict with "x" using v1: .a.b`.
std::string conflictMessage(const std::vector<FieldError>& conflicts);

/// Records in after.metadata.managedFields what a write other than apply changed: `manager` owns
/// it now, everybody else no longer does. `before` is null on create; both with defaults applied.
void recordUpdate(const Resource& resource, const json::object* before, json::object& after,
                  std::string_view manager, std::string_view subresource, WallTime now);

}  // namespace hitless::kube
