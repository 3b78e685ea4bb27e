#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/control/controllers/ownership.h"
#include "core/kube/controller_revision.h"

/// The history of StatefulSets and DaemonSets: ControllerRevisions, each with one state of the
/// template.
namespace hitless::control {

inline constexpr std::string_view kStatefulSetHash = "controller.kubernetes.io/hash";
inline constexpr std::string_view kDaemonSetHash = "controller-revision-hash";
inline constexpr std::string_view kRevisionHashLabel = "controller-revision-hash";  ///< Of pods.

using Revisions = std::vector<Ref<kube::ControllerRevision>>;

/// Whose history it is.
struct RevisionOwner {
  const kube::Resource& resource;
  const kube::ObjectMeta& meta;
  const kube::json::object& podTemplate;
  std::string_view hashLabel;  ///< Where its revisions carry their hash.
  std::int64_t collisionCount = 0;
};

/// What brings the present template to hold one revision, and which one that is.
struct PresentRevision {
  std::string name;  ///< Empty while `action` has to be carried out first.
  std::string hash;
  std::optional<Action> action;
  bool collides = false;  ///< Its name is taken: collisionCount has to go up.
};

/// The revision of the owner's present template: the one that holds it already (as the newest; an
/// older one that is equal is given the next number, so that going back to a state makes it the
/// latest), or a new one. `takenNames` are ControllerRevisions of others.
PresentRevision presentRevision(const RevisionOwner& owner, const Revisions& revisions,
                                const std::vector<std::string>& takenNames);

/// The template that a revision holds; nullopt if its data is none of ours.
std::optional<kube::json::object> templateOf(const kube::ControllerRevision& revision);

/// The revisions that `limit` no longer keeps, oldest first, of those that are not `inUse`.
Revisions beyondHistoryLimit(Revisions revisions, const std::vector<std::string>& inUse,
                             std::int64_t limit);

}  // namespace hitless::control
