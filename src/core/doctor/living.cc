#include "core/doctor/living.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/doctor/evidence_names.h"
#include "core/doctor/links.h"

namespace hitless::doctor {
namespace {

/// What runs only on nodes, and in the node's own namespaces.
constexpr auto kAgents = std::to_array<std::string_view>(
    {"kubelet", "kubelite", "k3s", "rke2", "k0s", "containerd", "dockerd", "crio", "hyperkube"});

bool startsWithAny(std::string_view name, std::span<const std::string_view> prefixes) {
  return std::ranges::any_of(prefixes,
                             [&](std::string_view prefix) { return name.starts_with(prefix); });
}

}  // namespace

Living::Living(const Evidence& evidence) {
  if (const std::string* text = evidence.find(names::kProcesses)) {
    if (auto processes = parseProcesses(*text)) {
      processes_ = std::move(*processes);
    }
  }
  if (const std::string* text = evidence.find(names::kLinks)) {
    const auto network = parseNetwork(*text);
    own_ = network ? network->own : 0;
  }
  tells_ = std::ranges::any_of(processes_, [&](const Process& one) { return showsNode(one); });
}

bool Living::showsNode(const Process& process) const {
  // "containerd-shim" lives on without its containerd.
  const bool isAgent =
      startsWithAny(process.name, kAgents) && !process.name.starts_with("containerd-shim");
  return isAgent && (own_ == 0 || process.netns == own_);
}

bool Living::isHere(const Process& process) const {
  return own_ == 0 || process.netns == 0 || process.netns == own_;
}

std::vector<const Process*> Living::processes(const iptables::Owner& owner) const {
  std::vector<const Process*> found;
  for (const Process& process : processes_) {
    if (startsWithAny(process.name, owner.processes) && isHere(process)) {
      found.push_back(&process);
    }
  }
  return found;
}

Life Living::of(const iptables::Owner& owner) const {
  if (!processes(owner).empty()) {
    return Life::kAlive;
  }
  return tells_ && !owner.processes.empty() ? Life::kDead : Life::kUnknown;
}

std::string Living::text(const iptables::Owner& owner) const {
  const auto found = processes(owner);
  if (!found.empty()) {
    return fmt::format("{} ({}, pid {})", owner.name, found.front()->name, found.front()->pid);
  }
  return of(owner) == Life::kDead ? fmt::format("{} (no process)", owner.name)
                                  : std::string(owner.name);
}

}  // namespace hitless::doctor
