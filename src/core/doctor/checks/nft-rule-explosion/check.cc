#include "core/doctor/checks/nft-rule-explosion/check.h"

#include <fmt/format.h>

#include "base/count_text.h"
#include "core/doctor/checks/nft-rule-explosion/chain_load.h"
#include "core/doctor/evidence_names.h"
#include "core/iptables/owners.h"

namespace hitless::doctor {
namespace {

constexpr Want kWants[] = {{names::kNftChains, true},
                           {names::kNftRules4, false},
                           {names::kNftRules6, false},
                           {names::kNftChanges, false}};

/// One `iptables -C` takes seconds here, and starts anew at every commit of anybody: with
/// kube-proxy or a CNI committing once a second it never ends.
constexpr std::uint64_t kCritical = 50'000;
/// What one rule costs one packet on nf_tables, in nanoseconds.
constexpr double kLeastPerRule = 130;
constexpr double kMostPerRule = 220;
/// Seconds of CPU that iptables-nft takes to read a chain, for each rule squared.
constexpr double kReadPerSquare = 1.07e-9;

std::string timeText(double ns) {
  return ns < 1e6 ? fmt::format("{:.0f} us", ns / 1e3) : fmt::format("{:.1f} ms", ns / 1e6);
}

/// Half of what was read may go.
bool repeats(const ChainLoad& load) {
  return load.sample && load.sample->superfluous * 2 >= load.sample->read;
}

std::string costText(std::uint64_t rules) {
  const auto count = static_cast<double>(rules);
  return fmt::format("a packet that passes it all pays {} to {}", timeText(count * kLeastPerRule),
                     timeText(count * kMostPerRule));
}

/// When packets pay 1 ms, or 10 ms if they do so already; empty if it does not grow.
std::string forecast(const ChainLoad& load) {
  for (const double limit : {1e6, 10e6}) {
    const double left = limit / kMostPerRule - static_cast<double>(load.rules);
    if (load.perMinute > 0 && left > 0) {
      const auto wait = nanoseconds(static_cast<std::int64_t>(left / load.perMinute * 60e9));
      return fmt::format("at this rate a packet pays {} in {}", timeText(limit),
                         humanDuration(wait));
    }
  }
  return {};
}

void addGrowth(const ChainLoad& load, std::vector<std::string>& evidence) {
  if (load.change != 0) {
    evidence.push_back(
        fmt::format("{:+} while we looked, {:+.0f} a minute", load.change, load.perMinute));
  }
  if (const std::string text = forecast(load); !text.empty()) {
    evidence.push_back(text);
  }
  if (load.writer) {
    evidence.push_back(fmt::format(
        "{} (pid {}) changed it meanwhile: {} rules added, {} deleted", load.writer->process,
        load.writer->pid, grouped(load.writer->rulesAdded), grouped(load.writer->rulesDeleted)));
  }
}

std::vector<std::string> evidenceOf(const ChainLoad& load) {
  const NftChain& chain = load.chain;
  std::vector<std::string> evidence = {fmt::format("{} {} {} has {} rules (use count {})",
                                                   chain.family, chain.table, chain.name,
                                                   grouped(load.rules), grouped(chain.use))};
  if (load.sample) {
    const ChainSample& sample = *load.sample;
    evidence.push_back(
        fmt::format("of the first {} rules {} are distinct, and {} could go without any difference",
                    grouped(sample.read), grouped(sample.distinct), grouped(sample.superfluous)));
    if (sample.commonestTimes > 1) {
      evidence.push_back(
          fmt::format("{} times: {}", grouped(sample.commonestTimes), sample.commonest));
    }
  }
  addGrowth(load, evidence);
  evidence.push_back(costText(load.rules));
  const auto count = static_cast<double>(load.rules);
  evidence.push_back(
      fmt::format("one iptables-nft command that reads it takes about {:.1f} s of "
                  "CPU, and begins anew whenever somebody commits",
                  kReadPerSquare * count * count));
  return evidence;
}

void judge(const ChainLoad& load, Finding& finding) {
  const std::string_view name = load.chain.name;
  if (repeats(load)) {
    finding.severity = load.rules >= kCritical ? Severity::kCritical : Severity::kWarning;
    finding.summary =
        fmt::format("{} has {} rules, nearly all of them repetitions", name, grouped(load.rules));
    finding.remedy =
        "find why its owner does not recognise its own rules (different iptables versions on one "
        "node, check iptables-check-lies), or it grows again; never use iptables-save | "
        "iptables-restore on it, which does not end";
  } else {
    // One rule for each Service is what kube-proxy's iptables mode is made of.
    finding.severity = load.rules >= kCritical ? Severity::kCritical
                       : load.sample           ? Severity::kInfo
                                               : Severity::kWarning;
    finding.summary = fmt::format("{} has {} rules{}", name, grouped(load.rules),
                                  load.sample ? ", which differ: no repetitions" : "");
    finding.remedy =
        "nothing is superfluous: its owner needs a way that does not walk them one by one, such as "
        "kube-proxy's nftables mode";
  }
  finding.consequence =
      load.rules >= kCritical
          ? "every packet through it waits, one CPU is busy with soft interrupts, and every "
            "iptables-nft command on the node hangs at 100 % CPU while others commit"
          : "new connections take longer, and every iptables-nft command on the node with them";
}

Finding findingOf(const ChainLoad& load) {
  const NftChain& chain = load.chain;
  Finding finding;
  finding.subject = fmt::format("{} {} {}", chain.family, chain.table, chain.name);
  finding.evidence = evidenceOf(load);
  judge(load, finding);
  if (const iptables::Owner* owner = iptables::ownerOfChain(chain.name)) {
    finding.owner = owner->name;
  }
  if (load.writer) {
    finding.owner += fmt::format("{}pid {}, {}", finding.owner.empty() ? "" : "; last written by ",
                                 load.writer->pid, load.writer->process);
  }
  if (repeats(load) && load.sample->mayRepair) {
    const IpFamily family = chain.family == "ip6" ? IpFamily::kV6 : IpFamily::kV4;
    finding.repair.push_back(DedupeChain{{Backend::kNft, family, chain.table}, chain.name});
  }
  return finding;
}

std::vector<Finding> run(const Evidence& evidence) {
  std::vector<Finding> findings;
  for (const ChainLoad& load : chainLoads(evidence, kManyNftRules)) {
    findings.push_back(findingOf(load));
  }
  return findings;
}

}  // namespace

const Check kNftRuleExplosion = {
    "nft-rule-explosion",
    "Too many rules in a chain of nf_tables",
    {
        "A program looks with `iptables -C` whether its rule is there, is told \"no\" wrongly, and "
        "adds it again, at every sync for months. iptables-nft 1.8.0 to 1.8.4 and mixed versions "
        "on "
        "one node do that (kube-router#1676, k3s#3117, kubernetes#112477). Nobody counts.",
        "The use count of every chain, which one netlink dump tells without looking at a rule, "
        "twice; "
        "up to 2,000 rules of each chain of iptables' tables; who commits meanwhile (generation "
        "events). A warning from 5,000 rules, critical from 50,000: above that every iptables-nft "
        "command on the node starts anew at each commit and never ends. A chain whose rules "
        "differ, "
        "such as KUBE-SERVICES with one for each Service, is only mentioned. Of chains in tables "
        "of others than iptables only base chains are looked at, because other use counts contain "
        "what leads to them.",
        "Each packet walks the rules one by one, 130 to 220 ns each: 10 ms at 50,000, 0.2 s at a "
        "million. `iptables -L` and `-C` do not come back: 9 s of CPU at 100,000 rules, 20 minutes "
        "at a million, and without end while others commit.",
        "`--fix` takes out rules that repeat an earlier one and cannot decide anything, if their "
        "owner is known: from the chain's head, some thousand in one transaction after another, "
        "with others' commits in between. Nothing is flushed: what differs stays, with handle and "
        "counters. 100,000 rules take some seconds, a million one to three minutes, and traffic "
        "gets better with every step. The cause must go too, or it grows again.",
    },
    kWants,
    run,
};

}  // namespace hitless::doctor
