#include "core/doctor/checks/leaked-links/check.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/doctor/cni_leases.h"
#include "core/doctor/evidence_names.h"
#include "core/doctor/node_needs.h"
#include "core/doctor/proc_tables.h"
#include "core/doctor/processes.h"

namespace hitless::doctor {
namespace {

constexpr Want kWants[] = {{names::kLinks, true}, {names::kProcesses, false}, {kCniLeases, false}};

/// A pod that starts or ends at this moment has an interface or an address without a process for a
/// second or two.
constexpr std::size_t kFew = 3;
constexpr std::size_t kShown = 5;

/// Namespaces in which nobody is, by the name of their file.
std::vector<const NetworkNamespace*> emptyOnes(const Network& network) {
  std::vector<const NetworkNamespace*> empty;
  for (const NetworkNamespace& one : network.namespaces) {
    if (network.namespacesWhole && one.processes == 0 && !one.name.empty()) {
      empty.push_back(&one);
    }
  }
  return empty;
}

std::string linkInto(const Network& network, const NetworkNamespace& into) {
  for (const Interface& one : network.interfaces) {
    if (one.kind == "veth" && one.peerNetns && one.peerNetns == into.id) {
      return one.name;
    }
  }
  return "";
}

bool emptyBefore(const Evidence& evidence, std::uint64_t inode) {
  const std::string* text = evidence.findFirst(names::kLinks);
  const auto network = text == nullptr ? Result<Network>() : parseNetwork(*text);
  return network && std::any_of(network->namespaces.begin(), network->namespaces.end(),
                                [&](const NetworkNamespace& one) {
                                  return one.inode == inode && one.processes == 0;
                                });
}

void examineNamespaces(const Evidence& evidence, std::vector<Finding>& findings) {
  const Network network = networkOf(evidence);
  Finding finding;
  std::size_t count = 0;
  const auto empty = emptyOnes(network);
  for (const NetworkNamespace* one : empty) {
    // What is named "cni-..." was made by a container runtime; others may be anybody's on purpose.
    const std::string link = linkInto(network, *one);
    if (!one->name.starts_with("cni-") || link.empty() || !emptyBefore(evidence, one->inode)) {
      continue;
    }
    if (++count <= kShown) {
      finding.evidence.push_back(
          fmt::format("{} leads to /run/netns/{}, in which no process is", link, one->name));
    }
  }
  if (count == 0) {
    return;
  }
  finding.severity = count > kFew ? Severity::kWarning : Severity::kInfo;
  finding.subject = "veth interfaces";
  finding.summary = fmt::format(
      "{} pod interfaces lead to network namespaces in which no process is", grouped(count));
  finding.consequence =
      "each keeps its address, routes and neighbour entries; with many, addresses for new pods run "
      "out";
  finding.remedy =
      "`crictl pods --state NotReady` shows sandboxes that are over: `crictl rmp ID` has the "
      "runtime "
      "take the network down; `ip netns del NAME` only for what crictl does not know";
  findings.push_back(std::move(finding));
}

bool runs(const std::vector<Process>& processes, const std::string& sandbox) {
  return std::any_of(processes.begin(), processes.end(), [&](const Process& one) {
    return one.cgroup.find(sandbox) != std::string::npos;
  });
}

void examineLeases(const Evidence& evidence, std::vector<Finding>& findings) {
  const std::string* list = evidence.find(names::kProcesses);
  const auto processes = list == nullptr ? Result<std::vector<Process>>() : parseProcesses(*list);
  const auto leases = cniLeases(evidence);
  if (!processes) {
    return;
  }
  std::vector<const CniLease*> leaked;
  for (const CniLease& lease : leases) {
    constexpr std::size_t kIdLength = 32;  // Shorter is no id of a sandbox.
    if (lease.sandbox.size() >= kIdLength && !runs(*processes, lease.sandbox)) {
      leaked.push_back(&lease);
    }
  }
  // If no lease has a process, this runtime does not call its cgroups after sandboxes.
  if (leaked.size() <= kFew || leaked.size() == leases.size()) {
    return;
  }
  Finding finding;
  finding.subject = "/var/lib/cni/networks";
  finding.summary = fmt::format("{} of {} addresses are given to sandboxes that do not run",
                                grouped(leaked.size()), grouped(leases.size()));
  for (std::size_t at = 0; at < leaked.size() && at < kShown; ++at) {
    finding.evidence.push_back(
        fmt::format("{}: no process of sandbox {:.13}", leaked[at]->file, leaked[at]->sandbox));
  }
  finding.consequence =
      "these addresses are given to no pod any more; when the node's range is used up, pods stay "
      "in "
      "ContainerCreating (\"no IP addresses available in range set\")";
  finding.remedy =
      "for each of them: if `crictl pods -o json | grep ID` knows nothing of the sandbox, delete "
      "the "
      "file; a reboot clears them where /var/lib/cni is not kept";
  findings.push_back(std::move(finding));
}

std::vector<Finding> run(const Evidence& evidence) {
  std::vector<Finding> findings;
  examineNamespaces(evidence, findings);
  examineLeases(evidence, findings);
  return findings;
}

}  // namespace

const Check kLeakedLinks = {
    "leaked-links",
    "Pod interfaces and addresses without a pod",
    {
        "When a runtime or a CNI plugin fails while it takes a pod down (a full disk, a restart, a "
        "killed plugin), the pod's interface, network namespace or address stays.",
        "veth interfaces that lead to a namespace named `/run/netns/cni-*` in which no process is, "
        "in both samples; and more than three files of the plugin host-local whose sandbox is in "
        "no process's cgroup, while others' are. Up to three may belong to pods that start or end "
        "at this moment: that is told, but is no warning.",
        "Addresses run out: pods stay in ContainerCreating.",
        "Nothing automatic: only the container runtime knows for certain what it still needs. The "
        "finding names interfaces and files, and the commands to ask the runtime.",
    },
    kWants,
    run,
};

}  // namespace hitless::doctor
