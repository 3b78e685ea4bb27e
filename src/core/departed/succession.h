#pragma once

#include <compare>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "base/clock.h"
#include "core/service/snapshot.h"

namespace hitless::departed {

/// A name that outlives pods: a host below a headless Service, which a StatefulSet's pod gets
/// anew in the place of its predecessor.
struct Name {
  service::ServiceName service;
  std::string hostname;
  auto operator<=>(const Name&) const = default;
};

/// Who has a name after a pod that went.
struct Succession {
  struct Heir {
    IpAddress ip;
    std::uint32_t pod = 0;
  };
  std::optional<Heir> v4;  ///< Was ready once, and neither terminates nor is gone.
  std::optional<Heir> v6;
  std::uint32_t departed = 0;          ///< The pod that went last.
  std::optional<MonoTime> vacantFrom;  ///< Since when connections may wait for the next.

  const std::optional<Heir>& of(IpFamily family) const { return family == IpFamily::kV4 ? v4 : v6; }
};

/// The names whose pods have gone and that somebody still asks about.
class Successions {
 public:
  /// A pod of this name goes, or is gone, now.
  void vacate(const Name& name, std::uint32_t pod, MonoTime now);
  /// A pod of this name terminates but is still to be reached by it.
  void follow(const Name& name, std::uint32_t pod);
  const Succession* find(const Name& name) const;
  /// Looks for heirs among the endpoints that a Service has now.
  void look(const service::ServiceName& name, const service::ServiceState* state);
  /// Forgets all names but these.
  void retain(const std::set<Name>& names);
  /// The Services of these names.
  bool knows(const service::ServiceName& name) const { return names_.contains(name); }

 private:
  std::map<service::ServiceName, std::map<std::string, Succession, std::less<>>> names_;
};

}  // namespace hitless::departed
