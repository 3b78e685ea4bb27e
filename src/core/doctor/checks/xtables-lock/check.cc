#include "core/doctor/checks/xtables-lock/check.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/count_text.h"
#include "core/doctor/evidence_names.h"
#include "core/doctor/process_text.h"
#include "core/doctor/xtables_lock.h"

namespace hitless::doctor {
namespace {

constexpr std::string_view kLocks = "proc/locks";
constexpr Want kWants[] = {
    {kLocks, true}, {names::kXtablesLock, false}, {names::kProcesses, false}};

constexpr std::size_t kFewWaiters = 2;
constexpr std::size_t kManyWaiters = 5;
constexpr double kLongSeconds = 5;
constexpr std::size_t kShown = 5;

/// The holder in both samples; nullopt if there was none, or another one. 0 is nobody that can be
/// told from others.
std::optional<std::int32_t> steadyHolder(const LockHolders& first, const LockHolders& last) {
  for (const std::int32_t pid : last.holders) {
    if (pid != 0 && std::ranges::find(first.holders, pid) != first.holders.end()) {
      return pid;
    }
  }
  return std::nullopt;
}

Finding findingOf(const Evidence& evidence, const LockHolders& last,
                  std::optional<std::int32_t> steady, const std::vector<Process>& processes) {
  const std::int32_t pid = steady ? *steady : last.holders.empty() ? 0 : last.holders.front();
  const Process* holder = processOf(processes, pid);
  const bool tool = holder != nullptr && isPacketFilterTool(holder->name);
  const bool longHeld = steady && (!tool || holder->ageSeconds >= kLongSeconds);
  Finding finding;
  finding.severity =
      last.waiters.size() >= kManyWaiters || longHeld ? Severity::kCritical : Severity::kWarning;
  finding.subject = "xtables lock";
  finding.summary = fmt::format(
      "{} waiting for the xtables lock{}", counted(last.waiters.size(), "process", "processes"),
      steady ? fmt::format(", which pid {} holds all the time", pid) : "");
  finding.owner = pid == 0 ? "" : whoIs(processes, pid);
  finding.evidence.push_back(fmt::format(
      "held by {}",
      pid == 0 ? "a process that this one cannot see (another pid namespace)" : finding.owner));
  if (holder != nullptr) {
    finding.evidence.push_back(fmt::format("it runs since {:.1f} s, with {:.1f} s of CPU time",
                                           holder->ageSeconds, holder->cpuSeconds));
  }
  if (steady) {
    finding.evidence.push_back(fmt::format(
        "it held the lock in both looks, {} ms apart",
        std::chrono::duration_cast<std::chrono::milliseconds>(evidence.span()).count()));
  }
  for (std::size_t i = 0; i < last.waiters.size() && i < kShown; ++i) {
    finding.evidence.push_back("waits: " + whoIs(processes, last.waiters[i]));
  }
  finding.consequence =
      "kube-proxy, kubelet and CNI plugins cannot change rules meanwhile: pods hang in "
      "ContainerCreating, Services keep old endpoints, and what has a time limit (K3s) restarts";
  finding.remedy =
      "look at the findings on rules first: with many rules each command holds the lock for "
      "seconds. Else raise the sync period of the one that comes most often; kill the holder only "
      "if its parent is dead";
  return finding;
}

std::vector<Finding> run(const Evidence& evidence) {
  const std::string* file = evidence.find(names::kXtablesLock);
  const std::string* before = evidence.findFirst(kLocks);
  const std::string* now = evidence.find(kLocks);
  if (file == nullptr || now == nullptr || before == nullptr || file->empty()) {
    return {};
  }
  const LockHolders first = lockHolders(*before, *file);
  const LockHolders last = lockHolders(*now, *file);
  const auto steady = before == now ? std::nullopt : steadyHolder(first, last);
  const bool queue = first.waiters.size() >= kFewWaiters && last.waiters.size() >= kFewWaiters;
  if (!queue && !steady) {
    return {};
  }
  const std::string* list = evidence.find(names::kProcesses);
  const auto processes = list == nullptr ? Result<std::vector<Process>>() : parseProcesses(*list);
  return {findingOf(evidence, last, steady, processes.value_or(std::vector<Process>()))};
}

}  // namespace

const Check kXtablesLock = {
    "xtables-lock",
    "Processes queue for the xtables lock",
    {
        "Every command of iptables-legacy reads and writes whole tables under one lock, "
        "/run/xtables.lock. With many rules, or many writers, each waits for the others "
        "(kube-router#1057, k3s#11098, aws vpc-cni#2948, flannel#933).",
        "`/proc/locks` twice, which names the holder of the lock's file and those that wait, and "
        "`/proc/PID` for who they are. A warning if the same process holds it in both looks, or "
        "two "
        "wait in both; critical from five that wait, if it is held by an iptables that runs for 5 "
        "s, "
        "or by something else than iptables all the time. The lock is not taken to find out.",
        "Changes of rules come late or not at all: pods hang in ContainerCreating, Services keep "
        "endpoints that are gone.",
        "Nothing by itself. Repair the rules that make commands slow, or stop the writer that "
        "comes "
        "too often.",
    },
    kWants,
    run,
};

}  // namespace hitless::doctor
