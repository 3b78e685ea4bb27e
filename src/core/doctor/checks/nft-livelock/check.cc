#include "core/doctor/checks/nft-livelock/check.h"

#include <fmt/format.h>

#include "core/doctor/evidence_names.h"
#include "core/doctor/nft_changes.h"
#include "core/doctor/process_text.h"

namespace hitless::doctor {
namespace {

constexpr Want kWants[] = {{names::kProcesses, true}, {names::kNftChanges, false}};

constexpr double kLongSeconds = 5;
/// Of one CPU between both looks.
constexpr double kBusyShare = 0.5;

std::vector<Process> processesOf(const std::string* text) {
  const auto parsed = text == nullptr ? Result<std::vector<Process>>() : parseProcesses(*text);
  return parsed.value_or(std::vector<Process>());
}

bool usesNft(const Process& process) {
  return isPacketFilterTool(process.name) && !process.name.starts_with("ipset") &&
         process.executable.find("legacy") == std::string::npos;
}

/// It works since 5 s, and still does.
bool isStuck(const Process& process, const std::vector<Process>& before, double span) {
  if (!usesNft(process) || process.cpuSeconds <= kLongSeconds) {
    return false;
  }
  const Process* then = processOf(before, process.pid);
  return process.state == 'R' ||
         (then != nullptr && span > 0 && process.cpuSeconds - then->cpuSeconds > kBusyShare * span);
}

Finding findingOf(const Process& process, const std::vector<Process>& processes,
                  const NftChanges& changes) {
  Finding finding;
  finding.severity = Severity::kCritical;
  finding.subject = fmt::format("{} (pid {})", process.name, process.pid);
  finding.summary =
      fmt::format("{} has used {:.0f} s of CPU time and cannot end while others change rules",
                  process.name, process.cpuSeconds);
  finding.owner = whoIs(processes, process.pid);
  finding.evidence = {
      finding.owner,
      fmt::format("it runs since {:.0f} s, state {}", process.ageSeconds, process.state),
      fmt::format("the ruleset's generation went from {} to {} while we looked",
                  changes.firstGeneration, changes.lastGeneration)};
  for (const NftWriter& writer : changes.writers) {
    finding.evidence.push_back(fmt::format("{} (pid {}) committed {} times", writer.process,
                                           writer.pid, writer.transactions));
  }
  finding.consequence =
      "one CPU is at 100 %, and who started it waits: no rule is changed by it any more, and every "
      "other iptables command on this node may end the same way";
  finding.remedy =
      "stop it and who starts it again and again, and take the duplicates out (`hitless doctor "
      "--fix nft-rule-explosion rule-duplicates`), which needs no such dump";
  return finding;
}

std::vector<Finding> run(const Evidence& evidence) {
  const std::string* text = evidence.find(names::kNftChanges);
  const auto changes = text == nullptr ? Result<NftChanges>() : parseNftChanges(*text);
  if (!changes || changes->firstGeneration == changes->lastGeneration) {
    return {};
  }
  const auto before = processesOf(evidence.findFirst(names::kProcesses));
  const auto now = processesOf(evidence.find(names::kProcesses));
  const double span = std::chrono::duration<double>(evidence.span()).count();
  std::vector<Finding> findings;
  for (const Process& process : now) {
    if (isStuck(process, before, span)) {
      findings.push_back(findingOf(process, now, *changes));
    }
  }
  return findings;
}

}  // namespace

const Check kNftLivelock = {
    "nft-livelock",
    "iptables-nft cannot finish reading the rules",
    {
        "The kernel hands rules out in pieces of 32 kB and walks the chain from its head for each, "
        "so that reading N rules costs N * N; and iptables-nft begins again when somebody changed "
        "anything meanwhile. With 50,000 rules in one chain and a commit every half second "
        "`iptables -C` never ended (43 s of CPU time in 60 s).",
        "Processes of iptables-nft and nft with more than 5 s of CPU time that still work, while "
        "the ruleset's generation goes up between two looks. Processes of all network namespaces "
        "are seen, the generation is that of the one in which the doctor runs.",
        "One CPU at 100 % for each such command, and no command on rules that comes back.",
        "Nothing by itself: repair the chain that is too long (nft-rule-explosion), which reads it "
        "without beginning again.",
    },
    kWants,
    run,
};

}  // namespace hitless::doctor
