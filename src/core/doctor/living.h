#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "core/doctor/check.h"
#include "core/doctor/processes.h"
#include "core/iptables/owners.h"

namespace hitless::doctor {

enum class Life {
  kAlive,
  kDead,     ///< The processes of a node were seen, and none is the owner's.
  kUnknown,  ///< Not told by processes: too few were seen, or the owner needs none.
};

/// Which owners of rules are at work, from kProcesses and kLinks.
class Living {
 public:
  explicit Living(const Evidence& evidence);

  /// An owner is dead only where the processes of the network namespace that the rules are in were
  /// seen and one of them shows that this is a node: in a container, in a pod's namespace or
  /// without root nobody is dead.
  Life of(const iptables::Owner& owner) const;
  /// "kube-proxy (pid 412)", "kube-proxy (no process)", or the name alone.
  std::string text(const iptables::Owner& owner) const;
  /// Those of this owner; empty if there are none.
  std::vector<const Process*> processes(const iptables::Owner& owner) const;
  const std::vector<Process>& all() const { return processes_; }

 private:
  bool isHere(const Process& process) const;
  bool showsNode(const Process& process) const;

  std::vector<Process> processes_;
  std::uint64_t own_ = 0;
  bool tells_ = false;
};

}  // namespace hitless::doctor
