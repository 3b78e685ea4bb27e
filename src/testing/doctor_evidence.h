#pragma once

#include <string>
#include <utility>
#include <vector>

#include "core/doctor/evidence.h"
#include "core/doctor/evidence_names.h"
#include "core/doctor/links.h"
#include "core/doctor/nft_chains.h"
#include "core/doctor/processes.h"
#include "core/iptables/dump.h"
#include "core/iptables/target_of.h"

namespace hitless::testing {

/// Evidence of a node that a test describes: the rules as iptables-save prints them, and who lives.
class NodeEvidence {
 public:
  NodeEvidence() {
    evidence_.samples.resize(1);
    network_.own = kNamespace;
    addInterface("lo", "").loopback = true;
  }

  NodeEvidence& file(std::string_view name, std::string text) {
    evidence_.samples[0].files.insert_or_assign(std::string(name), std::move(text));
    return *this;
  }
  NodeEvidence& nft(const std::string& save) {
    addChains("ip", save);
    return file(doctor::names::kNftRules4, save);
  }
  NodeEvidence& nft6(const std::string& save) {
    addChains("ip6", save);
    return file(doctor::names::kNftRules6, save);
  }
  NodeEvidence& legacy(const std::string& save) { return file(doctor::names::kLegacyRules4, save); }
  NodeEvidence& processes(const std::vector<std::string>& names) {
    std::int32_t pid = 100;
    for (const std::string& name : names) {
      doctor::Process process;
      process.pid = ++pid;
      process.parent = 1;
      process.name = name;
      process.netns = kNamespace;
      processes_.push_back(process);
    }
    return *this;
  }
  NodeEvidence& process(doctor::Process process) {
    processes_.push_back(std::move(process));
    return *this;
  }
  NodeEvidence& bridge(const std::string& name, const std::string& address) {
    const std::uint32_t index = addInterface(name, "bridge").index;
    network_.addresses.push_back({index, *Cidr::parse(address)});
    return *this;
  }
  doctor::Evidence build() {
    file(doctor::names::kProcesses, doctor::renderProcesses(processes_));
    file(doctor::names::kLinks, doctor::renderNetwork(network_));
    file(doctor::names::kNftChains, doctor::renderNftChains(chains_));
    return evidence_;
  }

  static constexpr std::uint64_t kNamespace = 4026531840;

 private:
  doctor::Interface& addInterface(const std::string& name, const std::string& kind) {
    doctor::Interface& added = network_.interfaces.emplace_back();
    added.index = static_cast<std::uint32_t>(network_.interfaces.size());
    added.name = name;
    added.kind = kind;
    added.up = true;
    return added;
  }

  /// As the kernel tells of them.
  void addChains(const std::string& family, const std::string& save) {
    const auto dump = iptables::parseDump(save);
    for (const iptables::Table& table : dump.value().tables) {
      for (const iptables::Chain& chain : table.chains) {
        doctor::NftChain one;
        one.family = family;
        one.table = table.name;
        one.name = chain.name;
        one.handle = chains_.size() + 1;
        one.use = static_cast<std::uint32_t>(chain.rules.size() + chain.unread);
        for (const iptables::Chain& other : table.chains) {
          for (const iptables::RuleText& rule : other.rules) {
            one.use += iptables::targetOf(rule.text) == chain.name ? 1 : 0;
          }
        }
        if (chain.builtIn()) {
          one.hook = chain.name;
          one.policy = chain.policy == "DROP" ? "drop" : "accept";
        }
        chains_.push_back(one);
      }
    }
  }

  doctor::Evidence evidence_;
  doctor::Network network_;
  std::vector<doctor::Process> processes_;
  std::vector<doctor::NftChain> chains_;
};

}  // namespace hitless::testing
